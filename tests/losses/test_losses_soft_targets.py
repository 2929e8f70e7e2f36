"""Soft positives: the formula share by share by autograd, InfoNCE, closed forms, laws, and learning from a teacher."""

from typing import Any

import numpy as np
import pytest
import torch
from losses_oracles import CASES, Case, assert_same, by_autograd, soft_value

from likewise.errors import InputError
from likewise.losses import info_nce as logits
from likewise.losses.info_nce import info_nce
from likewise.losses.loss import LossResult
from likewise.losses.soft_targets import Ranking, soft_info_nce


def drawn(case: Case, sparse: bool) -> np.ndarray:
    """Shares that sum to one, of all candidates or of some."""
    rng = np.random.default_rng(3)
    shares = rng.random((len(case.anchors), len(case.candidates)))
    if sparse:
        shares *= shares > 0.6
        shares[np.arange(len(shares)), case.index] += 0.2
    return shares / shares.sum(axis=1, keepdims=True)


def soft(case: Case, target: Any, **arguments: Any) -> LossResult:
    given = {"allowed": case.mask, "queue": case.queue, "temperature": 0.6, **arguments}
    return soft_info_nce(case.anchors, case.candidates, target=target, **given)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("sparse", [True, False])
def test_value_and_derivatives_equal_autograd(name: str, symmetric: bool, sparse: bool) -> None:
    """A slow loop in float64, share by share, and two ways that must agree: our derivatives and autograd's."""
    case = Case(**CASES[name])
    target = drawn(case, sparse)
    assert_same(soft(case, target, symmetric=symmetric), by_autograd(case, soft_value(target), 0.6, symmetric))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("symmetric", [True, False])
def test_shares_of_one_are_info_nce(name: str, symmetric: bool) -> None:
    """A law: all of an anchor's share at one candidate."""
    case = Case(**CASES[name])
    target = np.zeros((len(case.anchors), len(case.candidates)))
    target[np.arange(len(target)), case.index] = 1
    plain = info_nce(case.anchors, case.candidates, temperature=0.6, symmetric=symmetric, **case.arguments)
    assert_same(soft(case, target, symmetric=symmetric), plain, 1e-12, 1e-13)


@pytest.mark.parametrize("name", ["more candidates", "masked", "queue, masked, any positive"])
@pytest.mark.parametrize(("tile", "kept"), [(1, 0), (23, 0), (23, 1 << 23)])
def test_tiles_change_nothing(name: str, tile: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways that must agree: one tile and many, shares as an array and as a function, numpy and torch."""
    case = Case(**CASES[name])
    target = drawn(case, sparse=True)
    whole = soft(case, target)
    monkeypatch.setattr(logits, "TILE_LOGITS", tile)
    monkeypatch.setattr(logits, "KEPT_LOGITS", kept)
    assert_same(soft(case, lambda rows: target[rows]), whole, 1e-12, 1e-12)
    queue = None if case.queue is None else tuple(torch.tensor(side) for side in case.queue)
    by_torch = soft_info_nce(
        torch.tensor(case.anchors), torch.tensor(case.candidates), allowed=case.mask, queue=queue, temperature=0.6,
        target=torch.tensor(target),
    )  # fmt: skip
    assert isinstance(by_torch.anchors, torch.Tensor)
    assert_same(by_torch, whole, 1e-12, 1e-12)


@pytest.mark.parametrize("temperature", [0.1, 0.01])
def test_float32_is_right_at_any_temperature(temperature: float) -> None:
    """Two ways that must agree: float32, in float64 where it is too cold, and float64; measured 1e-6."""
    case = Case(30, 40, dim=16).unit()
    target = drawn(case, sparse=True)
    wanted = soft(case, target, temperature=temperature)
    single = case.anchors.astype(np.float32), case.candidates.astype(np.float32)
    found = soft_info_nce(*single, target=target.astype(np.float32), temperature=temperature)
    assert found.anchors.dtype == np.float32
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-5)
    np.testing.assert_allclose(found.anchors, wanted.anchors, rtol=0, atol=1e-5 * abs(wanted.anchors).max())


def test_a_student_that_ranks_as_its_teacher_has_arrived() -> None:
    """A closed form: at the teacher's own vectors one direction costs the targets' entropy and moves nothing."""
    case = Case(9, 9).unit()
    target = Ranking(case.anchors, case.candidates, temperature=0.3)
    found = soft(case, target, temperature=0.3, symmetric=False)
    shares = target(slice(0, 9))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(found.value, -np.sum(shares * np.log(shares)) / 9, rtol=1e-12)
    np.testing.assert_allclose(found.anchors, 0, atol=1e-12)


def test_what_a_teacher_may_not_rank_has_no_share() -> None:
    """A law: masked candidates have no share, the others those of the softmax over them; numpy and torch alike."""
    case = Case(5, 7)
    mask = np.random.default_rng(0).random((5, 7)) < 0.5
    mask[np.arange(5), np.arange(5)] = True
    shares = Ranking(case.anchors, case.candidates, allowed=mask)(slice(1, 4))
    assert not shares[~mask[1:4]].any()
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    sides = torch.tensor(case.anchors), torch.tensor(case.candidates)
    again = Ranking(*sides, allowed=lambda rows: mask[rows])(slice(1, 4))
    np.testing.assert_allclose(again.numpy(), shares, rtol=1e-12, atol=1e-14)


def test_it_learns_the_ranking_of_a_teacher() -> None:
    """It learns, with three seeds: from random vectors of 8 dimensions towards the neighbours that a teacher has."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        teacher = np.repeat(rng.standard_normal((8, 16)), 8, axis=0) + 0.3 * rng.standard_normal((64, 16))
        teacher /= np.linalg.norm(teacher, axis=1, keepdims=True)
        other = ~np.eye(64, dtype=np.bool_)
        target = Ranking(teacher, teacher, temperature=0.1, allowed=other)
        student, agreed = rng.standard_normal((64, 8)), []
        for _ in range(150):
            norms = np.linalg.norm(student, axis=1, keepdims=True)
            rows = student / norms
            nearest = np.argmax(np.where(other, rows @ rows.T, -2), axis=1)
            agreed.append(np.mean(nearest // 8 == np.arange(64) // 8))
            found = soft_info_nce(rows, rows, target=target, allowed=other, temperature=0.2)
            by = found.anchors + found.candidates
            student -= 5 * (by - np.sum(by * rows, axis=1, keepdims=True) * rows) / norms
        assert agreed[-1] > agreed[0] + 0.5, (seed, agreed[0], agreed[-1])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"positive": np.arange(3)}, "both target and positive"),
        ({"target": np.ones((3, 3)) / 2}, "the shares of an anchor sum to 1.5"),
        ({"target": np.array([[2, -1, 0], [0, 1, 0], [0, 0, 1.0]])}, "or are negative"),
        ({"target": np.full((3, 3), np.nan)}, "the shares of an anchor"),
        ({"target": np.eye(4)}, r"target gives \(3, 4\) shares for anchors 0 to 3, expected \(3, 3\)"),
        ({"temperature": -1.0}, "is not positive"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        soft_info_nce(np.eye(3), np.eye(3), **{"target": np.eye(3), **arguments})
