"""The logits of a batch, and of a queue beside it: checked once, and made a tile at a time."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from likewise.errors import InputError
from likewise.losses.loss import Allowed, Loss, LossResult

__all__ = [
    "Allowed",
    "Block",
    "Given",
    "LossResult",
    "Rule",
    "Seen",
    "Slopes",
    "build_info_nce",
    "contrast_sums",
    "given",
    "info_nce",
    "scattered",
]


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

    def narrowed(self, wide: LossResult) -> LossResult:
        """What was found in float64, as derivatives of the type that the vectors have here."""
        anchors, candidates = (self.xp.astype(side, self.anchors.dtype) for side in (wide.anchors, wide.candidates))
        return LossResult(wide.value, anchors, candidates, wide.temperature)

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


@dataclass(frozen=True)
class Seen:
    """What a direction of a loss sees of each positive pair, (batch,) each; x is a logit less the shift, not above 0.

    Attributes:
        own: x of the pair.
        total: sum of `e^((1 + hardness) x)` over what the pair is contrasted with.
        shift: what was taken from all logits.
        weight: sum of `e^(hardness x)` over the same; None unless asked for.
        count: how many these are; None unless asked for.
    """

    own: Any
    total: Any
    shift: float
    weight: Any = None
    count: Any = None


@dataclass(frozen=True)
class Slopes:
    """The loss of each pair and its derivatives, (batch,) each.

    Attributes:
        value: the loss.
        by_own: d value / d own.
        by_total: d value / d total, by an exponential whose weight `e^(hardness x)` is a constant.
        by_temperature: what depends on the temperature itself rather than through a logit; None where nothing does.
    """

    value: Any
    by_own: Any
    by_total: Any
    by_temperature: Any | None = None


Rule = Callable[[Any, Seen], Slopes]
"""The formula of a loss, from the library of the arrays and what it sees."""


def contrast_sums(given: Given, rule: Rule, *, positives: bool, hardness: float | None = None) -> LossResult:
    """The mean of a formula over all positive pairs, in one direction or both, and its derivatives.

    Args:
        given: the arguments of the loss.
        rule: the formula.
        positives: whether the positives' logits are part of the sums.
        hardness: hard negatives weigh `e^(hardness logit)` in the sum; None: no weights and counts are needed.
    """
    shift = given.bound()
    if given.is_too_cold(2 * shift * (1 + (hardness or 0.0))):
        return given.narrowed(contrast_sums(given.widened(), rule, positives=positives, hardness=hardness))
    xp, index, keys = given.xp, given.index, given.candidates.shape[0]
    passes = _Passes(given, shift, positives=positives, hardness=hardness)
    rows, columns = _summed(given, passes, 1 if hardness is None else 3)

    placed = xp.asarray(index, device=given.place["device"])
    own = xp.sum(given.anchors * xp.take(given.candidates, placed, axis=0), axis=1) / given.temperature - shift
    slopes = [rule(xp, Seen(own, rows[0], shift, *rows[1:]))]
    if given.symmetric:
        seen = [xp.take(each, placed, axis=0) for each in columns]
        slopes.append(rule(xp, Seen(own, seen[0], shift, *seen[1:])))
    value = sum(float(xp.mean(each.value)) for each in slopes) / given.directions

    # d value / d similarity_ij = exponential_ij (by_row_i + by_column_j) + [j = p_i] by_own_i
    unit = 1.0 / (given.directions * own.shape[0] * given.temperature)
    by_own = unit * sum(each.by_own for each in slopes)
    by_row = unit * slopes[0].by_total
    by_column = scattered(unit * slopes[1].by_total, given, keys) if given.symmetric else None
    anchors, candidates, by_similarity = _pulled(passes, by_row, by_column, by_own)
    # A similarity divided by the temperature changes by -S / temperature² with it.
    direct = [each.by_temperature for each in slopes if each.by_temperature is not None]
    by_temperature = sum(float(xp.mean(each)) for each in direct) / given.directions
    return LossResult(value, anchors, candidates, by_temperature - by_similarity / given.temperature)


def scattered(values: Any, given: Given, keys: int) -> Any:
    """The sum of an anchor's number at each candidate over the anchors whose positive it is, (keys,)."""
    out = given.xp.zeros(keys, **given.place)
    order = np.argsort(given.index, kind="stable")
    ordered = given.index[order]
    repeat = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    for time in range(int(repeat.max()) + 1):  # once, unless anchors share a positive
        some = order[repeat == time]
        out[given.index[some]] += values[some]
    return out


def _summed(given: Given, passes: "_Passes", terms: int) -> tuple[list[Any], list[Any]]:
    xp = given.xp
    row_parts: list[list[Any]] = [[] for _ in range(terms)]
    columns = [xp.zeros(given.candidates.shape[0], **given.place) for _ in range(terms)]
    for block, made in passes.first():
        for number, term in enumerate(made):
            if block.learned:
                row_parts[number].append(xp.sum(term, axis=1))
            if given.symmetric:
                columns[number][: block.width] += xp.sum(term[:, : block.width], axis=0)
    return [xp.concat(parts) for parts in row_parts], columns


def _pulled(passes: "_Passes", by_row: Any, by_column: Any | None, by_own: Any) -> tuple[Any, Any, float]:
    """The derivatives by anchors and candidates, and the sum over all similarities of each times its own."""
    given, xp = passes.given, passes.given.xp
    anchor_parts, candidate_gradient, beyond = [], xp.zeros(given.candidates.shape, **given.place), 0.0
    for block, tile, exponentials in passes.second():
        width = block.width
        by_similarity = exponentials  # changed in place: these are not needed again
        if not block.learned:
            by_similarity *= by_column[None, :width]  # type: ignore[index]  # the queue's anchors stand in no other direction
            part = by_similarity.T @ block.anchors[tile]
            candidate_gradient[:width, :] += part
            beyond += float(xp.sum(part * block.candidates))
            continue
        if by_column is None:
            by_similarity *= by_row[tile, None]
        elif width == block.candidates.shape[0]:
            by_similarity *= by_row[tile, None] + by_column[None, :]
        else:
            by_similarity[:, :width] *= by_row[tile, None] + by_column[None, :]
            by_similarity[:, width:] *= by_row[tile, None]
        by_similarity[block.positives(tile)] += by_own[tile]
        anchor_parts.append(by_similarity @ block.candidates)
        candidate_gradient += by_similarity[:, :width].T @ given.anchors[tile]
    anchor_gradient = xp.concat(anchor_parts)
    # sum_ij G_ij S_ij = sum_i dA_i·a_i
    return anchor_gradient, candidate_gradient, float(xp.sum(anchor_gradient * given.anchors)) + beyond


class _Passes:
    """Exponentials in tiles of rows, zeros where not allowed; kept between the passes where they are few."""

    def __init__(self, given: Given, shift: float, *, positives: bool, hardness: float | None) -> None:
        self.given, self.shift = given, shift
        self.positives, self.hardness = positives, hardness
        blocks = given.blocks()
        scaled = [block.anchors / given.temperature for block in blocks]
        self.tiles = [
            (block, rows, tile) for block, rows in zip(blocks, scaled, strict=True) for tile in block.tiles(TILE_LOGITS)
        ]
        self.kept: list[Any] | None = [] if sum(block.size for block in blocks) <= KEPT_LOGITS else None

    def first(self) -> Iterator[tuple[Block, list[Any]]]:
        """The exponentials of each tile, and their weights and counts where these are asked for."""
        for block, rows, tile in self.tiles:
            made = self._made(block, rows, tile, weigh=self.hardness is not None)
            if self.kept is not None:
                self.kept.append(made[0])
            yield block, made

    def second(self) -> Iterator[tuple[Block, slice, Any]]:
        """The exponentials again, for the caller to change."""
        for number, (block, rows, tile) in enumerate(self.tiles):
            again = self._made(block, rows, tile, weigh=False)[0] if self.kept is None else self.kept[number]
            yield block, tile, again

    def _made(self, block: Block, rows: Any, tile: slice, *, weigh: bool) -> list[Any]:
        xp, hardness = self.given.xp, self.hardness or 0.0
        shifted = rows[tile] @ block.candidates.T
        shifted -= self.shift
        made = [xp.exp((1 + hardness) * shifted if hardness else shifted)]
        if weigh:
            made += [xp.exp(hardness * shifted), xp.ones_like(shifted)]
        mask = block.mask(tile)
        if mask is not None:
            made = [xp.where(mask, term, xp.zeros_like(term)) for term in made]
        if block.learned and not self.positives:
            for term in made:
                term[block.positives(tile)] = 0.0
        return made


def info_nce(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
) -> LossResult:
    """Symmetric InfoNCE (van den Oord et al. 2018; both directions as in CLIP, Radford et al. 2021).

    With l_ij = a_i·c_j / temperature, M the allowed logits, p_i the positive of anchor i, r_i = log sum_j M_ij e^l_ij
    over all candidates, and c_j = log sum_i M_ij e^l_ij over all anchors:

        value = 1/(2 batch) sum_i [ (r_i - l_i,p_i) + (c_p_i - l_i,p_i) ]

    A queue adds rows and columns to l: r_i sums over its candidates too, and c_j over its anchors (MoCo, He et al.
    2020; XBM, Wang et al. 2020; both sides of it as in ContAccum, Kim et al. 2024).

    The derivatives are those of the formula, written out; no graph is recorded. The logits are made in tiles, so
    memory grows with batch + keys and not with their product. Written against the array API standard: numpy and torch
    arrays, on any device.

    Args:
        anchors: (batch, dim), unit rows usually.
        candidates: (keys, dim), at least as many as there are positives; those beyond are negatives only.
        positive: for each anchor the index of its positive candidate; the candidate of the same index if None.
        allowed: which candidates each anchor may be contrasted with: booleans (batch, keys), or a function from a slice
            of anchors to the booleans of these (rows, keys). The positive always is. With a queue, its candidates are
            the columns after the keys and its anchors the rows after the batch; these rows may end after the positives.
        temperature: the similarity is divided by it.
        symmetric: also contrast each positive with all anchors; if false, value = 1/batch sum_i (r_i - l_i,p_i).
        queue: anchors and candidates of earlier batches, (queue, dim) each: negatives, and constants. Each candidate of
            the queue is contrasted with the anchors, and each anchor of it with the positives.

    Raises:
        InputError: the shapes do not fit, or temperature is not positive or so low that no exponential can hold it.
    """
    asked = given(
        anchors, candidates, positive=positive, allowed=allowed, temperature=temperature, symmetric=symmetric,
        queue=queue,
    )  # fmt: skip
    return contrast_sums(asked, _rule, positives=True)


def build_info_nce() -> Loss:
    """The loss, for `make_loss`."""
    return info_nce


def _rule(xp: Any, seen: Seen) -> Slopes:
    return Slopes(xp.log(seen.total) - seen.own, by_own=-xp.ones_like(seen.own), by_total=1 / seen.total)
