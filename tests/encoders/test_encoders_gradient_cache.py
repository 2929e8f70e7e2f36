"""The gradient cache: the gradients of the whole batch, whichever graphs are kept."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from encoders_transformers import EVERY_ARCHITECTURE, TEXTS, assert_same_gradients, small, trained_passes

from likewise.encoders.transformer.gradient_cache import UNKNOWN_MEMORY, GradientCache, free_memory
from likewise.errors import LikewiseError
from likewise.tokens.ragged import Ragged

CPU = torch.device("cpu")
WHOLE = 1 << 20  # tokens: one bucket, the plain padded batch


@EVERY_ARCHITECTURE
@pytest.mark.parametrize(
    "mode", [{"tokens": 40}, {"tokens": 40, "activation_memory": 0}, {"tokens": 40, "activation_memory": 200_000}]
)
def test_every_mode_has_the_gradients_of_the_padded_batch(architecture, mode):
    """Two paths that agree: buckets, with all, no and some graphs kept, and one padded batch; dropout on."""
    found = small(architecture)
    gradient = np.random.default_rng(0).standard_normal((len(TEXTS), 32)).astype(np.float32)
    plain, of_plain = trained_passes(found, gradient, tokens=WHOLE, activation_memory=1 << 40)
    divided, of_divided = trained_passes(found, gradient, **mode)
    np.testing.assert_allclose(divided, plain, atol=2e-6)
    assert of_divided.keys() == of_plain.keys() and len(of_divided) > 10
    assert_same_gradients(of_divided, of_plain)


@pytest.mark.parametrize(("memory", "kept"), [(0, 0), (1, 1), (1 << 30, 3)])
def test_graphs_are_kept_while_memory_lasts(memory, kept):
    """Closed forms: a linear encoder; the gradient, and which buckets are encoded twice, by the rows they have."""
    weights = torch.arange(12.0).reshape(6, 2).requires_grad_()
    encoded = []

    def encode(texts, keys):
        encoded.append(len(texts))
        return torch.stack([weights[torch.from_numpy(texts[row]).long()].sum(0) for row in range(len(texts))])

    cache = GradientCache(encode, nullcontext)
    texts, rows = Ragged.of([[0, 1], [2], [3, 3], [5]]), [np.array([2]), np.array([0, 1]), np.array([3])]
    vectors, gradient = torch.empty(4, 2), torch.arange(8.0).reshape(4, 2)
    tape = cache.forward(texts, torch.arange(4), rows, memory, vectors)
    assert [bucket is not None for _, bucket in tape.buckets] == [place < kept for place in range(3)]
    assert vectors.tolist() == [[2, 4], [4, 5], [12, 14], [10, 11]]
    cache.backward(tape, gradient)
    assert encoded == [1, 2, 1, *[1, 2, 1][kept:][::-1]]
    assert weights.grad.tolist() == [[0, 1], [0, 1], [2, 3], [8, 10], [0, 0], [6, 7]]


def test_no_memory_is_one_line():
    def forward(message):
        def encode(texts, keys):
            raise RuntimeError(message)

        rows = [np.arange(2)]
        GradientCache(encode, nullcontext).forward(
            Ragged.of([[1], [2]]), torch.zeros(2).long(), rows, 1, torch.empty(2, 1)
        )

    with pytest.raises(LikewiseError, match="no memory for a batch of 2 views: give a smaller --batch or --length"):
        forward("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
    with pytest.raises(RuntimeError, match="something else"):
        forward("something else")


def test_free_memory_is_what_machine_and_container_leave(tmp_path):
    meminfo = tmp_path / "meminfo"
    assert free_memory(CPU, meminfo, tmp_path) == UNKNOWN_MEMORY
    meminfo.write_text("MemTotal: 100 kB\nMemAvailable:   50 kB\n")
    assert free_memory(CPU, meminfo, tmp_path) == 50 * 1024
    (tmp_path / "memory.max").write_text("30000\n")
    (tmp_path / "memory.current").write_text("10000\n")
    assert free_memory(CPU, meminfo, tmp_path) == 20_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(CPU, meminfo, tmp_path) == 50 * 1024
    assert free_memory(CPU) > 0
