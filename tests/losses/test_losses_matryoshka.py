"""Matryoshka: the loop over numbers of dimensions by autograd, InfoNCE itself, closed forms, laws."""

import math
from typing import Any

import numpy as np
import pytest
from losses_oracles import CASES, Case, assert_same, by_autograd, nested_value

from likewise.errors import InputError
from likewise.losses import info_nce as logits
from likewise.losses.info_nce import info_nce
from likewise.losses.matryoshka import halvings, matryoshka

NESTED = [([6], [1.0]), ([1, 2, 6], [1.0, 1.0, 1.0]), ([2, 3, 5], [3.0, 0.5, 1.0])]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("dims", "weights"), NESTED)
def test_value_and_derivatives_equal_a_loop_by_autograd(
    name: str, symmetric: bool, dims: list[int], weights: list[float]
) -> None:
    """A slow loop over pairs and dimensions, and two ways that must agree: our derivatives and autograd's."""
    case = Case(**CASES[name])
    found = matryoshka(
        case.anchors, case.candidates, temperature=0.4, symmetric=symmetric, dims=dims, weights=weights,
        **case.arguments,
    )  # fmt: skip
    assert_same(found, by_autograd(case, nested_value(dims, weights), 0.4, symmetric))
    assert not found.anchors[:, dims[-1] :].any()


def test_all_dimensions_of_unit_rows_are_info_nce() -> None:
    """A law: one number of dimensions, and unit rows: InfoNCE, and its derivative less what would change the norm."""
    case = Case(7, 9).unit()
    plain = info_nce(case.anchors, case.candidates, temperature=0.2)
    found = matryoshka(case.anchors, case.candidates, temperature=0.2, dims=[6])
    np.testing.assert_allclose(found.value, plain.value, rtol=1e-12)
    for side in ("anchors", "candidates"):
        by, rows = getattr(plain, side), getattr(case, side)
        tangent = by - np.sum(by * rows, axis=1, keepdims=True) * rows
        np.testing.assert_allclose(getattr(found, side), tangent, rtol=1e-9, atol=1e-12)


def test_norms_do_not_matter() -> None:
    """A law: longer rows cost the same, and their derivatives are as much shorter."""
    case = Case(6, 8)
    plain = matryoshka(case.anchors, case.candidates, dims=[2, 6])
    longer = matryoshka(4 * case.anchors, case.candidates / 8, dims=[2, 6])
    np.testing.assert_allclose(longer.value, plain.value, rtol=1e-12)
    np.testing.assert_allclose(4 * longer.anchors, plain.anchors, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(longer.candidates / 8, plain.candidates, rtol=1e-9, atol=1e-12)


def test_rows_of_zeros_learn_nothing() -> None:
    """A closed form: with a cosine of zero to everything, each of n costs log(n)."""
    anchors, candidates = np.zeros((4, 6)), np.zeros((4, 6))
    found = matryoshka(anchors, candidates, dims=[2, 6])
    np.testing.assert_allclose(found.value, math.log(4), rtol=1e-12)
    assert not found.anchors.any()
    assert np.isfinite(found.candidates).all()


@pytest.mark.parametrize("kept", [0, 1 << 23])
def test_float32_is_near_float64(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways that must agree, over tiles: float32 and float64; measured 2e-6 of the largest derivative."""
    monkeypatch.setattr(logits, "KEPT_LOGITS", kept)
    monkeypatch.setattr(logits, "TILE_LOGITS", 1 << 11)
    case = Case(90, 120, dim=64)
    wanted = matryoshka(case.anchors, case.candidates, temperature=0.1, dims=[8, 16, 64])
    single = case.anchors.astype(np.float32), case.candidates.astype(np.float32)
    found = matryoshka(*single, temperature=0.1, dims=[8, 16, 64])
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-6)
    for side in ("anchors", "candidates"):
        by = getattr(wanted, side)
        np.testing.assert_allclose(getattr(found, side), by, rtol=0, atol=1e-5 * abs(by).max())


def test_halvings() -> None:
    assert [halvings(dim) for dim in (256, 100, 63, 6)] == [[32, 64, 128, 256], [50, 100], [63], [6]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"dims": []}, "dims of none: give whole numbers"),
        ({"dims": [4, 2]}, "dims 4, 2: give whole numbers from 1, rising"),
        ({"dims": [0, 2]}, "dims 0, 2"),
        ({"dims": [2, 2]}, "dims 2, 2"),
        ({"dims": [2, 7]}, r"dims \[2, 7\] of vectors of 6 dimensions: give at most 6"),
        ({"dims": [2, 4], "weights": [1.0]}, r"weights \[1.0\] of 2 numbers of dimensions"),
        ({"dims": [2, 4], "weights": [1.0, 0.0]}, "give a positive one for each"),
        ({"temperature": 1e-3}, "temperature 0.001 is too low: give at least 0.00286"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        matryoshka(np.eye(6), np.eye(6), **arguments)
