import numpy as np
import pytest
import torch
from encoders_transformers import TEXTS, encoder_of, fresh, gradients, ids_of, small

from likewise.encoders.transformer import encoder as transformer
from likewise.encoders.transformer.scratch import ARCHITECTURES
from likewise.errors import LikewiseError
from likewise.tokens.ragged import Ragged

WHOLE = 1 << 20  # tokens: one bucket, the plain padded batch


def passed(found, gradient, **settings):
    """Vectors and gradients by parameter of one forward and backward pass with dropout."""
    encoder = encoder_of(found, seed=5, **settings)
    encoder.model.zero_grad(set_to_none=True)
    vectors, tape = encoder.forward(ids_of(found))
    encoder.backward(tape, gradient)
    return vectors.numpy(), gradients(encoder)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("mode", [{"tokens": 40}, {"tokens": 40, "memory": 0}, {"tokens": 40, "memory": 200_000}])
def test_every_mode_has_the_gradients_of_the_padded_batch(architecture, mode):
    """Two ways that must agree: buckets, with graphs kept, not kept and some kept, and one padded batch; dropout on."""
    found = small(architecture)
    gradient = np.random.default_rng(0).standard_normal((len(TEXTS), 32)).astype(np.float32)
    plain, by_plain = passed(found, gradient, tokens=WHOLE, memory=1 << 40)
    cut, by_cut = passed(found, gradient, **mode)
    np.testing.assert_allclose(cut, plain, atol=2e-6)
    assert by_cut.keys() == by_plain.keys() and len(by_cut) > 10
    largest = max(np.abs(each).max() for each in by_plain.values())
    for name, expected in by_plain.items():
        np.testing.assert_allclose(by_cut[name], expected, atol=1e-5 * max(1.0, largest), err_msg=name)


def test_dropout_is_on_in_training_and_off_in_use():
    found = small("bert")
    encoder, ids = encoder_of(found), ids_of(found)
    vectors, _ = encoder.forward(Ragged.concatenate([ids, ids]))
    first, second = vectors[: len(ids)], vectors[len(ids) :]
    assert (first * second).sum(1).max() < 0.9999  # the two views of SimCSE
    np.testing.assert_array_equal(encoder.encode(ids), encoder.encode(ids))


def test_the_same_step_drops_the_same_again():
    """A law: what is dropped depends on seed, step and place alone, so a run can be resumed."""
    found = small("bert")
    ids = ids_of(found)
    first, second, third = (encoder_of(found, seed=seed).forward(ids)[0] for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, third)


def test_encoding_is_that_of_the_model_and_keeps_the_order():
    """Two ways: in buckets with equal texts once, and each text alone through the model."""
    found = small("roberta")
    encoder = encoder_of(found, tokens=40)
    texts = [*TEXTS, TEXTS[0], "", TEXTS[3]]
    vectors = encoder.encode(ids_of(found, texts))
    found.model.eval()
    for text, vector in zip(texts, vectors, strict=True):
        given = found.words(text, return_tensors="pt", truncation=True, max_length=48)
        with torch.no_grad():
            states = found.model(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).last_hidden_state
        expected = torch.nn.functional.normalize(states.mean(1), dim=-1)[0]
        np.testing.assert_allclose(vector, expected.numpy(), atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_step_changes_the_weights_and_restore_puts_them_back():
    found = fresh("bert")
    encoder, ids = encoder_of(found), ids_of(found)
    start = {name: array.copy() for name, array in encoder.state().items()}
    before = encoder.encode(ids)
    for _ in range(3):
        vectors, tape = encoder.forward(ids)
        encoder.backward(tape, vectors)
        encoder.step(1e-2)
    assert np.abs(encoder.encode(ids) - before).max() > 1e-3
    trained = {name: array.copy() for name, array in encoder.state().items()}
    assert any(name.startswith("exp_avg") for name in trained)
    encoder.restore(start)
    np.testing.assert_array_equal(encoder.encode(ids), before)
    encoder.restore(trained)
    for name, array in encoder.state().items():
        np.testing.assert_array_equal(array, trained[name], err_msg=name)


def test_a_run_goes_on_from_its_state_as_if_it_had_not_stopped():
    """Two ways: six steps in a row, and three, another encoder with their state, and three more."""

    def steps(encoder, ids, count):
        for _ in range(count):
            vectors, tape = encoder.forward(ids)
            encoder.backward(tape, vectors.flip(0))
            encoder.step(1e-3)

    found, other = fresh("distilbert"), fresh("distilbert", seed=9)
    ids = ids_of(found)
    whole = encoder_of(found)
    steps(whole, ids, 3)
    halfway = {name: array.copy() for name, array in whole.state().items()}
    steps(whole, ids, 3)
    resumed = encoder_of(other)
    resumed.restore(halfway)
    steps(resumed, ids, 3)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(resumed.state()[name], array, err_msg=name)


def test_a_step_without_a_gradient_changes_nothing():
    found = fresh("bert")
    encoder = encoder_of(found)
    before = {name: array.copy() for name, array in encoder.state().items()}
    encoder.step(1.0)
    for name, array in encoder.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_cut_off_token_has_no_embedding_but_keeps_its_place():
    found = small("bert")
    encoder = encoder_of(found)
    blank = found.special_tokens.blank
    seen = []
    hook = found.model.get_input_embeddings().register_forward_hook(lambda module, given, out: seen.append(out))
    encoder.encode(Ragged.of([[7, blank, 9]]))
    hook.remove()
    assert seen[0][0, 2].abs().max() == 0 and seen[0][0, 1].abs().max() > 0


def test_no_memory_is_one_line(monkeypatch):
    found = small("bert")
    encoder = encoder_of(found)

    def full(*_args, **_kwargs):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")

    monkeypatch.setattr(encoder, "_dropped", full)
    with pytest.raises(LikewiseError, match="no memory for a batch of 6 views: give a smaller --batch or --length"):
        encoder.forward(ids_of(found))

    def other(*_args, **_kwargs):
        raise RuntimeError("something else")

    monkeypatch.setattr(encoder, "_dropped", other)
    with pytest.raises(RuntimeError, match="something else"):
        encoder.forward(ids_of(found))


def test_mixed_precision_is_near_and_trains():
    found = fresh("bert")
    ids = ids_of(found)
    single = encoder_of(found, seed=1).forward(ids)[0]
    encoder = transformer.TransformerEncoder(found.model, found.special_tokens, device="cpu", half=True, seed=1)
    vectors, tape = encoder.forward(ids)
    assert vectors.dtype == torch.float32
    np.testing.assert_allclose(vectors.numpy(), single.numpy(), atol=0.05)
    encoder.backward(tape, vectors)
    encoder.step(1e-3)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_frozen_layers_have_the_gradients_of_a_model_whose_lower_layers_do_not_learn(architecture):
    """Two ways, with dropout off: upper layers on remembered states, and the whole model; in both passes."""
    found = fresh(architecture, layers=3)
    for module in found.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    found.model.config.attention_probs_dropout_prob = found.model.config.attention_dropout = 0.0
    for module in found.model.modules():
        for name in ("dropout", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    gradient = np.random.default_rng(0).standard_normal((len(TEXTS), 32)).astype(np.float32)
    _, whole = passed(found, gradient)
    frozen = encoder_of(found, freeze=2, tokens=40)
    for _ in range(2):  # the second time from memory
        found.model.zero_grad(set_to_none=True)
        vectors, tape = frozen.forward(ids_of(found))
        frozen.backward(tape, gradient)
        cut = gradients(frozen)
        assert 0 < len(cut) < len(whole)
        largest = max(np.abs(each).max() for each in whole.values())
        for name, array in cut.items():
            np.testing.assert_allclose(array, whole[name], atol=1e-5 * max(1.0, largest), err_msg=name)
    np.testing.assert_allclose(vectors.numpy(), frozen.encode(ids_of(found)), atol=2e-6)
    before = {name: array.copy() for name, array in frozen.state().items()}
    frozen.step(1e-2)
    assert all(np.abs(frozen.state()[name] - array).max() > 0 for name, array in before.items() if "weight" in name)


def test_states_beyond_the_memory_are_computed_each_time():
    found = fresh("bert", layers=3)
    ids = ids_of(found)
    with_memory, without = encoder_of(found, freeze=1, seed=4), encoder_of(found, freeze=1, memory=0, seed=4)
    for _ in range(2):
        np.testing.assert_allclose(with_memory.forward(ids)[0], without.forward(ids)[0], atol=2e-6)
