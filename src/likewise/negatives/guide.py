"""A guide's mask: what another encoder finds nearer to a text than the text's own positive is no negative."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int64

from likewise.errors import InputError

__all__ = ["Guide", "guided_negatives"]

TILE = 1 << 19  # similarities that are made at once to count with


@dataclass(frozen=True)
class Guide:
    """The mask of a batch, made a tile at a time from the guide's vectors.

    Attributes:
        anchors: the guide's vectors of the anchors, unit rows; those from `paired` on are of a queue.
        candidates: those of the candidates; candidate `i` is the positive of anchor `i`.
        paired: how many pairs the batch has.
        limits: the similarity to its positive, less what is demanded, that a negative of each pair must not exceed.
        sides: whether anchors are compared with the batch's anchors, and its positives with candidates, too.
        masked: how many candidates each anchor may not be contrasted with; -1 until its row was asked for.
    """

    anchors: Float[np.ndarray, "rows dim"]
    candidates: Float[np.ndarray, "keys dim"]
    paired: int
    limits: Float[np.ndarray, " pairs"]
    sides: bool
    masked: Int64[np.ndarray, " rows"] = field(repr=False)

    @property
    def count(self) -> int:
        """How many pairs are left out; rows that no loss has asked for are made for it."""
        step = max(1, TILE // max(1, len(self.candidates)))
        for first in range(0, len(self.anchors), step):
            rows = slice(first, min(first + step, len(self.anchors)))
            if (self.masked[rows] < 0).any():
                self(rows)
        return int(self.masked.sum())

    def __call__(self, rows: slice) -> Bool[np.ndarray, "rows keys"]:
        """Whether each of some anchors may be contrasted with each candidate; with its own positive always.

        Args:
            rows: consecutive anchors.

        Raises:
            InputError: rows skip some.
        """
        first, stop, step = rows.indices(len(self.anchors))
        if step != 1:
            raise InputError(f"rows {rows} skip some: a tile of the mask is made of consecutive rows")
        numbers, width = np.arange(first, max(first, stop)), self.paired
        some = self.anchors[first:stop]
        of_batch = numbers < self.paired
        # A candidate that is a positive is judged by its own pair too; the queue has no pairs.
        by_row = np.full((len(numbers), 1), np.inf, self.limits.dtype)
        by_row[of_batch, 0] = self.limits[numbers[of_batch]]
        by_column = np.full((1, len(self.candidates)), np.inf, self.limits.dtype)
        by_column[0, :width] = self.limits[:width]
        limit = np.minimum(by_row, by_column)
        allowed = some @ self.candidates.T <= limit
        if self.sides:
            # Anchor j stands for candidate j, and candidate i for anchor i: in the batch, where they are pairs.
            allowed[:, :width] &= some @ self.anchors[:width].T <= limit[:, :width]
            own = self.candidates[numbers[of_batch]]
            allowed[of_batch] &= own @ self.candidates.T <= limit[of_batch]
        allowed[of_batch, numbers[of_batch]] = True
        looked = np.where(of_batch, len(self.candidates), width)
        self.masked[first:stop] = looked - np.where(of_batch, allowed.sum(axis=1), allowed[:, :width].sum(axis=1))
        return np.asarray(allowed)


def guided_negatives(
    anchors: Float[np.ndarray, "rows dim"],
    candidates: Float[np.ndarray, "keys dim"],
    *,
    gamma: float = 1.0,
    margin: float | None = None,
    sides: bool = False,
    paired: int | None = None,
) -> Guide:
    """Which candidates each anchor may be contrasted with, as a guide sees them (GISTEmbed, Solatorio 2024).

    With s the guide's similarities, anchor i and candidate j are no negatives where

        s_ij > gamma s_ii   or   s_ij > gamma s_jj

    the second because a symmetric loss contrasts candidate j with anchor i as well. With a margin, `s_ii - margin`
    stands in place of `gamma s_ii`. The paper's gamma is 1; less masks more where similarities are above zero, a margin
    everywhere.

    It costs a matrix product of the guide's dimensions whenever the loss makes a tile of its logits, which is once for
    small batches and twice for large ones.

    Args:
        anchors: the guide's vectors of what the anchors are of, unit rows; a queue's after those of the batch.
        candidates: those of the candidates, a queue's at the end; candidate `i` is the positive of anchor `i`.
        gamma: the share of the positive's similarity that a negative may have, above 0.
        margin: how much less similar than the positive a negative must be; in place of gamma.
        sides: leave a pair out also where two anchors, or two candidates, are so similar (the paper's other two
            comparisons); three products then.
        paired: how many of the first anchors are of the batch; all if None.

    Raises:
        InputError: shapes do not fit, gamma is not positive, or gamma and margin are both given.
    """
    pairs = len(anchors) if paired is None else paired
    if anchors.shape[1:] != candidates.shape[1:] or not 0 <= pairs <= min(len(anchors), len(candidates)):
        raise InputError(
            f"a guide's anchors {anchors.shape} and candidates {candidates.shape} of {pairs} pairs: expected vectors "
            "of one length, and a candidate for each anchor of the batch"
        )
    if margin is not None and gamma != 1:
        raise InputError(f"gamma {gamma} and margin {margin}: give one of them")
    if not gamma > 0:
        raise InputError(f"gamma {gamma} is not positive")
    positive = np.sum(anchors[:pairs] * candidates[:pairs], axis=1)
    limits = gamma * positive if margin is None else positive - margin
    masked = np.full(len(anchors), -1, np.int64)
    return Guide(anchors, candidates, pairs, limits.astype(anchors.dtype), sides, masked)
