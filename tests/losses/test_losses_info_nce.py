"""InfoNCE. Oracles: autograd of the formula, a slow loop, finite differences, closed forms, laws; and it learns."""

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_oracles import CASES, Case, assert_same, info_nce_by_a_loop, info_nce_by_autograd

from likewise.errors import InputError
from likewise.losses.info_nce import Loss, LossResult, info_nce


def contrast(case: Case, **arguments: Any) -> LossResult:
    return info_nce(case.anchors, case.candidates, **({"temperature": 0.7} | case.arguments | arguments))


@pytest.fixture(params=CASES, ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each of the cases."""
    return Case(**CASES[request.param])


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_value_and_gradients_equal_autograd_and_a_slow_loop(case: Case, temperature: float, symmetric: bool) -> None:
    """Two paths that must agree in float64 to 1e-9, with masks and queues, and a slow loop for the value."""
    found = contrast(case, temperature=temperature, symmetric=symmetric)
    assert_same(found, info_nce_by_autograd(case, temperature, symmetric=symmetric))
    np.testing.assert_allclose(found.value, info_nce_by_a_loop(case, temperature, symmetric=symmetric), 1e-12, 1e-12)
    assert isinstance(found.value, float) and isinstance(found.temperature, float)


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_gradients_are_finite_differences_of_the_value(symmetric: bool) -> None:
    """Two paths that must agree in float64: 1e-7 at steps of 1e-6."""
    case = Case(**CASES["queue, masked, more candidates"])
    found = contrast(case, symmetric=symmetric)
    for side, gradient in ((case.anchors, found.anchors), (case.candidates, found.candidates)):
        for place in np.ndindex(side.shape):
            kept, values = side[place], []
            for step in (1e-6, -1e-6):
                side[place] = kept + step
                values.append(contrast(case, symmetric=symmetric).value)
            side[place] = kept
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient[place], rel=1e-6, abs=1e-7)
    warm, cold = (contrast(case, symmetric=symmetric, temperature=0.7 + step).value for step in (1e-6, -1e-6))
    assert (warm - cold) / 2e-6 == pytest.approx(found.temperature, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("symmetric", [True, False])
def test_torch_equals_numpy(case: Case, symmetric: bool) -> None:
    """Two paths that must agree: the same lines over torch tensors, in float64 to 1e-12."""
    found = info_nce(
        torch.tensor(case.anchors), torch.tensor(case.candidates), temperature=0.3, symmetric=symmetric,
        allowed=None if case.mask is None else torch.tensor(case.mask),
        queue=None if case.queue is None else tuple(torch.tensor(side) for side in case.queue),
    )  # fmt: skip
    assert isinstance(found.anchors, torch.Tensor) and isinstance(found.candidates, torch.Tensor)
    assert_same(found, contrast(case, temperature=0.3, symmetric=symmetric), 1e-12, 1e-12)


@pytest.mark.parametrize(("tile", "kept"), [(1, 0), (7, 0), (13, 1 << 23), (1 << 19, 0)])
def test_tiles_and_functions_change_nothing(case: Case, tile: int, kept: int) -> None:
    """Two paths that must agree: one tile and many, kept or computed twice; the mask as an array and as a function."""
    mask, whole = case.mask, contrast(case)
    before = None if mask is None else mask.copy()
    function = None if mask is None else lambda rows: mask[rows]
    for allowed in (mask, function):
        assert_same(contrast(case, tile_logits=tile, kept_logits=kept, allowed=allowed), whole, 1e-12, 1e-12)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("keys", "queue"), [(2, 0), (5, 0), (1000, 0), (7, 13)])
def test_equal_vectors_cost_the_logarithm_of_the_keys(keys: int, queue: int, symmetric: bool) -> None:
    """A closed form: where nothing tells the candidates apart, log(keys + queue), and no direction is better."""
    vectors, queued = np.tile([0.6, 0.8], (keys, 1)), np.tile([0.6, 0.8], (queue, 1))
    found = info_nce(vectors, vectors, temperature=0.05, symmetric=symmetric, queue=(queued, queued))
    np.testing.assert_allclose(found.value, math.log(keys + queue), rtol=1e-12)
    np.testing.assert_allclose(found.temperature, 0, atol=1e-9)
    if not queue:
        np.testing.assert_allclose(found.candidates.sum(0), 0, atol=1e-10)


def test_a_positive_alone_costs_nothing() -> None:
    """A closed form: with every negative masked the loss is zero, and so are its gradients."""
    found = contrast(Case(5, 5, mask=0.0))
    for each in (found.value, found.anchors, found.candidates, found.temperature):
        np.testing.assert_allclose(each, 0, atol=1e-12)


def test_the_candidates_of_a_queue_are_candidates_without_a_gradient() -> None:
    """Two paths that must agree, in one direction: more candidates, and a queue of them."""
    case = Case(6, 6, queue=5)
    queued = contrast(case, symmetric=False)
    more = np.concatenate([case.candidates, case.queue[1]])
    joined = info_nce(case.anchors, more, symmetric=False, temperature=0.7)
    wanted = LossResult(joined.value, joined.anchors, joined.candidates[:6], joined.temperature)
    assert_same(queued, wanted, 1e-12, 1e-13)


@settings(max_examples=15)
@given(st.integers(1, 8), st.integers(0, 5), st.randoms())
def test_order_and_rotation_do_not_matter(batch: int, more: int, random: Any) -> None:
    """Laws: permuting the pairs, the negatives and the queue permutes the gradients; turning the space turns them;
    and exchanging the two sides, each as many, exchanges the gradients.
    """
    case = Case(batch, batch + more, mask=0.6, queue=3, seed=random.randrange(1000))
    plain = contrast(case)
    rows = np.array(random.sample(range(batch), batch))
    columns = np.r_[rows, batch + np.array(random.sample(range(more), more), int)]
    queue = np.array(random.sample(range(3), 3))
    mask = case.mask[np.r_[rows, batch + queue]][:, np.r_[columns, batch + more + queue]]
    queued = tuple(side[queue] for side in case.queue)
    permuted = info_nce(case.anchors[rows], case.candidates[columns], allowed=mask, temperature=0.7, queue=queued)
    wanted = LossResult(plain.value, plain.anchors[rows], plain.candidates[columns], plain.temperature)
    assert_same(permuted, wanted, 1e-10, 1e-12)
    turn = np.linalg.qr(np.random.default_rng(random.randrange(1000)).standard_normal((6, 6)))[0]
    queued = tuple(side @ turn for side in case.queue)
    turned = info_nce(case.anchors @ turn, case.candidates @ turn, allowed=case.mask, temperature=0.7, queue=queued)
    wanted = LossResult(plain.value, plain.anchors @ turn, plain.candidates @ turn, plain.temperature)
    assert_same(turned, wanted, 1e-10, 1e-12)
    if not more:
        swapped = info_nce(
            case.candidates, case.anchors, allowed=case.mask.T, temperature=0.7, queue=(case.queue[1], case.queue[0])
        )
        wanted = LossResult(plain.value, plain.candidates, plain.anchors, plain.temperature)
        assert_same(swapped, wanted, 1e-10, 1e-12)


def test_what_is_masked_is_as_if_it_were_absent() -> None:
    """A law: candidates and a queue that no anchor may see change nothing and get no gradient."""
    case = Case(6, 9, queue=3)
    mask = np.ones((9, 12), np.bool_)
    mask[:, 6:], mask[6:] = False, False
    masked = contrast(case, allowed=mask)
    without = info_nce(case.anchors, case.candidates[:6], temperature=0.7)
    padded = np.concatenate([without.candidates, np.zeros((3, 6))])
    assert (masked.candidates[6:] == 0).all()
    assert_same(masked, LossResult(without.value, without.anchors, padded, without.temperature), 1e-12, 1e-13)


def test_positives_are_never_masked_and_the_queue_is_not_contrasted_with_itself(case: Case) -> None:
    """Laws: the booleans of positives, and of the queue's anchors with other than positives, make no difference."""
    if case.mask is None:
        return
    batch, found = len(case.anchors), []
    for free in (True, False):
        mask = case.mask.copy()
        mask[np.arange(batch), np.arange(batch)] = free
        mask[batch:, batch:] = free
        found.append(contrast(case, allowed=mask))
    assert_same(*found, 0, 0)


@pytest.mark.parametrize("temperature", [0.2, 0.05, 0.02, 0.005])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_float32_is_right_at_any_temperature(temperature: float, library: str) -> None:
    """Two paths that must agree: float32, widened where the temperature is low, and float64; measured 4e-7."""
    case = Case(60, 90, queue=30, dim=32).unit()
    wanted = contrast(case, temperature=temperature)
    convert = np.asarray if library == "numpy" else torch.tensor
    sides = [convert(side.astype(np.float32)) for side in (case.anchors, case.candidates, *case.queue)]
    found = info_nce(*sides[:2], queue=(sides[2], sides[3]), temperature=temperature)
    assert np.asarray(found.anchors).dtype == np.asarray(found.candidates).dtype == np.float32
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-6)
    np.testing.assert_allclose(found.temperature, wanted.temperature, rtol=1e-6)
    for name in ("anchors", "candidates"):
        gradient = getattr(wanted, name)
        np.testing.assert_allclose(np.asarray(getattr(found, name)), gradient, rtol=0, atol=2e-6 * abs(gradient).max())


@pytest.mark.parametrize(("dtype", "temperature"), [(np.float32, 0.026), (np.float32, 0.01), (np.float64, 0.003)])
def test_opposite_vectors_at_a_low_temperature(dtype: type, temperature: float) -> None:
    """A closed form, at the end of what exponentials hold: every candidate opposite, the loss is still log(keys)."""
    vectors = np.tile(np.array([1, 0], dtype), (8, 1))
    found = info_nce(vectors, -vectors, temperature=temperature)
    np.testing.assert_allclose(found.value, math.log(8), rtol=1e-5)
    assert np.isfinite(found.anchors).all()


def test_half_precision_is_computed_in_double() -> None:
    """Two paths that must agree: float16 in and out, and float64 of the same numbers, to the rounding of float16."""
    case = Case(8, 8, dim=4).unit()
    sides = [side.astype(np.float16) for side in (case.anchors, case.candidates)]
    found = info_nce(*map(torch.tensor, sides), temperature=0.1)
    wanted = info_nce(*(side.astype(np.float64) for side in sides), temperature=0.1)
    assert found.anchors.dtype == torch.float16
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-9)
    np.testing.assert_allclose(found.anchors.numpy(), wanted.anchors, rtol=1e-3, atol=1e-4)


def peak_bytes(batch: int, **arguments: Any) -> int:
    sides = [side.astype(np.float32) for side in np.random.default_rng(0).standard_normal((4, batch, 4)) / 4]
    tracemalloc.start()
    try:
        info_nce(
            sides[0], sides[1], queue=(sides[2], sides[3]), temperature=0.5,
            allowed=lambda rows: np.ones((rows.stop - rows.start, 2 * batch), np.bool_), **arguments,
        )  # fmt: skip
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_batch_and_not_with_its_square() -> None:
    """A law: twice the batch takes linearly more; the logits of 2,000 pairs and a queue as long would take 46 MiB."""
    small, large = (peak_bytes(batch, tile_logits=1 << 15, kept_logits=1 << 16) for batch in (1000, 2000))
    assert large < 3 << 20
    assert large - small < 1000 * 4 * 4 * 24


def test_it_learns() -> None:
    """It learns, with three seeds: noisy copies of 64 points find each other after 60 steps."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((64, 6))
        texts = [points + 0.5 * rng.standard_normal((64, 6)) for _ in range(2)]
        texts = [np.concatenate([side, 3 * rng.standard_normal((64, 6))], axis=1) for side in texts]
        turn, hits = rng.standard_normal((12, 6)) / 4, []
        for _ in range(60):
            sides = [text @ turn for text in texts]
            norms = [np.linalg.norm(side, axis=1, keepdims=True) for side in sides]
            sides = [side / norm for side, norm in zip(sides, norms, strict=True)]
            hits.append(float(np.mean(np.argmax(sides[0] @ sides[1].T, axis=1) == np.arange(64))))
            found = info_nce(*sides, temperature=0.2)
            for text, side, norm, by in zip(texts, sides, norms, (found.anchors, found.candidates), strict=True):
                turn = turn - 3.0 * text.T @ ((by - np.sum(by * side, axis=1, keepdims=True) * side) / norm)
        assert hits[-1] > hits[0] + 0.2, (seed, hits[0], hits[-1])


def test_it_is_a_loss() -> None:
    """The contract by which the training step takes any loss."""
    assert isinstance(info_nce, Loss)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0.0}, "temperature 0.0 is not positive"),
        ({"temperature": -1.0}, "temperature -1.0 is not positive"),
        ({"temperature": math.nan}, "temperature nan is not positive"),
        ({"temperature": 1e-4}, "raise the temperature, or normalise the vectors"),
        ({"candidates": np.eye(4)}, r"anchors \(3, 3\) and candidates \(4, 4\): expected \(batch, dim\)"),
        ({"candidates": np.ones(3)}, r"candidates \(3,\)"),
        ({"candidates": np.eye(3)[:2]}, "3 anchors and 2 candidates: expected at least one anchor"),
        ({"anchors": np.zeros((0, 3))}, "0 anchors and 3 candidates"),
        ({"anchors": np.full((3, 3), np.nan)}, "norm nan"),
        ({"anchors": np.full((3, 3), np.inf)}, "norm inf"),
        ({"queue": (np.ones((2, 3)), np.ones((2, 4)))}, r"a queue of \(2, 3\) and \(2, 4\): expected"),
        ({"queue": (np.ones(6), np.ones((2, 3)))}, "a queue of"),
        ({"allowed": np.ones((3, 2), np.bool_)}, r"allowed gives \(3, 2\) booleans for rows 0 to 3, expected \(3, 3\)"),
        ({"allowed": lambda rows: np.ones((1, 3), np.bool_)}, r"allowed gives \(1, 3\) booleans"),
        ({"allowed": np.ones((3, 3), np.bool_), "queue": (np.eye(3), np.eye(3))}, r"expected \(3, 6\)"),
    ],
)
def test_what_cannot_be_contrasted_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        info_nce(**{"anchors": np.eye(3), "candidates": np.eye(3), **arguments})
