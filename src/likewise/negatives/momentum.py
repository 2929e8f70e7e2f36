"""A slow copy of an encoder: its parameters follow those of the one that learns."""

from collections.abc import Mapping
from typing import Any

from array_api_compat import array_namespace

from likewise.errors import InputError

__all__ = ["follow"]


def follow(slow: Mapping[str, Any], fast: Mapping[str, Any], momentum: float) -> None:
    """Moves parameters a little towards others, in place (MoCo, He et al. 2020).

        slow <- momentum * slow + (1 - momentum) * fast

    Arrays of whole numbers, such as counters, are copied. Tensors remember nothing of it.

    Args:
        slow: arrays of numpy or torch by name, which are changed.
        fast: arrays of the same names and shapes.
        momentum: 0 copies, 1 leaves as it is; 0.999 or so for a queue.

    Raises:
        InputError: names or shapes differ, or momentum is not from 0 to 1.
    """
    if not 0 <= momentum <= 1:
        raise InputError(f"momentum {momentum} is out of range: give 0 to 1")
    different = slow.keys() ^ fast.keys()
    if different:
        raise InputError(f"only one of the encoders has {', '.join(sorted(different))}: give two of one kind")
    for name, array in slow.items():
        if tuple(array.shape) != tuple(fast[name].shape):
            raise InputError(f"{name} is {tuple(array.shape)} and {tuple(fast[name].shape)}: give two of one kind")
        kept, new = (each.detach() if hasattr(each, "detach") else each for each in (array, fast[name]))
        if array_namespace(kept).isdtype(kept.dtype, "real floating"):
            kept *= momentum
            kept += (1 - momentum) * new
        else:
            kept[...] = new
