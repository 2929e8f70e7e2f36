"""Small transformers with random weights and a vocabulary of their own."""

from functools import lru_cache

import numpy as np
import pytest

from likewise.encoders.transformer.encoder import TransformerEncoder
from likewise.encoders.transformer.loading import ARCHITECTURES, Pretrained, small_encoder
from likewise.tokens.learning import learn_reference
from likewise.tokens.ragged import Ragged

TEXTS = (
    "Returns the absolute value of a number, which may be an integer or a floating point number.",
    "Open a file and return a stream",
    "sort",
    "A list of all the names that are defined by a module, sorted alphabetically, without those that begin with an "
    "underscore, and without those that were imported from elsewhere",
    "The tuple is immutable; lists are not.",
    "Raised when a file or directory is requested but does not exist",
)

DEFAULT = ("bert", "roberta")
EVERY_ARCHITECTURE = pytest.mark.parametrize(
    "architecture", [pytest.param(name, marks=() if name in DEFAULT else pytest.mark.nightly) for name in ARCHITECTURES]
)


@lru_cache
def small(architecture: str, layers: int = 2, dim: int = 32) -> Pretrained:
    """An encoder of two layers; shared, so a test that changes weights makes one of its own."""
    return fresh(architecture, layers, dim)


def fresh(architecture: str, layers: int = 2, dim: int = 32, seed: int = 3) -> Pretrained:
    reference = learn_reference([list(TEXTS)], 300)
    return small_encoder(architecture, reference, layers=layers, dim=dim, length=48, seed=seed)


def encoder_of(found: Pretrained, **settings) -> TransformerEncoder:
    return TransformerEncoder(found.model, found.special_tokens, found.pooling, device="cpu", half=False, **settings)


def ids_of(found: Pretrained, texts=TEXTS) -> Ragged:
    return found.tokenizer.encode(list(texts))


def gradients(encoder: TransformerEncoder) -> dict[str, np.ndarray]:
    return {
        name: parameter.grad.detach().numpy().copy()
        for name, parameter in encoder.model.named_parameters()
        if parameter.grad is not None
    }


def trained_passes(found: Pretrained, gradient: np.ndarray, **settings) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Vectors and parameter gradients of one forward and backward pass with dropout."""
    encoder = encoder_of(found, seed=5, **settings)
    encoder.model.zero_grad(set_to_none=True)
    vectors, tape = encoder.forward(ids_of(found))
    encoder.backward(tape, gradient)
    return vectors.numpy(), gradients(encoder)


def assert_same_gradients(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Equal to 1e-5 of the largest gradient."""
    largest = max(np.abs(each).max() for each in expected.values())
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, expected[name], atol=1e-5 * max(1.0, largest), err_msg=name)
