"""The words in texts of subwords: a word is a subword that begins one and those after it that continue it."""

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
        types: a 64-bit hash of the subwords of each word; equal words have equal hashes.
    """

    starts: Int64[np.ndarray, " words"]
    offsets: Int64[np.ndarray, " texts_and_1"]
    types: UInt64[np.ndarray, " words"]

    @property
    def counts(self) -> Int64[np.ndarray, " texts"]:
        """The number of words of each text."""
        return np.diff(self.offsets)


def find_words(texts: Ragged, continues: Bool[np.ndarray, " vocab"]) -> Words:
    """The words of each text.

    Args:
        texts: ids of subwords.
        continues: whether a subword continues a word. The first subword of a text always begins one.
    """
    texts = from_zero(texts)
    starts, offsets, types = kernels.word_types(texts.ids, texts.offsets, continues)
    return Words(starts, offsets, types)


def from_zero(texts: Ragged) -> Ragged:
    """The same texts with offsets that begin at 0, in writable memory: what the kernels take."""
    first, last = texts.offsets[0], texts.offsets[-1]
    ids = np.require(texts.ids[first:last], np.int32, ["C", "W"])
    return Ragged(ids, np.require(texts.offsets - first, np.int64, ["C", "W"]))


def draw_key(rng: np.random.Generator) -> np.uint64:
    """The 64 random bits from which the kernels derive all random numbers of a call."""
    return rng.integers(2**64, dtype=np.uint64)
