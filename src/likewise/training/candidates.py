"""Which settings are tried for a corpus."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from likewise.training.recipe import GIVEN, Settings

__all__ = ["Changes", "applied", "first_candidates", "joined", "open_settings"]

Changes = Mapping[str, Any]
"""What a candidate does otherwise than the settings that are derived from the corpus."""

# In the order in which they are worth trying: the temperature decides most, then what the two views share.
VALUES: dict[str, tuple[Any, ...]] = {
    "temperature": (0.1, 0.05, 0.3),
    "views": ("crop", "halves", "halves+delete:0.3"),
    "idf_power": (0.4, 1.0),
    "learning_rate": (0.1, 0.4),
    "vocabulary": (0.3,),  # of the size that is derived
}
SMALLEST_VOCABULARY = 1_000


def open_settings(given: Mapping[str, Any]) -> list[str]:
    """The settings that may be tuned: those that the user left open.

    How long the parts of a vector are is not among them: the score is blind to it (docs/score.md).

    Args:
        given: the recipe, None where it is open.
    """
    return [name for name in [*VALUES, "epochs"] if given.get(name) is None]


def first_candidates(start: Settings, names: Collection[str], most: int, rng: np.random.Generator) -> Sequence[Changes]:
    """The candidates of the first rung, at most so many: nothing changed, one thing changed, then several by chance.

    Args:
        start: the settings without a change.
        names: which may change.
        most: how many candidates.
        rng: which several changes are drawn.
    """
    values = {name: _values(name, start) for name in VALUES if name in names}
    single = [{name: value} for name, some in values.items() for value in some]
    # The first value of each setting comes before the second of any.
    single.sort(key=lambda change: values[next(iter(change))].index(next(iter(change.values()))))
    found: list[dict[str, Any]] = [{}, *single][:most]
    for _ in range(10 * most):
        if len(found) == most or sum(map(len, values.values())) < 2:
            break
        drawn = {
            name: some[int(rng.integers(len(some)))] for name, some in values.items() if some and rng.random() < 0.4
        }
        if len(drawn) > 1 and drawn not in found:
            found.append(drawn)
    return found


def joined(better: Sequence[Changes]) -> Changes:
    """What the better candidates change, in one: of two values of a setting that of the better one.

    Args:
        better: candidates, the best first.
    """
    together: dict[str, Any] = {}
    for change in better:
        together = {**change, **together}
    return together


def applied(start: Settings, change: Changes) -> Settings:
    """The settings with a change."""
    return replace(start, **change)


def _values(name: str, start: Settings) -> tuple[Any, ...]:
    """The values of one setting that are worth trying beside that of `start`."""
    now = asdict(start)[name]
    if name == "views" and now == GIVEN:
        return ()
    if name == "vocabulary":
        sizes = {max(SMALLEST_VOCABULARY, round(share * now)) for share in VALUES[name]}
        return tuple(size for size in sorted(sizes) if size < now)
    return tuple(value for value in VALUES[name] if value != now)
