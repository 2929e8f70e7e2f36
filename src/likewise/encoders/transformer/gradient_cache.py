"""What the graph of a forward pass takes, and what is said where there is no memory for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from likewise.errors import LikewiseError

__all__ = ["Taken", "counting", "out_of_memory"]


@dataclass
class Taken:
    """Bytes that a graph takes."""

    bytes: int = 0


@contextmanager
def counting() -> Iterator[Taken]:
    """Counts what is saved for the backward pass, each storage once and the parameters not at all."""
    taken, seen = Taken(), set()

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen and not isinstance(tensor, torch.nn.Parameter):
            seen.add(storage.data_ptr())
            taken.bytes += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield taken


@contextmanager
def out_of_memory(texts: int) -> Iterator[None]:
    """Says in one line that a batch of so many texts is too large, whatever tells it.

    Raises:
        LikewiseError: memory ran out.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        raise LikewiseError(
            f"there is no memory for a batch of {texts:,} views: give a smaller --batch or --length"
        ) from error
