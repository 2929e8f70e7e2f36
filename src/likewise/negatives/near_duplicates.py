"""Two 64-bit numbers a text, computed once, that say which texts are the same and which nearly so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Int, Int64, UInt64

from likewise.errors import InputError
from likewise.negatives import kernels
from likewise.tokens.ragged import Ragged
from likewise.views.words import find_words, from_zero

__all__ = [
    "DISTANCE",
    "Allowed",
    "Conjunction",
    "Mask",
    "Signatures",
    "allowed_by_all",
    "allowed_negatives",
    "signatures",
]


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


DISTANCE = 12  # bits of 64; see docs/negatives.md


@runtime_checkable
class Mask(Protocol):
    """Says which candidates anchors may be contrasted with, a tile at a time; losses take it as `allowed`."""

    @property
    def count(self) -> int:
        """How many pairs are left out."""
        ...

    def __call__(self, rows: slice) -> Any:
        """The booleans of consecutive anchors, (rows, keys)."""
        ...


@dataclass(frozen=True)
class Conjunction:
    """Several masks at once.

    Attributes:
        masks: what each leaves out is left out.
    """

    masks: tuple[Mask, ...]

    @property
    def count(self) -> int:
        """How many pairs are left out; one that two masks leave out counts twice."""
        return sum(mask.count for mask in self.masks)

    def __call__(self, rows: slice) -> Bool[np.ndarray, "rows keys"]:
        """What all of the masks allow to some anchors.

        Args:
            rows: consecutive anchors.
        """
        return np.asarray(np.logical_and.reduce([mask(rows) for mask in self.masks]))


def allowed_by_all(masks: Sequence[Mask | None]) -> Mask | None:
    """What all masks allow, or None when none leaves anything out.

    Args:
        masks: of the same anchors and candidates; None allows all.
    """
    some = tuple(mask for mask in masks if mask is not None)
    return Conjunction(some) if len(some) > 1 else some[0] if some else None


@dataclass(frozen=True)
class Allowed:
    """The mask of a batch, made a tile at a time: the whole of it never exists.

    Attributes:
        anchors: the number of each anchor's text that is compared.
        candidates: that of each candidate; candidate `i` is the positive of anchor `i`.
        distance: bits in which two of them may differ and still be taken for one text.
        masked: how many candidates each anchor may not be contrasted with.
        paired: so many of the first anchors are of the batch. The others are of a queue: they have no positive, and
            only the first `paired` candidates are compared with them, which are the positives.
    """

    anchors: UInt64[np.ndarray, " batch"]
    candidates: UInt64[np.ndarray, " keys"]
    distance: int
    masked: Int64[np.ndarray, " batch"]
    paired: int

    @property
    def count(self) -> int:
        """How many pairs of the batch are left out."""
        return int(self.masked.sum())

    def __call__(self, rows: slice) -> Bool[np.ndarray, "rows keys"]:
        """Whether each of some anchors may be contrasted with each candidate; with its own positive always.

        Args:
            rows: consecutive anchors.
        """
        first, stop, step = rows.indices(len(self.anchors))
        if step != 1:
            raise InputError(f"rows {rows} skip some: a tile of the mask is made of consecutive rows")
        keys = self.anchors, self.candidates, self.distance
        return np.asarray(kernels.allowed_tile(*keys, first, max(first, stop), self.masked, self.paired))


def allowed_negatives(
    anchors: Signatures, candidates: Signatures, *, distance: int | None = DISTANCE, paired: int | None = None
) -> Allowed | None:
    """Which candidates each anchor may be contrasted with, or None when it may be with all.

    Texts that are equal have equal SimHashes too, so one comparison finds both.

    Args:
        anchors: signatures of the texts that the anchors are views of.
        candidates: those of the candidates' texts; candidate `i` is the positive of anchor `i` and is never masked.
        distance: texts whose SimHashes differ in this many bits or fewer are near-duplicates. None: only texts that
            are equal are left out.
        paired: how many of the first anchors are of the batch, and have a positive; those after them are of a queue,
            as are the candidates after the batch's. All are of the batch if None.
    """
    keys = (anchors.exact, candidates.exact) if distance is None else (anchors.simhash, candidates.simhash)
    limit = 0 if distance is None else distance
    if not 0 <= limit <= 64:
        raise InputError(f"distance {limit} is no number of bits: give 0 to 64, or None to mask equal texts only")
    pairs = len(anchors) if paired is None else paired
    masked = kernels.near(*keys, limit, pairs)
    return Allowed(*keys, limit, masked, pairs) if masked.any() else None
