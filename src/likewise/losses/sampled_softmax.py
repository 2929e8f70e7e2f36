"""Sampled softmax: the softmax over all items, estimated from the items of a batch."""

from typing import Any

from array_api_compat import array_namespace, device

from likewise.errors import InputError
from likewise.losses.loss import LossResult

__all__ = ["sampled_softmax"]


def sampled_softmax(
    anchors: Any, candidates: Any, *, expected: Any, allowed: Any | None = None, temperature: float = 0.05
) -> LossResult:
    """Sampled softmax, corrected for popularity (Yi et al. 2019, "Sampling-bias-corrected neural modeling").

    The positives of other anchors are negatives drawn in proportion to their popularity, which would push popular
    items away too often. With l_ij = a_i·c_j / temperature, candidate i the positive of anchor i, M_ij 1 where allowed
    and else 0, and Q_j how many times candidate j is expected in a batch:

        value = 1/batch sum_i [ log(e^l_ii + sum_{j != i} M_ij e^l_ij / Q_j) - l_ii ]

    The positive is given and not drawn, so its logit is not corrected ("Correcting the LogQ correction", 2025). All
    logits are in memory at once. Written against the array API: numpy and torch arrays, on any device.

    Args:
        anchors: (batch, dim).
        candidates: (batch, dim); the same item may occur several times.
        expected: Q, (batch,), positive.
        allowed: which candidates each anchor may be contrasted with, booleans (batch, batch); it has to exclude other
            draws of the positive's item. A positive is always allowed.
        temperature: divides the similarities.

    Raises:
        InputError: the shapes do not fit, or the temperature or a number of `expected` is not positive.
    """
    xp, batch = array_namespace(anchors, candidates), anchors.shape[0]
    place = {"dtype": anchors.dtype, "device": device(anchors)}
    if anchors.ndim != 2 or not batch or tuple(anchors.shape) != tuple(candidates.shape) or not temperature > 0:
        shapes = f"anchors {tuple(anchors.shape)} and candidates {tuple(candidates.shape)}, temperature {temperature}"
        raise InputError(f"{shapes}: expected (batch, dim) twice, and a positive temperature")
    expected = xp.asarray(expected, **place)  # (batch,)
    if tuple(expected.shape) != (batch,) or not bool(xp.all(expected > 0)):
        raise InputError(f"{tuple(expected.shape)} expected counts of {batch} candidates: give each one, above 0")
    positive = xp.eye(batch, dtype=xp.bool, device=place["device"])  # (batch, batch)
    logits = anchors @ candidates.T / temperature  # (batch, batch)
    corrected = xp.where(positive, logits, logits - xp.log(expected)[None, :])  # (batch, batch)
    if allowed is not None:
        mask = xp.asarray(allowed, device=place["device"]) | positive  # (batch, batch)
        corrected = xp.where(mask, corrected, xp.full_like(corrected, -xp.inf))
    corrected -= xp.max(corrected, axis=1, keepdims=True)
    exponentials = xp.exp(corrected)  # (batch, batch)
    sums = xp.sum(exponentials, axis=1, keepdims=True)  # (batch, 1)
    value = float(xp.sum(xp.log(sums[:, 0]) - xp.sum(xp.where(positive, corrected, xp.zeros_like(corrected)), axis=1)))
    gradient = (exponentials / sums - xp.astype(positive, anchors.dtype)) / batch  # by the logits, (batch, batch)
    return LossResult(
        value / batch,
        gradient @ candidates / temperature,  # (batch, dim)
        gradient.T @ anchors / temperature,  # (batch, dim)
        -float(xp.sum(gradient * logits)) / temperature,
    )
