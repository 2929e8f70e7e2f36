"""Collapse, and what only resembles one. Oracles: closed forms, and figures of real runs."""

import numpy as np
import pytest

from likewise.geometry.collapse import collapse, usable
from likewise.geometry.held_out_retrieval import HeldOutRetrieval
from likewise.geometry.measure import Geometry


def space(mrr: float, cosine: float, rank: float, alignment: float, *, dim: int = 256, texts: int = 300) -> Geometry:
    return Geometry(mrr, 0.0, 0.0, alignment, -2.0, float(rank), cosine, dim, texts)


START = space(0.019, 0.02, 209, 2.0)
NARROW = space(0.35, 0.95, 13, 0.05)  # temperature 0.01, on reviews: it finds the halves well, in a narrow cone
TEMPLATES = space(0.009, 0.95, 37, 0.11)  # one sentence with a number in it: all vectors alike
TOPICS = space(0.022, 0.04, 5.4, 0.03)  # three topics, and nothing else to tell texts apart by


@pytest.mark.parametrize(
    ("found", "best", "expected"),
    [
        (NARROW, 0.35, None),
        (NARROW, 0.4, None),
        (NARROW, 0.5, "different texts look alike (mean cosine 0.95, healthy is below 0.6)"),
        (TEMPLATES, 0.004, "different texts look alike"),
        (TOPICS, 0.025, None),
        (TOPICS, 0.04, "use 5.4 of 256 directions (healthy is above 10, unless there are few topics)"),
        (TOPICS, 0.05, "the score fell to 0.022 from 0.050"),
    ],
)
def test_a_good_score_rules_out_a_collapse(found: Geometry, best: float, expected: str | None) -> None:
    verdict = collapse(found, best=best, start=START)
    assert verdict is None if expected is None else verdict is not None and expected in verdict


def test_without_a_score_the_geometry_decides() -> None:
    assert "look alike" in str(collapse(NARROW, start=START))
    assert "directions" in str(collapse(TOPICS, start=START))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (space(0.01, 0.7, 100, 2.0), space(0.01, 0.84, 100, 2.0), None),
        (space(0.01, 0.7, 100, 2.0), space(0.01, 0.86, 100, 2.0), "healthy is below 0.85"),
        (space(0.01, 0.0, 8, 2.0), space(0.01, 0.0, 4.5, 2.0), None),
        (space(0.01, 0.0, 8, 2.0), space(0.01, 0.0, 3.5, 2.0), "healthy is above 4,"),
        (space(0.01, float("nan"), float("nan"), 2.0), space(0.01, 0.7, 5, 2.0), "healthy is below 0.6"),
    ],
)
def test_a_property_of_the_untrained_space_is_no_collapse(
    before: Geometry, now: Geometry, expected: str | None
) -> None:
    """A closed form: half of the way to cosine 1, half of the directions; NaN at first is ignored."""
    verdict = collapse(now, best=0.01, start=before)
    assert verdict is None if expected is None else verdict is not None and expected in verdict


@pytest.mark.parametrize("texts", [20, 300, 2000])
def test_a_usable_space_beats_chance_and_the_untrained_encoder(texts: int) -> None:
    """A closed form: a tenth better than chance and than untrained, or twice as good as chance."""
    nan = float("nan")
    chance = HeldOutRetrieval(nan, nan, nan, texts).chance
    low, high = space(chance / 2, 0.0, 99, 2.0, texts=texts), space(3 * chance, 0.0, 99, 2.0, texts=texts)
    for score, start, expected in (
        (1.05, low, False), (1.15, low, True), (1.9, high, False), (2.1, high, True), (0.5, low, False),
    ):  # fmt: skip
        assert usable(space(score * chance, 0.0, 99, 2.0, texts=texts), start) is expected


def test_near_halves_are_usable_whatever_their_rank() -> None:
    """A closed form: cosine 0.6 to its own against 0.1 to others is more than half of the way, 0.5 is less."""
    assert usable(space(0.0, 0.1, 5, 2 - 2 * 0.6), START)
    assert not usable(space(0.0, 0.1, 5, 2 - 2 * 0.5), START)
    assert not usable(TEMPLATES, START)
    assert usable(TOPICS, START)


def test_nan_raises_no_alarm_and_is_not_usable() -> None:
    none = Geometry(*[float("nan")] * 7, 256, 0)
    assert collapse(none, best=0.3, start=START) is None
    assert not usable(none, none)
    assert np.isnan(none.mrr)
