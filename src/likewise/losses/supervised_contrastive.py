"""Supervised contrastive loss: all texts of an anchor's class are its positives."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Int

from likewise.errors import InputError
from likewise.losses.info_nce import LossResult


def supervised_contrastive(
    anchors: Any, candidates: Any, labels: Int[np.ndarray, " batch"], *, temperature: float = 0.1
) -> LossResult:
    """SupCon's L_out (Khosla et al. 2020) of two views of each text, in both directions.

    With l_ij = a_i·c_j / temperature, p_ij the softmax of row i, q_ij that of column j, and w_ij = 1/n_i for the n_i
    texts of the class of text i, text i among them, and else 0:

        value = -1/(2 batch) sum_ij w_ij (log p_ij + log q_ij)
        d value / d l_ij = (p_ij + q_ij - 2 w_ij) / (2 batch)

    All logits are in memory at once: a batch of labelled texts is small. Where no two texts share a class, this is
    InfoNCE. Written against the array API: numpy and torch arrays, on any device.

    Args:
        anchors: one view of each text, (batch, dim), usually unit rows.
        candidates: the other view of the same texts, (batch, dim).
        labels: the classes of the texts.
        temperature: divides the similarities.

    Raises:
        InputError: the shapes do not fit, or the temperature is not positive.
    """
    batch, shapes = len(labels), (tuple(anchors.shape), tuple(candidates.shape))
    if anchors.ndim != 2 or not batch or shapes[0] != shapes[1] or shapes[0][0] != batch:
        raise InputError(f"views of {shapes[0]} and {shapes[1]} with {batch} labels: expected (batch, dim) twice")
    if not temperature > 0:
        raise InputError(f"temperature {temperature} is not positive")
    xp = array_namespace(anchors, candidates)
    same = labels[:, None] == labels[None, :]  # (batch, batch)
    shares = same / np.sum(same, axis=1, keepdims=True)  # (batch, batch), symmetric: rows and columns sum to 1
    shares = xp.asarray(shares, dtype=anchors.dtype, device=device(anchors))
    logits = anchors @ candidates.T / temperature  # (batch, batch)
    by_row, by_column = _log_softmax(xp, logits, axis=1), _log_softmax(xp, logits, axis=0)  # (batch, batch) each
    value = -float(xp.sum(shares * (by_row + by_column))) / (2 * batch)
    gradient = (xp.exp(by_row) + xp.exp(by_column) - 2 * shares) / (2 * batch)  # by the logits, (batch, batch)
    return LossResult(
        value,
        gradient @ candidates / temperature,  # (batch, dim)
        gradient.T @ anchors / temperature,  # (batch, dim)
        -float(xp.sum(gradient * logits)) / temperature,
    )


def _log_softmax(xp: Any, logits: Any, axis: int) -> Any:
    shifted = logits - xp.max(logits, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
