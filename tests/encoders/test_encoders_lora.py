import sys

import numpy as np
import pytest
import torch
from encoders_transformers import encoder_of, fresh, ids_of

from likewise.encoders.transformer.lora import add_lora, merge_lora
from likewise.errors import InputError, LikewiseError


def test_lora_trains_little_and_is_merged_into_the_weights():
    """Two paths that agree: vectors with the matrices, and after they were merged into the weights."""
    found = fresh("bert")
    names = {name for name, _ in found.model.named_parameters()}
    ids = ids_of(found)
    before = encoder_of(found).encode(ids)
    add_lora(found.model, 4)
    encoder = encoder_of(found)
    np.testing.assert_array_equal(encoder.encode(ids), before)  # the product begins at zero
    assert all("lora" in name for name in encoder.state() if name != "steps")
    for _ in range(5):
        vectors, tape = encoder.forward(ids)
        encoder.backward(tape, vectors)
        encoder.step(1e-2)
    trained = encoder.encode(ids)
    assert np.abs(trained - before).max() > 1e-4
    merge_lora(found.model)
    assert {name for name, _ in found.model.named_parameters()} == names
    np.testing.assert_allclose(encoder_of(found).encode(ids), trained, atol=2e-6)


def test_what_cannot_be_done_is_refused(monkeypatch):
    with pytest.raises(InputError, match="no linear layers"):
        add_lora(torch.nn.Embedding(3, 3), 2)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(LikewiseError, match="LoRA needs peft: pip install"):
        add_lora(fresh("bert").model, 2)
