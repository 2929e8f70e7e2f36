"""Which candidates of a batch an anchor may be contrasted with: neither the same text nor a near-duplicate of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, UInt64

from likewise.errors import InputError
from likewise.negatives import kernels
from likewise.negatives.signatures import Signatures

__all__ = ["DISTANCE", "Allowed", "allowed_negatives"]

DISTANCE = 12  # bits of 64; see docs/negatives.md


@dataclass(frozen=True)
class Allowed:
    """The mask of a batch, made a tile at a time: the whole of it never exists.

    Attributes:
        anchors: the number of each anchor's text that is compared.
        candidates: that of each candidate; candidate `i` is the positive of anchor `i`.
        distance: bits in which two of them may differ and still be taken for one text.
        masked: how many candidates each anchor may not be contrasted with.
    """

    anchors: UInt64[np.ndarray, " batch"]
    candidates: UInt64[np.ndarray, " keys"]
    distance: int
    masked: Int64[np.ndarray, " batch"]

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
        return np.asarray(
            kernels.allowed_tile(self.anchors, self.candidates, self.distance, first, max(first, stop), self.masked)
        )


def allowed_negatives(
    anchors: Signatures, candidates: Signatures, *, distance: int | None = DISTANCE
) -> Allowed | None:
    """Which candidates each anchor may be contrasted with, or None when it may be with all.

    Texts that are equal have equal SimHashes too, so one comparison finds both.

    Args:
        anchors: signatures of the texts that the anchors are views of.
        candidates: those of the candidates' texts; candidate `i` is the positive of anchor `i` and is never masked.
        distance: texts whose SimHashes differ in this many bits or fewer are near-duplicates. None: only texts that
            are equal are left out.
    """
    keys = (anchors.exact, candidates.exact) if distance is None else (anchors.simhash, candidates.simhash)
    limit = 0 if distance is None else distance
    if not 0 <= limit <= 64:
        raise InputError(f"distance {limit} is no number of bits: give 0 to 64, or None to mask equal texts only")
    masked = kernels.near(*keys, limit)
    return Allowed(*keys, limit, masked) if masked.any() else None
