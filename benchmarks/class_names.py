"""What the names of the classes are worth, alone and next to a few labels.

    python benchmarks/class_names.py --data DATA [--cache FOLDER] [--draws 5] [NAME ...]

`likewise.Classifier` with a static model of the texts without their labels, as in `classify.py`, fitted on some labels
of each class, with and without `descriptions`: the names of the classes as the data set has them, with spaces for the
signs between words. Beside it the nearest name by the cosine of all-MiniLM-L6-v2. Accuracy on 2,000 test texts drawn
once; means over the draws of the labels, and their differences, with the 95 % interval of a bootstrap over the draws.
Last, in how many draws the accuracy lies in the 95 % interval of `estimate_`, of all those with 8 labels a class.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from comparison import over_draws
from record import arguments, record
from yardstick import Labels, drawn, labelled, model_folder, trained

import likewise

DATA_SETS = ("stackoverflow_titles", "newsgroups20", "banking77", "tickets_de")
PER_CLASS, TESTED = (1, 2, 8), 2_000


def names(labels: np.ndarray) -> dict[str, str]:
    """Each label as words."""
    return {str(label): re.sub(r"[\W_]+", " ", str(label)).strip() for label in np.unique(labels)}


def accuracy(classifier: likewise.Classifier, data: Labels) -> float:
    """Share of correct predictions of the test texts."""
    return float(np.mean(classifier.predict(data.tested) == data.truth))


def measure(data: Labels, model: Any, draws: int) -> dict[str, Any]:
    """All ways of one data set."""
    described = names(data.labels)
    alone = likewise.Classifier(model).fit([], [], descriptions=described)
    large = likewise.load(model_folder())
    nearest = (large.encode(data.tested) @ large.encode([*described.values()]).T).argmax(axis=1)
    numbers: dict[str, Any] = {
        "names alone": accuracy(alone, data),
        "names alone, MiniLM": float(np.mean(np.array([*described])[nearest] == data.truth)),
        "classes": len(described),
    }
    within = []
    for count in PER_CLASS:
        plain, both = [], []
        for draw in range(draws):
            rows = drawn(data.labels, count, draw)
            texts, labels = [data.learned[row] for row in rows], data.labels[rows]
            plain.append(accuracy(likewise.Classifier(model, seed=draw).fit(texts, labels), data))
            fitted = likewise.Classifier(model, seed=draw).fit(texts, labels, descriptions=described)
            both.append(accuracy(fitted, data))
            if count == PER_CLASS[-1]:
                within.append(fitted.estimate_.low <= both[-1] <= fitted.estimate_.high)
        numbers[f"{count} a class"] = over_draws(plain)
        numbers[f"{count} a class, names"] = over_draws(both)
        numbers[f"{count} a class, difference"] = over_draws([a - b for a, b in zip(both, plain, strict=True)])
        print(data.name, count, f"{np.mean(plain):.3f} {np.mean(both):.3f}", flush=True)
    numbers["within the interval"] = float(np.mean(within))
    print(data.name, numbers, flush=True)
    return numbers


def main() -> None:
    parser = arguments(__doc__, draws=5)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DATA_SETS)}")
    parser.add_argument("--cache", type=Path, help="folder for models")
    given = parser.parse_args()
    for name in given.names or DATA_SETS:
        data = labelled(given.data, name, TESTED)
        model = trained(data.read, given.cache and given.cache / f"{name}.model")
        numbers = measure(data, model, given.draws)
        record("class_names", {"data": name, "test": len(data.tested), "draws": given.draws}, numbers, given.draws - 1)


if __name__ == "__main__":
    main()
