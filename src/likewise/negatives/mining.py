"""Hard negatives: for each text others that lie near it, and are not so near that they mean the same."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from likewise.errors import InputError
from likewise.negatives.near_duplicates import DISTANCE, Signatures

__all__ = ["Window", "mine_negatives"]

TILE = 1 << 23  # numbers of neighbours' vectors that are looked at together: 32 MiB
EXACT = 50_000  # texts up to which all pairs are compared; beyond, FAISS looks into the nearest lists
PROBED = 16  # one of so many lists is looked into


@dataclass(frozen=True)
class Window:
    """Which of a text's neighbours may be negatives.

    Attributes:
        skip: so many of the nearest are left out, whatever they score: many of them mean the same.
        depth: the rank of the last that may be one.
        relative: a negative's similarity is below this share of the positive's (NV-Retriever, Moreira et al. 2024:
            "TopK-PercPos"); None asks nothing. Of a positive's similarity s below zero it asks the distance that the
            share would leave above, `s - (1 - relative) |s|`.
        margin: how much less similar than the positive it is at least ("TopK-MarginPos"); None asks nothing.
    """

    skip: int = 0
    depth: int = 100
    relative: float | None = 0.95
    margin: float | None = None

    def __post_init__(self) -> None:
        """Refuses what leaves no window."""
        if not 0 <= self.skip < self.depth:
            raise InputError(f"ranks from {self.skip} to {self.depth}: skip fewer than the depth, and not below 0")
        if self.relative is not None and not self.relative > 0:
            raise InputError(f"relative {self.relative} is not positive: give a share of the positive's similarity")


def mine_negatives(
    vectors: Float[np.ndarray, "texts dim"],
    rng: np.random.Generator,
    *,
    k: int,
    positives: Float[np.ndarray, "positives dim"] | None = None,
    signatures: Signatures | None = None,
    distance: int = DISTANCE,
    window: Window | None = None,
) -> Int64[np.ndarray, "texts k"]:
    """For each text the numbers of up to `k` others that are hard negatives for it, the hardest first, then -1.

    A text is searched for among all, or its vector among the positives of all; the nearest others within the window's
    ranks that are less similar than the window asks, and no near-duplicates, are its hard negatives, of which `k` are
    drawn, all equally likely. FAISS compares all pairs of up to 50,000 texts, a tile at a time, and of more those in
    the nearest lists of an inverted file.

    Args:
        vectors: of the texts, unit rows.
        rng: draws among more than `k`.
        k: how many a text.
        positives: vectors of the texts' positives, among which is searched; None: the texts themselves, and each is
            its own positive, with a similarity of 1.
        signatures: of what is searched, to leave near-duplicates out; None leaves only the text itself out.
        distance: bits in which signatures of near-duplicates differ at most.
        window: ranks and similarities; the defaults of `Window` if None.

    Raises:
        InputError: shapes do not fit, or k is not positive.
    """
    pool, chosen = vectors if positives is None else positives, window or Window()
    if k < 1:
        raise InputError(f"{k} negatives a text: give 1 or more")
    if pool.shape != vectors.shape or (signatures is not None and len(signatures) != len(vectors)):
        of = len(vectors) if signatures is None else len(signatures)
        raise InputError(f"vectors {vectors.shape}, positives {pool.shape}, signatures of {of}: expected one a text")
    texts, depth = len(vectors), min(chosen.depth, max(0, len(vectors) - 1))
    similar = np.sum(vectors * pool, axis=1)  # to the positive
    mined = np.full((texts, k), -1, np.int64)
    search = _all_pairs if texts <= EXACT else _Lists(pool, rng).search
    step = max(1, TILE // (max(1, vectors.shape[1]) * (depth + 1)))
    for first in range(0, texts, step) if depth else ():
        rows = np.arange(first, min(first + step, texts))
        near = search(vectors[rows], pool, depth + 1)
        # FAISS sums in single precision and in an order of its own: equal vectors are to score alike.
        scores = np.einsum("rd,rfd->rf", vectors[rows], pool[near])
        scores, found = _ranked(scores, near, rows, depth)
        fit = _fitting(scores, similar[rows], chosen) & (found >= 0)
        fit[:, : chosen.skip] = False
        if signatures is not None:
            apart = np.bitwise_count(signatures.simhash[rows, None] ^ signatures.simhash[found])
            fit &= apart > distance
        mined[rows] = _drawn(found, fit, k, rng)
    return mined


def _ranked(
    scores: Float[np.ndarray, "rows found"], found: Int64[np.ndarray, "rows found"], rows: Int64[np.ndarray, " rows"],
    depth: int,
) -> tuple[Float[np.ndarray, "rows depth"], Int64[np.ndarray, "rows depth"]]:  # fmt: skip
    """The nearest others, falling; equally near ones by their number, and what is missing at the end."""
    last = (found == rows[:, None]) | (found < 0)
    order = np.lexsort((found, -np.where(last, -np.inf, scores)))[:, :depth]
    found = np.where(last, -1, found)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(found, order, axis=1)


def _fitting(
    scores: Float[np.ndarray, "rows depth"], similar: Float[np.ndarray, " rows"], window: Window
) -> Bool[np.ndarray, "rows depth"]:
    limit = np.full_like(similar, np.inf)
    if window.relative is not None:
        limit = np.minimum(limit, similar - (1 - window.relative) * np.abs(similar))
    if window.margin is not None:
        limit = np.minimum(limit, similar - window.margin)
    return np.asarray(scores < limit[:, None])


def _drawn(
    found: Int64[np.ndarray, "rows depth"], fit: Bool[np.ndarray, "rows depth"], k: int, rng: np.random.Generator
) -> Int64[np.ndarray, "rows k"]:
    lots = np.where(fit, rng.random(fit.shape), 2.0)
    places = np.sort(np.argsort(lots, axis=1, kind="stable")[:, :k], axis=1)
    # Sorted places are sorted ranks; those that no fitting text was left for go to the end.
    kept = np.take_along_axis(fit, places, axis=1)
    order = np.argsort(~kept, axis=1, kind="stable")
    places, kept = np.take_along_axis(places, order, axis=1), np.take_along_axis(kept, order, axis=1)
    drawn = np.full((len(found), k), -1, np.int64)
    drawn[:, : places.shape[1]] = np.where(kept, np.take_along_axis(found, places, axis=1), -1)
    return drawn


def _all_pairs(
    queries: Float[np.ndarray, "rows dim"], pool: Float[np.ndarray, "texts dim"], count: int
) -> Int64[np.ndarray, "rows found"]:
    import faiss

    rows, others = np.ascontiguousarray(queries, np.float32), np.ascontiguousarray(pool, np.float32)
    return np.asarray(faiss.knn(rows, others, count, metric=faiss.METRIC_INNER_PRODUCT)[1])


class _Lists:
    """An inverted file of FAISS over the pool."""

    def __init__(self, pool: Float[np.ndarray, "texts dim"], rng: np.random.Generator) -> None:
        import faiss

        lists = math.isqrt(len(pool))
        self.index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(pool.shape[1]), pool.shape[1], lists, faiss.METRIC_INNER_PRODUCT
        )
        self.index.cp.seed, self.index.cp.min_points_per_centroid = int(rng.integers(2**31)), 1
        rows = np.ascontiguousarray(pool, np.float32)
        self.index.train(rows)
        self.index.add(rows)
        self.index.nprobe = max(1, lists // PROBED)

    def search(
        self, queries: Float[np.ndarray, "rows dim"], _pool: Float[np.ndarray, "texts dim"], count: int
    ) -> Int64[np.ndarray, "rows found"]:
        return np.asarray(self.index.search(np.ascontiguousarray(queries, np.float32), count)[1])
