"""Decoupled contrastive loss: InfoNCE whose denominator holds the negatives alone."""

from typing import Any

import numpy as np

from likewise.losses.info_nce import Seen, Slopes, contrast_sums, given
from likewise.losses.loss import Allowed, Loss, LossResult

__all__ = ["build_decoupled", "decoupled"]


def decoupled(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
) -> LossResult:
    """Decoupled contrastive loss (Yeh et al. 2021, "Decoupled contrastive learning").

    With l, M and p as in `info_nce`, and sums that leave out every positive pair:

        r_i = log sum_{j != p_i} M_ij e^l_ij,   c_j = log sum_{i: p_i != j} M_ij e^l_ij
        value = 1/(2 batch) sum_i [ (r_i - l_i,p_i) + (c_p_i - l_i,p_i) ]

    The gradient of InfoNCE is that of a term here times the probability that the positive does not have: where
    positives are easily told, or negatives few, InfoNCE has nearly stopped learning and this has not. The value may be
    below zero.

    A term whose negatives are all masked would be minus infinity. There is nothing to contrast the pair with, so the
    term counts as zero and moves nothing, as it does in InfoNCE.

    Args:
        anchors: (batch, dim), unit rows usually.
        candidates: (keys, dim); those beyond the positives are negatives only.
        positive: for each anchor the index of its positive; of the same index if None.
        allowed: as in `info_nce`.
        temperature: the similarity is divided by it.
        symmetric: also contrast each positive with all anchors.
        queue: as in `info_nce`.

    Raises:
        InputError: the shapes do not fit, or temperature is not positive or so low that no exponential can hold it.
    """
    asked = given(
        anchors, candidates, positive=positive, allowed=allowed, temperature=temperature, symmetric=symmetric,
        queue=queue,
    )  # fmt: skip
    return contrast_sums(asked, _rule, positives=False)


def build_decoupled() -> Loss:
    """The loss, for `make_loss`."""
    return decoupled


def _rule(xp: Any, seen: Seen) -> Slopes:
    alone = seen.total == 0
    total = xp.where(alone, xp.ones_like(seen.total), seen.total)
    nothing = xp.zeros_like(total)
    return Slopes(
        value=xp.where(alone, nothing, xp.log(total) - seen.own),
        by_own=xp.where(alone, nothing, -xp.ones_like(total)),
        by_total=xp.where(alone, nothing, 1 / total),
    )
