"""Codes of vectors: int8 codes for exact search, binary codes that preselect where scanning those takes too long.

A row x is stored as a scale s times int8 codes c, with the length e of the rounding error. By Cauchy-Schwarz the score
q.x of a unit query lies within e of s q.c. A row whose upper bound is below the k-th highest lower bound cannot be
among the k best, so the rows that remain contain them for certain, and their stored vectors rank them. At 256
dimensions e is about 0.007: of a million random rows about 20 remain for k = 10, of identical rows all of them.

A binary code has the signs s of the components of x, one bit each, with a factor by which s.q is an unbiased estimate
of the score x.q: x.x / s.x (RaBitQ, Gao and Long 2024, here without its rotation, which vectors of encoders hardly
need). The query is rounded to three bits a component, so that an estimate is a count of bits. The rows with the highest
estimates are then scored by their int8 codes and vectors, so only a row whose estimate ranks too low can be missed. The
recall is measured on the collection itself when the codes are made. Every query scans all codes: unlike an inverted
file of centroids (IVF), this does not depend on queries being distributed like the texts.
"""

import sys
from dataclasses import dataclass

import numpy as np

from likewise.arrays import Bool, Float16, Float32, Float64, Int8, Int64, UInt32, UInt64
from likewise.index.entries import StoredVectors
from likewise.index.record import Ranked, best_first

BLOCK = 256  # rows of a block, which one thread takes at a time
MAX_BOUNDS = 1 << 25  # upper bounds held at once, 128 MiB
# Loading numba takes about as long as scanning so many components without it.
_WORTH_LOADING = 200_000_000
# Components that the numpy scan widens at once: they stay in the cache, and BLAS uses one thread for so few.
_CHUNK = 1 << 17

WORD = 64  # bits
PER_RESULT = 10  # rows of the shortlist for each result
_QUERY_BITS = 3  # of each component of a query
_SAMPLE = 1 << 15  # estimates from which the threshold of the shortlist is taken
_TOGETHER = 8  # queries whose estimates are held at once


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
        if _LOADING.pays(count * part.size) if compiled is None else compiled:
            from likewise.index.kernels import score_bounds

            score_bounds(codes.values, codes.scales, codes.errors, hidden, part, BLOCK, upper, best)
        else:
            _numpy_scan(codes, hidden, part, upper, best)
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


def _numpy_scan(
    codes: Int8Codes,
    hidden: Bool[np.ndarray, " rows"],
    queries: Float32[np.ndarray, "queries dim"],
    upper: Float32[np.ndarray, "queries rows"],
    best: Float32[np.ndarray, "queries blocks"],
) -> None:
    """Do what the compiled scan does."""
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


def candidates_among(
    codes: Int8Codes, rows: Int64[np.ndarray, " some"], query: Float32[np.ndarray, " dim"], k: int
) -> Int64[np.ndarray, " left"]:
    """Return those of some rows that certainly contain the `k` best of them.

    Args:
        codes: of all rows.
        rows: numbers of rows that may be found.
        query: a unit vector.
        k: how many.
    """
    from likewise.index.kernels import score_bounds_of

    if len(rows) <= k:
        return rows
    upper = np.empty(len(rows), np.float32)
    score_bounds_of(codes.values, codes.scales, codes.errors, rows, query, upper)
    lower = upper - 2 * codes.errors[rows]
    found: np.ndarray = rows[upper >= np.partition(lower, -k)[-k]]
    return found


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


@dataclass(frozen=True)
class BinaryCodes:
    """The binary codes of all rows.

    Attributes:
        bits: word by word, so that many rows are counted at once; the first component is the lowest bit of the first.
        counts: how many bits of each row are set.
        factors: what a sum over the signs of a row is multiplied with; 0 for a row of zeros.
        shortlist_size: how many rows are scored by their int8 codes, at least.
        recall: recall at 10 with this shortlist, on a sample of the texts themselves.
    """

    bits: UInt64[np.ndarray, "words rows"]
    counts: UInt32[np.ndarray, " rows"]
    factors: Float32[np.ndarray, " rows"]
    shortlist_size: int
    recall: float

    def estimates(
        self, hidden: Bool[np.ndarray, " rows"], queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries rows"]:
        """Estimate the scores of all rows for each query; minus infinity for those that are hidden."""
        from likewise.index.kernels import estimate_scores

        lowest = queries.min(axis=1, initial=0.0).astype(np.float64)
        steps = (queries.max(axis=1, initial=0.0).astype(np.float64) - lowest) / (2**_QUERY_BITS - 1)
        steps = np.maximum(steps, np.finfo(np.float32).tiny)
        low, step = lowest.astype(np.float32), steps.astype(np.float32)
        rounded = np.rint((queries - low[:, None]) / step[:, None]).astype(np.int64)
        planes = np.stack([_packed(rounded >> bit & 1, len(self.bits)) for bit in range(_QUERY_BITS)], axis=1)
        totals = lowest * queries.shape[1] + steps * rounded.sum(axis=1)
        found = np.empty((len(queries), self.bits.shape[1]), np.float32)
        totals = totals.astype(np.float32)
        estimate_scores(self.bits, self.counts, self.factors, hidden, planes, low, step, totals, found)
        return found

    def shortlists(
        self,
        hidden: Bool[np.ndarray, " rows"],
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        *,
        sample: int = _SAMPLE,
    ) -> list[Int64[np.ndarray, " found"]]:
        """Return for each query the rows with the highest estimates, enough to find the `k` best among them.

        Args:
            hidden: rows that must not be found.
            queries: unit rows.
            k: how many.
            sample: how many estimates the threshold is taken from.

        Returns:
            The rows in ascending order.
        """
        parts = (queries[first : first + _TOGETHER] for first in range(0, len(queries), _TOGETHER))
        return [self._highest(each, k, sample) for part in parts for each in self.estimates(hidden, part)]

    def _highest(self, estimates: Float32[np.ndarray, " rows"], k: int, sample: int) -> Int64[np.ndarray, " found"]:
        wanted = max(self.shortlist_size, PER_RESULT * k)
        # The threshold comes from a sample: that takes a tenth of the time of a partition of all estimates.
        some = estimates[:: max(1, len(estimates) // sample)]
        ranked = int(1.3 * wanted * len(some) / max(1, len(estimates))) + 16
        lowest = np.finfo(np.float32).min  # above minus infinity
        threshold = max(lowest, np.partition(some, -ranked)[-ranked]) if ranked < len(some) else lowest
        rows = np.flatnonzero(estimates >= threshold)
        if len(rows) < wanted and threshold > lowest:
            rows = np.flatnonzero(estimates >= lowest)
        if len(rows) > wanted:
            some = estimates[rows]
            rows = rows[some >= np.partition(some, -wanted)[-wanted]]
        return rows


def words_per_row(dim: int) -> int:
    """Return how many 64-bit words the binary code of a row takes."""
    return -(-dim // WORD)


def binarise(
    rows: Float32[np.ndarray, "rows dim"],
) -> tuple[UInt64[np.ndarray, "words rows"], UInt32[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
    """Return the bits of some vectors, how many of each are set, and their factors."""
    squares = np.einsum("rd,rd->r", rows, rows)
    sums = np.abs(rows).sum(axis=1)
    factors = np.divide(squares, sums, out=np.zeros(len(rows), np.float32), where=sums > 0)
    positive = rows > 0
    return _packed(positive, words_per_row(rows.shape[1])).T, positive.sum(axis=1, dtype=np.uint32), factors


def _packed(bits: np.ndarray, words: int) -> UInt64[np.ndarray, "... words"]:
    """Pack bits along the last axis, padded with zeros."""
    packed = np.packbits(bits.astype(bool), axis=-1, bitorder="little")
    wide = np.zeros((*packed.shape[:-1], words * WORD // 8), np.uint8)
    wide[..., : packed.shape[-1]] = packed
    return wide.view(np.dtype("<u8"))
