"""The words in texts of pieces: a word is a piece that begins one and the pieces after it that continue it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, UInt64

from likewise.tokens.ragged import Ragged
from likewise.views import kernels

__all__ = ["Words", "draw_key", "find_words", "from_zero"]


@dataclass(frozen=True)
class Words:
    """The words of a batch of texts.

    Attributes:
        starts: where each word begins, counted from the first id of the first text.
        offsets: the words of text `i` are those from `offsets[i]` to `offsets[i + 1]`.
        types: a 64-bit hash of each word's pieces; equal words have equal hashes.
    """

    starts: Int64[np.ndarray, " words"]
    offsets: Int64[np.ndarray, " texts_and_1"]
    types: UInt64[np.ndarray, " words"]

    @property
    def counts(self) -> Int64[np.ndarray, " texts"]:
        """How many words each text has."""
        return np.diff(self.offsets)


def find_words(texts: Ragged, continues: Bool[np.ndarray, " vocab"]) -> Words:
    """The words of each text.

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it. The first piece of a text begins a word in any case.
    """
    texts = from_zero(texts)
    starts, offsets, types = kernels.word_types(texts.ids, texts.offsets, continues)
    return Words(starts, offsets, types)


def from_zero(texts: Ragged) -> Ragged:
    """The same texts with ids that begin at the first text's, in writable memory: what the kernels take."""
    first, last = texts.offsets[0], texts.offsets[-1]
    ids = np.require(texts.ids[first:last], np.int32, ["C", "W"])
    return Ragged(ids, np.require(texts.offsets - first, np.int64, ["C", "W"]))


def draw_key(rng: np.random.Generator) -> np.uint64:
    """The 64 random bits that the kernels make all numbers of one call of."""
    return rng.integers(2**64, dtype=np.uint64)
