"""Getting more out of few labels: selecting which texts to label next.

    python benchmarks/few_labels.py --data DATA [--cache FOLDER] [--draws 5] [NAME ...]

`likewise.Classifier` with a static model of the texts without their labels, as in `classify.py`. To the first labels of
each class, twenty more are added in each of three rounds: texts that `select_for_labelling` selects, or texts drawn at
random, of the same 2,000. Accuracy on 2,000 test texts drawn once; means over the draws of the labels, and their
differences, with the 95 % interval of a bootstrap over the draws.
"""

from pathlib import Path
from typing import Any

import numpy as np
from comparison import over_draws
from record import arguments, record
from yardstick import Labels, drawn, labelled, trained

import likewise

PER_CLASS = {"trec": 8, "banking77": 3, "sst2": 32, "subj": 8, "newsgroups20": 8}
ROUNDS, BATCH, POOL, TESTED = 3, 20, 2_000, 2_000


def fitted(model: Any, data: Labels, rows: np.ndarray, draw: int) -> likewise.Classifier:
    """A classifier fitted on some rows."""
    classifier = likewise.Classifier(model, seed=draw)
    return classifier.fit([data.learned[row] for row in rows], data.labels[rows])


def accuracy(classifier: likewise.Classifier, data: Labels) -> float:
    """Share of correct predictions of the test texts."""
    return float(np.mean(classifier.predict(data.tested) == data.truth))


def selected(classifier: likewise.Classifier, data: Labels, pool: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Rows of the pool to label next."""
    left: np.ndarray = np.setdiff1d(pool, known)
    return left[classifier.select_for_labelling([data.learned[row] for row in left], BATCH)]


def rounds(model: Any, data: Labels, begin: np.ndarray, first: likewise.Classifier, draw: int) -> dict[str, float]:
    """Accuracy after each round of further labels, selected or drawn at random."""
    rng = np.random.default_rng([draw, 23])
    pool = rng.permutation(len(data.learned))[:POOL]
    by_selection, by_chance, classifier = begin, begin, first
    found = {}
    for number in range(1, ROUNDS + 1):
        by_selection = np.union1d(by_selection, selected(classifier, data, pool, by_selection))
        by_chance = np.union1d(by_chance, rng.permutation(np.setdiff1d(pool, by_chance))[:BATCH])
        classifier = fitted(model, data, by_selection, draw)
        more = f"{number * BATCH} more"
        found[f"{more}, selected"] = accuracy(classifier, data)
        found[f"{more}, at random"] = accuracy(fitted(model, data, by_chance, draw), data)
    return found


def measure(data: Labels, model: Any, draws: int) -> dict[str, Any]:
    """All ways of one data set."""
    each: dict[str, list[float]] = {}
    for draw in range(draws):
        begin = drawn(data.labels, PER_CLASS[data.name], draw)
        first = fitted(model, data, begin, draw)
        found = {
            "likewise": accuracy(first, data),
            **rounds(model, data, begin, first, draw),
        }
        for name, value in found.items():
            each.setdefault(name, []).append(value)
        print(data.name, draw, {name: round(100 * value, 1) for name, value in found.items()}, flush=True)
    pairs = [(f"{n * BATCH} more, selected", f"{n * BATCH} more, at random") for n in (1, 2, 3)]
    numbers = {name: over_draws(values) for name, values in each.items()}
    for one, other in pairs:
        numbers[f"{one} - {other}"] = over_draws([a - b for a, b in zip(each[one], each[other], strict=True)])
    return numbers


def main() -> None:
    parser = arguments(__doc__, draws=5)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PER_CLASS)}")
    parser.add_argument("--cache", type=Path, help="folder for models")
    given = parser.parse_args()
    for name in given.names or PER_CLASS:
        data = labelled(given.data, name, TESTED)
        model = trained(data.read, given.cache and given.cache / f"{name}.model")
        numbers = measure(data, model, given.draws)
        configuration = {"data": name, "labels a class": PER_CLASS[name], "test": len(data.tested)}
        record("few_labels", configuration | {"draws": given.draws}, numbers, given.draws - 1)


if __name__ == "__main__":
    main()
