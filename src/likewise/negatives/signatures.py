"""Two 64-bit numbers a text, computed once, that say which texts are the same and which nearly so."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt64

from likewise.negatives import kernels
from likewise.tokens.ragged import Ragged
from likewise.views.words import find_words, from_zero

__all__ = ["Signatures", "signatures"]

CHUNK = 1 << 15  # texts at once: their words stay small beside the corpus


@dataclass(frozen=True)
class Signatures:
    """What is known of each text when a batch asks which of its texts are nearly equal.

    Attributes:
        exact: a hash of the ids; equal texts have equal ones, and different texts practically never.
        simhash: the bits of two texts differ in `64 / pi` times the angle between their weighted bags of words, in
            expectation (Charikar 2002, "Similarity estimation techniques from rounding algorithms").
    """

    exact: UInt64[np.ndarray, " texts"]
    simhash: UInt64[np.ndarray, " texts"]

    def __len__(self) -> int:
        return len(self.exact)

    def take(self, indices: Int[np.ndarray, " batch"]) -> "Signatures":
        """The signatures of the texts at `indices`, in that order."""
        return Signatures(self.exact[indices], self.simhash[indices])

    def joined(self, others: "Signatures") -> "Signatures":
        """These, and then those of other texts."""
        exact, simhash = (self.exact, others.exact), (self.simhash, others.simhash)
        return Signatures(np.concatenate(exact), np.concatenate(simhash))


def signatures(
    texts: Ragged, weights: Float32[np.ndarray, " vocab"], continues: Bool[np.ndarray, " vocab"]
) -> Signatures:
    """The signatures of all texts; a memory-mapped store is read chunk by chunk.

    Args:
        texts: ids of pieces.
        weights: how much each piece tells its text from others, such as its log-IDF, not negative; a word weighs what
            its heaviest piece does.
        continues: whether a piece continues the word before it.
    """
    exact = np.empty(len(texts), np.uint64)
    simhash = np.empty(len(texts), np.uint64)
    for start in range(0, len(texts), CHUNK):
        stop = min(start + CHUNK, len(texts))
        chunk = from_zero(texts.slice(start, stop))
        words = find_words(chunk, continues)
        exact[start:stop] = kernels.fingerprints(chunk.ids, chunk.offsets)
        simhash[start:stop] = kernels.simhashes(words.types, words.starts, words.offsets, chunk.ids, weights)
    return Signatures(exact, simhash)
