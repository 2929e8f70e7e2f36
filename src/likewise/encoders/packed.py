"""Linear layers on a processor with their weights laid out as the products of oneDNN want them: a tenth faster.

Nine tenths of the time of a transformer are products of its weights. Torch hands them to its BLAS as they lie; oneDNN,
which torch brings along, is faster once the weights are in the blocks of its kernels. Laying them out takes as long as
a few hundred tokens, so it is worth it for many texts; it is not kept, so weights that change between calls are seen.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

__all__ = ["PackedLinear", "packed_for"]

WORTH = 4096  # tokens, from which on


def packed_for(tokens: int, device: torch.device) -> AbstractContextManager[Any]:
    """The mode, where it makes `tokens` tokens faster; else nothing."""
    there = device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    known = there and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return PackedLinear() if known and tokens >= WORTH else nullcontext()


class PackedLinear(TorchFunctionMode):
    """While it is on, single precision linear layers compute on packed weights; each is packed when first used.

    Only without gradients, and while no weight changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._packed: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Takes the place of linear layers; all else goes its way."""
        if func is functional.linear and not kwargs and _fits(*args):
            given, weight, *bias = args
            packed = torch.ops.mkldnn._linear_pointwise
            return packed(given, self._of(weight), bias[0] if bias else None, "none", [], "")
        return func(*args, **(kwargs or {}))

    def _of(self, weight: torch.Tensor) -> torch.Tensor:
        if id(weight) not in self._packed:  # the weight is kept with it, so that no other can get its id
            packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous())
            self._packed[id(weight)] = (packed, weight)
        return self._packed[id(weight)][0]


def _fits(given: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> bool:
    tensors = [given, weight] if bias is None else [given, weight, bias]
    plain = all(tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in tensors)
    return plain and isinstance(weight, torch.nn.Parameter) and given.numel() > 0
