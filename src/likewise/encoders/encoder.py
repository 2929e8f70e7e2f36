"""What the training step and the model ask of an encoder."""

from typing import Any, Protocol, runtime_checkable

from likewise.tokens.ragged import Ragged

__all__ = ["Encoder"]


@runtime_checkable
class Encoder(Protocol):
    """Turns ragged ids into one unit vector a text, and learns from the gradient of those vectors.

    A forward pass remembers what its backward pass needs on a tape that the caller holds, so an encoder has no hidden
    state between the two and one batch may be encoded in several parts.
    """

    dim: int

    def encode(self, texts: Ragged) -> Any:
        """Vectors of `texts`, (texts, dim), unit rows; a text without ids is a row of zeros. Remembers nothing."""
        ...

    def forward(self, texts: Ragged) -> tuple[Any, Any]:
        """The same vectors, and the tape that `backward` needs."""
        ...

    def backward(self, tape: Any, gradient: Any) -> None:
        """Adds to the parameter gradients what `gradient`, d loss / d vectors, (texts, dim), gives them."""
        ...

    def step(self, learning_rate: float) -> None:
        """Changes the parameters by the gradients added up since the last step, and forgets those."""
        ...

    def parameters(self) -> dict[str, Any]:
        """What decides the vectors, by name: the encoder's own arrays or tensors."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything that training changes, by name, as numpy arrays; they may be the encoder's own."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Puts back a `state` and forgets gradients."""
        ...
