"""InfoNCE, computed in tiles of logits: memory grows with the batch and not with its square.

`Loss` is the signature that training takes: whatever has it can train an encoder.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from array_api_compat import array_namespace, device

from likewise.errors import InputError

TILE_LOGITS = 1 << 19  # a tile of this size stays in the processor's cache
KEPT_LOGITS = 1 << 23  # up to here the first pass keeps the exponentials for the second: 32 MiB in float32
MAX_SPAN = {16: -1.0, 32: 80.0, 64: 700.0}  # by bits of a number: how far logits may lie apart before e^x becomes 0


@dataclass(frozen=True)
class LossResult:
    """The value of a loss and its gradient with respect to each input.

    Attributes:
        value: the loss, in nats.
        anchors: d value / d anchors, (batch, dim).
        candidates: d value / d candidates, (keys, dim).
        temperature: d value / d temperature.
    """

    value: float
    anchors: Any
    candidates: Any
    temperature: float


@runtime_checkable
class Loss(Protocol):
    """A pure function from embeddings to a value and its gradients; `info_nce` documents the arguments."""

    def __call__(
        self,
        anchors: Any,
        candidates: Any,
        *,
        allowed: Any | None = None,
        temperature: float = 0.05,
        queue: tuple[Any, Any] | None = None,
    ) -> LossResult:
        """The loss of a batch, contrasted with itself and with a queue of earlier batches."""
        ...


def info_nce(
    anchors: Any,
    candidates: Any,
    *,
    allowed: Any | Callable[[slice], Any] | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
    tile_logits: int = TILE_LOGITS,
    kept_logits: int = KEPT_LOGITS,
) -> LossResult:
    """InfoNCE (van den Oord et al. 2018) in both directions, as in CLIP (Radford et al. 2021).

    With l_ij = a_i·c_j / temperature, candidate i the positive of anchor i, and M_ij 1 where allowed and else 0:

        row_i = log sum_j M_ij e^l_ij        column_j = log sum_i M_ij e^l_ij
        value = 1/(2 batch) sum_i [ (row_i - l_ii) + (column_i - l_ii) ]

    A queue adds its candidates to the sums of the rows and its anchors to the sums of the columns (MoCo, He et al.
    2020; XBM, Wang et al. 2020; both sides as in ContAccum, Kim et al. 2024). The gradients are in closed form, so no
    graph is recorded. Written against the array API: numpy and torch arrays, on any device.

    Args:
        anchors: (batch, dim), usually unit rows.
        candidates: (keys, dim); the first `batch` are the positives, the others are negatives only.
        allowed: which candidates each anchor may be contrasted with: booleans (batch + queue, keys + queue), or a
            function from a slice of the rows to their booleans. A positive is always allowed.
        temperature: divides the similarities.
        symmetric: contrast each positive with all anchors too; without it, value = 1/batch sum_i (row_i - l_ii).
        queue: anchors and candidates of earlier batches, (queue, dim) each: negatives that get no gradient.
        tile_logits: about how many logits a tile has.
        kept_logits: with more logits than this the exponentials are computed twice rather than kept.

    Raises:
        InputError: the shapes do not fit, or the temperature is not positive, or too low for the norms in float64.
    """
    xp = array_namespace(anchors, candidates)
    _check(anchors, candidates, temperature, queue)
    if queue is not None:
        queue = xp.astype(queue[0], anchors.dtype), xp.astype(queue[1], anchors.dtype)
    logits = _Logits(xp, anchors, candidates, queue, allowed, temperature, symmetric, tile_logits)
    if 2 * logits.bound <= MAX_SPAN[xp.finfo(anchors.dtype).bits]:
        return _contrast(logits, kept_logits)
    wide = _contrast(logits.in_float64(), kept_logits)
    gradients = xp.astype(wide.anchors, anchors.dtype), xp.astype(wide.candidates, anchors.dtype)
    return LossResult(wide.value, gradients[0], gradients[1], wide.temperature)


def _check(anchors: Any, candidates: Any, temperature: float, queue: tuple[Any, Any] | None) -> None:
    if anchors.ndim != 2 or candidates.ndim != 2 or anchors.shape[1] != candidates.shape[1]:
        shapes = f"anchors {tuple(anchors.shape)} and candidates {tuple(candidates.shape)}"
        raise InputError(f"{shapes}: expected (batch, dim) and (keys, dim)")
    if not 0 < anchors.shape[0] <= candidates.shape[0]:
        raise InputError(
            f"{anchors.shape[0]} anchors and {candidates.shape[0]} candidates: expected at least one anchor, and a "
            "candidate for each as its positive"
        )
    if not temperature > 0:
        raise InputError(f"temperature {temperature} is not positive")
    if queue is not None and any(side.ndim != 2 or side.shape[1] != anchors.shape[1] for side in queue):
        shapes = " and ".join(str(tuple(side.shape)) for side in queue)
        raise InputError(f"a queue of {shapes}: expected anchors and candidates of {anchors.shape[1]} dimensions each")


@dataclass(frozen=True)
class _Tile:
    """Consecutive rows of the logits.

    Attributes:
        rows: their positions: the anchors of the batch come first, then those of the queue.
        anchors: (rows, dim).
        candidates: (columns, dim): all of them, but for the queue's anchors the positives alone.
        queued: whether the anchors are those of the queue.
    """

    rows: slice
    anchors: Any
    candidates: Any
    queued: bool

    @property
    def size(self) -> int:
        """How many logits it has."""
        return int(self.anchors.shape[0] * self.candidates.shape[0])

    @property
    def positives(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the logits of the positive pairs are in a tile of the batch: rows and columns, (rows,) each."""
        return np.arange(self.rows.stop - self.rows.start), np.arange(self.rows.start, self.rows.stop)


@dataclass(frozen=True)
class _Logits:
    """The inputs of the loss, and the exponentials of their logits a tile at a time."""

    xp: Any
    anchors: Any
    candidates: Any
    queue: tuple[Any, Any] | None
    allowed: Any | Callable[[slice], Any] | None
    temperature: float
    symmetric: bool
    tile_logits: int

    @cached_property
    def bound(self) -> float:
        """No logit exceeds it (Cauchy-Schwarz): subtracted from all, it lets one exponential serve rows and columns."""
        queue_anchors, queue_candidates = self.queue or (self.anchors, self.candidates)
        longest_anchor = max(self._longest(self.anchors), self._longest(queue_anchors))
        longest_candidate = max(self._longest(self.candidates), self._longest(queue_candidates))
        bound = longest_anchor * longest_candidate / self.temperature
        if not 2 * bound <= MAX_SPAN[64]:
            longest = max(longest_anchor, longest_candidate)
            raise InputError(
                f"temperature {self.temperature} with vectors of norm {longest:.3g} makes logits up to {bound:.3g}, "
                f"expected at most {MAX_SPAN[64] / 2:g}: raise the temperature, or normalise the vectors"
            )
        return bound

    def _longest(self, vectors: Any) -> float:
        squares = self.xp.sum(vectors * vectors, axis=1)  # (vectors,)
        return math.sqrt(float(self.xp.max(squares))) if vectors.shape[0] else 0.0

    def in_float64(self) -> "_Logits":
        """The same in float64, where no exponential underflows."""
        xp = self.xp
        anchors, candidates = xp.astype(self.anchors, xp.float64), xp.astype(self.candidates, xp.float64)
        queue = self.queue and (xp.astype(self.queue[0], xp.float64), xp.astype(self.queue[1], xp.float64))
        return replace(self, anchors=anchors, candidates=candidates, queue=queue)

    def tiles(self) -> list[_Tile]:
        """The anchors of the batch with all candidates, then the anchors of the queue with the positives."""
        batch = self.anchors.shape[0]
        if self.queue is None:
            blocks = [(0, self.anchors, self.candidates)]
        else:
            columns = self.xp.concat([self.candidates, self.queue[1]])  # (keys + queue, dim)
            blocks = [(0, self.anchors, columns), (batch, self.queue[0], self.candidates[:batch, :])]
        tiles = []
        for first, anchors, candidates in blocks if self.symmetric else blocks[:1]:
            step = max(1, self.tile_logits // candidates.shape[0])
            for start in range(0, anchors.shape[0], step):
                some = anchors[start : start + step, :]  # (rows, dim)
                rows = slice(first + start, first + start + some.shape[0])
                tiles.append(_Tile(rows, some, candidates, queued=first > 0))
        return tiles

    def exponentials(self, tile: _Tile) -> Any:
        """e^(logit - bound) where allowed and else 0, (rows, columns)."""
        logits = (tile.anchors / self.temperature) @ tile.candidates.T  # (rows, columns)
        logits -= self.bound
        exponentials = self.xp.exp(logits)  # (rows, columns), at most 1
        if self.allowed is None:
            return exponentials
        return self.xp.where(self._mask(tile), exponentials, self.xp.zeros_like(exponentials))

    def _mask(self, tile: _Tile) -> Any:
        """Which logits of a tile count, (rows, columns)."""
        rows, columns = tile.rows, self.candidates.shape[0] + (0 if self.queue is None else self.queue[1].shape[0])
        mask = self.allowed(rows) if callable(self.allowed) else self.allowed[rows]  # type: ignore[index]
        mask = self.xp.asarray(mask, device=device(tile.anchors), copy=True)
        expected = rows.stop - rows.start, columns
        if tuple(mask.shape) != expected:
            raise InputError(
                f"allowed gives {tuple(mask.shape)} booleans for rows {rows.start} to {rows.stop}, expected {expected}:"
                " columns for candidates and then those of the queue, rows for anchors and then those of the queue"
            )
        if not tile.queued:
            mask[tile.positives] = True
        return mask[:, : tile.candidates.shape[0]]


def _contrast(logits: _Logits, kept_logits: int) -> LossResult:
    """The value from sums of the exponentials, then the gradients from a second pass over them."""
    xp, anchors, candidates, symmetric = logits.xp, logits.anchors, logits.candidates, logits.symmetric
    batch, temperature, tiles = anchors.shape[0], logits.temperature, logits.tiles()
    kept: list[Any] | None = [] if sum(tile.size for tile in tiles) <= kept_logits else None
    row_sums, column_sums = _sums(logits, tiles, kept)  # (batch,) each

    positives = xp.sum(anchors * candidates[:batch, :], axis=1) / temperature - logits.bound  # (batch,)
    terms = xp.log(row_sums) - positives  # (batch,)
    if symmetric:
        terms = (terms + xp.log(column_sums) - positives) / 2  # (batch,)

    # With e_ij the exponentials, d value / d similarity_ij =
    # [e_ij / row_sum_i + e_ij / column_sum_j] / (directions batch temperature) - [i = j] / (batch temperature)
    unit = 1 / (batch * temperature)
    by_row = unit / (1 + symmetric) / row_sums  # (batch,)
    by_column = unit / (1 + symmetric) / column_sums if symmetric else xp.zeros_like(by_row)  # (batch,)
    anchor_parts, candidate_gradient, by_similarities = [], xp.zeros_like(candidates), 0.0
    for number, tile in enumerate(tiles):
        gradient = logits.exponentials(tile) if kept is None else kept[number]  # (rows, columns), changed in place
        if tile.queued:
            gradient *= by_column[None, :]
        else:
            gradient[:, :batch] *= by_row[tile.rows, None] + by_column[None, :]
            gradient[:, batch:] *= by_row[tile.rows, None]
            gradient[tile.positives] -= unit
            anchor_parts.append(gradient @ tile.candidates)  # (rows, dim)
        width = min(gradient.shape[1], candidates.shape[0])  # without the candidates of the queue
        part = gradient[:, :width].T @ tile.anchors  # (width, dim)
        candidate_gradient[:width, :] += part
        by_similarities += float(xp.sum(part * tile.candidates)) if tile.queued else 0.0
    anchor_gradient = xp.concat(anchor_parts)  # (batch, dim)
    # d value / d temperature = -sum_ij gradient_ij similarity_ij / temperature, and sum_j gradient_ij c_j·a_i is:
    by_similarities += float(xp.sum(anchor_gradient * anchors))
    return LossResult(float(xp.mean(terms)), anchor_gradient, candidate_gradient, -by_similarities / temperature)


def _sums(logits: _Logits, tiles: list[_Tile], kept: list[Any] | None) -> tuple[Any, Any]:
    """The sums of the exponentials over the row of each anchor and over the column of each positive, (batch,) each."""
    xp, batch = logits.xp, logits.anchors.shape[0]
    row_parts, column_sums = [], xp.zeros(batch, dtype=logits.anchors.dtype, device=device(logits.anchors))
    for tile in tiles:
        exponentials = logits.exponentials(tile)  # (rows, columns)
        if not tile.queued:
            row_parts.append(xp.sum(exponentials, axis=1))  # (rows,)
        if logits.symmetric:
            column_sums += xp.sum(exponentials[:, :batch], axis=0)  # (batch,)
        if kept is not None:
            kept.append(exponentials)
    return xp.concat(row_parts), column_sums
