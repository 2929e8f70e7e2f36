"""The slow copy of an encoder that makes the candidates, where a queue is to hold vectors that change little."""

import copy
from typing import Any

from likewise.encoders.encoder import Encoder
from likewise.negatives.momentum import follow
from likewise.tokens.ragged import Ragged

__all__ = ["SlowEncoder"]


class SlowEncoder:
    """Follows an encoder that learns, and has no gradients itself (MoCo, He et al. 2020).

    It encodes without dropout: its vectors are the steadier for it.

    Args:
        encoder: that learns.
        momentum: how much of itself it keeps at each step.
    """

    def __init__(self, encoder: Encoder, momentum: float) -> None:
        self._fast, self._slow, self._momentum = encoder, copy.deepcopy(encoder), momentum

    def encode(self, texts: Ragged) -> Any:
        """Unit vectors of `texts`, as numpy gives them."""
        return self._slow.encode(texts)

    def follow(self) -> None:
        """Moves towards the encoder that learns, once its step is done."""
        follow(self._slow.parameters(), self._fast.parameters(), self._momentum)

    def begin(self) -> None:
        """Becomes the encoder as it is now."""
        follow(self._slow.parameters(), self._fast.parameters(), 0.0)

    def state(self) -> dict[str, Any]:
        """Its parameters, as numpy arrays."""
        return self._slow.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Puts back a `state`."""
        self._slow.restore(state)
