"""The logits of a batch, and of a queue beside it: checked once, and made a tile at a time."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from likewise.errors import InputError
from likewise.losses.contrast import Allowed, Contrast

__all__ = ["Block", "Given", "given"]

TILE_LOGITS = 1 << 19  # of a tile: it stays in the processor's cache
KEPT_LOGITS = 1 << 23  # up to here the exponentials are kept from the first pass for the second: 32 MiB
WIDEST = {16: -1.0, 32: 80.0, 64: 700.0}  # span of logits, by bits a number, in which no exponential becomes zero


@dataclass(frozen=True)
class Given:
    """What a loss was given, checked; see `info_nce` for what each means.

    Attributes:
        xp: the library of the arrays.
        anchors: (batch, dim).
        candidates: (keys, dim).
        index: for each anchor the index of its positive candidate.
        allowed: booleans (batch + queue, keys + queue), a function from rows to these, or None.
        temperature: the similarity is divided by it.
        symmetric: whether positives are contrasted with anchors too.
        queue: anchors and candidates of earlier batches, (queue, dim) each, or None.
    """

    xp: Any
    anchors: Any
    candidates: Any
    index: np.ndarray
    allowed: Any | Allowed | None
    temperature: float
    symmetric: bool
    queue: tuple[Any, Any] | None

    @property
    def directions(self) -> int:
        """How many sums over the batch the loss is a mean of."""
        return 2 if self.symmetric else 1

    @property
    def place(self) -> dict[str, Any]:
        """Where new arrays go, and of which type they are."""
        return {"dtype": self.anchors.dtype, "device": device(self.anchors)}

    def bound(self) -> float:
        """No logit exceeds this (Cauchy-Schwarz); taken from all, it lets one exponential serve rows and columns."""
        queued = ((), ()) if self.queue is None else ((self.queue[0],), (self.queue[1],))
        sides = ((self.anchors, *queued[0]), (self.candidates, *queued[1]))
        longest = [max(_longest(self.xp, part) for part in side) for side in sides]
        bound = longest[0] * longest[1] / self.temperature
        if not 2 * bound <= WIDEST[64]:
            raise InputError(
                f"temperature {self.temperature} with vectors of norm {max(longest):.3g} makes logits up to "
                f"{bound:.3g}, expected at most {WIDEST[64] / 2:g}: raise the temperature, or normalise the vectors"
            )
        return bound

    def is_too_cold(self, span: float) -> bool:
        """Whether an exponential would become zero in this precision, when logits lie that far apart."""
        return bool(span > WIDEST[self.xp.finfo(self.anchors.dtype).bits])

    def widened(self) -> "Given":
        """The same in float64, which holds any temperature in use."""

        def wide(array: Any) -> Any:
            return self.xp.astype(array, self.xp.float64)

        queue = None if self.queue is None else (wide(self.queue[0]), wide(self.queue[1]))
        return replace(self, anchors=wide(self.anchors), candidates=wide(self.candidates), queue=queue)

    def narrowed(self, wide: Contrast) -> Contrast:
        """What was found in float64, as derivatives of the type that the vectors have here."""
        anchors, candidates = (self.xp.astype(side, self.anchors.dtype) for side in (wide.anchors, wide.candidates))
        return Contrast(wide.value, anchors, candidates, wide.temperature)

    def blocks(self) -> list["Block"]:
        """The logits that the loss is made of.

        Those of the anchors with all candidates, and in the other direction those of the queue's anchors with the
        positives. What the queue holds is never contrasted with itself: nothing of it is learned.
        """
        keys = self.candidates.shape[0]
        if self.queue is None:
            return [Block(self, self.anchors, self.candidates, width=keys, first=0, learned=True)]
        beyond, candidates = self.queue[0], self.xp.concat([self.candidates, self.queue[1]])
        blocks = [Block(self, self.anchors, candidates, width=keys, first=0, learned=True)]
        if self.symmetric and beyond.shape[0] > 0:
            width = int(self.index.max()) + 1
            first = self.anchors.shape[0]
            blocks.append(Block(self, beyond, self.candidates[:width], width=width, first=first, learned=False))
        return blocks


@dataclass(frozen=True)
class Block:
    """A rectangle of logits.

    Attributes:
        given: what it is part of.
        anchors: those of its rows.
        candidates: those of its columns.
        width: so many of the first columns are candidates of the batch, in their order; the others are of the queue.
        first: the number of its first row in `allowed`.
        learned: whether the rows are anchors of the batch, or else of the queue.
    """

    given: Given
    anchors: Any
    candidates: Any
    width: int
    first: int
    learned: bool

    @property
    def size(self) -> int:
        """How many logits there are."""
        return int(self.anchors.shape[0] * self.candidates.shape[0])

    def tiles(self, logits: int) -> list[slice]:
        """Its rows, in slices of about so many logits."""
        batch, rows = self.anchors.shape[0], max(1, logits // self.candidates.shape[0])
        return [slice(first, min(first + rows, batch)) for first in range(0, batch, rows)]

    def positives(self, tile: slice) -> tuple[np.ndarray, np.ndarray]:
        """The places of the positives in a tile of anchors of the batch."""
        columns = self.given.index[tile]
        return np.arange(len(columns)), columns

    def mask(self, tile: slice) -> Any | None:
        """Which logits of a tile count, or None when all do; the positives always do."""
        mask = self.allowed(tile)
        if mask is not None and self.learned:
            mask[self.positives(tile)] = True
        return mask

    def allowed(self, tile: slice) -> Any | None:
        """Which logits of a tile the caller allows, or None when all are; an array of its own."""
        allowed = self.given.allowed
        if allowed is None:
            return None
        rows = slice(tile.start + self.first, tile.stop + self.first)
        mask = self.given.xp.asarray(
            allowed(rows) if callable(allowed) else allowed[rows], device=device(self.anchors), copy=True
        )
        shape = (tile.stop - tile.start, self.candidates.shape[0])
        if not self.learned and mask.shape[0] == shape[0]:
            mask = mask[:, : self.width]  # what the queue's anchors may see of the queue is nobody's question
        if tuple(mask.shape) != shape:
            raise InputError(
                f"allowed gives {tuple(mask.shape)} booleans for rows {rows.start} to {rows.stop}, expected {shape}: "
                "columns for candidates and then those of the queue, rows for anchors and then those of the queue"
            )
        return mask


def given(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None,
    allowed: Any | Allowed | None,
    temperature: float,
    symmetric: bool,
    queue: tuple[Any, Any] | None,
) -> Given:
    """The arguments of a loss, checked.

    Raises:
        InputError: the shapes do not fit, or the temperature is not positive.
    """
    xp = array_namespace(anchors, candidates, *(() if queue is None else queue))
    if anchors.ndim != 2 or candidates.ndim != 2 or anchors.shape[1] != candidates.shape[1]:
        shapes = f"anchors {tuple(anchors.shape)} and candidates {tuple(candidates.shape)}"
        raise InputError(f"{shapes}: expected (batch, dim) and (keys, dim)")
    batch, keys, dim = anchors.shape[0], candidates.shape[0], anchors.shape[1]
    index = np.arange(batch) if positive is None else np.asarray(positive)
    if batch == 0 or index.shape != (batch,) or index.min() < 0 or index.max() >= keys:
        raise InputError(
            f"{batch} anchors with {index.size} positives among {keys} candidates: "
            "expected one index of a candidate for each anchor"
        )
    if not temperature > 0:
        raise InputError(f"temperature {temperature} is not positive")
    if queue is not None:
        if any(side.ndim != 2 or side.shape[1] != dim for side in queue):
            shapes = " and ".join(str(tuple(side.shape)) for side in queue)
            raise InputError(f"a queue of {shapes}: expected anchors and candidates of {dim} dimensions each")
        queue = xp.astype(queue[0], anchors.dtype), xp.astype(queue[1], anchors.dtype)
    return Given(xp, anchors, candidates, index, allowed, temperature, symmetric, queue)


def _longest(xp: Any, side: Any) -> float:
    return math.sqrt(float(xp.max(xp.sum(side * side, axis=1)))) if side.shape[0] else 0.0
