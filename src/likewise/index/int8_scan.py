"""Exact search: a scan of int8 codes that rules nearly every text out, and true scores for the few that are left.

A row x is kept as a scale s times int8 codes c, with the length e of the difference. By Cauchy-Schwarz the score q.x of
a unit query lies within e of s q.c. A row whose upper bound is below the k-th highest lower bound cannot be among the k
best, so the rows that remain hold them for certain. At 256 dims e is about 0.007: of a million random rows about 20
remain for k = 10, of identical rows all of them, and the answer is that of a scan of the stored vectors either way.
"""

import sys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int8, Int64

from likewise.index.entries import Vectors
from likewise.index.hybrid import Ranked, best_first

__all__ = [
    "Blocks",
    "Codes",
    "candidates",
    "cosines",
    "cut",
    "encoded",
    "scored",
    "shortlist",
    "single",
    "slack",
    "whole",
]


BLOCK = 256  # rows that one thread takes at a time
_MOST_BOUNDS = 1 << 25  # upper bounds held at once, 128 MiB
# Loading numba takes about as long as scanning so many components without it.
_WORTH_LOADING = 200_000_000
# Components that the plain scan widens at once: they stay in the cache, and BLAS calls no other threads for so few.
_TOGETHER = 1 << 17
_scanned: list[int] = []


@dataclass(frozen=True)
class Codes:
    """Vectors in a byte a component.

    Attributes:
        values: the codes.
        scales: what a row's codes are multiplied with; 0 for a row of zeros.
        errors: how far a score by codes can be from the true one.
    """

    values: Int8[np.ndarray, "rows dim"]
    scales: Float32[np.ndarray, " rows"]
    errors: Float32[np.ndarray, " rows"]


@dataclass(frozen=True)
class Blocks:
    """Which rows to look at: `starts[i]` to `stops[i]`."""

    starts: Int64[np.ndarray, " blocks"]
    stops: Int64[np.ndarray, " blocks"]

    @property
    def places(self) -> Int64[np.ndarray, " blocks"]:
        """Where each block's rows begin when the blocks stand end to end."""
        lengths = self.stops - self.starts
        places: np.ndarray = np.cumsum(lengths) - lengths
        return places

    def rows(self, places: Int64[np.ndarray, " found"]) -> Int64[np.ndarray, " found"]:
        """The rows that stand at `places` when the blocks stand end to end."""
        block = np.searchsorted(self.places, places, side="right") - 1
        rows: np.ndarray = self.starts[block] + places - self.places[block]
        return rows


def whole(rows: int) -> Blocks:
    """All rows."""
    return cut(np.array([0]), np.array([rows]))


def single(rows: Int64[np.ndarray, " some"]) -> Blocks:
    """Some rows, wherever they are."""
    return Blocks(rows, rows + 1)


def cut(starts: Int64[np.ndarray, " ranges"], stops: Int64[np.ndarray, " ranges"]) -> Blocks:
    """Ranges of rows in blocks of at most `BLOCK`."""
    counts = -(-(stops - starts) // BLOCK)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.repeat(starts, counts) + within * BLOCK
    return Blocks(first, np.minimum(first + BLOCK, np.repeat(stops, counts)))


def encoded(rows: Float32[np.ndarray, "rows dim"]) -> Codes:
    """Codes of some vectors."""
    from likewise.index.kernels import quantise

    codes = Codes(np.empty(rows.shape, np.int8), *np.empty((2, len(rows)), np.float32))
    quantise(np.ascontiguousarray(rows), codes.values, codes.scales, codes.errors, slack(rows.shape[1]))
    return codes


def slack(dim: int) -> np.float32:
    """How far a float32 sum over `dim` products of unit vectors can be off."""
    return np.float32(dim * np.finfo(np.float32).eps)


def candidates(
    codes: Codes, hidden: Bool[np.ndarray, " rows"], queries: Float32[np.ndarray, "queries dim"], k: int, blocks: Blocks
) -> list[Int64[np.ndarray, " left"]]:
    """For each query the rows among which its `k` best of the blocks are for certain."""
    count = int((blocks.stops - blocks.starts).sum())
    together = max(1, _MOST_BOUNDS // max(1, count))
    left = []
    for first in range(0, len(queries), together):
        part = np.ascontiguousarray(queries[first : first + together])
        upper = np.empty((len(part), count), np.float32)
        best = np.empty((len(part), len(blocks.starts)), np.float32)
        scan = _compiled_scan if _is_worth_loading(count * part.size) else _plain_scan
        scan(codes, hidden, part, blocks, upper, best)
        left += [_within_reach(*one, codes, blocks, k) for one in zip(upper, best, strict=True)]
    return left


def _is_worth_loading(components: int) -> bool:
    """Whether to take the compiled scan: one search alone is over before numba is even loaded."""
    if "numba" in sys.modules:
        return True
    _scanned.append(components)
    return sum(_scanned) > _WORTH_LOADING


def _compiled_scan(
    codes: Codes,
    hidden: Bool[np.ndarray, " rows"],
    queries: Float32[np.ndarray, "queries dim"],
    blocks: Blocks,
    upper: Float32[np.ndarray, "queries places"],
    best: Float32[np.ndarray, "queries blocks"],
) -> None:
    from likewise.index.kernels import bounds

    arrays = codes.values, codes.scales, codes.errors, hidden
    bounds(*arrays, queries, blocks.starts, blocks.stops, blocks.places, upper, best)


def _plain_scan(
    codes: Codes,
    hidden: Bool[np.ndarray, " rows"],
    queries: Float32[np.ndarray, "queries dim"],
    blocks: Blocks,
    upper: Float32[np.ndarray, "queries places"],
    best: Float32[np.ndarray, "queries blocks"],
) -> None:
    count = upper.shape[1]
    rows = blocks.rows(np.arange(count))
    step = max(1, _TOGETHER // queries.shape[1])
    for first in range(0, count, step):
        places = slice(first, min(first + step, count))
        some = rows[places]
        # Rows that follow each other are read where they are.
        here = slice(some[0], some[-1] + 1) if some[-1] - some[0] + 1 == len(some) else some
        scores = queries @ codes.values[here].astype(np.float32).T * codes.scales[here] + codes.errors[here]
        upper[:, places] = np.where(hidden[here], np.float32(-np.inf), scores)
    if count:
        best[:] = np.maximum.reduceat(upper - 2 * codes.errors[rows], blocks.places, axis=1)


def _within_reach(
    upper: Float32[np.ndarray, " places"], best: Float32[np.ndarray, " blocks"], codes: Codes, blocks: Blocks, k: int
) -> Int64[np.ndarray, " left"]:
    # The k-th highest of the blocks' best lower bounds is at most the k-th highest of all, so it is safe, and it is had
    # without looking through all rows a second time. What is left is then held against the k-th highest of all.
    reach = np.partition(best, -k)[-k] if len(best) >= 2 * k else -np.inf
    places = np.flatnonzero(upper >= max(reach, np.finfo(np.float32).min))
    rows = blocks.rows(places)
    if len(places) > k:
        lower = upper[places] - 2 * codes.errors[rows]
        rows = rows[upper[places] >= np.partition(lower, -k)[-k]]
    return rows


def shortlist(
    rows: Float32[np.ndarray, "rows dim"],
    shown: Bool[np.ndarray, " rows"],
    query: Float32[np.ndarray, " dim"],
    k: int,
) -> Int64[np.ndarray, " left"]:
    """The same for few rows, from the vectors themselves: those among which the `k` best are for certain."""
    scores = np.where(shown, rows @ query, -np.inf)
    if len(scores) > k:
        scores = np.where(scores >= np.partition(scores, -k)[-k] - 2 * slack(rows.shape[1]), scores, -np.inf)
    return np.flatnonzero(scores > -np.inf)


def scored(
    vectors: Vectors, numbers: Int64[np.ndarray, " candidates"], query: Float32[np.ndarray, " dim"], k: int
) -> Ranked:
    """The `k` best of the candidates by their stored vectors; those without one, or with zeros, are left out.

    Args:
        vectors: holds the vectors of the candidates, among others.
        numbers: the candidates, rising.
        query: a unit vector.
        k: how many.
    """
    places = np.minimum(np.searchsorted(vectors.numbers, numbers), max(0, len(vectors.numbers) - 1))
    places = places[vectors.numbers[places] == numbers] if len(vectors.numbers) else places[:0]
    near = Vectors(vectors.numbers[places], vectors.rows[places])
    found = near.rows.any(axis=1)
    return best_first(near.numbers[found], cosines(near, query)[found], k)


def cosines(vectors: Vectors, query: Float32[np.ndarray, " dim"]) -> Float64[np.ndarray, " found"]:
    """The dot product of each vector with a unit query, to nine digits."""
    # The last digits of a sum depend on how many rows are multiplied at once: without them equal vectors score alike.
    scores = vectors.rows.astype(np.float64) @ query.astype(np.float64)
    return scores.round(9)
