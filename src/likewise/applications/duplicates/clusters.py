"""Middles of clusters, around which vectors are put into lists (Sivic and Zisserman 2003; FAISS makes the clusters)."""

import math

import numpy as np
from jaxtyping import Float32

__all__ = ["clustered", "list_count"]

MOST_SAMPLED = 64  # vectors a list that the clustering learns from
_ITERATIONS = 8


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
        max_points_per_centroid=MOST_SAMPLED,
    )
    kmeans.train(spoken)
    return np.asarray(kmeans.centroids, np.float32)
