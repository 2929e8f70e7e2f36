"""Approximate search, beyond the size at which a scan of all codes is quick: the signs of all components come first.

A row x is kept as the signs s of its components, a bit each, with a factor by which s.q is an unbiased guess of the
score x.q: x.x / s.x (RaBitQ, Gao and Long 2024, here without its rotation, which vectors of encoders hardly need). The
query is rounded to three bits a component, so that a guess is a count of bits. The rows with the highest guesses are
then compared by their codes, so what can be missed is only what the guesses rank too low. How often that happens is
measured on the collection itself when the signs are made. All rows are looked at for every query: unlike lists around
centroids, signs do not depend on queries being like the texts.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt32, UInt64

__all__ = ["LEAST_SHORTLIST", "Signs", "sign_words", "signs_of"]


WORD = 64  # bits
LEAST_SHORTLIST, PER_RESULT = 1_000, 10  # rows that are compared by their codes, in any case and for each result
_BITS = 3  # of a component of a query
_SAMPLE = 1 << 15  # guesses that tell which are high


@dataclass(frozen=True)
class Signs:
    """The signs of some rows.

    Attributes:
        bits: of each row, the first component in the lowest bit of the first word.
        counts: how many of each row are set.
        factors: what a sum over a row's signs is multiplied with; 0 for a row of zeros.
        shortlist: how many rows are compared by their codes, at least.
        recall: which share of the 10 nearest is among so many, on a sample of the texts themselves.
    """

    bits: UInt64[np.ndarray, "rows words"]
    counts: UInt32[np.ndarray, " rows"]
    factors: Float32[np.ndarray, " rows"]
    shortlist: int
    recall: float

    def guesses(
        self, hidden: Bool[np.ndarray, " rows"], query: Float32[np.ndarray, " dim"]
    ) -> Float32[np.ndarray, " rows"]:
        """About what the scores of all rows are; minus infinity for those that are hidden."""
        from likewise.index.kernels import sign_scores

        lowest = float(query.min(initial=0.0))
        step = max((float(query.max(initial=0.0)) - lowest) / (2**_BITS - 1), np.finfo(np.float32).tiny)
        rounded = np.rint((query - lowest) / step).astype(np.int64)
        planes = np.stack([_packed(rounded >> bit & 1, self.bits.shape[1]) for bit in range(_BITS)])
        total = lowest * len(query) + step * float(rounded.sum())
        found = np.empty(len(self.bits), np.float32)
        sign_scores(
            self.bits, self.counts, self.factors, hidden, planes, np.float32(lowest), np.float32(step),
            np.float32(total), found,
        )  # fmt: skip
        return found

    def highest(
        self, hidden: Bool[np.ndarray, " rows"], query: Float32[np.ndarray, " dim"], k: int
    ) -> Int64[np.ndarray, " found"]:
        """The rows with the highest guesses, rising: as many as it takes to find the `k` best among them."""
        guesses = self.guesses(hidden, query)
        wanted = max(self.shortlist, PER_RESULT * k)
        # A sample tells where the highest begin, in a tenth of the time of sorting out all of them.
        sample = guesses[:: max(1, len(guesses) // _SAMPLE)]
        ranked = int(1.3 * wanted * len(sample) / max(1, len(guesses))) + 16
        least = np.partition(sample, -ranked)[-ranked] if ranked < len(sample) else np.float32(-np.inf)
        rows = np.flatnonzero((guesses >= least) & (guesses > -np.inf))
        if len(rows) < wanted:
            rows = np.flatnonzero(guesses > -np.inf)
        if len(rows) > wanted:
            some = guesses[rows]
            rows = rows[some >= np.partition(some, -wanted)[-wanted]]
        return rows


def sign_words(dim: int) -> int:
    """64-bit words that the signs of a row take."""
    return -(-dim // WORD)


def signs_of(rows: Float32[np.ndarray, "rows dim"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bits of some vectors, how many of each are set, and their factors."""
    lengths = np.einsum("rd,rd->r", rows, rows)
    sums = np.abs(rows).sum(axis=1)
    factors = np.divide(lengths, sums, out=np.zeros(len(rows), np.float32), where=sums > 0)
    positive = rows > 0
    return _packed(positive, sign_words(rows.shape[1])), positive.sum(axis=1, dtype=np.uint32), factors


def _packed(bits: np.ndarray, words: int) -> UInt64[np.ndarray, "... words"]:
    """Bits along the last axis, filled up with zeros."""
    packed = np.packbits(bits.astype(bool), axis=-1, bitorder="little")
    wide = np.zeros((*packed.shape[:-1], words * WORD // 8), np.uint8)
    wide[..., : packed.shape[-1]] = packed
    return wide.view(np.dtype("<u8"))
