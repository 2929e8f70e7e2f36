"""InfoNCE with several positives, or soft ones: each candidate is the positive to a share, as a teacher ranks them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from likewise.errors import InputError
from likewise.losses import info_nce as logits
from likewise.losses.info_nce import Block, Given, given, info_nce
from likewise.losses.loss import Allowed, Loss, LossResult

__all__ = ["Ranking", "build_soft", "soft_info_nce"]

OFF = 1e-3  # what the shares of an anchor may be off one by: rounding, also of half precision


@dataclass(frozen=True)
class Ranking:
    """Targets as a teacher ranks the candidates: the softmax of its similarities, made a tile at a time.

    Attributes:
        anchors: the teacher's vectors of the anchors, (batch, teacher_dim).
        candidates: those of the candidates, (keys, teacher_dim).
        temperature: the teacher's similarities are divided by it.
        allowed: which candidates may have a share, as in `info_nce`; at least one for each anchor.
    """

    anchors: Any
    candidates: Any
    temperature: float = 0.05
    allowed: Any | Allowed | None = None

    def __call__(self, rows: slice) -> Any:
        """The shares of some anchors, (rows, keys).

        Args:
            rows: consecutive anchors.
        """
        xp = array_namespace(self.anchors, self.candidates)
        scores = self.anchors[rows] @ self.candidates.T / self.temperature
        if self.allowed is not None:
            mask = self.allowed(rows) if callable(self.allowed) else self.allowed[rows]
            mask = xp.asarray(mask, device=scores.device)[:, : scores.shape[1]]
            scores = xp.where(mask, scores, xp.full_like(scores, -xp.inf))
        shares = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
        return shares / xp.sum(shares, axis=1, keepdims=True)


def soft_info_nce(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
    target: Any | Callable[[slice], Any] | None = None,
) -> LossResult:
    """InfoNCE with soft positives: the cross-entropy with target distributions.

    With l, r_i and c_j as in `info_nce` and w_ij the share that candidate j has in being the positive of anchor i:

        value = 1/(2 batch) sum_ij w_ij [ (r_i - l_ij) + (c_j - l_ij) ],   sum_j w_ij = 1

    Each share is a positive pair that counts so much, in both directions. Shares of one half make two positives (as in
    SupCon's L_out, Khosla et al. 2020); those of a teacher (`Ranking`) make the list-wise distillation of ListNet (Cao
    et al. 2007), whose least value is the entropy of the targets and not zero. Shares of one at `positive` are
    InfoNCE, and so is no target at all.

    Args:
        anchors: (batch, dim), unit rows usually.
        candidates: (keys, dim).
        positive: for each anchor the index of its positive, where there is no target.
        allowed: as in `info_nce`; a candidate that has a share of an anchor is allowed to it in any case. So the shares
            of a teacher are to be masked where they are made. With a target, rows of the queue are of all candidates.
        temperature: the similarity is divided by it.
        symmetric: also contrast each positive with all anchors; if false, value = 1/batch sum_ij w_ij (r_i - l_ij).
        queue: as in `info_nce`; it has no share in the target.
        target: (batch, keys), rows of shares that sum to one, or a function from a slice of anchors to their rows.

    Raises:
        InputError: target and positive are both given, the shares of an anchor do not sum to one, or the shapes do not
            fit.
    """
    shared: dict[str, Any] = {
        "allowed": allowed, "temperature": temperature, "symmetric": symmetric, "queue": queue,
    }  # fmt: skip
    if target is None:
        return info_nce(anchors, candidates, positive=positive, **shared)
    if positive is not None:
        raise InputError("both target and positive say what the positives are: give one of them")
    anywhere = np.full(anchors.shape[0], candidates.shape[0] - 1)  # every candidate may be a positive, up to the last
    return _soft(given(anchors, candidates, positive=anywhere, **shared), target)


def build_soft() -> Loss:
    """The loss, for `make_loss`; who calls it gives the target."""
    return soft_info_nce


def _soft(asked: Given, target: Any) -> LossResult:
    shift = asked.bound()
    if asked.is_too_cold(2 * shift):
        return asked.narrowed(_soft(asked.widened(), target))
    xp, place, batch, keys = asked.xp, asked.place, asked.anchors.shape[0], asked.candidates.shape[0]
    blocks = asked.blocks()
    tiles = [(block, tile) for block in blocks for tile in block.tiles(logits.TILE_LOGITS)]
    few = sum(block.size for block in blocks) <= logits.KEPT_LOGITS
    row_parts, attracted = [], 0.0
    kept: list[Any] = []  # empty where they are too many
    columns, mass = xp.zeros(keys, **place), xp.zeros(keys, **place)
    for block, tile in tiles:
        shares = _shares(block, tile, target)
        shifted, exponentials = _exponentials(block, tile, shares, shift)
        if shares is not None:
            row_parts.append(xp.sum(exponentials, axis=1))
            attracted += float(xp.sum(shares * shifted[:, :keys]))
            mass += xp.sum(shares, axis=0)
        columns[: block.width] += xp.sum(exponentials[:, : block.width], axis=0)
        if few:
            kept.append(exponentials)
    rows = xp.concat(row_parts)
    value = float(xp.sum(xp.log(rows))) - asked.directions * attracted
    if asked.symmetric:
        value += float(xp.sum(mass * xp.log(xp.where(mass > 0, columns, xp.ones_like(columns)))))

    # d value / d similarity_ij = [e^l_ij (1/rows_i + mass_j/columns_j) - directions w_ij] unit
    unit = 1.0 / (asked.directions * batch * asked.temperature)
    often = mass if asked.symmetric else xp.zeros_like(mass)
    by_row, by_column = unit / rows, unit * often / xp.where(often > 0, columns, xp.ones_like(columns))
    anchor_parts, candidate_gradient, beyond = [], xp.zeros(asked.candidates.shape, **place), 0.0
    for number, (block, tile) in enumerate(tiles):
        shares = _shares(block, tile, target)
        again = kept[number] if few else _exponentials(block, tile, shares, shift)[1]
        if shares is None:
            part = (again * by_column[None, :]).T @ block.anchors[tile]
            candidate_gradient += part
            beyond += float(xp.sum(part * asked.candidates))
            continue
        by_similarity = again * by_row[tile, None]
        by_similarity[:, :keys] += again[:, :keys] * by_column[None, :] - asked.directions * unit * shares
        anchor_parts.append(by_similarity @ block.candidates)
        candidate_gradient += by_similarity[:, :keys].T @ asked.anchors[tile]
    anchor_gradient = xp.concat(anchor_parts)
    by_similarities = float(xp.sum(anchor_gradient * asked.anchors)) + beyond
    return LossResult(
        value / (asked.directions * batch), anchor_gradient, candidate_gradient, -by_similarities / asked.temperature
    )


def _shares(block: Block, tile: slice, target: Any) -> Any | None:
    """The shares of a tile's anchors; the queue's anchors have none."""
    if not block.learned:
        return None
    xp = block.given.xp
    shares = xp.asarray(target(tile) if callable(target) else target[tile], **block.given.place)
    shape = (tile.stop - tile.start, block.width)
    if tuple(shares.shape) != shape:
        raise InputError(
            f"target gives {tuple(shares.shape)} shares for anchors {tile.start} to {tile.stop}, expected {shape}"
        )
    sums = xp.sum(shares, axis=1)
    wrong = float(xp.max(xp.abs(sums - 1)))
    if not (wrong <= OFF and float(xp.min(shares)) >= 0):
        raise InputError(
            f"the shares of an anchor sum to {1 + wrong:.4g} or as much less, or are negative: "
            "give each anchor shares of 0 or more that sum to 1"
        )
    return shares


def _exponentials(block: Block, tile: slice, shares: Any | None, shift: float) -> tuple[Any, Any]:
    """Logits less the shift, and their exponentials, zero where neither allowed nor with a share."""
    xp = block.given.xp
    shifted = (block.anchors[tile] / block.given.temperature) @ block.candidates.T - shift
    exponentials = xp.exp(shifted)
    mask = block.allowed(tile)
    if mask is None:
        return shifted, exponentials
    if shares is not None:
        mask[:, : block.width] |= shares > 0
    return shifted, xp.where(mask, exponentials, xp.zeros_like(exponentials))
