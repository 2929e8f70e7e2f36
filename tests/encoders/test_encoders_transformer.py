"""A transformer as an encoder: use, training, devices."""

import threading

import numpy as np
import pytest
import torch
from encoders_transformers import TEXTS, encoder_of, fresh, ids_of, small

from likewise.encoders.transformer.encoder import (
    FEWEST_TOKENS,
    TransformerEncoder,
    device_of,
    half_precision,
    parallel_buckets,
)
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged

CPU = torch.device("cpu")


@pytest.fixture
def cores():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield 4
    torch.set_num_threads(before)


def test_dropout_is_on_in_training_and_off_in_use():
    found = small("bert")
    encoder, ids = encoder_of(found), ids_of(found)
    vectors, _ = encoder.forward(Ragged.concatenate([ids, ids]))
    first, second = vectors[: len(ids)], vectors[len(ids) :]
    assert (first * second).sum(1).max() < 0.9999  # the two views of SimCSE
    np.testing.assert_array_equal(encoder.encode(ids), encoder.encode(ids))


def test_the_same_step_drops_the_same_again():
    """A law: dropout depends on seed, step and position alone, so a run can be resumed."""
    found = small("bert")
    ids = ids_of(found)
    first, second, third = (encoder_of(found, seed=seed).forward(ids)[0] for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, third)


def test_encoding_is_that_of_the_model_and_keeps_the_order():
    """Two paths that agree: in buckets with equal texts once, and each text alone through the model."""
    found = small("roberta")
    encoder = encoder_of(found, tokens=40)
    texts = [*TEXTS, TEXTS[0], "", TEXTS[3]]
    vectors = encoder.encode(ids_of(found, texts))
    found.model.eval()
    for text, vector in zip(texts, vectors, strict=True):
        inputs = found.transformers_tokenizer(text, return_tensors="pt", truncation=True, max_length=48)
        with torch.no_grad():
            states = found.model(**{name: inputs[name] for name in ("input_ids", "attention_mask")}).last_hidden_state
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
    """Two paths that agree: six steps in a row, and three, another encoder with their state, and three more."""

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


def test_the_embedding_of_a_mask_token_is_zeros():
    found = small("bert")
    encoder = encoder_of(found)
    mask_token = found.special_tokens.mask_token
    seen = []
    hook = found.model.get_input_embeddings().register_forward_hook(lambda module, given, out: seen.append(out))
    encoder.encode(Ragged.of([[7, mask_token, 9]]))
    hook.remove()
    assert seen[0][0, 2].abs().max() == 0 and seen[0][0, 1].abs().max() > 0


def test_mixed_precision_is_near_and_trains():
    found = fresh("bert")
    ids = ids_of(found)
    single = encoder_of(found, seed=1).forward(ids)[0]
    encoder = TransformerEncoder(found.model, found.special_tokens, device="cpu", half=True, seed=1)
    vectors, tape = encoder.forward(ids)
    assert vectors.dtype == torch.float32
    np.testing.assert_allclose(vectors.numpy(), single.numpy(), atol=0.05)
    encoder.backward(tape, vectors)
    encoder.step(1e-3)


@pytest.mark.parametrize("architecture", ["bert", "roberta", pytest.param("modernbert", marks=pytest.mark.nightly)])
def test_buckets_in_parallel_have_the_vectors_of_one_after_the_other(architecture, cores):
    encoder, ids = encoder_of(small(architecture), tokens=32), ids_of(small(architecture))
    parallel = encoder.encode(ids)
    assert torch.get_num_threads() == cores
    np.testing.assert_allclose(parallel, encoder.encode(ids, fewest_tokens=1 << 30), atol=2e-6)


def test_each_thread_has_its_share_of_the_cores(cores):
    both = threading.Barrier(2)

    def share(_):
        both.wait(timeout=60)
        return torch.get_num_threads()

    with parallel_buckets(2 * FEWEST_TOKENS, CPU) as (map_buckets, threads):
        assert threads == 2
        assert [*map_buckets(share, [None, None])] == [2, 2]
    assert torch.get_num_threads() == cores


def test_little_text_and_other_devices_are_encoded_one_bucket_after_the_other(cores):
    for tokens, device in ((FEWEST_TOKENS, CPU), (10_000, torch.device("meta"))):
        with parallel_buckets(tokens, device) as (map_buckets, threads):
            assert (map_buckets, threads) == (map, 1)


def test_an_error_in_a_thread_is_raised_and_the_cores_are_restored(cores):
    def fails(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), parallel_buckets(10_000, CPU) as (map_buckets, _):
        [*map_buckets(fails, [None])]
    assert torch.get_num_threads() == cores


def test_the_device_is_the_fastest_or_the_one_that_is_named():
    assert device_of("cpu") == CPU
    assert device_of(None).type in ("cpu", "cuda", "mps")
    for name in ("nowhere", "meta:x", "cuda:99"):
        with pytest.raises(InputError, match=f"the device '{name}' cannot be used"):
            device_of(name)


@pytest.mark.parametrize(("flags", "half"), [("avx2 avx512f", False), ("avx512_bf16", True), ("amx_bf16 x", True)])
def test_half_precision_is_for_processors_that_have_it(tmp_path, flags, half):
    (tmp_path / "cpuinfo").write_text(f"flags: {flags}\n")
    assert half_precision(CPU, tmp_path / "cpuinfo") == half
    assert not half_precision(CPU, tmp_path / "none")
    assert not half_precision(torch.device("mps"), tmp_path / "cpuinfo")
