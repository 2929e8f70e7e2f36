"""Classes from few labels: how well a simple classifier on the vectors does that saw k texts of each class.

Both classifiers come from scikit-learn: logistic regression with C = 10, the linear probe, and the nearest centroid.
The labelled texts are drawn several times, the same ones for every row.
"""

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64

from likewise.errors import InputError
from likewise.evaluation.baselines import Comparison, System
from likewise.evaluation.bootstrap import Judged, Scored, counts_of, with_intervals
from likewise.evaluation.data import Labelled
from likewise.evaluation.lexical import Matrix

__all__ = ["FEW", "draws_of", "judge_classification", "split_of"]

FEW = (8, 64)  # labels a class, where none are given and the classes are large enough
INVERSE_REGULARISATION = 10.0
MOST_STEPS = 1000
TEST_SHARE = 0.25


def judge_classification(
    data: Labelled, field: Comparison, rng: np.random.Generator, few: Sequence[int] | None = None, draws: int = 5
) -> Judged:
    """Accuracy of both classifiers on the test texts, for each number of labels a class.

    Args:
        data: the texts.
        field: who takes part.
        rng: of the draws, and of the split where the data has none.
        few: numbers of labels a class; None takes of 8 and 64 those that the smallest class has.
        draws: how often the labelled texts are drawn.

    Raises:
        InputError: a number of labels is more than the smallest class has.
    """
    classes, numbers = np.unique(np.array(data.labels), return_inverse=True)
    test = split_of(numbers, rng) if data.test is None else np.asarray(data.test, bool)
    few, told = _few(data, classes, numbers[~test], few)
    drawn = {k: draws_of(numbers, ~test, k, draws, rng) for k in few}
    needed = np.unique(np.concatenate([np.flatnonzero(test), *(each.ravel() for each in drawn.values())]))
    texts = [data.texts[row] for row in needed]
    places = {k: np.searchsorted(needed, each) for k, each in drawn.items()}
    tested = np.searchsorted(needed, np.flatnonzero(test))
    scored, absent = field.measured(
        texts, [*data.background, *data.texts], f"{len(texts):,} texts",
        lambda each: _scored(each, texts, numbers[needed], places, tested),
    )  # fmt: skip
    counts = {"classes": len(classes), "test texts": len(tested), "draws": draws}
    return with_intervals(
        scored, lambda rng: (counts_of(draws, rng), counts_of(len(tested), rng)), len(tested) * draws, rng,
        absent=absent, counts=counts, notes=(*data.notes, *told),
    )  # fmt: skip


def split_of(numbers: Int64[np.ndarray, " texts"], rng: np.random.Generator) -> Bool[np.ndarray, " texts"]:
    """Which texts are tested on: a quarter of each class, at least one, and at least one is left."""
    test = np.zeros(len(numbers), bool)
    for number in range(int(numbers.max()) + 1):
        rows = np.flatnonzero(numbers == number)
        held = min(max(1, round(TEST_SHARE * len(rows))), len(rows) - 1)
        test[rng.choice(rows, held, replace=False)] = True
    return test


def draws_of(
    numbers: Int64[np.ndarray, " texts"],
    learned: Bool[np.ndarray, " texts"],
    k: int,
    draws: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, "draws rows"]:
    """For each draw `k` rows of each class, of those that may be learned from."""
    of_class = [np.flatnonzero(learned & (numbers == number)) for number in range(int(numbers.max()) + 1)]
    of_class = [rows for rows in of_class if len(rows)]
    return np.stack([np.concatenate([rng.choice(rows, k, replace=False) for rows in of_class]) for _ in range(draws)])


def _few(
    data: Labelled, classes: np.ndarray, learned: Int64[np.ndarray, " rows"], asked: Sequence[int] | None
) -> tuple[list[int], list[str]]:
    """The numbers of labels a class, and a note where the smallest class decided them."""
    number, smallest = min(Counter(learned.tolist()).items(), key=lambda item: item[1])
    named = f"the smallest class, {str(classes[number])!r}, has {smallest} texts to learn from"
    if asked is None:
        fitting = [k for k in FEW if k <= smallest] or [smallest]
        return fitting, [] if tuple(fitting) == FEW else [f"{named}: {max(fitting)} labels a class at the most"]
    if not asked or min(asked) < 1:
        raise InputError(f"labels a class are {list(asked)}: whole numbers from 1 on are expected, such as 8,64")
    if max(asked) > smallest:
        raise InputError(
            f"{data.name}: {max(asked)} labels a class were asked for, and {named}: ask for {smallest} at the most, "
            "or leave that class out"
        )
    return sorted(set(asked)), []


def _scored(
    entrant: System,
    texts: list[str],
    numbers: Int64[np.ndarray, " texts"],
    places: dict[int, Int64[np.ndarray, "draws rows"]],
    tested: Int64[np.ndarray, " tested"],
) -> Scored:
    vectors = entrant.vectors(texts)
    right: dict[str, list[np.ndarray]] = {}
    for k, draws in places.items():
        for rows in draws:
            for name, found in _answers(vectors, numbers, rows, tested).items():
                right.setdefault(f"{name}, {k} label{'s' * (k != 1)}", []).append(found == numbers[tested])
    names = sorted(right, key=lambda name: not name.startswith("logistic"))
    held = np.stack([np.stack(right[name]) for name in names]).astype(np.float64)
    values = dict(zip(names, held.mean(axis=(1, 2)).tolist(), strict=True))

    def resampled(counts: tuple[np.ndarray, np.ndarray]) -> Float64[np.ndarray, " measures"]:
        draws, texts = counts
        accuracies: np.ndarray = (held @ texts) @ draws / (draws.sum() * texts.sum())
        return accuracies

    return Scored(entrant.name, values, resampled)


def _answers(
    vectors: Matrix, numbers: Int64[np.ndarray, " texts"], rows: Int64[np.ndarray, " rows"], tested: np.ndarray
) -> dict[str, np.ndarray]:
    """What both classifiers say of the test texts."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import NearestCentroid

    labels = numbers[rows]
    learned, asked = _within_span(vectors[rows], vectors[tested])
    probe = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=MOST_STEPS)
    with warnings.catch_warnings():
        # With one label a class both doubt that these are classes at all, and centroids have no spread.
        warnings.simplefilter("ignore")
        return {
            "logistic": probe.fit(learned, labels).predict(asked),
            "centroid": NearestCentroid().fit(learned, labels).predict(asked),
        }


def _within_span(learned: Matrix, asked: Matrix) -> tuple[Matrix, Matrix]:
    """The same inner products and distances in as many columns as there are texts to learn from.

    A penalised linear classifier lies in the span of what it learned from (the representer theorem), and so do
    centroids: outside of it nothing is decided. TF-IDF has thousands of words, which would cost minutes.
    """
    if learned.shape[1] <= learned.shape[0]:
        return learned, asked
    gram = learned @ learned.T
    gram = np.asarray(gram if isinstance(gram, np.ndarray) else gram.toarray(), np.float64)
    values, directions = np.linalg.eigh(gram)
    kept = values > max(values[-1] * len(gram) * np.finfo(np.float32).eps, np.finfo(np.float32).tiny)
    if not kept.any():  # nothing but rows of zeros
        return np.zeros((learned.shape[0], 1)), np.zeros((asked.shape[0], 1))
    basis = directions[:, kept] / np.sqrt(values[kept])
    products = asked @ learned.T
    products = products if isinstance(products, np.ndarray) else products.toarray()
    return gram @ basis, products @ basis
