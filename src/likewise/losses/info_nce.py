"""InfoNCE: the positive against all other candidates, as a value and its closed-form derivatives."""

from typing import Any

import numpy as np

from likewise.losses.contrast import Allowed, Contrast, Loss
from likewise.losses.logits import given
from likewise.losses.sums import Seen, Slopes, contrast_sums

__all__ = ["Allowed", "Contrast", "build_info_nce", "info_nce"]


def info_nce(
    anchors: Any,
    candidates: Any,
    *,
    positive: np.ndarray | None = None,
    allowed: Any | Allowed | None = None,
    temperature: float = 0.05,
    symmetric: bool = True,
    queue: tuple[Any, Any] | None = None,
) -> Contrast:
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
