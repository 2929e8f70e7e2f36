"""The guide's mask: a candidate that another encoder finds more similar than the positive is not used as a negative."""

from dataclasses import dataclass, field

import numpy as np

from likewise.arrays import Bool, Float, Int64
from likewise.errors import InputError

TILE = 1 << 19  # similarities computed at once to count with


@dataclass(frozen=True)
class GuideMask:
    """The mask of a batch, computed from the guide's embeddings for some rows at a time.

    Attributes:
        anchors: the guide's embeddings of the anchors, those of a queue last, unit rows.
        candidates: those of the candidates; candidate `i` is the positive of anchor `i`.
        pairs: how many of the first anchors are of the batch.
        limits: the similarity that a negative of each pair must not exceed.
        masked: how many candidates are masked out for each anchor; -1 until its row was computed.
    """

    anchors: Float[np.ndarray, "rows dim"]
    candidates: Float[np.ndarray, "keys dim"]
    pairs: int
    limits: Float[np.ndarray, " pairs"]
    masked: Int64[np.ndarray, " rows"] = field(repr=False)

    @property
    def count(self) -> int:
        """How many pairs are masked out; rows that no loss has computed are computed here."""
        step = max(1, TILE // max(1, len(self.candidates)))
        for first in range(0, len(self.anchors), step):
            rows = slice(first, min(first + step, len(self.anchors)))
            if (self.masked[rows] < 0).any():
                self(rows)
        return int(self.masked.sum())

    def __call__(self, rows: slice) -> Bool[np.ndarray, "rows keys"]:
        """Which candidates some anchors may be contrasted with; a positive always.

        Args:
            rows: consecutive anchors.

        Raises:
            InputError: the rows are not consecutive.
        """
        first, stop, step = rows.indices(len(self.anchors))
        if step != 1:
            raise InputError(f"rows {rows} skip some: give consecutive rows")
        numbers = np.arange(first, max(first, stop))
        in_batch = numbers < self.pairs
        by_row = np.full((len(numbers), 1), np.inf, self.limits.dtype)
        by_row[in_batch, 0] = self.limits[numbers[in_batch]]
        by_column = np.full((1, len(self.candidates)), np.inf, self.limits.dtype)
        by_column[0, : self.pairs] = self.limits
        allowed = self.anchors[first:stop] @ self.candidates.T <= np.minimum(by_row, by_column)  # (rows, keys)
        allowed[in_batch, numbers[in_batch]] = True
        compared = np.where(in_batch, len(self.candidates), self.pairs)
        kept = np.where(in_batch, allowed.sum(axis=1), allowed[:, : self.pairs].sum(axis=1))
        self.masked[first:stop] = compared - kept
        return np.asarray(allowed)


def guide_mask(
    anchors: Float[np.ndarray, "rows dim"],
    candidates: Float[np.ndarray, "keys dim"],
    *,
    gamma: float = 1.0,
    pairs: int | None = None,
) -> GuideMask:
    """The mask of a batch by the similarities s of a guide (GISTEmbed, Solatorio 2024).

    Anchor i and candidate j are not contrasted where

        s_ij > gamma s_ii   or   s_ij > gamma s_jj,

    the second because a symmetric loss contrasts candidate j with anchor i as well. The mask costs one matrix product
    of the guide's dimensions for each tile of the loss.

    Args:
        anchors: the guide's embeddings of the anchors, unit rows; those of a queue after those of the batch.
        candidates: those of the candidates, a queue's last; candidate `i` is the positive of anchor `i`.
        gamma: the largest similarity of a negative as a share of the positive's, above 0. The paper's is 1; less masks
            out more where similarities are positive.
        pairs: how many of the first anchors are of the batch; all if None.

    Raises:
        InputError: the shapes do not fit, or gamma is not positive.
    """
    count = len(anchors) if pairs is None else pairs
    if anchors.shape[1:] != candidates.shape[1:] or not 0 <= count <= min(len(anchors), len(candidates)):
        raise InputError(
            f"guide embeddings of anchors {anchors.shape} and candidates {candidates.shape} for {count} pairs: "
            "expected the same number of dimensions, and a candidate for each anchor of the batch"
        )
    if not gamma > 0:
        raise InputError(f"gamma {gamma} is not positive")
    limits = gamma * np.sum(anchors[:count] * candidates[:count], axis=1)
    return GuideMask(anchors, candidates, count, limits.astype(anchors.dtype), np.full(len(anchors), -1, np.int64))
