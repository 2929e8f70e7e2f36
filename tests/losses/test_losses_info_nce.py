import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.losses import info_nce as module
from likewise.losses.info_nce import LossResult, info_nce

CASES = {
    "square": {"batch": 7, "keys": 7},
    "more candidates": {"batch": 5, "keys": 12},
    "any positive": {"batch": 6, "keys": 9, "positive": "any"},
    "repeated positives": {"batch": 9, "keys": 4, "positive": "repeated"},
    "one anchor": {"batch": 1, "keys": 5},
    "one pair": {"batch": 1, "keys": 1},
    "masked": {"batch": 8, "keys": 8, "mask": 0.5},
    "masked, any positive": {"batch": 7, "keys": 10, "positive": "any", "mask": 0.3},
    "masked, repeated positives": {"batch": 9, "keys": 5, "positive": "repeated", "mask": 0.4},
    "nothing allowed": {"batch": 5, "keys": 6, "mask": 0.0},
}


class Case:
    """Random vectors of any length, the positives and the mask of a case."""

    def __init__(self, batch: int, keys: int, positive: str = "own", mask: float | None = None, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, batch, keys])
        self.anchors, self.candidates = rng.standard_normal((batch, 6)), rng.standard_normal((keys, 6))
        self.positive = {
            "own": lambda: None,
            "any": lambda: rng.permutation(keys)[:batch],
            "repeated": lambda: rng.integers(0, keys, batch),
        }[positive]()
        self.index = np.arange(batch) if self.positive is None else self.positive
        self.mask = None if mask is None else rng.random((batch, keys)) < mask

    def contrast(self, *, temperature: float = 0.7, symmetric: bool = True, allowed: Any = "mask") -> LossResult:
        allowed = self.mask if isinstance(allowed, str) else allowed
        return info_nce(
            self.anchors, self.candidates, positive=self.positive, allowed=allowed,
            temperature=temperature, symmetric=symmetric,
        )  # fmt: skip


@pytest.fixture(params=CASES, ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each of the cases."""
    return Case(**CASES[request.param])


def by_autograd(case: Case, temperature: float, *, symmetric: bool) -> LossResult:
    """The paper's formula with a dense mask, differentiated by torch in float64."""
    anchors, candidates = (torch.tensor(side, requires_grad=True) for side in (case.anchors, case.candidates))
    cold = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    mask = torch.ones(len(anchors), len(candidates), dtype=torch.bool) if case.mask is None else torch.tensor(case.mask)
    rows, index = torch.arange(len(anchors)), torch.tensor(case.index)
    mask = mask.clone()
    mask[rows, index] = True
    logits = anchors @ candidates.T / cold
    allowed = logits.masked_fill(~mask, -torch.inf)
    own = logits[rows, index]
    value = (torch.logsumexp(allowed, 1) - own).mean()
    if symmetric:
        value = (value + (torch.logsumexp(allowed, 0)[index] - own).mean()) / 2
    value.backward()
    return LossResult(value.item(), anchors.grad.numpy(), candidates.grad.numpy(), cold.grad.item())


def by_a_slow_loop(case: Case, temperature: float, *, symmetric: bool) -> float:
    """The formula, one exponential at a time."""
    logit = [[sum(a * c) / temperature for c in case.candidates] for a in case.anchors]
    batch, keys = len(case.anchors), len(case.candidates)
    allowed = [
        [case.mask is None or bool(case.mask[i, j]) or j == case.index[i] for j in range(keys)] for i in range(batch)
    ]
    total = 0.0
    for i, p in enumerate(case.index):
        total += math.log(sum(math.exp(logit[i][j]) for j in range(keys) if allowed[i][j])) - logit[i][p]
        if symmetric:
            total += math.log(sum(math.exp(logit[k][p]) for k in range(batch) if allowed[k][p])) - logit[i][p]
    return total / (2 * batch if symmetric else batch)


def assert_same(found: LossResult, wanted: LossResult, rtol: float = 1e-9, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(found.value, wanted.value, rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.asarray(found.anchors), np.asarray(wanted.anchors), rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.asarray(found.candidates), np.asarray(wanted.candidates), rtol=rtol, atol=atol)
    np.testing.assert_allclose(found.temperature, wanted.temperature, rtol=rtol, atol=atol)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_value_and_derivatives_equal_autograd(case: Case, temperature: float, symmetric: bool) -> None:
    """Two paths that must agree in float64 to 1e-9, and a slow loop: value and all three derivatives."""
    found = case.contrast(temperature=temperature, symmetric=symmetric)
    assert_same(found, by_autograd(case, temperature, symmetric=symmetric))
    np.testing.assert_allclose(found.value, by_a_slow_loop(case, temperature, symmetric=symmetric), 1e-12, 1e-12)
    assert isinstance(found.value, float)
    assert isinstance(found.temperature, float)


def test_an_allowed_function_equals_an_allowed_array(case: Case) -> None:
    """Two paths that must agree: booleans of the whole batch, and a function of some of its rows."""
    mask = np.ones((len(case.anchors), len(case.candidates)), np.bool_) if case.mask is None else case.mask
    before = mask.copy()
    assert_same(case.contrast(allowed=lambda rows: mask[rows]), case.contrast(allowed=mask), 0, 0)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("symmetric", [True, False])
def test_torch_equals_numpy(case: Case, symmetric: bool) -> None:
    """Two paths that must agree: the same lines over torch tensors, in float64 to 1e-12."""
    found = info_nce(
        torch.tensor(case.anchors), torch.tensor(case.candidates), positive=case.positive,
        allowed=None if case.mask is None else torch.tensor(case.mask), temperature=0.3, symmetric=symmetric,
    )  # fmt: skip
    assert isinstance(found.anchors, torch.Tensor)
    assert_same(found, case.contrast(temperature=0.3, symmetric=symmetric), 1e-12, 1e-12)


@pytest.mark.parametrize(("tile", "kept"), [(1, 0), (7, 0), (13, 1 << 23), (1 << 19, 0)])
def test_tiles_change_nothing(case: Case, monkeypatch: pytest.MonkeyPatch, tile: int, kept: int) -> None:
    """Two paths that must agree: one tile, and many, kept from the first pass or made again in the second."""
    whole = case.contrast()
    monkeypatch.setattr(module, "TILE_LOGITS", tile)
    monkeypatch.setattr(module, "KEPT_LOGITS", kept)
    mask = case.mask
    assert_same(case.contrast(), whole, 1e-12, 1e-12)
    assert_same(case.contrast(allowed=None if mask is None else lambda rows: mask[rows]), whole, 1e-12, 1e-12)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("keys", [2, 5, 1000])
def test_equal_vectors_cost_the_logarithm_of_the_keys(keys: int, symmetric: bool) -> None:
    """A closed form: where nothing tells the candidates apart, log(keys), and no direction is better."""
    vectors = np.tile([0.6, 0.8], (keys, 1))
    found = info_nce(vectors, vectors, temperature=0.05, symmetric=symmetric)
    np.testing.assert_allclose(found.value, math.log(keys), rtol=1e-12)
    np.testing.assert_allclose(found.candidates.sum(0), 0, atol=1e-10)
    np.testing.assert_allclose(found.temperature, 0, atol=1e-9)


def test_a_positive_alone_costs_nothing() -> None:
    """A closed form: with every negative masked the loss is zero, and so are its derivatives."""
    case = Case(5, 5, mask=0.0)
    found = case.contrast()
    np.testing.assert_allclose(found.value, 0, atol=1e-12)
    for derivative in (found.anchors, found.candidates, found.temperature):
        np.testing.assert_allclose(derivative, 0, atol=1e-12)


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(0, 5), st.randoms())
def test_order_does_not_matter(batch: int, more: int, random) -> None:
    """Laws: permuting anchors and candidates permutes their derivatives; turning the space turns them; and a swap of
    the two sides, each as many, swaps the derivatives.
    """
    case = Case(batch, batch + more, mask=0.6, seed=random.randrange(1000))
    plain = case.contrast()
    rows, columns = (
        np.array(random.sample(range(batch), batch)),
        np.array(random.sample(range(batch + more), batch + more)),
    )
    places = np.argsort(columns)
    permuted = info_nce(
        case.anchors[rows], case.candidates[columns], positive=places[case.index[rows]],
        allowed=case.mask[rows][:, columns], temperature=0.7,
    )  # fmt: skip
    wanted = LossResult(plain.value, plain.anchors[rows], plain.candidates[columns], plain.temperature)
    assert_same(permuted, wanted, 1e-10, 1e-12)
    turn = np.linalg.qr(np.random.default_rng(random.randrange(1000)).standard_normal((6, 6)))[0]
    turned = info_nce(case.anchors @ turn, case.candidates @ turn, allowed=case.mask, temperature=0.7)
    assert_same(
        turned, LossResult(plain.value, plain.anchors @ turn, plain.candidates @ turn, plain.temperature), 1e-10, 1e-12
    )
    if not more:
        swapped = info_nce(case.candidates, case.anchors, allowed=case.mask.T, temperature=0.7)
        assert_same(swapped, LossResult(plain.value, plain.candidates, plain.anchors, plain.temperature), 1e-10, 1e-12)


def test_a_masked_candidate_is_as_if_it_were_not_there() -> None:
    """A law: candidates that no anchor may see change nothing and get no gradient."""
    case = Case(6, 9)
    mask = np.ones((6, 9), np.bool_)
    mask[:, 6:] = False
    masked = case.contrast(allowed=mask)
    without = info_nce(case.anchors, case.candidates[:6], temperature=0.7)
    assert (masked.candidates[6:] == 0).all()
    wanted = LossResult(without.value, without.anchors, masked.candidates, without.temperature)
    assert_same(masked, wanted, 1e-12, 1e-14)
    np.testing.assert_allclose(masked.candidates[:6], without.candidates, rtol=1e-12, atol=1e-14)


def unit(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    vectors = rng.standard_normal((rows, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.2, 0.05, 0.02, 0.005])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_float32_is_right_at_any_temperature(temperature: float, library: str) -> None:
    """Two paths that must agree: float32, in float64 where it is too cold, and float64; measured 4e-7."""
    rng = np.random.default_rng(0)
    sides = unit(rng, 60, 32), unit(rng, 90, 32)
    wanted = info_nce(*sides, temperature=temperature)
    single = [side.astype(np.float32) for side in sides]
    found = info_nce(*(single if library == "numpy" else map(torch.tensor, single)), temperature=temperature)
    assert np.asarray(found.anchors).dtype == np.asarray(found.candidates).dtype == np.float32
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-6)
    np.testing.assert_allclose(found.temperature, wanted.temperature, rtol=1e-6)
    for name in ("anchors", "candidates"):
        slope = getattr(wanted, name)
        np.testing.assert_allclose(np.asarray(getattr(found, name)), slope, rtol=0, atol=2e-6 * abs(slope).max())


@pytest.mark.parametrize(("dtype", "temperature"), [(np.float32, 0.026), (np.float32, 0.01), (np.float64, 0.003)])
def test_opposite_vectors_at_a_low_temperature(dtype: type, temperature: float) -> None:
    """A closed form, at the end of what exponentials hold: every candidate opposite, the loss is still log(keys)."""
    vectors = np.tile(np.array([1, 0], dtype), (8, 1))
    found = info_nce(vectors, -vectors, temperature=temperature)
    np.testing.assert_allclose(found.value, math.log(8), rtol=1e-5)
    assert np.isfinite(found.anchors).all()


def test_half_precision_is_computed_in_double() -> None:
    """Two paths that must agree: float16 in and out, and float64 of the same numbers, to the rounding of float16."""
    sides = [unit(np.random.default_rng(seed), 8, 4).astype(np.float16) for seed in (0, 1)]
    found = info_nce(*map(torch.tensor, sides), temperature=0.1)
    wanted = info_nce(*(side.astype(np.float64) for side in sides), temperature=0.1)
    assert found.anchors.dtype == torch.float16
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-9)
    np.testing.assert_allclose(found.anchors.numpy(), wanted.anchors, rtol=1e-3, atol=1e-4)


def peak_bytes(batch: int) -> int:
    rng = np.random.default_rng(0)
    sides = [unit(rng, batch, 4).astype(np.float32) for _ in range(2)]
    tracemalloc.start()
    try:
        info_nce(*sides, allowed=lambda rows: np.ones((rows.stop - rows.start, batch), np.bool_), temperature=0.1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_square_of_the_batch() -> None:
    """A law: twice the batch takes at most linearly more; the logits of 6,000 alone would take 137 MiB."""
    small, large = peak_bytes(3000), peak_bytes(6000)
    assert large < 20 << 20
    assert large - small < 3000 * 4 * 4 * 12


PAIR = np.eye(3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"temperature": 0.0}, "temperature 0.0 is not positive"),
        ({"temperature": -1.0}, "temperature -1.0 is not positive"),
        ({"temperature": math.nan}, "temperature nan is not positive"),
        ({"temperature": 1e-4}, "raise the temperature, or normalise the vectors"),
        ({"candidates": np.eye(4)}, r"anchors \(3, 3\) and candidates \(4, 4\): expected \(batch, dim\)"),
        ({"candidates": np.ones(3)}, r"candidates \(3,\)"),
        ({"candidates": np.eye(3)[:2]}, "3 anchors with 3 positives among 2 candidates"),
        ({"anchors": np.zeros((0, 3))}, "0 anchors with 0 positives among 3 candidates"),
        ({"candidates": np.zeros((0, 3))}, "among 0 candidates"),
        ({"positive": np.array([0, 1])}, "3 anchors with 2 positives"),
        ({"positive": np.array([0, 1, 3])}, "expected one index of a candidate"),
        ({"positive": np.array([0, 1, -1])}, "expected one index of a candidate"),
        ({"positive": np.eye(3, dtype=int)}, "expected one index of a candidate"),
        ({"anchors": np.full((3, 3), np.nan)}, "norm nan"),
        ({"anchors": np.full((3, 3), np.inf)}, "norm inf"),
    ],
)
def test_what_cannot_be_contrasted_is_refused(arguments: dict[str, Any], said: str) -> None:
    """Bad input: one line that says what was given and what was expected."""
    with pytest.raises(InputError, match=said):
        info_nce(**{"anchors": PAIR, "candidates": PAIR, **arguments})
