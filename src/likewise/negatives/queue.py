"""A queue of the embeddings of the last batches: negatives that cost no encoding."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, to_device

from likewise.errors import InputError
from likewise.negatives.near_duplicates import Signatures


class Queue:
    """A ring buffer of the latest embeddings of anchors and candidates, and of the signatures of their texts.

    A queue of candidates alone pulls the two sides apart, as only one of them gets more negatives, so both sides are
    kept (ContAccum, Kim et al. 2024). The encoder has changed since the embeddings were computed; with a small learning
    rate only a little (XBM, Wang et al. 2020).

    Attributes:
        size: how many pairs it holds at most.
        dim: number of dimensions.
    """

    def __init__(self, size: int, dim: int) -> None:
        """An empty queue; the first push allocates `2 * size * dim` numbers.

        Args:
            size: how many pairs it holds at most.
            dim: number of dimensions.

        Raises:
            InputError: size or dim is not positive.
        """
        if size < 1 or dim < 1:
            raise InputError(f"a queue of {size} vectors of {dim} dimensions: give 1 or more of each")
        self.size, self.dim = size, dim
        self._ring: tuple[Any, Any] | None = None  # anchors and candidates, (size, dim) each, typed as the first push
        self._signatures: tuple[Signatures, ...] = ()
        self._filled, self._next = 0, 0

    def __len__(self) -> int:
        return self._filled

    @property
    def vectors(self) -> tuple[Any, Any] | None:
        """Anchors and candidates, (len, dim) each, or None while empty; a loss's `queue`.

        They are views of the buffer: the next push changes them.
        """
        if self._ring is None or not self._filled:
            return None
        anchors, candidates = self._ring
        return anchors[: self._filled, :], candidates[: self._filled, :]

    @property
    def signatures(self) -> tuple[Signatures, ...]:
        """Of the texts of the vectors, for each side that was pushed; they are views of the buffer too."""
        return tuple(side[: self._filled] for side in self._signatures)

    def push(self, anchors: Any, candidates: Any, signatures: tuple[Signatures, ...] = ()) -> None:
        """Add the embeddings of a batch after its step, in place of the oldest.

        Args:
            anchors: (batch, dim), of the same library, type and device at every push.
            candidates: (batch, dim).
            signatures: of the texts, for each side that near-duplicates are found by; as many sides at every push.

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
            self._signatures = tuple(np.zeros(self.size, np.uint64) for _ in signatures)
        if len(signatures) != len(self._signatures):
            raise InputError(f"{len(signatures)} sides of signatures, expected {len(self._signatures)} as were pushed")
        last = slice(max(0, batch - self.size), batch)
        places = (self._next + np.arange(last.stop - last.start)) % self.size
        for ring, side in zip(self._ring, (anchors, candidates), strict=True):
            # A tensor that kept its graph would keep the graphs of all earlier steps alive.
            ring[places] = (side.detach() if hasattr(side, "detach") else side)[last]
        for kept, new in zip(self._signatures, signatures, strict=True):
            kept[places] = new[last]
        self._next = int(self._next + len(places)) % self.size
        self._filled = min(self.size, self._filled + len(places))

    def state(self) -> dict[str, np.ndarray]:
        """Everything it holds, as numpy arrays in their places: a restored queue continues with the same bytes."""
        places = {"size": self.size, "dim": self.dim, "filled": self._filled, "next": self._next}
        held = {name: np.array(place) for name, place in places.items()}
        if self._ring is not None:
            for name, ring in zip(("anchors", "candidates"), self._ring, strict=True):
                held[name] = np.asarray(to_device(ring[: self._filled, :], "cpu")).copy()
        return held | {f"signatures_{n}": side.copy() for n, side in enumerate(self.signatures)}

    def restore(self, state: Mapping[str, np.ndarray], like: Any = None) -> None:
        """Restore a `state`.

        Args:
            state: of a queue of this size and dim.
            like: an array of the library, type and device that the embeddings shall have; those of the state if None.

        Raises:
            InputError: the state is of a queue of another size or dim.
        """
        size, dim, filled = (int(state[name]) for name in ("size", "dim", "filled"))
        if (size, dim) != (self.size, self.dim):
            raise InputError(
                f"the state of a queue of {size} vectors of {dim} dimensions does not fit one of {self.size} of "
                f"{self.dim}: give a queue of the same size and dimensions"
            )
        self._filled, self._next, self._ring, self._signatures = filled, int(state["next"]), None, ()
        if "anchors" not in state:
            return
        of = state["anchors"] if like is None else like
        self._ring = self._empty(of), self._empty(of)
        for ring, name in zip(self._ring, ("anchors", "candidates"), strict=True):
            vectors = array_namespace(ring).asarray(state[name], dtype=ring.dtype, device=device(ring), copy=True)
            ring[:filled, :] = vectors
        names = sorted(name for name in state if name.startswith("signatures_"))
        self._signatures = tuple(np.zeros(self.size, np.uint64) for _ in names)
        for kept, name in zip(self._signatures, names, strict=True):
            kept[:filled] = state[name]

    def _empty(self, like: Any) -> Any:
        return array_namespace(like).zeros((self.size, self.dim), dtype=like.dtype, device=device(like))
