"""Approximate search, beyond the size at which a scan of everything is quick: only the nearest lists are scanned.

An inverted file (Sivic and Zisserman 2003; FAISS's IVF): the vectors are clustered, a query looks into the lists of the
nearest centroids. Inside those lists the search is the exact one, so what can be missed is only what stands in other
lists, and how often that happens is measured on the collection itself when the lists are made.

FAISS makes the clusters. The lists are ours: they share the codes, the filters and the fresh texts with exact search,
and a search has nothing to import.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from likewise.index.exact import Blocks, cut

__all__ = ["Lists", "assigned", "clustered", "list_count", "probes_for"]

WANTED_RECALL = 0.95  # of the 10 nearest
SAMPLE = 64  # vectors a list that the clustering learns from
_ITERATIONS = 8


@dataclass(frozen=True)
class Lists:
    """How the rows are cut into lists.

    Attributes:
        centroids: the middle of each list, unit rows.
        offsets: list `i` is the rows `offsets[i]` to `offsets[i + 1]`.
        probes: how many lists a search looks into.
        recall: which share of the 10 nearest that found, on a sample of the texts themselves.
    """

    centroids: Float32[np.ndarray, "lists dim"]
    offsets: Int64[np.ndarray, " lists_and_1"]
    probes: int
    recall: float

    def near(self, query: Float32[np.ndarray, " dim"], k: int) -> Blocks:
        """The rows to scan for one query: those of the nearest lists, and of more where these hold less than 10 k."""
        order = np.argsort(-(self.centroids @ query), kind="stable")
        lengths = np.diff(self.offsets)[order]
        enough = int(np.count_nonzero(np.cumsum(lengths) < 10 * k)) + 1
        chosen = np.sort(order[: max(self.probes, enough)])
        return cut(self.offsets[chosen], self.offsets[chosen + 1])


def list_count(texts: int) -> int:
    """As many lists as a list has rows: looking for the lists then costs what scanning one does."""
    return max(1, math.isqrt(texts))


def clustered(
    sample: Float32[np.ndarray, "sample dim"], lists: int, rng: np.random.Generator
) -> Float32[np.ndarray, "lists dim"]:
    """The middles of `lists` clusters of the sample, by spherical k-means."""
    import faiss

    spoken = np.ascontiguousarray(sample[sample.any(axis=1)])
    kmeans = faiss.Kmeans(
        sample.shape[1],
        min(lists, len(spoken)),
        niter=_ITERATIONS,
        spherical=True,
        seed=int(rng.integers(2**31)),
        min_points_per_centroid=1,
        max_points_per_centroid=SAMPLE,
    )
    kmeans.train(spoken)
    return np.asarray(kmeans.centroids, np.float32)


def assigned(
    rows: Float32[np.ndarray, "rows dim"], centroids: Float32[np.ndarray, "lists dim"]
) -> Int64[np.ndarray, " rows"]:
    """The list of each row: the centroid with the highest dot product."""
    lists: np.ndarray = np.argmax(rows @ centroids.T, axis=1)
    return lists


def probes_for(
    queries: Float32[np.ndarray, "queries dim"],
    neighbours: list[Int64[np.ndarray, " found"]],
    centroids: Float32[np.ndarray, "lists dim"],
    offsets: Int64[np.ndarray, " lists_and_1"],
) -> tuple[int, float]:
    """The fewest lists that hold `WANTED_RECALL` of the true neighbours, and what share they hold.

    Args:
        queries: a sample.
        neighbours: for each query the rows of its true neighbours.
        centroids: of the lists.
        offsets: of the lists.
    """
    near = queries @ centroids.T
    ranks = []
    for scores, rows in zip(near, neighbours, strict=True):
        lists = np.searchsorted(offsets, rows, side="right") - 1
        ranks.append(np.sum(scores > scores[lists, None], axis=1))
    held = np.sort(np.concatenate(ranks))
    if not len(held):
        return len(centroids), 1.0
    probes = int(held[int(np.ceil(WANTED_RECALL * len(held))) - 1]) + 1
    return probes, float(np.mean(held < probes))
