"""Pairs of texts: correlation of cosines with similarity scores, and detection of duplicates by cosine.

The metrics come from scipy and scikit-learn. The bootstrap computes the same metrics with weighted pairs from an order
that is found once: sorting anew for each of a thousand resamples, as scikit-learn does, takes twenty to seventy times
as long.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from likewise.arrays import Bool, Float64, Int64
from likewise.evaluation.baselines import Comparison, Matrix, System
from likewise.evaluation.bootstrap import SystemScores, TaskResult, draw_counts, with_intervals
from likewise.evaluation.data import Duplicates, Similarity

AVERAGE_PRECISION, BEST_F1, AUC = "average precision", "best F1", "ROC AUC"
SPEARMAN, PEARSON = "Spearman", "Pearson"


def evaluate_similarity(data: Similarity, comparison: Comparison, rng: np.random.Generator) -> TaskResult:
    """Spearman and Pearson correlation of cosines with the scores."""
    scores = np.asarray(data.scores, np.float64)
    return _evaluate(data, comparison, rng, lambda name, cosines: similarity_metrics(name, cosines, scores))


def evaluate_duplicates(data: Duplicates, comparison: Comparison, rng: np.random.Generator) -> TaskResult:
    """Average precision, best F1 and area under the ROC curve of cosines."""
    same = np.asarray(data.labels, np.int64) == 1
    notes = ["best F1 uses the threshold that is best on these pairs"]
    return _evaluate(data, comparison, rng, lambda name, cosines: duplicate_metrics(name, cosines, same), notes)


def similarity_metrics(
    name: str, cosines: Float64[np.ndarray, " pairs"], scores: Float64[np.ndarray, " pairs"]
) -> SystemScores:
    """Both correlations; 0 if all cosines are equal."""
    from scipy.stats import pearsonr, spearmanr

    constant = bool((cosines == cosines[0]).all())
    values = {
        SPEARMAN: 0.0 if constant else float(spearmanr(cosines, scores).statistic),
        PEARSON: 0.0 if constant else float(pearsonr(cosines, scores).statistic),
    }
    cosine_order, score_order = _Order(cosines), _Order(scores)

    def resampled(counts: Int64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " metrics"]:
        return np.array([
            _correlation(cosine_order.ranks(counts), score_order.ranks(counts), counts),
            _correlation(cosines, scores, counts),
        ])  # fmt: skip

    return SystemScores(name, values, resampled, [(-1.0, 1.0)] * len(values))


def duplicate_metrics(
    name: str, cosines: Float64[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"]
) -> SystemScores:
    """Average precision, best F1 and ROC AUC of cosines."""
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

    precision, recall, _ = precision_recall_curve(same, cosines)
    values = {
        AVERAGE_PRECISION: float(average_precision_score(same, cosines)),
        BEST_F1: float(np.max(2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny))),
        AUC: float(roc_auc_score(same, cosines)),
    }
    order = _Order(-cosines)  # the most similar first

    def resampled(counts: Int64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " metrics"]:
        true, both = order.summed(counts * same), order.summed(counts)
        duplicates, pairs = true.sum(), both.sum()
        others = pairs - duplicates
        if not duplicates or not others:
            return np.full(3, np.nan)
        hits, found = np.cumsum(true), np.cumsum(both)
        above = hits - true / 2  # duplicates above each group of equal cosines, ties counted half
        average_precision = np.sum(true * hits / np.maximum(found, 1)) / duplicates
        best_f1 = np.max(2 * hits / (found + duplicates))
        return np.array([average_precision, best_f1, np.sum((both - true) * above) / (duplicates * others)])

    return SystemScores(name, values, resampled, [(0.0, 1.0)] * len(values))


class _Order:
    """The ascending order of some values, with equal values in one group."""

    def __init__(self, values: Float64[np.ndarray, " pairs"]) -> None:
        self._order = np.argsort(values, kind="stable")
        ordered = values[self._order]
        new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        self._starts = np.flatnonzero(new)
        self._group = np.empty(len(values), np.int64)
        self._group[self._order] = np.cumsum(new) - 1

    def summed(self, counts: Int64[np.ndarray, " pairs"]) -> Int64[np.ndarray, " groups"]:
        """The sum of the counts of each group, the lowest value first."""
        sums: np.ndarray = np.add.reduceat(counts[self._order], self._starts)
        return sums

    def ranks(self, counts: Int64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
        """The mean rank of each value if each pair is repeated `counts` times."""
        sums = self.summed(counts)
        ranks: np.ndarray = (np.cumsum(sums) - (sums - 1) / 2)[self._group]
        return ranks


def _correlation(
    x: Float64[np.ndarray, " pairs"], y: Float64[np.ndarray, " pairs"], counts: Int64[np.ndarray, " pairs"]
) -> float:
    """Weighted Pearson correlation; 0 if either is constant."""
    total = counts.sum()
    a, b = x - counts @ x / total, y - counts @ y / total
    spread = np.sqrt((counts @ (a * a)) * (counts @ (b * b)))
    return float(counts @ (a * b) / spread) if spread > 0 else 0.0


def _evaluate(
    data: Similarity | Duplicates,
    comparison: Comparison,
    rng: np.random.Generator,
    metrics: Callable[[str, Any], SystemScores],
    notes: Sequence[str] = (),
) -> TaskResult:
    first, second = list(data.first), list(data.second)
    pairs = len(first)
    scored, absent = comparison.run(
        [*first, *second], [*data.background, *first, *second], f"{pairs:,} pairs",
        lambda system: metrics(system.name, _cosines(system, first, second)),
    )  # fmt: skip
    return with_intervals(
        scored, lambda rng: draw_counts(pairs, rng), pairs, rng,
        absent=absent, counts={"pairs": pairs}, notes=(*data.notes, *notes),
    )  # fmt: skip


def _cosines(system: System, first: list[str], second: list[str]) -> Float64[np.ndarray, " pairs"]:
    rows: Matrix = system.vectors([*first, *second])
    one, other = rows[: len(first)], rows[len(first) :]
    products = one * other if isinstance(one, np.ndarray) else one.multiply(other)
    # Rounded, as the last digits would order equal pairs at random.
    cosines: np.ndarray = np.asarray(products.sum(axis=1), np.float64).ravel().round(6)
    return cosines
