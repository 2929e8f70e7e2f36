"""The interface between an encoder and what uses it: the training step and the model."""

from typing import Any, Protocol, runtime_checkable

from likewise.tokens.ragged import Ragged


@runtime_checkable
class Encoder(Protocol):
    """Turns ragged token ids into one unit vector per text, and learns from the gradient of those vectors.

    A forward pass returns a tape with what its backward pass needs. The caller holds it, so an encoder has no hidden
    state between the two passes, and one batch may be encoded in several parts.

    Attributes:
        dim: length of a vector.
    """

    dim: int

    def encode(self, texts: Ragged) -> Any:
        """Encode for use, without dropout or a tape.

        Returns:
            Unit vectors, (texts, dim).
        """
        ...

    def forward(self, texts: Ragged) -> tuple[Any, Any]:
        """Encode for training.

        Returns:
            Unit vectors, (texts, dim), and the tape for `backward`.
        """
        ...

    def backward(self, tape: Any, gradient: Any) -> None:
        """Add to the parameter gradients.

        Args:
            tape: of the forward pass.
            gradient: d loss / d vectors, (texts, dim).
        """
        ...

    def step(self, learning_rate: float) -> None:
        """Update the parameters with the gradients accumulated since the last step, and clear those."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything that training changes, by name, as numpy arrays; they may be the encoder's own."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Load a `state` and clear the gradients."""
        ...
