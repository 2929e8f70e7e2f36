"""Buckets side by side: the same vectors, and the cores as they were."""

import threading

import numpy as np
import pytest
import torch
from encoders_transformers import encoder_of, ids_of, small

from likewise.encoders.transformer import encoder as side_by_side
from likewise.encoders.transformer.encoder import walking

CPU = torch.device("cpu")


@pytest.fixture
def cores():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield 4
    torch.set_num_threads(before)


@pytest.mark.parametrize("family", ["bert", "roberta", "modernbert"])
def test_buckets_side_by_side_give_the_vectors_of_one_after_the_other(family, cores, monkeypatch):
    encoder = encoder_of(small(family), tokens=32)
    ids = ids_of(small(family))
    together = encoder.encode(ids)
    assert torch.get_num_threads() == cores
    monkeypatch.setattr(side_by_side, "LEAST", 1 << 30)
    np.testing.assert_allclose(together, encoder.encode(ids), atol=2e-6)


def test_each_thread_has_its_share_of_the_cores(cores):
    meet = threading.Barrier(2)

    def shared(_):
        meet.wait(timeout=60)
        return torch.get_num_threads()

    with walking(2 * side_by_side.LEAST, CPU) as (walk, threads):
        assert threads == 2
        assert [*walk(shared, [None, None])] == [2, 2]
    assert torch.get_num_threads() == cores


def test_little_text_and_other_devices_go_one_bucket_after_the_other(cores):
    for tokens, device in ((side_by_side.LEAST, CPU), (10_000, torch.device("meta"))):
        with walking(tokens, device) as (walk, threads):
            assert (walk, threads) == (map, 1)


def test_what_a_thread_raises_arrives_and_the_cores_are_given_back(cores):
    def fails(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), walking(10_000, CPU) as (walk, _):
        [*walk(fails, [None])]
    assert torch.get_num_threads() == cores
