"""Near-duplicates: a SimHash of each text, and the mask of the pairs in a batch whose SimHashes are close."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from likewise.arrays import Bool, Float32, Int64, UInt64
from likewise.errors import InputError
from likewise.negatives import kernels
from likewise.tokens.ragged import Ragged
from likewise.views.edits import find_words, from_zero

CHUNK = 1 << 15  # texts hashed at once: their words need little memory beside the corpus
DISTANCE = 12  # bits of 64; docs/negatives.md shows which pairs that finds

Signatures = UInt64[np.ndarray, " _"]
"""One SimHash a text."""


def signatures(
    texts: Ragged,
    weights: Float32[np.ndarray, " vocab"],
    continues: Bool[np.ndarray, " vocab"],
    *,
    chunk: int = CHUNK,
) -> Signatures:
    """The SimHash of each text (Charikar 2002, "Similarity estimation techniques from rounding algorithms").

    In expectation, the hashes of two texts differ in `64 / pi` times the angle between their weighted bags of words.

    Args:
        texts: ids of subwords; a memory-mapped store is read in chunks.
        weights: how much each subword distinguishes texts, such as its log-IDF, not negative. A word weighs what its
            heaviest subword does.
        continues: whether a subword continues a word.
        chunk: texts hashed at once.
    """
    hashes = np.empty(len(texts), np.uint64)
    for start in range(0, len(texts), chunk):
        some = from_zero(texts.slice(start, min(start + chunk, len(texts))))
        words = find_words(some, continues)
        hashes[start : start + chunk] = kernels.simhashes(words.types, words.starts, words.offsets, some.ids, weights)
    return hashes


@runtime_checkable
class Mask(Protocol):
    """Which candidates each anchor may be contrasted with, computed for some rows at a time; a loss's `allowed`."""

    @property
    def count(self) -> int:
        """How many pairs are masked out."""
        ...

    def __call__(self, rows: slice) -> Any:
        """The booleans of consecutive anchors, (rows, keys)."""
        ...


@dataclass(frozen=True)
class NearDuplicateMask:
    """Masks out pairs of near-duplicates; never a positive pair, and never the queue's anchors and candidates.

    Attributes:
        anchors: SimHashes of the texts of the anchors, those of a queue last.
        candidates: SimHashes of the texts of the candidates, those of a queue last.
        pairs: how many of the first anchors are of the batch: candidate `i` is the positive of anchor `i`.
        distance: SimHashes that differ in at most this many bits are those of near-duplicates.
        masked: how many candidates are masked out for each anchor.
    """

    anchors: UInt64[np.ndarray, " rows"]
    candidates: UInt64[np.ndarray, " keys"]
    pairs: int
    distance: int
    masked: Int64[np.ndarray, " rows"]

    @property
    def count(self) -> int:
        """How many pairs are masked out."""
        return int(self.masked.sum())

    def __call__(self, rows: slice) -> Bool[np.ndarray, "rows keys"]:
        """Which candidates some anchors may be contrasted with.

        Args:
            rows: consecutive anchors.
        """
        first, stop, step = rows.indices(len(self.anchors))
        if step != 1:
            raise InputError(f"rows {rows} skip some: give consecutive rows")
        hashes = self.anchors, self.candidates, self.distance
        return np.asarray(kernels.allowed_tile(*hashes, first, max(first, stop), self.masked, self.pairs))


def near_duplicate_mask(
    anchors: Signatures, candidates: Signatures, *, distance: int = DISTANCE, pairs: int | None = None
) -> NearDuplicateMask | None:
    """The mask of a batch, or None where no two of its texts are near-duplicates.

    Args:
        anchors: signatures of the texts of the anchors, those of a queue last.
        candidates: signatures of the texts of the candidates, those of a queue last; candidate `i` is the positive of
            anchor `i`.
        distance: texts whose signatures differ in at most this many bits are near-duplicates.
        pairs: how many of the first anchors are of the batch; all if None.

    Raises:
        InputError: the distance is not from 0 to 64.
    """
    if not 0 <= distance <= 64:
        raise InputError(f"distance {distance} is no number of bits: give 0 to 64")
    pairs = len(anchors) if pairs is None else pairs
    masked = kernels.near_duplicate_counts(anchors, candidates, distance, pairs)
    return NearDuplicateMask(anchors, candidates, pairs, distance, masked) if masked.any() else None


@dataclass(frozen=True)
class CombinedMask:
    """Masks out what any of several masks does.

    Attributes:
        masks: of the same anchors and candidates.
    """

    masks: tuple[Mask, ...]

    @property
    def count(self) -> int:
        """How many pairs are masked out; one that two masks leave out counts twice."""
        return sum(mask.count for mask in self.masks)

    def __call__(self, rows: slice) -> Bool[np.ndarray, "rows keys"]:
        """Which candidates all masks allow to some anchors.

        Args:
            rows: consecutive anchors.
        """
        return np.asarray(np.logical_and.reduce([mask(rows) for mask in self.masks]))


def combine_masks(masks: Sequence[Mask | None]) -> Mask | None:
    """One mask for several, or None where none of them masks anything out.

    Args:
        masks: of the same anchors and candidates; None allows all.
    """
    some = tuple(mask for mask in masks if mask is not None)
    return CombinedMask(some) if len(some) > 1 else (*some, None)[0]
