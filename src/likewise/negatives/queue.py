"""Vectors of the last batches, which are negatives of this one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, to_device

from likewise.errors import InputError
from likewise.negatives.near_duplicates import DISTANCE, Mask, Signatures, allowed_by_all, allowed_negatives

__all__ = ["Queue"]


class Queue:
    """A ring of the vectors that were made last, of both sides, and the signatures of their texts.

    A queue of candidates alone pulls the two sides apart, as only one of them meets more negatives; both sides are kept
    (ContAccum, Kim et al. 2024). The vectors were made by an encoder that has changed since: with a small learning
    rate, by little (XBM, Wang et al. 2020).

    Attributes:
        size: how many pairs it holds at most.
        dim: of the vectors.
    """

    def __init__(self, size: int, dim: int) -> None:
        """An empty queue; it takes memory for `2 * size * dim` numbers when the first vectors come.

        Args:
            size: how many pairs it holds at most.
            dim: of the vectors.

        Raises:
            InputError: size or dim is not positive.
        """
        if size < 1 or dim < 1:
            raise InputError(f"a queue of {size} vectors of {dim} dimensions: give 1 or more of each")
        self.size, self.dim = size, dim
        self._ring: tuple[Any, Any] | None = None  # of the type of what is pushed
        self._signatures: tuple[Signatures, ...] = ()
        self._filled, self._next = 0, 0

    def __len__(self) -> int:
        return self._filled

    @property
    def vectors(self) -> tuple[Any, Any] | None:
        """Anchors and candidates, (len, dim) each, or None while empty; the `queue` of a loss.

        They are no copies: the next push changes them.
        """
        if self._ring is None or not self._filled:
            return None
        anchors, candidates = self._ring
        return anchors[: self._filled, :], candidates[: self._filled, :]

    def push(self, anchors: Any, candidates: Any, signatures: tuple[Signatures, ...] = ()) -> None:
        """Adds the vectors of a batch, once its step is done; the oldest make room.

        Args:
            anchors: (batch, dim), of the library, type and device of those before.
            candidates: (batch, dim).
            signatures: of the batch's texts, as many sides as at every other push.

        Raises:
            InputError: the shapes do not fit the queue or each other.
        """
        batch = anchors.shape[0]
        if any(tuple(side.shape) != (batch, self.dim) for side in (anchors, candidates)):
            shapes = " and ".join(str(tuple(side.shape)) for side in (anchors, candidates))
            raise InputError(f"vectors of {shapes} for a queue of {self.dim} dimensions: expected (batch, dim) twice")
        if any(len(side) != batch for side in signatures):
            raise InputError(f"{batch} pairs with signatures of {[len(side) for side in signatures]} texts")
        if self._ring is None:
            self._ring = self._empty(anchors), self._empty(anchors)
            self._signatures = tuple(_blank(self.size) for _ in signatures)
        if len(signatures) != len(self._signatures):
            raise InputError(f"{len(signatures)} sides of signatures, expected {len(self._signatures)} as before")
        last = slice(max(0, batch - self.size), batch)
        places = (self._next + np.arange(last.stop - last.start)) % self.size
        for ring, side in zip(self._ring, (anchors, candidates), strict=True):
            # A tensor that remembers how it was made would make the queue remember every step.
            ring[places] = (side.detach() if hasattr(side, "detach") else side)[last]
        for kept, new in zip(self._signatures, signatures, strict=True):
            kept.exact[places], kept.simhash[places] = new.exact[last], new.simhash[last]
        self._next = int(self._next + len(places)) % self.size
        self._filled = min(self.size, self._filled + len(places))

    def allowed(
        self,
        signatures: tuple[Signatures, ...],
        *,
        candidates: tuple[Signatures, ...] | None = None,
        distance: int | None = DISTANCE,
    ) -> Mask | None:
        """Who may be contrasted with whom in a batch beside this queue, or None when all may.

        Rows are the batch's anchors and then the queue's, columns the batch's candidates and then the queue's.

        Args:
            signatures: of the batch's texts, as many sides as were pushed; one side that calls a pair near-duplicates
                suffices.
            candidates: of the batch's candidates, as many sides, where there are more of them than anchors, as with
                mined negatives; the first are the positives.
            distance: as in `allowed_negatives`.

        Raises:
            InputError: there are more or fewer sides than were pushed.
        """
        if self._filled and len(signatures) != len(self._signatures):
            raise InputError(f"{len(signatures)} sides of signatures, expected {len(self._signatures)} as were pushed")
        masks = []
        for number, (side, of) in enumerate(zip(signatures, candidates or signatures, strict=True)):
            rows, columns = side, of
            if self._filled:
                queued = self._signatures[number].take(np.arange(self._filled))
                rows, columns = side.joined(queued), of.joined(queued)
            masks.append(allowed_negatives(rows, columns, distance=distance, paired=len(side)))
        return allowed_by_all(masks)

    def state(self) -> dict[str, np.ndarray]:
        """All that it holds, in arrays of numpy, each in its place: what comes after goes on to the byte."""
        places = {"size": self.size, "dim": self.dim, "filled": self._filled, "next": self._next}
        held = {name: np.array(place) for name, place in places.items()}
        if self._ring is not None:
            for name, ring in zip(("anchors", "candidates"), self._ring, strict=True):
                held[name] = np.asarray(to_device(ring[: self._filled, :], "cpu")).copy()
        for number, side in enumerate(self._signatures):
            held[f"exact_{number}"] = side.exact[: self._filled].copy()
            held[f"simhash_{number}"] = side.simhash[: self._filled].copy()
        return held

    def restore(self, state: Mapping[str, np.ndarray], like: Any = None) -> None:
        """Takes what `state` gave.

        Args:
            state: of a queue of this size and dim.
            like: an array of the library, type and device that the vectors shall have; those of the state if None.

        Raises:
            InputError: the state is of a queue of another size or dim.
        """
        size, dim, filled = (int(state[name]) for name in ("size", "dim", "filled"))
        if (size, dim) != (self.size, self.dim):
            raise InputError(
                f"the state of a queue of {size} vectors of {dim} dimensions does not fit one of {self.size} of "
                f"{self.dim}: give a queue as it was"
            )
        self._filled, self._next, self._ring, self._signatures = filled, int(state["next"]), None, ()
        if "anchors" not in state:
            return
        of = state["anchors"] if like is None else like
        self._ring = self._empty(of), self._empty(of)
        for ring, name in zip(self._ring, ("anchors", "candidates"), strict=True):
            vectors = array_namespace(ring).asarray(state[name], dtype=ring.dtype, device=device(ring), copy=True)
            ring[:filled, :] = vectors
        kept: list[Signatures] = []
        while f"exact_{len(kept)}" in state:
            side = _blank(self.size)
            side.exact[:filled], side.simhash[:filled] = (state[f"{key}_{len(kept)}"] for key in ("exact", "simhash"))
            kept.append(side)
        self._signatures = tuple(kept)

    def _empty(self, like: Any) -> Any:
        return array_namespace(like).zeros((self.size, self.dim), dtype=like.dtype, device=device(like))


def _blank(size: int) -> Signatures:
    return Signatures(np.zeros(size, np.uint64), np.zeros(size, np.uint64))
