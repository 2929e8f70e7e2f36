"""Losses of a positive's logit and a sum of exponentials: two passes over the logits, whatever the formula between."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.losses import logits
from likewise.losses.contrast import Contrast
from likewise.losses.logits import Block, Given

__all__ = ["Rule", "Seen", "Slopes", "contrast_sums", "scattered"]


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


def contrast_sums(given: Given, rule: Rule, *, positives: bool, hardness: float | None = None) -> Contrast:
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
    return Contrast(value, anchors, candidates, by_temperature - by_similarity / given.temperature)


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
            (block, rows, tile)
            for block, rows in zip(blocks, scaled, strict=True)
            for tile in block.tiles(logits.TILE_LOGITS)
        ]
        self.kept: list[Any] | None = [] if sum(block.size for block in blocks) <= logits.KEPT_LOGITS else None

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
