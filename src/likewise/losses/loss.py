"""What a contrastive loss takes and returns: whatever has this signature can train an encoder."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

__all__ = ["Loss", "LossResult"]


@dataclass(frozen=True)
class LossResult:
    """The value of a loss and its gradient with respect to each input.

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
    """A pure function from embeddings to a value and its gradients; `info_nce` documents the arguments."""

    def __call__(
        self,
        anchors: Any,
        candidates: Any,
        *,
        allowed: Any | None = None,
        temperature: float = 0.05,
        queue: tuple[Any, Any] | None = None,
    ) -> LossResult:
        """The loss of a batch, contrasted with itself and with a queue of earlier batches."""
        ...
