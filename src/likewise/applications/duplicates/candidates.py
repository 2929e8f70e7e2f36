"""Which pairs are compared: those that share a band of MinHashes, and nearest neighbours in an inverted file.

The inverted file (Sivic and Zisserman 2003) has its centroids from k-means of faiss. Its lists are searched by matrix
products of whole lists, which took a quarter of the time of faiss.IndexIVFFlat for 100,000 vectors.
"""

import math
from dataclasses import dataclass

import numpy as np

from likewise.applications.duplicates import kernels
from likewise.arrays import Float32, Int64, UInt64

WINDOW = 4  # texts of a bucket that one is paired with, besides the first
NEIGHBOURS = 12  # by embedding, of each text
PROBES = 2  # lists that are searched for each text
FEW = 1 << 12  # texts up to which all are searched
TILE = 1 << 22  # cosines at once
LIST_SAMPLE = 32  # vectors a list that k-means runs on
ITERATIONS = 8  # of k-means

Keys = Int64[np.ndarray, " keys"]


def list_count(texts: int) -> int:
    """As many lists as a list has rows: finding the nearest lists then costs what scanning one does."""
    return max(1, math.isqrt(texts))


def kmeans(
    sample: Float32[np.ndarray, "sample dim"], lists: int, rng: np.random.Generator
) -> Float32[np.ndarray, "lists dim"]:
    """The centroids of `lists` clusters of the sample, by spherical k-means."""
    import faiss

    with_words = np.ascontiguousarray(sample[sample.any(axis=1)])
    clustering = faiss.Kmeans(
        sample.shape[1],
        min(lists, len(with_words)),
        niter=ITERATIONS,
        spherical=True,
        seed=int(rng.integers(2**31)),
        min_points_per_centroid=1,
        max_points_per_centroid=2 * LIST_SAMPLE,
    )
    clustering.train(with_words)
    return np.asarray(clustering.centroids, np.float32)


def pair_keys(ones: Int64[np.ndarray, " pairs"], others: Int64[np.ndarray, " pairs"], texts: int) -> Keys:
    """One number for each distinct pair, rising; the lower text comes first."""
    low, high = np.minimum(ones, others), np.maximum(ones, others)
    return distinct_keys(low * np.int64(texts) + high)


def distinct_keys(*parts: np.ndarray) -> Keys:
    """The distinct keys of all parts, rising; sorting them is several times as fast as `np.unique`, which hashes."""
    keys = np.concatenate([np.zeros(0, np.int64), *parts])
    keys.sort()
    new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    found: np.ndarray = keys[new]
    return found


def minhash_pairs(
    bands: UInt64[np.ndarray, "bands texts"], with_words: Int64[np.ndarray, " with_words"], cut: int = 0
) -> Keys:
    """Pairs of texts that share a band, as keys.

    Args:
        bands: of `TextHashes`.
        with_words: numbers of the texts that have words, rising.
        cut: where it is above 0, only pairs of a text below this number and one from it on.
    """
    texts = bands.shape[1]
    found = []
    for band in bands:
        order = with_words[np.argsort(band[with_words], kind="stable")]
        hashes = band[order]
        nothing = np.zeros(0, np.int64)
        count = kernels.bucket_pairs(order, hashes, WINDOW, cut, nothing, nothing)
        ones, others = np.empty(count, np.int64), np.empty(count, np.int64)
        kernels.bucket_pairs(order, hashes, WINDOW, cut, ones, others)
        found.append(pair_keys(ones, others, texts))
    return distinct_keys(*found)


@dataclass(frozen=True)
class Lists:
    """Vectors in lists around centroids.

    Attributes:
        centroids: of each list.
        offsets: where each list begins in `rows`.
        rows: the numbers of the vectors, list after list.
    """

    centroids: Float32[np.ndarray, "lists dim"]
    offsets: Int64[np.ndarray, " lists_and_1"]
    rows: Int64[np.ndarray, " texts"]

    def of(self, number: int) -> Int64[np.ndarray, " some"]:
        """The vectors of a list."""
        return self.rows[self.offsets[number] : self.offsets[number + 1]]


def lists_of(coarse: Float32[np.ndarray, "texts coarse"], rng: np.random.Generator, exhaustive: int = FEW) -> Lists:
    """Divide vectors into lists; up to `exhaustive` of them are a single one."""
    texts = len(coarse)
    if texts <= exhaustive:
        return Lists(np.zeros((1, coarse.shape[1]), np.float32), np.array([0, texts]), np.arange(texts))
    count = list_count(texts)
    sample = coarse[np.sort(rng.choice(texts, min(texts, LIST_SAMPLE * count), replace=False))]
    centroids = kmeans(sample, count, rng)
    of_text = _lists_near(coarse, centroids, 1)[:, 0]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(of_text, minlength=len(centroids)))])
    return Lists(centroids, offsets, np.argsort(of_text, kind="stable"))


def nearest(
    queries: Float32[np.ndarray, "queries coarse"],
    coarse: Float32[np.ndarray, "texts coarse"],
    lists: Lists,
    floor: float,
    *,
    same: bool,
    k: int = NEIGHBOURS,
    probes: int = PROBES,
) -> Int64[np.ndarray, "queries k"]:
    """The nearest texts of each query among those of its nearest lists; -1 where there are less than `k`.

    Args:
        queries: vectors.
        coarse: the vectors that are searched.
        lists: of them.
        floor: cosines have to be above it.
        same: the queries are the texts themselves: none finds itself.
        k: how many.
        probes: lists to search.
    """
    best = np.full((len(queries), k), -np.inf, np.float32)
    places = np.full((len(queries), k), -1, np.int64)
    near = _lists_near(queries, lists.centroids, min(probes, len(lists.centroids)))
    by_list = np.argsort(near.ravel(), kind="stable") // near.shape[1]
    begins = np.searchsorted(np.sort(near.ravel()), np.arange(len(lists.centroids) + 1))
    for number in range(len(lists.centroids)):
        queries_here, rows = by_list[begins[number] : begins[number + 1]], lists.of(number)
        if not len(rows):
            continue
        found = coarse[rows].T
        step = max(1, TILE // len(rows))
        for first in range(0, len(queries_here), step):
            some = queries_here[first : first + step]
            kernels.nearest_in_tile(queries[some] @ found, some, rows, not same, floor, best, places)
    return places


def neighbour_pairs(found: Int64[np.ndarray, "queries k"], shift: int, texts: int) -> Keys:
    """The pairs of each query and what `nearest` found, as keys; `shift` is the number of the first query."""
    ones = np.repeat(np.arange(len(found)) + shift, found.shape[1])
    others = found.ravel()
    return pair_keys(ones[others >= 0], others[others >= 0], texts)


def _lists_near(
    vectors: Float32[np.ndarray, "texts coarse"], centroids: Float32[np.ndarray, "lists coarse"], count: int
) -> Int64[np.ndarray, "texts count"]:
    best = np.full((len(vectors), count), -np.inf, np.float32)
    places = np.zeros((len(vectors), count), np.int64)
    every = np.arange(len(centroids))
    step = max(1, TILE // len(centroids))
    for first in range(0, len(vectors), step):
        some = np.arange(first, min(first + step, len(vectors)))
        kernels.nearest_in_tile(vectors[some] @ centroids.T, some, every, True, -np.inf, best, places)
    return places
