"""The types of columns: what kinds of values a column of an index holds, with examples, asked of SQLite when needed."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from likewise.corpus.values import AMBIGUOUS, decimal_sign
from likewise.errors import InputError
from likewise.index.columns import Cell, from_cell

_log = logging.getLogger(__name__)

NUMBERS, BOOLEANS, DATES, TEXT = "numbers", "true or false", "dates", "text"
_ANY_TEXT = "the texts of the index"
_IS_DATE = "({0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND (length({0}) = 10 OR substr({0}, 11, 1) = 'T'))"
_KINDS = {
    TEXT: f"typeof({{0}}) = 'text' AND NOT {_IS_DATE} AND {{0}} NOT IN ({str(sorted(AMBIGUOUS))[1:-1]})",
    NUMBERS: "typeof({0}) IN ('integer', 'real')",
    BOOLEANS: "typeof({0}) = 'blob'",
    DATES: f"typeof({{0}}) = 'text' AND {_IS_DATE}",
}


@dataclass(frozen=True)
class StoredColumn:
    """A column of an index in SQL, and what it holds.

    Attributes:
        name: as the user knows it.
        cell: the SQL of what values mean.
        written: the SQL of their text where it differs.
        connection: to the record; None for a column of text alone.
        known: what was found out about this state of the index.
    """

    name: str
    cell: str
    written: str = "NULL"
    connection: sqlite3.Connection | None = None
    known: dict[Any, Any] = field(default_factory=dict)

    @property
    def as_text(self) -> str:
        """The SQL of values as text; null for true and false of Python."""
        return f"coalesce({self.written}, iif(typeof({self.cell}) = 'blob', NULL, {self.cell}))"

    @property
    def as_typed_text(self) -> str:
        """The SQL of values that are text; null for others."""
        return f"iif(typeof({self.cell}) = 'text', {self.cell}, NULL)"

    def condition(self, kind: str) -> str:
        """The SQL of whether a value is of a kind."""
        return _KINDS[kind].format(self.cell)

    def example(self, kind: str) -> str | None:
        """Return a value of this kind with the id of its text, for messages; None if there is none."""
        return self._first(self.condition(kind)) if self.connection else _ANY_TEXT if kind == TEXT else None

    def holds(self, text: str) -> bool:
        """Whether a cell is written like this."""
        return self._first(f"{self.cell} IS ? OR {self.written} IS ?", (text, text)) is not None

    def content(self) -> tuple[str, str] | None:
        """Return the first kind that the column holds, with an example; None if it holds nothing."""
        kinds = (TEXT, NUMBERS, BOOLEANS, DATES)
        return next(((kind, found) for kind in kinds if (found := self.example(kind)) is not None), None)

    def log_others(self, compared: str, others: Iterable[str]) -> None:
        """Log, once, that values of other kinds are left out of a comparison."""
        for kind in others:
            if (found := self.example(kind)) and self.known.setdefault((self.name, "logged", compared), kind) == kind:
                self.known[self.name, "logged", compared] = None
                _log.warning(
                    "column %s also holds %s, such as %s, which %s do not compare with",
                    self.name,
                    kind,
                    found,
                    compared,
                )

    def hint_at_quotes(self, text: str, value: float) -> None:
        """Log, once, that a number in quotes is compared as text, if it occurs but is written otherwise everywhere."""
        exact = f"{self.written} IS ? OR ({self.written} IS NULL AND {self.cell} IS ?)"
        found = self._first(f"{self.cell} IS ?", (value,))
        if found and not self._first(exact, (text, value)) and ("quotes", text) not in self.known:
            self.known["quotes", text] = True
            _log.warning("column %s has no %r, but %s: leave out the quotes to compare numbers", self.name, text, found)

    def check_decimal_signs(self) -> None:
        """Refuse a column in which a comma is the decimal sign, and in another number may be either.

        Raises:
            InputError: there are such numbers.
        """
        if not self._first(f"{self.condition(NUMBERS)} AND {self.written} LIKE '%,%'"):
            return
        if (self.name, "signs") not in self.known:
            sql = f"SELECT {self.written} FROM fields WHERE {self.condition(NUMBERS)} AND {self.written} IS NOT NULL"  # noqa: S608
            found: dict[str | None, str] = {}
            for (text,) in self._rows(sql):
                found.setdefault(decimal_sign(text), text)
            self.known[self.name, "signs"] = found
        signs = self.known[self.name, "signs"]
        if "," in signs and "?" in signs:
            raise InputError(
                f"column {self.name} holds {signs[',']!r} and {signs['?']!r}, which may be thousands or a fraction: "
                "write all numbers with one decimal sign and without separators of thousands, and add them again"
            )

    def _first(self, condition: str, parameters: tuple[Cell, ...] = ()) -> str | None:
        key = self.cell, condition, parameters
        if key not in self.known:
            sql = f"SELECT {self.cell}, {self.written}, row_id FROM fields WHERE {condition} LIMIT 1"  # noqa: S608
            rows = self._rows(sql, parameters)
            self.known[key] = _described(rows[0], self._rows) if rows else None
        found: str | None = self.known[key]
        return found

    def _rows(self, sql: str, parameters: tuple[Cell, ...] = ()) -> list[Any]:
        return [] if self.connection is None else self.connection.execute(sql, parameters).fetchall()


class StoredColumns:
    """The columns of an index.

    Args:
        positions: of each, by name.
        connection: to the record.
        known: what was found out about this state of the index, kept by the caller.
    """

    def __init__(self, positions: Mapping[str, int], connection: sqlite3.Connection, known: dict[Any, Any]) -> None:
        self._positions, self._connection, self._known = positions, connection, known

    @property
    def names(self) -> list[str]:
        """Their names, and `id` and `text`."""
        return [*self._positions, "id", "text"]

    def get(self, name: Any) -> StoredColumn | None:
        """Return a column, or None if there is none of this name."""
        if name in self._positions:
            cell, written = (f"fields.{side}{self._positions[name]}" for side in "co")
            return StoredColumn(name, cell, written, self._connection, self._known)
        return StoredColumn(name, f"texts.{name}") if name in ("id", "text") else None


def _described(row: tuple[Cell, str | None, int], rows: Callable[..., list[Any]]) -> str:
    cell, written, row_id = row
    value = repr(from_cell(cell, written))
    ((id,),) = rows("SELECT id FROM texts WHERE row_id = ?", (row_id,))
    return f"{value if len(value) <= 40 else value[:37] + '...'} (id {id!r})"
