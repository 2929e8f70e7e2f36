"""Pairs of texts: whether their cosines rank them as people did (similarity), or tell duplicates from others.

The figures come from scipy and scikit-learn. For the bootstrap the same measures are computed with each pair counting
several times or not at all, from an order that is found once: sorting anew for each of a thousand resamples would take
minutes. Both agree to rounding, which the tests hold them to.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from likewise.evaluation.baselines import Comparison, System
from likewise.evaluation.bootstrap import Judged, Scored, counts_of, with_intervals
from likewise.evaluation.data import Duplicates, Similarity
from likewise.evaluation.lexical import Matrix

__all__ = ["duplicate_measures", "judge_duplicates", "judge_similarity", "similarity_measures"]

AVERAGE_PRECISION, BEST_F1, AUC = "average precision", "best F1", "ROC AUC"
SPEARMAN, PEARSON = "Spearman", "Pearson"


def judge_similarity(data: Similarity, field: Comparison, rng: np.random.Generator) -> Judged:
    """Spearman's and Pearson's correlation of cosines with the scores."""
    told = np.asarray(data.scores, np.float64)
    return _judged(data, field, rng, lambda name, cosines: similarity_measures(name, cosines, told))


def judge_duplicates(data: Duplicates, field: Comparison, rng: np.random.Generator) -> Judged:
    """Average precision, best F1 and area under the ROC curve of cosines."""
    same = np.asarray(data.labels, np.int64) == 1
    notes = ["best F1 takes the best threshold on these very pairs"]
    return _judged(data, field, rng, lambda name, cosines: duplicate_measures(name, cosines, same), notes)


def similarity_measures(
    name: str, cosines: Float64[np.ndarray, " pairs"], scores: Float64[np.ndarray, " pairs"]
) -> Scored:
    """Both correlations, and what they become when pairs count several times. 0 where all cosines are equal."""
    from scipy.stats import pearsonr, spearmanr

    constant = bool((cosines == cosines[0]).all())
    values = {
        SPEARMAN: 0.0 if constant else float(spearmanr(cosines, scores).statistic),
        PEARSON: 0.0 if constant else float(pearsonr(cosines, scores).statistic),
    }
    near, told = _Order(cosines), _Order(scores)

    def resampled(counts: Int64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " measures"]:
        return np.array([
            _correlation(near.ranks(counts), told.ranks(counts), counts), _correlation(cosines, scores, counts)
        ])  # fmt: skip

    return Scored(name, values, resampled)


def duplicate_measures(name: str, cosines: Float64[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"]) -> Scored:
    """The three measures, and what they become when pairs count several times."""
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

    precision, recall, _ = precision_recall_curve(same, cosines)
    values = {
        AVERAGE_PRECISION: float(average_precision_score(same, cosines)),
        BEST_F1: float(np.max(2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny))),
        AUC: float(roc_auc_score(same, cosines)),
    }
    order = _Order(-cosines)  # the most similar first

    def resampled(counts: Int64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " measures"]:
        true, all_found = order.summed(counts * same), order.summed(counts)
        duplicates, pairs = true.sum(), all_found.sum()
        others = pairs - duplicates
        if not duplicates or not others:
            return np.full(3, np.nan)
        hits, found = np.cumsum(true), np.cumsum(all_found)
        false = all_found - true
        # The area is the chance that a duplicate lies above another pair; equal cosines count half.
        above = hits - true / 2
        average_precision = np.sum(true * hits / np.maximum(found, 1)) / duplicates
        return np.array([
            average_precision, np.max(2 * hits / (found + duplicates)), np.sum(false * above) / (duplicates * others)
        ])  # fmt: skip

    return Scored(name, values, resampled)


class _Order:
    """The order of some values, with equal ones together."""

    def __init__(self, values: Float64[np.ndarray, " pairs"]) -> None:
        self._order = np.argsort(values, kind="stable")
        ordered = values[self._order]
        new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        self._starts = np.flatnonzero(new)
        self._group = np.empty(len(values), np.int64)
        self._group[self._order] = np.cumsum(new) - 1

    def summed(self, counts: Int64[np.ndarray, " pairs"]) -> Int64[np.ndarray, " groups"]:
        """The sum over each group of equal values, the lowest value first."""
        sums: np.ndarray = np.add.reduceat(counts[self._order], self._starts)
        return sums

    def ranks(self, counts: Int64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
        """Each value's mean rank where it comes up so many times."""
        sums = self.summed(counts)
        ranks: np.ndarray = (np.cumsum(sums) - (sums - 1) / 2)[self._group]
        return ranks


def _correlation(
    x: Float64[np.ndarray, " pairs"], y: Float64[np.ndarray, " pairs"], counts: Int64[np.ndarray, " pairs"]
) -> float:
    """Pearson's, with each pair counting so many times."""
    total = counts.sum()
    a, b = x - counts @ x / total, y - counts @ y / total
    spread = np.sqrt((counts @ (a * a)) * (counts @ (b * b)))
    return float(counts @ (a * b) / spread) if spread > 0 else 0.0


def _judged(
    data: Similarity | Duplicates,
    field: Comparison,
    rng: np.random.Generator,
    measure: Callable[[str, Any], Scored],
    notes: list[str] | None = None,
) -> Judged:
    first, second = list(data.first), list(data.second)
    pairs = len(first)
    scored, absent = field.measured(
        [*first, *second], [*data.background, *first, *second], f"{pairs:,} pairs",
        lambda each: measure(each.name, _cosines(each, first, second)),
    )  # fmt: skip
    return with_intervals(
        scored, lambda rng: counts_of(pairs, rng), pairs, rng,
        absent=absent, counts={"pairs": pairs}, notes=(*data.notes, *(notes or ())),
    )  # fmt: skip


def _cosines(entrant: System, first: list[str], second: list[str]) -> Float64[np.ndarray, " pairs"]:
    rows: Matrix = entrant.vectors([*first, *second])
    one, other = rows[: len(first)], rows[len(first) :]
    products = one * other if isinstance(one, np.ndarray) else one.multiply(other)
    # Equal texts have equal cosines: the last digits would put them into an order that means nothing.
    cosines: np.ndarray = np.asarray(products.sum(axis=1), np.float64).ravel().round(6)
    return cosines
