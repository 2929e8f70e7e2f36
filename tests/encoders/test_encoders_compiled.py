"""The compiled forward pass gives what the model does."""

import numpy as np
import torch
from encoders_transformers import small

from likewise.encoders import compiled
from likewise.encoders.compiled import CompiledForward


def test_the_compiled_pass_gives_the_same_states_for_every_shape(monkeypatch):
    monkeypatch.setattr(compiled, "BACKEND", "aot_eager")  # all but the code generator, which wants a C++ compiler
    monkeypatch.setattr(compiled, "KINDS", ("cpu",))
    monkeypatch.setattr(compiled, "WORTH", 0)
    model = small("bert").model.eval()
    forward = CompiledForward(model, torch.device("cpu"))
    for texts, tokens in ((1, 5), (3, 7), (2, 9)):
        ids = torch.randint(5, 40, (texts, tokens))
        for mask in (None, torch.arange(tokens).expand(texts, -1).less(tokens - 2).long()):
            with torch.no_grad():
                plain = model(input_ids=ids, attention_mask=mask).last_hidden_state
                np.testing.assert_allclose(forward(ids, mask).last_hidden_state, plain, atol=2e-6)
    assert forward._compiled is not None


def test_little_text_and_processors_are_not_worth_compiling(monkeypatch):
    monkeypatch.setattr(compiled, "WORTH", 8)
    calls = []
    on_card = CompiledForward(lambda **given: calls.append("plain"), torch.device("cuda"))
    monkeypatch.setattr(torch, "compile", lambda model, **_: lambda **given: calls.append("compiled"))
    ids = torch.ones(1, 5)
    on_card(ids, None)
    on_card(ids, None)
    CompiledForward(on_card.model, torch.device("cpu"))(torch.ones(1, 50), None)
    assert calls == ["plain", "compiled", "plain"]
