"""Frozen lower layers."""

import numpy as np
import torch
from encoders_transformers import (
    EVERY_ARCHITECTURE,
    TEXTS,
    assert_same_gradients,
    encoder_of,
    fresh,
    gradients,
    ids_of,
    trained_passes,
)

RATES = ("dropout", "attention_dropout")  # attributes of modules of transformers


def without_dropout(model) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for name in RATES:
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    model.config.attention_probs_dropout_prob = model.config.attention_dropout = 0.0


@EVERY_ARCHITECTURE
def test_the_gradients_are_those_of_a_model_whose_lower_layers_do_not_learn(architecture):
    """Two paths that agree, without dropout: upper layers on cached states, and the whole model; in both passes."""
    found = fresh(architecture, layers=3)
    without_dropout(found.model)
    gradient = np.random.default_rng(0).standard_normal((len(TEXTS), 32)).astype(np.float32)
    _, whole = trained_passes(found, gradient)
    frozen = encoder_of(found, freeze=2, tokens=40)
    for _ in range(2):  # the second time from the cache
        found.model.zero_grad(set_to_none=True)
        vectors, tape = frozen.forward(ids_of(found))
        frozen.backward(tape, gradient)
        upper = gradients(frozen)
        assert 0 < len(upper) < len(whole)
        assert_same_gradients(upper, whole)
    np.testing.assert_allclose(vectors.numpy(), frozen.encode(ids_of(found)), atol=2e-6)
    before = {name: array.copy() for name, array in frozen.state().items()}
    frozen.step(1e-2)
    assert all(np.abs(frozen.state()[name] - array).max() > 0 for name, array in before.items() if "weight" in name)


def test_states_beyond_the_memory_are_computed_each_time():
    found = fresh("bert", layers=3)
    ids = ids_of(found)
    cached, computed = (encoder_of(found, freeze=1, seed=4, activation_memory=memory) for memory in (None, 0))
    for _ in range(2):
        np.testing.assert_allclose(cached.forward(ids)[0], computed.forward(ids)[0], atol=2e-6)
