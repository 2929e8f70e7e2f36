"""Softmax over all items from the items of a batch, corrected for how often each is drawn."""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from likewise.errors import InputError
from likewise.losses.info_nce import Rule, Seen, Slopes, contrast_sums, given
from likewise.losses.loss import Allowed, LossResult

__all__ = ["sampled_softmax"]


def sampled_softmax(
    anchors: Any,
    candidates: Any,
    *,
    expected: Any | None = None,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
) -> LossResult:
    """Sampled softmax with the correction for popularity (Yi et al. 2019, "Sampling-bias-corrected neural modeling").

    Candidates that are the positives of other anchors are drawn as often as they are popular, so popular ones are
    pushed away too often. With l_ij = a_i·c_j / temperature, p_i the positive of anchor i, and Q_j how many times
    candidate j is expected in a batch,

        S_i = sum_{j != p_i} M_ij e^l_ij / Q_j,   value = 1/batch sum_i [ log(e^l_i,p_i + S_i) - l_i,p_i ]

    S_i is the importance sampling estimate of the sum over all negatives. The positive is not drawn but given, so its
    logit is not corrected (Correcting the LogQ correction, 2025: with s_i the positive's share, the gradient is 1 - s_i
    times that of the term without the positive in its denominator). Where nothing is said of Q, it is 1 and this is the
    one direction of `info_nce`.

    Args:
        anchors: (batch, dim).
        candidates: (keys, dim); the same item may stand there as often as it was drawn.
        expected: Q, (keys,), positive; ones if None.
        positive: for each anchor the index of its positive candidate; the candidate of the same index if None.
        allowed: as in `info_nce`; other draws of the positive's own item are to be left out by it.
        temperature: the similarity is divided by it.

    Raises:
        InputError: the shapes do not fit, or temperature or a number of `expected` is not positive.
    """
    xp = array_namespace(anchors, candidates)
    place = {"dtype": anchors.dtype, "device": device(anchors)}
    often = xp.ones(candidates.shape[0], **place) if expected is None else xp.asarray(expected, **place)
    if tuple(often.shape) != (candidates.shape[0],) or not bool(xp.all(often > 0)):
        raise InputError(
            f"expected numbers of shape {tuple(often.shape)} for {candidates.shape[0]} candidates: one each, above 0"
        )
    # One more coordinate carries the correction through the code of every other loss, -temperature log Q_j in all. It
    # is shared out between both sides so that the bound of their product exceeds that of the logits by it, no more.
    correction = -temperature * xp.log(often)
    share = _share(xp, anchors, candidates, correction)
    correction = correction / share
    asked = given(
        xp.concat([anchors, share * xp.ones((anchors.shape[0], 1), **place)], axis=1),
        xp.concat([candidates, correction[:, None]], axis=1),
        positive=positive, allowed=allowed, temperature=temperature, symmetric=False, queue=None,
    )  # fmt: skip
    own = xp.take(xp.log(often), xp.asarray(asked.index, device=place["device"]), axis=0)
    found = contrast_sums(asked, _rule(own), positives=False)
    # The correction does not depend on the temperature: what it added to that derivative goes, but for the positives'.
    through = float(xp.sum(found.candidates[:, -1] * correction))
    return LossResult(
        found.value,
        found.anchors[:, :-1],
        found.candidates[:, :-1],
        found.temperature + through / temperature,
    )


def _share(xp: Any, anchors: Any, candidates: Any, correction: Any) -> float:
    """What the anchors hold of the coordinate, by which the product of the longest rows of both sides is least."""
    if not anchors.shape[0] or not candidates.shape[0]:
        return 1.0
    left, right = (math.sqrt(float(xp.max(xp.sum(side * side, axis=-1)))) for side in (anchors, candidates))
    most = float(xp.max(xp.abs(correction)))
    return math.sqrt(left * most / right) if min(left, most, right) > 0 else 1.0


def _rule(correction: Any) -> Rule:
    def rule(xp: Any, seen: Seen) -> Slopes:
        own = seen.own + xp.astype(correction, seen.own.dtype)  # the positive's logit as it was before the correction
        exponential = xp.exp(own)
        both = exponential + seen.total
        return Slopes(xp.log(both) - own, by_own=exponential / both - 1, by_total=1 / both)

    return rule
