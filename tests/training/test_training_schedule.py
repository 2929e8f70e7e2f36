import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.training.schedule import Schedule


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
def test_a_second_way_up(steps: int, share: float) -> None:
    """Laws: on the second way up the rate is a growing part of what it would be; after it nothing has changed."""
    since = max(1, int(share * steps))
    plain, again = Schedule(0.4, steps), Schedule(0.4, steps, since=since)
    rising = max(1, round(0.05 * steps))
    for step in range(since, steps):
        part = min(1.0, (step + 1 - since) / rising)
        if step >= rising:
            assert again(step) == pytest.approx(part * plain(step), rel=1e-12)
