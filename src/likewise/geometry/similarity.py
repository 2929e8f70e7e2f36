"""Similarities of pairs: histograms of positive and random pairs, and neighbour agreement between two spaces."""

from dataclasses import dataclass

import numpy as np

from likewise.arrays import Float, Float64, Int64

BINS = 80  # from -1 to 1: narrower than any difference that matters, wide enough for a thousand pairs to fill
RANDOM_PAIRS = 20_000  # gives the share of a bin to half a percent
NEIGHBOURS = 10


@dataclass(frozen=True)
class SimilarityHistograms:
    """Histograms of the cosines of positive and of random pairs.

    Attributes:
        edges: of the bins, from -1 to 1; a bin includes its lower edge, the last one both.
        positive: number of positive pairs in each bin.
        random: number of pairs of different texts in each bin.
    """

    edges: Float64[np.ndarray, " edges"]
    positive: Int64[np.ndarray, " bins"]
    random: Int64[np.ndarray, " bins"]

    @property
    def separation(self) -> float:
        """Probability that a positive pair is more similar than a random one, ties counted half.

        The area under the ROC curve, up to the width of a bin: 1 at best, 0.5 for chance, NaN without pairs.
        """
        total = int(self.positive.sum()) * int(self.random.sum())
        below = np.cumsum(self.random) - self.random
        return float(np.sum(self.positive * (below + self.random / 2.0)) / total) if total else float("nan")

    @property
    def overlap(self) -> float:
        """The overlapping coefficient `sum min(p, q)` (Weitzman 1970): 0 if disjoint, 1 if equal."""
        if not (self.positive.sum() and self.random.sum()):
            return float("nan")
        return float(np.minimum(self.positive / self.positive.sum(), self.random / self.random.sum()).sum())

    def plain(self) -> dict[str, list[float] | list[int]]:
        """The histograms as lists by name, as a model card stores them."""
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
        anchors: unit rows, one view of each text; a row of zeros has cosine 0 with all.
        positives: unit rows, the other view, in the same order.
        rng: draws the random pairs uniformly.
        bins: number of bins, of equal width.
        random_pairs: number of random pairs, at most as many as there are pairs of different texts.
    """
    texts = len(anchors)
    drawn = min(random_pairs, texts * (texts - 1))
    first = rng.integers(0, max(texts, 1), drawn)
    other = (first + rng.integers(1, max(texts, 2), drawn)) % max(texts, 1)  # never the text itself
    edges = np.linspace(-1.0, 1.0, bins + 1)
    positive, random = (
        np.histogram(np.clip(np.einsum("pd,pd->p", a, b, dtype=np.float64), -1.0, 1.0), edges)[0].astype(np.int64)
        for a, b in ((anchors, positives), (anchors[first], positives[other]))
    )
    return SimilarityHistograms(edges, positive, random)


def neighbour_agreement(
    one: Float[np.ndarray, "texts dim"], other: Float[np.ndarray, "texts other_dim"], k: int = NEIGHBOURS
) -> float:
    """The mean share of the `k` nearest neighbours of a text in one space that are among its `k` in the other.

    By chance it is k / (texts - 1).

    Args:
        one: unit rows.
        other: unit rows of the same texts.
        k: number of neighbours, at most texts - 1.

    Returns:
        From 0 to 1; NaN for fewer than two texts.
    """
    k = min(k, len(one) - 1)
    if k < 1:
        return float("nan")
    lists = [_nearest(vectors, k) for vectors in (one, other)]
    return float(np.mean([len(np.intersect1d(a, b, assume_unique=True)) / k for a, b in zip(*lists, strict=True)]))


def _nearest(vectors: Float[np.ndarray, "texts dim"], k: int) -> np.ndarray:
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :k]
