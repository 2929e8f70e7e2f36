"""Hybrid search: what a text's vector says and what its words say, in one score.

A fusion takes both scores of each candidate and gives one. Cosines and BM25 have other units, and both change from
query to query, so each side is measured against its own best for the query first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from likewise.errors import InputError

__all__ = [
    "FUSIONS",
    "Component",
    "Fusion",
    "Ranked",
    "best_first",
    "components_of",
    "reciprocal_ranks",
    "share_of_best",
    "share_of_components",
    "standardised",
]


@dataclass(frozen=True)
class Ranked:
    """Texts found, best first; equal scores in the order in which the texts came.

    Attributes:
        numbers: the texts' numbers in the record.
        scores: cosine, BM25, or both fused.
    """

    numbers: Int64[np.ndarray, " found"]
    scores: Float64[np.ndarray, " found"]


@dataclass(frozen=True)
class Component:
    """Some columns of a vector that say one thing.

    Attributes:
        columns: how many, after those of the part before.
        weight: what they count in hybrid search, of 1 in all; what the parts leave is for words.
    """

    columns: int
    weight: float


def components_of(model: Any, dim: int) -> tuple[Component, ...]:
    """Those of a model that tells of some, in its `parts`; else none, and its vectors count as one.

    Raises:
        InputError: they do not make up a vector, or weigh more than all.
    """
    given = tuple(Component(int(columns), float(weight)) for columns, weight in getattr(model, "parts", None) or ())
    whole = sum(part.columns for part in given) == dim and sum(part.weight for part in given) <= 1
    if given and not (whole and all(part.columns > 0 and part.weight >= 0 for part in given)):
        raise InputError(
            f"the parts of the {type(model).__name__}, {[(part.columns, part.weight) for part in given]}, are not those"
            f" of its vectors: columns make up {dim}, weights up to 1"
        )
    return given


# (cosines, BM25 scores, the mean cosine of all texts) to fused scores
Fusion = Callable[
    [Float64[np.ndarray, " candidates"], Float64[np.ndarray, " candidates"], float],
    Float64[np.ndarray, " candidates"],
]


def best_first(numbers: Int64[np.ndarray, " candidates"], scores: Float64[np.ndarray, " candidates"], k: int) -> Ranked:
    """The `k` best; of equal scores the lower number."""
    order = np.lexsort((numbers, -scores))[:k]
    return Ranked(numbers[order], scores[order])


def share_of_best(
    cosines: Float64[np.ndarray, " candidates"], words: Float64[np.ndarray, " candidates"], mean: float
) -> Float64[np.ndarray, " candidates"]:
    """The mean of both sides' shares of their best: ((c - mean) / (max c - mean) + w / max w) / 2.

    Either side counts from what an average text has: no shared word, 0, for BM25; for cosines their mean over all
    texts, which is near 0 for a space that fills its sphere and far from it for many pretrained encoders, whose cosines
    lie between 0.6 and 0.9. Without it those would all be shares near 1, and only the words would decide. Less than
    average counts 0, as does a side that says nothing of any candidate; the best of both sides has 1.
    """
    return share_of_components((Component(len(cosines), 0.5),), cosines[None], words, np.array([mean]))


def share_of_components(
    parts: Sequence[Component],
    cosines: Float64[np.ndarray, "parts candidates"],
    words: Float64[np.ndarray, " candidates"],
    means: Float64[np.ndarray, " parts"],
) -> Float64[np.ndarray, " candidates"]:
    """The same where a vector has parts: each counts by its own share of its best, and words by what the weights leave.

    Args:
        parts: of a vector.
        cosines: of each candidate by each part.
        words: its BM25 scores.
        means: the mean cosine of all texts by each part.
    """
    fused = (1.0 - sum(part.weight for part in parts)) * _share(words)
    for part, near, mean in zip(parts, cosines, means, strict=True):
        fused += part.weight * _share(near - mean)
    return fused


def standardised(
    cosines: Float64[np.ndarray, " candidates"], words: Float64[np.ndarray, " candidates"], mean: float
) -> Float64[np.ndarray, " candidates"]:
    """The mean of both sides' standard scores among the candidates."""
    del mean  # the candidates' own mean takes its place
    fused: np.ndarray = (_standard_scores(cosines) + _standard_scores(words)) / 2
    return fused


def reciprocal_ranks(
    cosines: Float64[np.ndarray, " candidates"], words: Float64[np.ndarray, " candidates"], mean: float
) -> Float64[np.ndarray, " candidates"]:
    """The sum of 1 / (60 + rank) over both sides (Cormack et al. 2009); no shared word is no rank."""
    del mean  # ranks know no scale
    return _inverse_ranks(cosines) + np.where(words > 0, _inverse_ranks(words), 0.0)


def _share(scores: Float64[np.ndarray, " candidates"]) -> Float64[np.ndarray, " candidates"]:
    best = scores.max(initial=0.0)
    return np.maximum(scores, 0.0) / best if best > 0 else np.zeros_like(scores)


def _standard_scores(scores: Float64[np.ndarray, " candidates"]) -> Float64[np.ndarray, " candidates"]:
    spread = scores.std() if len(scores) else 0.0
    return (scores - scores.mean()) / spread if spread > 0 else np.zeros_like(scores)


def _inverse_ranks(scores: Float64[np.ndarray, " candidates"]) -> Float64[np.ndarray, " candidates"]:
    # Equal scores share the better rank, so that the order in which candidates are given decides nothing.
    ranks = 1 + np.searchsorted(np.sort(-scores), -scores, side="left")
    return 1.0 / (60.0 + ranks)


FUSIONS: dict[str, Fusion] = {
    "share of best": share_of_best,
    "standardised": standardised,
    "reciprocal ranks": reciprocal_ranks,
}
