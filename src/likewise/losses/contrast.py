"""What every loss takes and gives, so that one can stand where another stood."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

__all__ = ["Allowed", "Contrast", "Loss"]

Allowed = Callable[[slice], Any]
"""From consecutive rows of the logits to the booleans of these."""


@dataclass(frozen=True)
class Contrast:
    """A loss and its derivative by each input.

    Attributes:
        value: the loss, in nats.
        anchors: d value / d anchors, (batch, dim).
        candidates: d value / d candidates, (keys, dim).
        temperature: d value / d temperature.
    """

    value: float
    anchors: Any
    candidates: Any
    temperature: float


@runtime_checkable
class Loss(Protocol):
    """A pure function from vectors to a value and its derivatives; see `info_nce` for what the arguments mean."""

    def __call__(
        self,
        anchors: Any,
        candidates: Any,
        *,
        positive: np.ndarray | None = None,
        allowed: Any | Allowed | None = None,
        temperature: float = 0.05,
        symmetric: bool = True,
        queue: tuple[Any, Any] | None = None,
    ) -> Contrast:
        """The loss of a batch, and of a queue beside it."""
        ...
