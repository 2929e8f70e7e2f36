"""Pooling: one vector per text from one state per token."""

from typing import Any

from likewise.errors import InputError

FLAGS = {
    "mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens", "lasttoken": "lasttoken",
    "mean_sqrt_len_tokens": "mean_sqrt_len_tokens", "weightedmean": "weightedmean_tokens",
}  # fmt: skip
"""Poolings by the names of sentence-transformers, with the names of their flags in its folders."""

POOLINGS = tuple(FLAGS)


def check_pooling(pooling: str) -> str:
    """Return the pooling if it is known.

    Raises:
        InputError: it is not.
    """
    if pooling not in POOLINGS:
        raise InputError(f"pooling {pooling!r} is not known: expected one of {', '.join(POOLINGS)}")
    return pooling


def pooled(states: Any, mask: Any, pooling: str) -> Any:
    """Pool the states of the tokens.

    Args:
        states: last hidden states, (texts, tokens, dim), an array of torch or numpy.
        mask: 1 for tokens, 0 for padding on the right, integers, (texts, tokens).
        pooling: `mean` over the tokens, special ones included, as in Sentence-BERT (Reimers and Gurevych 2019); `cls`,
            the first token; `max`; `lasttoken`; `mean_sqrt_len_tokens`, the sum over the root of the length;
            `weightedmean`, later tokens weigh more (Muennighoff 2022, SGPT).

    Returns:
        Vectors, (texts, dim), not normalised.
    """
    from array_api_compat import array_namespace
    from array_api_compat import device as array_device

    if pooling == "cls":
        return states[:, 0]
    xp = array_namespace(states)
    lengths = xp.sum(mask, axis=1)
    if pooling == "lasttoken":
        return states[xp.arange(mask.shape[0], device=array_device(mask)), lengths - 1]
    inside = xp.astype(mask[:, :, None], states.dtype)
    if pooling == "max":
        return xp.max(xp.where(inside == 0, -float("inf"), states), axis=1)
    if pooling == "weightedmean":
        inside = inside * xp.cumulative_sum(inside, axis=1)
        return xp.sum(states * inside, axis=1) / xp.sum(inside, axis=1)
    counts = xp.astype(lengths[:, None], states.dtype)
    return xp.sum(states * inside, axis=1) / (xp.sqrt(counts) if pooling == "mean_sqrt_len_tokens" else counts)
