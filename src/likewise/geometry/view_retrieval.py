"""The score without labels: how well one half of a held-out text finds the other among the halves of all texts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

__all__ = ["ViewRetrieval", "view_retrieval"]

TILE = 1 << 21  # similarities at once: 8 MiB
EQUAL = 1e-6  # cosines that float32 cannot tell apart


@dataclass(frozen=True)
class ViewRetrieval:
    """How well views find each other.

    Attributes:
        mrr: mean over texts and both directions of 1 / rank of the true view; 1 at best.
        recall_at_1: share of true views that rank first.
        recall_at_10: share of true views among the first ten.
        texts: how many there were; the scores of 0 texts are not numbers.
        ndcg: mean of 1 / log2(1 + rank), the nDCG of a list in which the true view alone is relevant; how far from the
            top a view is that is not first counts more here than in the reciprocal rank.
    """

    mrr: float
    recall_at_1: float
    recall_at_10: float
    texts: int
    ndcg: float = float("nan")

    @property
    def chance(self) -> float:
        """The MRR that ranking at random has in expectation, the mean of 1 / rank."""
        return float(np.mean(1.0 / np.arange(1, self.texts + 1))) if self.texts else float("nan")


def view_retrieval(anchors: Float[np.ndarray, "texts dim"], positives: Float[np.ndarray, "texts dim"]) -> ViewRetrieval:
    """Rank each text's other view among those of all texts by cosine, in both directions.

    A candidate that is as similar as the true one may stand before or after it: each score is its expectation over the
    orders of equals, so vectors that are all equal score exactly what chance does.

    Args:
        anchors: unit rows, one view a text; a row of zeros is equally similar to all.
        positives: unit rows, the other view, in the same order.
    """
    texts = len(anchors)
    if texts == 0:
        return ViewRetrieval(float("nan"), float("nan"), float("nan"), 0)
    better, equal = _standing(np.asarray(anchors, np.float32), np.asarray(positives, np.float32))
    ranks = np.arange(1, texts + 1)
    mrr, ndcg = (_mean_over(gains, better, equal) for gains in (1.0 / ranks, 1.0 / np.log2(1.0 + ranks)))
    return ViewRetrieval(mrr, _recall(better, equal, 1), _recall(better, equal, 10), texts, ndcg)


def _mean_over(
    gains: Float64[np.ndarray, " ranks"], better: Int64[np.ndarray, " ranked"], equal: Int64[np.ndarray, " ranked"]
) -> float:
    """The mean gain of the rank, by its place; of equals, of all the places that they share."""
    up_to = np.concatenate([np.zeros(1), np.cumsum(gains)])
    return float(((up_to[better + equal + 1] - up_to[better]) / (equal + 1)).mean())


def _recall(better: Int64[np.ndarray, " ranked"], equal: Int64[np.ndarray, " ranked"], k: int) -> float:
    return float(np.mean(np.clip(k - better, 0, equal + 1) / (equal + 1)))


def _standing(
    anchors: Float32[np.ndarray, "texts dim"], positives: Float32[np.ndarray, "texts dim"]
) -> tuple[Int64[np.ndarray, " ranked"], Int64[np.ndarray, " ranked"]]:
    """How many candidates are better than the true one, and how many equal: of each anchor, then of each positive."""
    texts = len(anchors)
    own: Float64[np.ndarray, " texts"] = np.einsum("td,td->t", anchors, positives, dtype=np.float64)
    above, below = (own + EQUAL).astype(np.float32), (own - EQUAL).astype(np.float32)
    better, at_least = np.zeros((2, texts), np.int64), np.zeros((2, texts), np.int64)
    rows = max(1, TILE // texts)
    for start in range(0, texts, rows):
        tile = slice(start, min(start + rows, texts))
        similarity = anchors[tile] @ positives.T
        # Rounded otherwise than here, a text's own similarity could seem to differ from itself by more than EQUAL.
        similarity[np.arange(len(similarity)), np.arange(texts)[tile]] = own[tile]
        better[0, tile] = (similarity > above[tile, None]).sum(axis=1, dtype=np.int32)
        at_least[0, tile] = (similarity >= below[tile, None]).sum(axis=1, dtype=np.int32)
        better[1] += (similarity > above).sum(axis=0, dtype=np.int32)
        at_least[1] += (similarity >= below).sum(axis=0, dtype=np.int32)
    return better.ravel(), (at_least - better - 1).ravel()
