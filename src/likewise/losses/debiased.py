"""Debiased contrastive loss: a share of the negatives is expected to be none; hard ones may weigh more."""

import math
from functools import partial
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.losses.info_nce import Seen, Slopes, contrast_sums, given
from likewise.losses.loss import Allowed, Loss, LossResult

__all__ = ["build_debiased", "debiased"]


def debiased(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
    prior: float = 0.01,
    hardness: float = 0.0,
) -> LossResult:
    """Debiased contrastive loss (Chuang et al. 2020), with weights for hard negatives (Robinson et al. 2021).

    Any other text is of the anchor's own kind with probability `prior`. What such texts add to the mean over the
    negatives is estimated by the positive and taken away. With l, M and p as in `info_nce`, n the number of allowed
    negatives of anchor i, and weights w_j proportional to e^(hardness l_ij) that sum to 1 over these:

        g = max( (sum_j w_j e^l_ij - prior e^l_i,p_i) / (1 - prior),  e^(-1 / temperature) )
        term_i = log( e^l_i,p_i + n g ) - l_i,p_i

    and the same for each positive among the anchors; value is the mean of both means. Positive pairs, also those of
    other anchors with the same positive, are never negatives. The bound is the least that e^l can be for unit rows;
    where it holds, no negative moves, and it alone depends on the temperature. A pair without negatives costs nothing.

    The weights are constants: no derivative is taken of them, where the code of the paper takes it. With
    `prior = hardness = 0` this is InfoNCE.

    Args:
        anchors: (batch, dim), unit rows.
        candidates: (keys, dim); those beyond the positives are negatives only.
        positive: for each anchor the index of its positive; of the same index if None.
        allowed: as in `info_nce`.
        temperature: the similarity is divided by it.
        symmetric: also contrast each positive with all anchors.
        queue: as in `info_nce`.
        prior: how likely it is that a negative is none, 0 or more and below 1.
        hardness: beta of Robinson et al.; 0 weighs all negatives alike.

    Raises:
        InputError: a number is out of range, or the shapes do not fit.
    """
    _check(prior, hardness)
    asked = given(
        anchors, candidates, positive=positive, allowed=allowed, temperature=temperature, symmetric=symmetric,
        queue=queue,
    )  # fmt: skip

    def rule(xp: Any, seen: Seen) -> Slopes:
        return _slopes(xp, seen, prior=prior, temperature=temperature)

    return contrast_sums(asked, rule, positives=False, hardness=hardness)


def build_debiased(prior: float = 0.01, hardness: float = 0.0) -> Loss:
    """The loss with these numbers, for `make_loss`.

    Args:
        prior: as in `debiased`.
        hardness: as in `debiased`.
    """
    _check(prior, hardness)
    return partial(debiased, prior=prior, hardness=hardness)


def _check(prior: float, hardness: float) -> None:
    if not 0 <= prior < 1:
        raise InputError(f"prior {prior} is no share of false negatives: give 0 or more, and less than 1")
    if not 0 <= hardness < math.inf:
        raise InputError(f"hardness {hardness} is out of range: give 0, or a positive number")


def _slopes(xp: Any, seen: Seen, *, prior: float, temperature: float) -> Slopes:
    least = math.exp(-1 / temperature - seen.shift)
    weight = xp.where(seen.count > 0, seen.weight, xp.ones_like(seen.weight))
    own = xp.exp(seen.own)
    mean = (seen.total / weight - prior * own) / (1 - prior)
    free = mean > least
    nothing = xp.zeros_like(own)
    whole = own + seen.count * xp.where(free, mean, nothing + least)
    return Slopes(
        value=xp.log(whole) - seen.own,
        by_own=own * (1 - xp.where(free, seen.count * prior / (1 - prior), nothing)) / whole - 1,
        by_total=xp.where(free, seen.count / (weight * (1 - prior) * whole), nothing),
        by_temperature=xp.where(free, nothing, seen.count * least / (temperature**2 * whole)),
    )
