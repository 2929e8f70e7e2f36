"""InfoNCE: the positive against all other candidates, as a value and its closed-form derivatives."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from likewise.errors import InputError

__all__ = ["Allowed", "Contrast", "info_nce"]

Allowed = Callable[[slice], Any]

TILE_LOGITS = 1 << 19  # of a tile: it stays in the processor's cache
KEPT_LOGITS = 1 << 23  # up to here the exponentials are kept from the first pass for the second: 32 MiB
WIDEST = {16: -1.0, 32: 80.0, 64: 700.0}  # span of logits, by bits a number, in which no exponential becomes zero


@dataclass(frozen=True)
class Contrast:
    """A loss and its derivative by each input.

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


def info_nce(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
) -> Contrast:
    """Symmetric InfoNCE (van den Oord et al. 2018; both directions as in CLIP, Radford et al. 2021).

    With l_ij = a_i·c_j / temperature, M the allowed logits, p_i the positive of anchor i, r_i = log sum_j M_ij e^l_ij
    and c_j = log sum_i M_ij e^l_ij:

        value = 1/(2 batch) sum_i [ (r_i - l_i,p_i) + (c_p_i - l_i,p_i) ]

    The derivatives are those of the formula, written out; no graph is recorded. The logits are made in tiles, so
    memory grows with batch + keys and not with their product. Written against the array API standard: numpy and torch
    arrays, on any device.

    Args:
        anchors: (batch, dim), unit rows usually.
        candidates: (keys, dim), at least as many as there are positives; those beyond are negatives only.
        positive: for each anchor the index of its positive candidate; the candidate of the same index if None.
        allowed: which candidates each anchor may be contrasted with: booleans (batch, keys), or a function from a slice
            of anchors to the booleans of these (rows, keys). The positive always is.
        temperature: the similarity is divided by it.
        symmetric: also contrast each positive with all anchors; if false, value = 1/batch sum_i (r_i - l_i,p_i).

    Raises:
        InputError: the shapes do not fit, or temperature is not positive or so low that no exponential can hold it.
    """
    xp = array_namespace(anchors, candidates)
    index = np.arange(anchors.shape[0]) if positive is None else np.asarray(positive)
    _check(anchors, candidates, index, temperature)
    shift = _bound(xp, anchors, candidates, temperature)
    if 2 * shift > WIDEST[xp.finfo(anchors.dtype).bits]:
        # Too cold for this precision: an exponential would become zero. float64 holds any temperature in use.
        single = anchors.dtype
        wide = info_nce(
            xp.astype(anchors, xp.float64), xp.astype(candidates, xp.float64),
            positive=index, allowed=allowed, temperature=temperature, symmetric=symmetric,
        )  # fmt: skip
        by_anchors, by_candidates = (xp.astype(side, single) for side in (wide.anchors, wide.candidates))
        return Contrast(wide.value, by_anchors, by_candidates, wide.temperature)
    tiles = _Tiles(xp, anchors / temperature, candidates, index=index, allowed=allowed, shift=shift)
    return _contrast(tiles, anchors, temperature=temperature, symmetric=symmetric)


def _contrast(tiles: "_Tiles", anchors: Any, *, temperature: float, symmetric: bool) -> Contrast:
    xp, candidates, index, shift = tiles.xp, tiles.candidates, tiles.index, tiles.shift
    batch, keys = anchors.shape[0], candidates.shape[0]
    place = {"dtype": anchors.dtype, "device": device(anchors)}
    placed = xp.asarray(index, device=device(anchors))
    directions = 2 if symmetric else 1

    own = xp.sum(anchors * xp.take(candidates, placed, axis=0), axis=1) / temperature
    row_sums, column_sums = [], xp.zeros(keys, **place)
    for _, exponentials in tiles.first_pass():
        row_sums.append(xp.sum(exponentials, axis=1))
        column_sums += xp.sum(exponentials, axis=0)
    rows = xp.concat(row_sums)
    value = xp.mean(shift + xp.log(rows) - own)
    often = xp.asarray(np.bincount(index, minlength=keys) if symmetric else np.zeros(keys), **place)
    if symmetric:
        value = (value + xp.mean(shift + xp.log(xp.take(column_sums, placed, axis=0)) - own)) / 2

    # d value / d similarity_ij
    #     = e^l_ij (1/rows_i + often_j/columns_j) / (directions batch temperature) - [j = p_i] / (batch temperature)
    unit = 1.0 / (directions * batch * temperature)
    by_row = unit / rows
    by_column = xp.where(often > 0, unit * often / xp.where(often > 0, column_sums, 1.0), 0.0)
    anchor_parts, candidate_gradient = [], xp.zeros(candidates.shape, **place)
    for tile, exponentials in tiles.second_pass():
        by_similarity = exponentials  # changed in place: these are not needed again
        by_similarity *= by_row[tile, None] + by_column[None, :] if symmetric else by_row[tile, None]
        by_similarity[np.arange(by_similarity.shape[0]), index[tile]] -= directions * unit
        anchor_parts.append(by_similarity @ candidates)
        candidate_gradient += by_similarity.T @ anchors[tile]
    anchor_gradient = xp.concat(anchor_parts)
    # sum_ij G_ij S_ij = sum_i dA_i·a_i, and a similarity divided by the temperature changes by -S / temperature².
    by_temperature = -float(xp.sum(anchor_gradient * anchors)) / temperature
    return Contrast(float(value), anchor_gradient, candidate_gradient, by_temperature)


class _Tiles:
    """e^(logit - shift) in tiles of rows, zeros where not allowed; kept between the passes where they are few."""

    def __init__(
        self,
        xp: Any,
        scaled: Any,
        candidates: Any,
        *,
        index: np.ndarray,
        allowed: Any | Allowed | None,
        shift: float,
    ) -> None:
        self.xp, self.scaled, self.candidates = xp, scaled, candidates
        self.index, self.allowed, self.shift = index, allowed, shift
        batch, keys = scaled.shape[0], candidates.shape[0]
        rows = max(1, TILE_LOGITS // keys)
        self.slices = [slice(first, min(first + rows, batch)) for first in range(0, batch, rows)]
        self.kept: list[Any] | None = [] if batch * keys <= KEPT_LOGITS else None

    def first_pass(self) -> Iterator[tuple[slice, Any]]:
        for tile in self.slices:
            exponentials = self._made(tile)
            if self.kept is not None:
                self.kept.append(exponentials)
            yield tile, exponentials

    def second_pass(self) -> Iterator[tuple[slice, Any]]:
        for number, tile in enumerate(self.slices):
            yield tile, self._made(tile) if self.kept is None else self.kept[number]

    def _made(self, tile: slice) -> Any:
        logits = self.scaled[tile] @ self.candidates.T
        logits -= self.shift
        exponentials = self.xp.exp(logits)
        if self.allowed is None:
            return exponentials
        mask = self.allowed(tile) if callable(self.allowed) else self.allowed[tile]
        mask = self.xp.asarray(mask, device=device(self.scaled), copy=True)
        mask[np.arange(mask.shape[0]), self.index[tile]] = True
        return self.xp.where(mask, exponentials, self.xp.zeros_like(exponentials))


def _bound(xp: Any, anchors: Any, candidates: Any, temperature: float) -> float:
    """No logit exceeds this (Cauchy-Schwarz); taken from all, it lets one exponential serve rows and columns."""
    longest = [math.sqrt(float(xp.max(xp.sum(side * side, axis=1)))) for side in (anchors, candidates)]
    bound = longest[0] * longest[1] / temperature
    if not 2 * bound <= WIDEST[64]:
        raise InputError(
            f"temperature {temperature} with vectors of norm {max(longest):.3g} makes logits up to {bound:.3g}, "
            f"expected at most {WIDEST[64] / 2:g}: raise the temperature, or normalise the vectors"
        )
    return bound


def _check(anchors: Any, candidates: Any, index: np.ndarray, temperature: float) -> None:
    if anchors.ndim != 2 or candidates.ndim != 2 or anchors.shape[1] != candidates.shape[1]:
        shapes = f"anchors {tuple(anchors.shape)} and candidates {tuple(candidates.shape)}"
        raise InputError(f"{shapes}: expected (batch, dim) and (keys, dim)")
    batch, keys = anchors.shape[0], candidates.shape[0]
    if batch == 0 or index.shape != (batch,) or index.min() < 0 or index.max() >= keys:
        raise InputError(
            f"{batch} anchors with {index.size} positives among {keys} candidates: "
            "expected one index of a candidate for each anchor"
        )
    if not temperature > 0:
        raise InputError(f"temperature {temperature} is not positive")
