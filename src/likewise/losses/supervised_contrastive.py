"""Supervised contrastive loss: all other texts of an anchor's class are its positives."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from likewise.arrays import Int
from likewise.errors import InputError


def supervised_contrastive(
    vectors: Any, labels: Int[np.ndarray, " batch"], *, temperature: float = 0.1
) -> tuple[float, Any]:
    """SupCon's L_out (Khosla et al. 2020) of a batch, in which each text is contrasted with all others.

    With l_ij = v_i·v_j / temperature, p_ij the softmax of row i without its diagonal, w_ij = 1/n_i for the n_i other
    texts of the class of text i and else 0, and the m texts whose class has another text in the batch:

        value = -1/m sum_ij w_ij log p_ij, where i is one of the m
        d value / d l_ij = (p_ij - w_ij) / m

    All logits are in memory at once: a batch of labelled texts is small. Written against the array API: numpy and torch
    arrays, on any device.

    Args:
        vectors: of the texts, (batch, dim), usually unit rows.
        labels: the classes of the texts; two views of a text are two texts of its class.
        temperature: divides the similarities.

    Returns:
        The value in nats and its gradient by the vectors, (batch, dim); zeros if no class has two texts.

    Raises:
        InputError: the shapes do not fit, or the temperature is not positive.
    """
    batch, shape = len(labels), tuple(vectors.shape)
    if vectors.ndim != 2 or not batch or shape[0] != batch:
        raise InputError(f"vectors of {shape} with {batch} labels: expected (batch, dim)")
    if not temperature > 0:
        raise InputError(f"temperature {temperature} is not positive")
    xp = array_namespace(vectors)
    same = (labels[:, None] == labels[None, :]) & ~np.eye(batch, dtype=bool)  # (batch, batch)
    positives = same.sum(axis=1, keepdims=True)
    anchors = positives > 0
    if not anchors.any():
        return 0.0, xp.zeros_like(vectors)
    mean = anchors / anchors.sum()  # (batch, 1), weights of the anchors
    on = device(vectors)
    shares = xp.asarray(mean * same / np.maximum(positives, 1), dtype=vectors.dtype, device=on)
    weights = xp.asarray(mean, dtype=vectors.dtype, device=on)
    itself = xp.asarray(np.eye(batch, dtype=bool), device=on)
    logits = vectors @ vectors.T / temperature  # (batch, batch)
    others = xp.where(itself, xp.asarray(-xp.inf, dtype=vectors.dtype, device=on), logits)
    shifted = others - xp.max(others, axis=1, keepdims=True)
    normaliser = xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    value = -float(xp.sum(shares * xp.where(itself, xp.zeros_like(logits), shifted - normaliser)))
    gradient = weights * xp.exp(shifted - normaliser) - shares  # by the logits, (batch, batch)
    return value, (gradient @ vectors + gradient.T @ vectors) / temperature
