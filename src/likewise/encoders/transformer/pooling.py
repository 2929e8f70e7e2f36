"""Pooling: one vector of a text from one vector of each of its tokens."""

from typing import Any

from array_api_compat import array_namespace
from array_api_compat import device as array_device

from likewise.errors import InputError

__all__ = ["FLAGS", "POOLINGS", "check_pooling", "pooled"]


POOLINGS = ("mean", "cls", "max", "lasttoken", "mean_sqrt_len_tokens", "weightedmean")
"""As sentence-transformers calls them."""

FLAGS = {
    "mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens", "lasttoken": "lasttoken",
    "mean_sqrt_len_tokens": "mean_sqrt_len_tokens", "weightedmean": "weightedmean_tokens",
}  # fmt: skip
"""What each is called in a folder of sentence-transformers, after `pooling_mode_`."""


def check_pooling(pooling: str) -> str:
    """The same, if it is known.

    Raises:
        InputError: it is not.
    """
    if pooling not in POOLINGS:
        raise InputError(f"pooling {pooling!r} is not known: expected one of {', '.join(POOLINGS)}")
    return pooling


def pooled(states: Any, mask: Any, pooling: str) -> Any:
    """One vector a text, not normalised.

    Args:
        states: an array of torch or numpy, (texts, tokens, dim): the last hidden state of each token.
        mask: integers, (texts, tokens): which tokens are no padding; padding is on the right.
        pooling: `mean` over the tokens, special ones included, as in Sentence-BERT (Reimers and Gurevych 2019); `cls`,
            the first token; `max`; `lasttoken`; `mean_sqrt_len_tokens`, the sum over the root of the length;
            `weightedmean`, later tokens weigh more (Muennighoff 2022, SGPT).
    """
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
