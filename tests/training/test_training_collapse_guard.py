"""The cheap half of the guard. Oracles: closed forms, laws, and what numpy says of numbers that overflow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.training.collapse_guard import Guard, growth

ONES = {"weights": np.ones((50, 8), np.float32), "squares": np.zeros(50, np.float32)}


def times(factor: float) -> dict[str, np.ndarray]:
    return {"weights": np.float32(factor) * ONES["weights"], "squares": np.full(50, 1e9, np.float32)}


@given(st.floats(1e-3, 1e6))
def test_rows_grow_by_what_they_are_multiplied_with(factor: float) -> None:
    """A law of scale; what is no row, such as Adagrad's sums, does not count."""
    assert growth(times(factor), ONES) == pytest.approx(factor, rel=1e-6)


def test_a_sample_of_rows_stands_for_all() -> None:
    """Two paths: every 49th of 50,000 random rows, and all; 1 % apart as 1,024 rows of 8 numbers are."""
    rng = np.random.default_rng(0)
    before = {"weights": rng.standard_normal((50_000, 8))}
    after = {"weights": rng.standard_normal((50_000, 8)) * rng.uniform(1, 3, (50_000, 1))}
    whole = math.sqrt(np.mean(after["weights"] ** 2) / np.mean(before["weights"] ** 2))
    assert growth(after, before) == pytest.approx(whole, rel=0.03)


@pytest.mark.parametrize("state", [{}, {"weights": np.zeros((4, 2))}, {"squares": np.ones(3)}])
def test_nothing_to_grow_from(state: dict[str, np.ndarray]) -> None:
    assert growth(ONES, state) == 1.0


def test_infinite_rows_grew_without_bound_and_the_rate_falls_as_far() -> None:
    """A closed form: three times the length is what the lowered rate would have made of the rows."""
    assert growth(times(np.inf), ONES) == pytest.approx(float(np.finfo(np.float32).max), rel=1e-6)
    guard = Guard(16)
    assert guard.lowered(8.0, ONES, ONES) == 2.0
    assert guard.lowered(8.0, times(4), ONES) == 2.0
    assert guard.lowered(1000.0, times(600), ONES) == pytest.approx(5.0, rel=1e-6)
    assert guard.lowered(8.0, times(np.nan), ONES) == 2.0


def test_what_is_wrong_without_a_score() -> None:
    guard = Guard(16)
    assert guard.broken(1.0, times(29), ONES) is None
    assert "the loss is no longer a finite number" in str(guard.broken(math.nan, ONES, ONES))
    assert "the loss is no longer a finite number" in str(guard.broken(math.inf, ONES, ONES))
    assert "grew 31 times as long (healthy is below 30)" in str(guard.broken(1.0, times(31), ONES))


def test_it_checks_every_sixteen_steps() -> None:
    """A closed form: vectors that are all alike have the loss log(batch); sixteen steps of it bring an evaluation."""
    guard, alike = Guard(16), math.log(16)
    assert [steps for steps in range(50) if guard.needs_evaluation([alike] * steps, lambda: ONES, ONES)] == [16, 32, 48]
    assert not guard.needs_evaluation([alike] * 15 + [0.9 * alike], lambda: ONES, ONES)
    assert guard.needs_evaluation([0.9 * alike] + [alike] * 31, lambda: ONES, ONES)
    assert guard.needs_evaluation([0.0] * 16, lambda: times(31), ONES)
    assert not guard.needs_evaluation([0.0] * 17, lambda: times(31), ONES)


@pytest.mark.parametrize(
    ("loss", "masked", "expected"), [(0.0, 15 / 16, True), (0.0, 0.9, False), (0.5, 15 / 16, False), (1.0, 0.0, False)]
)
def test_a_batch_of_near_duplicates_has_no_negatives(loss: float, masked: float, expected: bool) -> None:
    """A closed form: of 16 candidates 15 are left out, and the loss of the one that stays is zero."""
    assert Guard(16).without_contrast(loss, masked) is expected
