"""Names that stand for something: ours from a table, those of other packages from entry points."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from likewise.errors import InputError

__all__ = ["Registry"]


@dataclass(frozen=True)
class Registry:
    """One slot that names fill.

    Attributes:
        group: of entry points, by which other packages fill it.
        what: one of the things is called.
        several: what more than one are called.
        table: where ours are, `module:name`.
    """

    group: str
    what: str
    several: str
    table: Mapping[str, str]

    def names(self) -> list[str]:
        """Ours, in the order of the table, then those that other packages registered."""
        return [*self.table, *sorted({entry.name for entry in entry_points(group=self.group)} - self.table.keys())]

    def __contains__(self, name: str) -> bool:
        return name in self.table or bool(list(entry_points(group=self.group, name=name)))

    def load(self, name: str, names: Callable[[], Sequence[str]] | None = None) -> Any:
        """What a name stands for.

        Args:
            name: ours before one of the same name from elsewhere.
            names: that the user may give here, where these are not those of the slot alone.

        Raises:
            InputError: it stands for nothing; the nearest name is told.
        """
        ours = [EntryPoint(name, self.table[name], self.group)] if name in self.table else None
        for entry in ours or entry_points(group=self.group, name=name):
            return entry.load()
        known = (names or self.names)()
        nearest = difflib.get_close_matches(name, known, 1, cutoff=0.5)
        meant = f"did you mean {nearest[0]}? " if nearest else ""
        raise InputError(f"there is no {self.what} {name!r}: {meant}The {self.several} are {', '.join(known)}")
