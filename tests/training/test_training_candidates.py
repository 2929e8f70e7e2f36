"""Which settings are tried."""

import numpy as np
import pytest

from likewise.training.candidates import VALUES, applied, first_candidates, joined, open_settings
from likewise.training.recipe import GIVEN, Recipe, derived

START = derived(Recipe(), 5000)
ALL = open_settings({})


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_what_is_given_is_not_open() -> None:
    """A closed form."""
    assert {*VALUES, "epochs"} == set(ALL)
    assert "views" not in open_settings({"views": "crop"}) and "views" in open_settings({"views": None})


def test_the_first_candidate_changes_nothing_and_the_next_one_thing_each() -> None:
    """A closed form: every setting has its first value before any has its second."""
    found = list(first_candidates(START, ALL, 12, rng()))
    assert found[0] == {}
    assert [next(iter(change)) for change in found[1:6]] == list(VALUES)
    assert all(len(change) == 1 for change in found[1:])
    assert len(found) == 12


def test_many_candidates_change_several_things_and_no_two_are_equal() -> None:
    """A law, and the same random numbers draw the same."""
    found = list(first_candidates(START, ALL, 36, rng()))
    assert len(found) == 36 and all(found.count(change) == 1 for change in found)
    assert max(map(len, found)) > 1
    assert found == list(first_candidates(START, ALL, 36, rng()))
    for change in found:
        assert all(
            getattr(applied(START, change), name) == value != getattr(START, name) for name, value in change.items()
        )


@pytest.mark.parametrize(
    ("settings", "names", "expected"),
    [
        ({"views": GIVEN}, ["views"], [{}]),
        ({"vocabulary": 1000}, ["vocabulary"], [{}]),
        ({"temperature": 0.1}, ["temperature"], [{}, {"temperature": 0.05}, {"temperature": 0.3}]),
        ({}, ["epochs"], [{}]),
    ],
)
def test_only_what_may_change_and_is_other_than_now(
    settings: dict[str, object], names: list[str], expected: list[dict[str, object]]
) -> None:
    """A closed form: given pairs have no views to choose, and a small vocabulary is not made smaller."""
    start = derived(Recipe.of(settings), 5000, paired=settings.get("views") == GIVEN)
    assert list(first_candidates(start, names, 12, rng())) == expected


def test_joined_takes_the_value_of_the_better() -> None:
    """A closed form."""
    assert joined([{"a": 1}, {"b": 2}, {"a": 3}]) == {"a": 1, "b": 2}
    assert joined([]) == {}
