"""Exact search: a scan of int8 codes rules out nearly every text, and true scores rank the few that remain.

A row x is stored as a scale s times int8 codes c, with the length e of the rounding error. By Cauchy-Schwarz the score
q.x of a unit query lies within e of s q.c. A row whose upper bound is below the k-th highest lower bound cannot be
among the k best, so the rows that remain contain them for certain. At 256 dimensions e is about 0.007: of a million
random rows about 20 remain for k = 10, of identical rows all of them, and the result is that of a scan of the stored
vectors either way.
"""

import sys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float16, Float32, Float64, Int8, Int64

from likewise.index.entries import StoredVectors
from likewise.index.row_ids import Ranked, best_first

__all__ = ["Int8Codes", "candidates", "dot_products", "float_candidates", "quantised", "rank"]

BLOCK = 256  # rows of a block, which one thread takes at a time
MAX_BOUNDS = 1 << 25  # upper bounds held at once, 128 MiB
# Loading numba takes about as long as scanning so many components without it.
_WORTH_LOADING = 200_000_000
# Components that the numpy scan widens at once: they stay in the cache, and BLAS uses one thread for so few.
_CHUNK = 1 << 17


@dataclass(frozen=True)
class Int8Codes:
    """Vectors with one byte a component.

    Attributes:
        values: the codes.
        scales: what the codes of a row are multiplied with; 0 for a row of zeros.
        errors: how far a score by codes can be from the true one.
    """

    values: Int8[np.ndarray, "rows dim"]
    scales: Float32[np.ndarray, " rows"]
    errors: Float32[np.ndarray, " rows"]

    def take(self, rows: Int64[np.ndarray, " some"]) -> "Int8Codes":
        """Return the codes of some rows."""
        return Int8Codes(self.values[rows], self.scales[rows], self.errors[rows])


def quantised(rows: Float32[np.ndarray, "rows dim"]) -> Int8Codes:
    """Return the codes of some vectors."""
    from likewise.index.kernels import quantise

    codes = Int8Codes(np.empty(rows.shape, np.int8), *np.empty((2, len(rows)), np.float32))
    quantise(np.ascontiguousarray(rows), codes.values, codes.scales, codes.errors, _rounding_error(rows.shape[1]))
    return codes


def candidates(
    codes: Int8Codes,
    hidden: Bool[np.ndarray, " rows"],
    queries: Float32[np.ndarray, "queries dim"],
    k: int,
    *,
    compiled: bool | None = None,
    max_bounds: int = MAX_BOUNDS,
) -> list[Int64[np.ndarray, " left"]]:
    """Return for each query the rows that certainly contain its `k` best.

    Args:
        codes: of all rows.
        hidden: rows that must not be found.
        queries: unit rows.
        k: how many.
        compiled: whether to scan with numba rather than numpy; None decides by size.
        max_bounds: upper bounds held in memory at once.
    """
    count = len(codes.scales)
    together = max(1, max_bounds // max(1, count))
    left = []
    for first in range(0, len(queries), together):
        part = np.ascontiguousarray(queries[first : first + together])
        upper = np.empty((len(part), count), np.float32)
        best = np.empty((len(part), -(-count // BLOCK)), np.float32)
        with_numba = _LOADING.pays(count * part.size) if compiled is None else compiled
        scan = _compiled_scan if with_numba else _numpy_scan
        scan(codes, hidden, part, upper, best)
        left += [_within_bounds(*one, codes, k) for one in zip(upper, best, strict=True)]
    return left


class NumbaLoading:
    """Decides when to load numba: a single search is finished before numba would be loaded."""

    def __init__(self) -> None:
        self._scanned = 0

    def pays(self, components: int) -> bool:
        """Return whether the compiled scan is worth it for so many components more."""
        if "numba" in sys.modules:
            return True
        self._scanned += components
        return self._scanned > _WORTH_LOADING


_LOADING = NumbaLoading()


def _compiled_scan(
    codes: Int8Codes,
    hidden: Bool[np.ndarray, " rows"],
    queries: Float32[np.ndarray, "queries dim"],
    upper: Float32[np.ndarray, "queries rows"],
    best: Float32[np.ndarray, "queries blocks"],
) -> None:
    from likewise.index.kernels import score_bounds

    score_bounds(codes.values, codes.scales, codes.errors, hidden, queries, BLOCK, upper, best)


def _numpy_scan(
    codes: Int8Codes,
    hidden: Bool[np.ndarray, " rows"],
    queries: Float32[np.ndarray, "queries dim"],
    upper: Float32[np.ndarray, "queries rows"],
    best: Float32[np.ndarray, "queries blocks"],
) -> None:
    step = max(1, _CHUNK // queries.shape[1])
    for first in range(0, upper.shape[1], step):
        rows = slice(first, first + step)
        scores = queries @ codes.values[rows].astype(np.float32).T * codes.scales[rows] + codes.errors[rows]
        upper[:, rows] = np.where(hidden[rows], np.float32(-np.inf), scores)
    if upper.shape[1]:
        best[:] = np.maximum.reduceat(upper - 2 * codes.errors, np.arange(0, upper.shape[1], BLOCK), axis=1)


def _within_bounds(
    upper: Float32[np.ndarray, " rows"], best: Float32[np.ndarray, " blocks"], codes: Int8Codes, k: int
) -> Int64[np.ndarray, " left"]:
    # The k-th highest of the best lower bounds of the blocks is at most the k-th highest of all lower bounds, so it is
    # a safe threshold, without a second pass over all rows. What remains is compared with the k-th highest of all.
    threshold = np.partition(best, -k)[-k] if len(best) >= 2 * k else -np.inf
    rows = np.flatnonzero(upper >= max(threshold, np.finfo(np.float32).min))
    if len(rows) > k:
        lower = upper[rows] - 2 * codes.errors[rows]
        rows = rows[upper[rows] >= np.partition(lower, -k)[-k]]
    return rows


def float_candidates(
    rows: Float32[np.ndarray, "rows dim"],
    shown: Bool[np.ndarray, " rows"],
    query: Float32[np.ndarray, " dim"],
    k: int,
) -> Int64[np.ndarray, " left"]:
    """Return the rows that certainly contain the `k` best, from the vectors themselves: for few rows.

    Args:
        rows: the vectors.
        shown: rows that may be found.
        query: a unit vector.
        k: how many.
    """
    scores = np.where(shown, rows @ query, -np.inf)
    if len(scores) > k:
        error = _rounding_error(rows.shape[1])
        scores = np.where(scores >= np.partition(scores, -k)[-k] - 2 * error, scores, -np.inf)
    return np.flatnonzero(scores > -np.inf)


def rank(
    stored: StoredVectors, row_ids: Int64[np.ndarray, " candidates"], query: Float32[np.ndarray, " dim"], k: int
) -> Ranked:
    """Return the `k` best candidates by their stored vectors; a missing or zero vector is left out.

    Args:
        stored: vectors, those of the candidates among them.
        row_ids: the candidates, in ascending order.
        query: a unit vector.
        k: how many.
    """
    places = np.minimum(np.searchsorted(stored.row_ids, row_ids), max(0, len(stored.row_ids) - 1))
    places = places[stored.row_ids[places] == row_ids] if len(stored.row_ids) else places[:0]
    vectors = stored.vectors[places]
    nonzero = vectors.any(axis=1)
    return best_first(stored.row_ids[places][nonzero], dot_products(vectors, query)[nonzero], k)


def dot_products(
    vectors: Float16[np.ndarray, "found dim"], query: Float32[np.ndarray, " dim"]
) -> Float64[np.ndarray, " found"]:
    """Return the dot product of each vector with a query, rounded to nine digits."""
    # The last digits of a sum depend on how many rows are multiplied at once: without them equal vectors score alike.
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    return scores.round(9)


def _rounding_error(dim: int) -> np.float32:
    """How far a float32 sum over `dim` products of unit vectors can be off."""
    return np.float32(dim * np.finfo(np.float32).eps)
