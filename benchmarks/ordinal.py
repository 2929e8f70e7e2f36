"""What the order of labels brings: stars of a film review, and negative, neutral and positive comments.

    python benchmarks/ordinal.py --data DATA [--cache FOLDER] [--draws 5] [NAME ...]

`likewise.Classifier` with a static model of texts without their labels (10,000 of IMDb, all training texts of SmSA),
fitted on 8 and 32 labels of each level: its most probable label; the median of its probabilities, as with
`ordered=True`; and the median of cumulative probabilities (Frank and Hall 2001), each of which is that of a label
"higher than this level" of a classifier of several labels. Mean absolute error in levels and quadratic weighted kappa
on 2,000 test texts drawn once, or all; beside them what always predicting the median of the labels would give.
"""

from pathlib import Path
from typing import Any

import numpy as np
from comparison import over_draws
from record import arguments, record
from sklearn.metrics import cohen_kappa_score
from yardstick import drawn, rows, trained

import likewise

DATA_SETS = {"imdb": "rating", "smsa": "label"}
LEVELS = {"smsa": ["negative", "neutral", "positive"]}
PER_CLASS, TESTED, READ = (8, 32), 2_000, 10_000


def read(data: Path, name: str) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Texts and levels, numbered from 0, to learn from and to be judged on."""
    found = [row for row in rows(data / name / "data.jsonl") if row["split"] in {"train", "test"}]
    values = [row[DATA_SETS[name]] for row in found]
    order = LEVELS.get(name) or sorted({*values}, key=int)
    levels, split = np.array([order.index(each) for each in values]), np.array([row["split"] for row in found])
    train, test = (np.random.default_rng(0).permutation(np.flatnonzero(split == each)) for each in ("train", "test"))
    train, test = train[:READ] if name == "imdb" else train, test[:TESTED]
    return [found[row]["text"] for row in train], levels[train], [found[row]["text"] for row in test], levels[test]


def measure(data: Path, name: str, cache: Path | None, draws: int) -> dict[str, Any]:
    """All ways of one data set."""
    texts, levels, queries, truth = read(data, name)
    model = trained(texts, cache and cache / f"{name}.ordinal.model")
    each: dict[str, list[float]] = {}
    for count in PER_CLASS:
        for draw in range(draws):
            taken = drawn(levels, count, draw)
            learned, known = [texts[row] for row in taken], levels[taken]
            likely = likewise.Classifier(model, seed=draw).fit(learned, known).predict_proba(queries)
            higher = [list(range(1, level + 1)) for level in known.tolist()]
            above = likewise.Classifier(model, seed=draw).fit(learned, higher).predict_proba(queries)
            found = {
                "always the median": np.full(len(truth), int(np.median(known))),
                "most probable": likely.argmax(axis=1),
                "median": (likely.cumsum(axis=1) < 0.5).sum(axis=1),
                "cumulative": (above > 0.5).sum(axis=1),
            }
            for way, predicted in found.items():
                kappa = cohen_kappa_score(truth, predicted, weights="quadratic", labels=range(likely.shape[1]))
                distance, right = np.abs(predicted - truth).mean(), (predicted == truth).mean()
                for metric, value in (("MAE", distance), ("QWK", kappa), ("accuracy", right)):
                    each.setdefault(f"{count} a level, {way}, {metric}", []).append(float(np.nan_to_num(value)))
    numbers: dict[str, Any] = {key: over_draws(values) for key, values in each.items()}
    for way in ("median", "cumulative"):
        for count in PER_CLASS:
            for metric in ("MAE", "QWK"):
                pairs = zip(each[f"{count} a level, {way}, {metric}"],
                            each[f"{count} a level, most probable, {metric}"], strict=True)  # fmt: skip
                numbers[f"{count} a level, {way} - most probable, {metric}"] = over_draws([a - b for a, b in pairs])
    for key, value in numbers.items():
        print(name, f"{key:48} {value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})", flush=True)
    return numbers


def main() -> None:
    parser = arguments(__doc__, draws=5)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DATA_SETS)}")
    parser.add_argument("--cache", type=Path, help="folder for models")
    given = parser.parse_args()
    for name in given.names or DATA_SETS:
        numbers = measure(given.data, name, given.cache, given.draws)
        record("ordinal", {"data": name, "draws": given.draws}, numbers, given.draws - 1)


if __name__ == "__main__":
    main()
