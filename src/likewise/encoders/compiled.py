"""A model's forward pass, compiled where that pays: on a graphics card, once enough texts have gone through."""

from typing import Any

import torch

__all__ = ["WORTH", "CompiledForward"]

WORTH = 1 << 24  # tokens that are encoded before compiling begins, which takes as long as some millions of them
KINDS = ("cuda",)  # on a processor the time is in products, which compiling leaves as they are
BACKEND = "inductor"


class CompiledForward:
    """Calls the model as it is, and its compiled form from a number of tokens on.

    Only for use: dropout keyed by text, as in training, is not compiled.

    Attributes:
        model: of transformers.
    """

    def __init__(self, model: Any, device: torch.device) -> None:
        self.model, self._tokens = model, 0
        self._pays = device.type in KINDS
        self._compiled: Any = None

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor | None) -> Any:
        """What the model gives for ids and mask."""
        self._tokens += ids.numel()
        if self._compiled is None and self._pays and self._tokens >= WORTH:
            self._compiled = torch.compile(self.model, dynamic=True, backend=BACKEND)
        forward = self.model if self._compiled is None else self._compiled
        return forward(input_ids=ids, attention_mask=mask)
