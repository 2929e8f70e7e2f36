"""Matryoshka: InfoNCE of the first few dimensions, of a few more, of all; exact, at the products of one."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.losses import info_nce as logits
from likewise.losses.info_nce import Block, Given, given, scattered
from likewise.losses.loss import Allowed, Loss, LossResult

__all__ = ["build_matryoshka", "halvings", "matryoshka"]

SMALLEST = 32  # dimensions that halving stops at: fewer tell few texts apart

_Pairs = list[tuple[Any, Any]]  # for each number of dimensions: logits and their exponentials


def matryoshka(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
    dims: Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
) -> LossResult:
    """InfoNCE over nested dimensions (Kusupati et al. 2022, "Matryoshka representation learning").

    With a_i^k the first d_k dimensions of an anchor divided by their norm, likewise c_j^k, and l^k = a^k·c^k /
    temperature:

        value = sum_k weight_k info_nce(a^k, c^k) / sum_k weight_k

    The paper takes the sum; the mean leaves the learning rate what it is with one number of dimensions. Vectors may be
    of any norm, as each part is normalised here; a part of zeros has a cosine of zero with everything and learns
    nothing.

    Similarities of more dimensions are those of fewer plus the products of what lies between, and so are their
    derivatives, from the other end: the matrix products are those of one InfoNCE of the largest d_k. Exponentials and
    masks are made for each. Beside the derivatives, memory holds two tiles, and for each d_k a few numbers an anchor
    and a candidate; where batch * keys * 2 dims stays below 2^23, logits and exponentials are kept for the second pass.

    Args:
        anchors: (batch, dim).
        candidates: (keys, dim); those beyond the positives are negatives only.
        positive: for each anchor the index of its positive; of the same index if None.
        allowed: as in `info_nce`.
        temperature: the similarity is divided by it.
        symmetric: also contrast each positive with all anchors.
        queue: as in `info_nce`.
        dims: numbers of dimensions, rising; dim, its half, its quarter and so on down to 32 if None.
        weights: of each number of dimensions, positive; all alike if None.

    Raises:
        InputError: dims do not rise or are more than there are, weights do not fit them, or what `info_nce` refuses.
    """
    asked = given(
        anchors, candidates, positive=positive, allowed=allowed, temperature=temperature, symmetric=symmetric,
        queue=queue,
    )  # fmt: skip
    dim = anchors.shape[1]
    chosen = halvings(dim) if dims is None else _checked(dims)
    if chosen[-1] > dim:
        raise InputError(f"dims {chosen} of vectors of {dim} dimensions: give at most {dim}")
    shares = [1.0] * len(chosen) if weights is None else [float(each) for each in weights]
    if len(shares) != len(chosen) or not all(0 < share < math.inf for share in shares):
        raise InputError(f"weights {shares} of {len(chosen)} numbers of dimensions: give a positive one for each")
    if not 2 / temperature <= logits.WIDEST[64]:
        raise InputError(f"temperature {temperature} is too low: give at least {2 / logits.WIDEST[64]:.3g}")
    weighed = [share / sum(shares) for share in shares]
    if asked.is_too_cold(2 / temperature):
        return asked.narrowed(_Nested(asked.widened(), chosen, weighed).contrast())
    return _Nested(asked, chosen, weighed).contrast()


def build_matryoshka(*dims: float) -> Loss:
    """The loss over these numbers of dimensions, for `make_loss`; without any, over halvings.

    Args:
        dims: whole numbers, rising.
    """
    return partial(matryoshka, dims=_checked(dims)) if dims else matryoshka


def halvings(dim: int) -> list[int]:
    """The dimensions, half of them, a quarter and so on, rising; none below 32 but the first."""
    found = [dim]
    while found[0] // 2 >= SMALLEST:
        found.insert(0, found[0] // 2)
    return found


def _checked(dims: Sequence[int | float]) -> list[int]:
    chosen = [int(each) for each in dims]
    if not chosen or chosen[0] < 1 or sorted(set(dims)) != chosen:
        raise InputError(f"dims {', '.join(map(str, dims)) or 'of none'}: give whole numbers from 1, rising")
    return chosen


@dataclass(frozen=True)
class _Parts:
    """A block of logits, its vectors cut where the numbers of dimensions are; lists have an entry for each of these.

    Attributes:
        block: what is cut.
        anchors: what lies between one number of dimensions and the next.
        candidates: the same of these.
        by_anchor: one over the norms of the anchors' first dimensions, zero where these are zeros.
        by_candidate: the same of the candidates.
    """

    block: Block
    anchors: list[Any]
    candidates: list[Any]
    by_anchor: list[Any]
    by_candidate: list[Any]


class _Nested:
    """One loss over all numbers of dimensions; lists have an entry for each of these."""

    def __init__(self, asked: Given, dims: list[int], weights: list[float]) -> None:
        self.asked, self.weights, self.dims = asked, weights, dims
        blocks = [self._cut(block) for block in asked.blocks()]
        few = 2 * len(dims) * sum(each.block.size for each in blocks) <= logits.KEPT_LOGITS
        self.kept: list[_Pairs] | None = [] if few else None
        self.tiles = [(each, tile) for each in blocks for tile in each.block.tiles(logits.TILE_LOGITS)]

    def contrast(self) -> LossResult:
        """The value, from sums of a first pass, and the derivatives, by a second."""
        asked, xp = self.asked, self.asked.xp
        unit = 1 / (asked.directions * asked.anchors.shape[0])
        placed = xp.asarray(asked.index, device=asked.place["device"])
        rows, columns, own = self._summed()
        value, by_row, by_column = 0.0, [], []
        for weight, row_sums, column_sums, of_positives in zip(self.weights, rows, columns, own, strict=True):
            at_positives = xp.take(column_sums, placed, axis=0) if asked.symmetric else row_sums
            terms = xp.log(row_sums) + xp.log(at_positives) - 2 * of_positives
            value += weight * float(xp.mean(terms)) / 2
            by_row.append(weight * unit / row_sums)
            by_column.append(scattered(weight * unit / at_positives, asked, asked.candidates.shape[0]))
        return self._pulled(value, by_row, by_column if asked.symmetric else None)

    def _cut(self, block: Block) -> _Parts:
        bounds = list(zip([0, *self.dims], self.dims, strict=False))
        anchors, candidates = (
            [self.asked.xp.asarray(side[:, first:last], copy=True) for first, last in bounds]
            for side in (block.anchors, block.candidates)
        )
        return _Parts(block, anchors, candidates, self._inverse_norms(anchors), self._inverse_norms(candidates))

    def _inverse_norms(self, parts: list[Any]) -> list[Any]:
        xp, squared, found = self.asked.xp, self.asked.xp.zeros_like(parts[0][:, 0]), []
        for part in parts:
            squared = squared + xp.sum(part * part, axis=1)
            some = squared > 0
            found.append(xp.where(some, 1 / xp.sqrt(xp.where(some, squared, xp.ones_like(squared))), squared))
        return found

    def _made(self, cut: _Parts, tile: slice) -> Iterator[tuple[Any, Any]]:
        mask = cut.block.mask(tile)
        mask = None if mask is None else self.asked.xp.astype(mask, self.asked.anchors.dtype)
        products: Any = 0.0
        for k, candidates in enumerate(cut.candidates):
            products += cut.anchors[k][tile] @ candidates.T
            scaled = products * (cut.by_anchor[k][tile, None] / self.asked.temperature)
            scaled *= cut.by_candidate[k][None, :]
            # Cosines have a bound: where the temperature is not too cold, no exponential needs a shift.
            exponentials = self.asked.xp.exp(scaled)
            if mask is not None:
                exponentials *= mask
            yield scaled, exponentials

    def _summed(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The sums of rows and of columns, and the positives' logits."""
        xp, count = self.asked.xp, len(self.dims)
        row_parts: list[list[Any]] = [[] for _ in range(count)]
        own_parts: list[list[Any]] = [[] for _ in range(count)]
        columns = [xp.zeros(self.asked.candidates.shape[0], **self.asked.place) for _ in range(count)]
        for cut, tile in self.tiles:
            block, pairs = cut.block, []
            for k, (scaled, exponentials) in enumerate(self._made(cut, tile)):
                if block.learned:
                    row_parts[k].append(xp.sum(exponentials, axis=1))
                    own_parts[k].append(scaled[block.positives(tile)])
                columns[k][: block.width] += xp.sum(exponentials[:, : block.width], axis=0)
                if self.kept is not None:
                    pairs.append((scaled, exponentials))
            if self.kept is not None:
                self.kept.append(pairs)
        return [xp.concat(parts) for parts in row_parts], columns, [xp.concat(parts) for parts in own_parts]

    def _pulled(self, value: float, by_row: list[Any], by_column: list[Any] | None) -> LossResult:
        """The derivatives, from all dimensions down to the fewest.

        With G^k = d value / d l^k, n^k the norms and H^k = G^k / (n_a^k n_c^k temperature), what lies between d_k-1 and
        d_k gets, of anchors, sum_{m >= k} H^m C - u^k a, u^k_i = sum_{m >= k} sum_j G^m_ij l^m_ij / (n_a^m)²_i: of the
        products that it is part of, and of the norms.
        """
        asked, xp = self.asked, self.asked.xp
        anchors = xp.zeros_like(asked.anchors)
        candidates = [xp.zeros_like(part) for part in self.tiles[0][0].candidates]
        candidates = [part[: asked.candidates.shape[0]] for part in candidates]
        shrunk = [xp.zeros(asked.candidates.shape[0], **asked.place) for _ in self.dims]
        by_temperature = 0.0
        for number, (cut, tile) in enumerate(self.tiles):
            width, products, norms = cut.block.width, None, 0.0
            pairs = list(self._made(cut, tile)) if self.kept is None else self.kept[number]
            for k in reversed(range(len(self.dims))):
                moved, by_logit = pairs.pop()  # both changed in place: these are not needed again
                self._weigh(by_logit, cut.block, tile, k, by_row, by_column)
                moved *= by_logit
                moved_rows, by_anchor = xp.sum(moved, axis=1), cut.by_anchor[k][tile]
                by_temperature -= float(xp.sum(moved_rows)) / asked.temperature
                norms = norms + moved_rows * by_anchor**2
                shrunk[k][:width] += (xp.sum(moved, axis=0) * cut.by_candidate[k] ** 2)[:width]
                by_logit *= by_anchor[:, None] / asked.temperature
                by_logit *= cut.by_candidate[k][None, :]
                products = by_logit if products is None else products + by_logit
                if cut.block.learned:
                    some = products @ cut.candidates[k] - norms[:, None] * cut.anchors[k][tile]
                    anchors[tile, self.dims[k] - some.shape[1] : self.dims[k]] = some
                candidates[k][:width] += products[:, :width].T @ cut.anchors[k][tile]
        whole, total = xp.zeros_like(asked.candidates), 0.0
        for k in reversed(range(len(self.dims))):
            total = total + shrunk[k]
            place = slice(self.dims[k] - candidates[k].shape[1], self.dims[k])
            whole[:, place] = candidates[k] - total[:, None] * asked.candidates[:, place]
        return LossResult(value, anchors, whole, by_temperature)

    def _weigh(
        self, exponentials: Any, block: Block, tile: slice, k: int, by_row: list[Any], by_column: list[Any] | None
    ) -> None:
        """Makes derivatives by logits of exponentials, in place."""
        width = block.width
        if not block.learned:
            exponentials *= 0.0 if by_column is None else by_column[k][None, :width]
            return
        rows = by_row[k][tile, None]
        if by_column is None:
            exponentials *= rows
        else:
            exponentials[:, :width] *= rows + by_column[k][None, :]
            exponentials[:, width:] *= rows
        exponentials[block.positives(tile)] -= self.weights[k] / self.asked.anchors.shape[0]
