"""How similar positive pairs and random pairs are, as two distributions: what a training tells apart, seen at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

__all__ = ["BINS", "NEIGHBOURS", "RANDOM_PAIRS", "SimilarityHistograms", "neighbour_agreement", "similarity_histograms"]


BINS = 80  # from -1 to 1: narrower than any difference that matters, wide enough to be filled by a thousand pairs
RANDOM_PAIRS = 20_000  # the share of a bin is then known to half a percent


@dataclass(frozen=True)
class SimilarityHistograms:
    """Cosines of positive and of random pairs, counted.

    Attributes:
        edges: where the bins begin and end, from -1 to 1; a bin holds its lower edge, the last one both.
        positive: how many positive pairs fall into each bin.
        random: how many pairs of different texts do.
    """

    edges: Float64[np.ndarray, " edges"]
    positive: Int64[np.ndarray, " bins"]
    random: Int64[np.ndarray, " bins"]

    @property
    def separation(self) -> float:
        """Probability that a positive pair is more similar than a random one, equals counted half.

        The area under the ROC curve, as far as bins tell: 1 at best, 0.5 where similarity says nothing, not a number
        where there are no pairs.
        """
        total = int(self.positive.sum()) * int(self.random.sum())
        below = np.cumsum(self.random) - self.random
        return float(np.sum(self.positive * (below + self.random / 2.0)) / total) if total else float("nan")

    @property
    def overlap(self) -> float:
        """The area that both distributions share, `sum min(p, q)`: 0 when apart, 1 when equal (Weitzman 1970)."""
        if not (self.positive.sum() and self.random.sum()):
            return float("nan")
        return float(np.minimum(self.positive / self.positive.sum(), self.random / self.random.sum()).sum())

    def plain(self) -> dict[str, list[float] | list[int]]:
        """As lists by name, which is how a model card keeps them."""
        return {"edges": self.edges.tolist(), "positive": self.positive.tolist(), "random": self.random.tolist()}


def similarity_histograms(
    anchors: Float[np.ndarray, "texts dim"],
    positives: Float[np.ndarray, "texts dim"],
    rng: np.random.Generator,
    *,
    bins: int = BINS,
    random_pairs: int = RANDOM_PAIRS,
) -> SimilarityHistograms:
    """Count the cosines of each text with its own positive, and of texts with the positives of others.

    Args:
        anchors: unit rows, one view a text; a row of zeros has cosine 0 with all.
        positives: unit rows, the other view, in the same order.
        rng: draws the random pairs, each text and each other one alike.
        bins: how many, of equal width.
        random_pairs: how many at the most; as many as there are pairs of different texts where those are fewer.
    """
    texts = len(anchors)
    drawn = min(random_pairs, texts * (texts - 1))
    first = rng.integers(0, max(texts, 1), drawn)
    other = (first + rng.integers(1, max(texts, 2), drawn)) % max(texts, 1)  # never the text itself
    every = np.arange(texts)
    edges = np.linspace(-1.0, 1.0, bins + 1)
    return SimilarityHistograms(
        edges, _counted(anchors, positives, every, every, edges), _counted(anchors, positives, first, other, edges)
    )


def _counted(
    anchors: Float[np.ndarray, "texts dim"],
    positives: Float[np.ndarray, "texts dim"],
    first: Int64[np.ndarray, " pairs"],
    second: Int64[np.ndarray, " pairs"],
    edges: Float64[np.ndarray, " edges"],
) -> Int64[np.ndarray, " bins"]:
    cosines = np.einsum("pd,pd->p", anchors[first], positives[second], dtype=np.float64)
    counts: Int64[np.ndarray, " bins"] = np.histogram(np.clip(cosines, -1.0, 1.0), edges)[0].astype(np.int64)
    return counts


NEIGHBOURS = 10


def neighbour_agreement(
    one: Float[np.ndarray, "texts dim"], other: Float[np.ndarray, "texts other_dim"], k: int = NEIGHBOURS
) -> float:
    """The mean share of the `k` nearest neighbours of a text in one space that are among its `k` in the other.

    By chance it is k / (texts - 1).

    Args:
        one: unit rows.
        other: unit rows of the same texts.
        k: how many; all the others where there are not as many.

    Returns:
        From 0 to 1; not a number for fewer than two texts.
    """
    texts = len(one)
    k = min(k, texts - 1)
    if k < 1:
        return float("nan")
    lists = [_nearest(vectors, k) for vectors in (one, other)]
    return float(np.mean([len(np.intersect1d(a, b, assume_unique=True)) / k for a, b in zip(*lists, strict=True)]))


def _nearest(vectors: Float[np.ndarray, "texts dim"], k: int) -> np.ndarray:
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :k]
