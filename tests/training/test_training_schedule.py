import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.training.schedule import Plan, Schedule, batch_indices


def test_a_hundred_steps() -> None:
    """A closed form: a line to the peak over five steps, then half a cosine over ninety-five."""
    schedule = Schedule(0.4, 100)
    wanted = [0.4 * (step + 1) / 5 for step in range(5)]
    wanted += [0.2 * (1 + math.cos(math.pi * step / 95)) for step in range(95)]
    assert [schedule(step) for step in range(100)] == pytest.approx(wanted, rel=1e-12)
    assert schedule(4) == schedule(5) == pytest.approx(0.4, rel=1e-12)


@given(st.integers(1, 500), st.floats(0, 0.9), st.floats(1e-4, 10))
def test_it_rises_and_falls(steps: int, warmup: float, peak: float) -> None:
    """Laws: never above the peak, up and then down, positive at every step, zero after the last."""
    schedule = Schedule(peak, steps, warmup)
    rates = [schedule(step) for step in range(steps)]
    rising = max(1, round(warmup * steps))
    assert max(rates) == pytest.approx(peak, rel=1e-12)
    assert rates[rising - 1] == pytest.approx(peak, rel=1e-12)
    assert rates[:rising] == sorted(rates[:rising])
    assert rates[rising:] == sorted(rates[rising:], reverse=True)
    assert min(rates) > 0
    if steps > rising:
        assert schedule(steps) == schedule(steps + 7) == pytest.approx(0, abs=1e-12 * peak)


def test_a_single_step() -> None:
    """A closed form: one step goes at the peak."""
    assert Schedule(0.1, 1)(0) == 0.1


@given(st.integers(20, 500), st.floats(0, 0.9))
def test_a_second_warm_up(steps: int, share: float) -> None:
    """Laws: in the second warm-up the rate is a growing part of what it would be; after it nothing has changed."""
    since = max(1, int(share * steps))
    plain, again = Schedule(0.4, steps), Schedule(0.4, steps, restart=since)
    rising = max(1, round(0.05 * steps))
    for step in range(since, steps):
        part = min(1.0, (step + 1 - since) / rising)
        if step >= rising:
            assert again(step) == pytest.approx(part * plain(step), rel=1e-12)


@given(st.integers(1, 400), st.integers(1, 64), st.integers(0, 2**32))
def test_batches_hold_every_text_once(texts: int, size: int, seed: int) -> None:
    """Laws: a permutation of all texts, in batches of equal size but for one text, none far from the size given."""
    batches = batch_indices(texts, size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(texts))
    lengths = [len(batch) for batch in batches]
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= 1.5 * size
    assert texts < 1.5 * size or min(lengths) >= size // 2
    again = batch_indices(texts, size, np.random.default_rng(seed))
    assert all((one == other).all() for one, other in zip(batches, again, strict=True))


def test_when_there_are_evaluations() -> None:
    """A closed form: every fifth of the run, and at its end; a limit of steps shortens it."""
    plan = Plan(texts=100, batch=10, epochs=2, learning_rate=0.1, seed=0, evaluations=5)
    assert (plan.steps_per_epoch, plan.steps) == (10, 20)
    assert [step for step in range(1, 21) if plan.evaluates_at(step)] == [4, 8, 12, 16, 20]
    assert Plan(100, 10, 2, 0.1, 0, max_steps=7).steps == 7
