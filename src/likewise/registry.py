"""Names of interchangeable parts: those of this package in a table, those of other packages in entry points."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from likewise.errors import InputError


@dataclass(frozen=True)
class Registry:
    """The names of one kind of part, such as the views. Nothing is imported before it is loaded.

    Attributes:
        group: the entry point group in which other packages register their own.
        noun: what one of them is called, in error messages.
        plural: what several are called.
        table: our own, as `module:object`.
    """

    group: str
    noun: str
    plural: str
    table: Mapping[str, str]

    def names(self) -> list[str]:
        """Our own in the order of the table, then those that other packages registered."""
        return [*self.table, *sorted({entry.name for entry in entry_points(group=self.group)} - self.table.keys())]

    def __contains__(self, name: str) -> bool:
        return name in self.table or bool(list(entry_points(group=self.group, name=name)))

    def load(self, name: str, names: Callable[[], Sequence[str]] | None = None) -> Any:
        """Import what a name stands for.

        Args:
            name: our own take precedence over those of other packages.
            names: the names an error message lists, where they are more than those of this registry.

        Raises:
            InputError: the name is unknown; the message names the nearest known one.
        """
        ours = [EntryPoint(name, self.table[name], self.group)] if name in self.table else None
        for entry in ours or entry_points(group=self.group, name=name):
            return entry.load()
        known = (names or self.names)()
        nearest = difflib.get_close_matches(name, known, 1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}? " if nearest else ""
        raise InputError(f"there is no {self.noun} {name!r}: {hint}The {self.plural} are {', '.join(known)}")
