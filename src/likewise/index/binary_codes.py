"""Approximate search: binary codes rank all rows first, where a scan of all int8 codes takes too long.

A row x is stored as the signs s of its components, one bit each, with a factor by which s.q is an unbiased estimate of
the score x.q: x.x / s.x (RaBitQ, Gao and Long 2024, here without its rotation, which vectors of encoders hardly need).
The query is rounded to three bits a component, so that an estimate is a count of bits. The rows with the highest
estimates are then scored by their int8 codes and vectors, so only a row whose estimate ranks too low can be missed. The
recall is measured on the collection itself when the codes are made. Every query scans all codes: unlike an inverted
file of centroids (IVF), this does not depend on queries being distributed like the texts.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt32, UInt64

__all__ = ["BinaryCodes", "binarise", "words_per_row"]

WORD = 64  # bits
PER_RESULT = 10  # rows of the shortlist for each result
_QUERY_BITS = 3  # of each component of a query
_SAMPLE = 1 << 15  # estimates from which the threshold of the shortlist is taken


@dataclass(frozen=True)
class BinaryCodes:
    """The binary codes of all rows.

    Attributes:
        bits: of each row, the first component in the lowest bit of the first word.
        counts: how many bits of each row are set.
        factors: what a sum over the signs of a row is multiplied with; 0 for a row of zeros.
        shortlist_size: how many rows are scored by their int8 codes, at least.
        recall: recall at 10 with this shortlist, on a sample of the texts themselves.
    """

    bits: UInt64[np.ndarray, "rows words"]
    counts: UInt32[np.ndarray, " rows"]
    factors: Float32[np.ndarray, " rows"]
    shortlist_size: int
    recall: float

    def estimates(
        self, hidden: Bool[np.ndarray, " rows"], query: Float32[np.ndarray, " dim"]
    ) -> Float32[np.ndarray, " rows"]:
        """Estimate the scores of all rows; minus infinity for those that are hidden."""
        from likewise.index.kernels import estimate_scores

        lowest = float(query.min(initial=0.0))
        step = max((float(query.max(initial=0.0)) - lowest) / (2**_QUERY_BITS - 1), np.finfo(np.float32).tiny)
        rounded = np.rint((query - lowest) / step).astype(np.int64)
        planes = np.stack([_packed(rounded >> bit & 1, self.bits.shape[1]) for bit in range(_QUERY_BITS)])
        total = lowest * len(query) + step * float(rounded.sum())
        found = np.empty(len(self.bits), np.float32)
        estimate_scores(
            self.bits, self.counts, self.factors, hidden, planes, np.float32(lowest), np.float32(step),
            np.float32(total), found,
        )  # fmt: skip
        return found

    def shortlist(
        self, hidden: Bool[np.ndarray, " rows"], query: Float32[np.ndarray, " dim"], k: int, *, sample: int = _SAMPLE
    ) -> Int64[np.ndarray, " found"]:
        """Return the rows with the highest estimates in ascending order, enough to find the `k` best among them."""
        estimates = self.estimates(hidden, query)
        wanted = max(self.shortlist_size, PER_RESULT * k)
        # The threshold comes from a sample: that takes a tenth of the time of a partition of all estimates.
        some = estimates[:: max(1, len(estimates) // sample)]
        ranked = int(1.3 * wanted * len(some) / max(1, len(estimates))) + 16
        threshold = np.partition(some, -ranked)[-ranked] if ranked < len(some) else np.float32(-np.inf)
        rows = np.flatnonzero((estimates >= threshold) & (estimates > -np.inf))
        if len(rows) < wanted:
            rows = np.flatnonzero(estimates > -np.inf)
        if len(rows) > wanted:
            some = estimates[rows]
            rows = rows[some >= np.partition(some, -wanted)[-wanted]]
        return rows


def words_per_row(dim: int) -> int:
    """Return how many 64-bit words the binary code of a row takes."""
    return -(-dim // WORD)


def binarise(
    rows: Float32[np.ndarray, "rows dim"],
) -> tuple[UInt64[np.ndarray, "rows words"], UInt32[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
    """Return the bits of some vectors, how many of each are set, and their factors."""
    squares = np.einsum("rd,rd->r", rows, rows)
    sums = np.abs(rows).sum(axis=1)
    factors = np.divide(squares, sums, out=np.zeros(len(rows), np.float32), where=sums > 0)
    positive = rows > 0
    return _packed(positive, words_per_row(rows.shape[1])), positive.sum(axis=1, dtype=np.uint32), factors


def _packed(bits: np.ndarray, words: int) -> UInt64[np.ndarray, "... words"]:
    """Pack bits along the last axis, padded with zeros."""
    packed = np.packbits(bits.astype(bool), axis=-1, bitorder="little")
    wide = np.zeros((*packed.shape[:-1], words * WORD // 8), np.uint8)
    wide[..., : packed.shape[-1]] = packed
    return wide.view(np.dtype("<u8"))
