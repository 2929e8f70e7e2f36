"""Texts, ids and columns that a user adds, checked, and how SQLite stores the values of a column."""

import datetime
import decimal
import json
import logging
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from likewise.corpus.batch import Problem
from likewise.corpus.encoding import well_formed
from likewise.corpus.values import AMBIGUOUS, decimal_sign, id_text, number, typed
from likewise.errors import InputError

CHUNK = 8192  # texts that are added, or row ids that are read, at once
DELIMITED = (".csv", ".tsv", ".tab")
# A value as SQLite stores it. True and false are blobs: SQLite has no type for them, and as numbers they would come
# back as 1 and 0.
Cell = str | int | float | bytes | None
_FALSE, _TRUE = b"\x00", b"\x01"
_LARGEST = 2**63 - 1
_log = logging.getLogger(__name__)


def to_cell(value: Any, place: str) -> Cell:
    """Convert a value of a column for SQLite: text, a number, true or false, or None.

    NaN becomes None. Dates and times become ISO 8601 text, which sorts as they do; a decimal becomes a float.

    Args:
        value: any scalar.
        place: where the value is, for error messages, as in "column 'price', row 3".

    Raises:
        InputError: the value is a list, a mapping, bytes or another object, or an integer beyond 64 bits.
    """
    if isinstance(value, np.generic):
        value = value.item()
    match value:
        case None:
            return None
        case bool():
            return _TRUE if value else _FALSE
        case int():
            if not -_LARGEST - 1 <= value <= _LARGEST:
                raise InputError(f"{place} holds {str(value)[:30]}: expected an integer of 64 bits; pass it as text")
            return value
        case float() | decimal.Decimal():
            return None if math.isnan(value) else float(value)
        case str():
            return well_formed(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
    raise InputError(
        f"{place} holds a {type(value).__name__}: expected text, a number, true or false, or None; leave the column out"
    )


def to_cells(value: Any, place: str) -> tuple[Cell, str | None]:
    """Convert a value to what it means, which filters compare, and to its text if it is written otherwise.

    >>> to_cells("$44.00", ""), to_cells("acme", ""), to_cells(7, "")
    ((44.0, '$44.00'), ('acme', None), (7, None))

    Raises:
        InputError: as `to_cell`.
    """
    cell = to_cell(value, place)
    if not isinstance(cell, str):
        return cell, None
    meant = to_cell(typed(cell), place)
    return meant, None if isinstance(meant, str) and meant == cell else cell


def from_cell(cell: Cell, written: str | None = None) -> Any:
    """Return the value that `to_cells` converted."""
    if written is not None:
        return written
    return cell == _TRUE if isinstance(cell, bytes) else cell


NUMBERS, BOOLEANS, DATES, TEXT, WRITTEN = "numbers", "true or false", "dates", "text", "anything written as text"
_ANY_TEXT = "the texts of the index"
_IS_DATE = "({0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND (length({0}) = 10 OR substr({0}, 11, 1) = 'T'))"
_KINDS = {
    TEXT: f"typeof({{0}}) = 'text' AND NOT {_IS_DATE} AND {{0}} NOT IN ({str(sorted(AMBIGUOUS))[1:-1]})",
    NUMBERS: "typeof({0}) IN ('integer', 'real')",
    BOOLEANS: "typeof({0}) = 'blob'",
    DATES: f"typeof({{0}}) = 'text' AND {_IS_DATE}",
    WRITTEN: "({1} IS NOT NULL OR typeof({0}) = 'text')",
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
        return _KINDS[kind].format(self.cell, self.written)

    def example(self, kind: str) -> str | None:
        """Return a value of this kind with the id of its text, for messages; None if there is none."""
        return self._first(self.condition(kind)) if self.connection else _ANY_TEXT if kind in (TEXT, WRITTEN) else None

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


class FileColumns:
    """Converts the columns of a corpus, batch after batch.

    Nested columns become JSON and columns of bytes are left out. The columns of a delimited file have no types: those
    whose values in the first batch are all plain numbers, such as 12.5, become numbers; others, such as 12.50, stay as
    they are written. Filters compare what values mean either way.

    Args:
        name: of the corpus; its suffix decides whether its columns are typed.
    """

    def __init__(self, name: str) -> None:
        self._delimited = _is_delimited(name)
        self._numbers: dict[str, bool] = {}

    def values(self, columns: pa.RecordBatch | pa.Table | None) -> dict[str, list[Any]]:
        """Return the values by column, one a text."""
        found: dict[str, list[Any]] = {}
        for name, column in () if columns is None else zip(columns.schema.names, columns.columns, strict=True):
            values = _plain(column)
            if values is None:
                continue
            if self._delimited and name not in self._numbers and any(values):
                self._numbers[name] = are_numbers(values)
            found[name] = [_number(value) for value in values] if self._numbers.get(name) else values
        return found


def are_numbers(values: list[Any]) -> bool:
    """Return whether all values of an untyped column are plain numbers, apart from empty ones."""
    return all(isinstance(_number(value), int | float) for value in values if value)


def _number(value: str | None) -> str | int | float | None:
    """Return the number that a text is exactly, None for an empty text, or the text."""
    if not value:
        return None
    found = number(value) if value[-1].isdigit() else None
    return found if found is not None and str(found) == value else value


def _plain(column: pa.Array | pa.ChunkedArray) -> list[Any] | None:
    """Return the values of a column, or None if an index cannot hold them."""
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return None
    values: list[Any] = column.to_pylist()
    if types.is_nested(kind):
        return [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]
    if types.is_duration(kind):
        return [None if value is None else value.total_seconds() for value in values]
    return values


def _described(row: tuple[Cell, str | None, int], rows: Callable[..., list[Any]]) -> str:
    cell, written, row_id = row
    value = repr(from_cell(cell, written))
    ((id,),) = rows("SELECT id FROM texts WHERE row_id = ?", (row_id,))
    return f"{value if len(value) <= 40 else value[:37] + '...'} (id {id!r})"


def _is_delimited(name: str) -> bool:
    path = Path(name)
    if path.is_dir():
        return any(_is_delimited(str(file)) for file in path.rglob("*") if file.is_file())
    return not {*path.suffixes}.isdisjoint(DELIMITED)


@dataclass(frozen=True)
class Rows:
    """Texts to add.

    Attributes:
        texts: the texts.
        ids: one a text, or None for the next integers.
        columns: by name, one value a text.
        reject: skips a text, by its place, whose id has occurred, or raises an error that names its row; None if there
            are no rows.
    """

    texts: list[str]
    ids: list[str] | None
    columns: dict[str, list[Any]]
    reject: Callable[[int, str], None] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: list[int]) -> "Rows":
        """Return some of the rows."""
        columns = {name: [values[place] for place in places] for name, values in self.columns.items()}
        ids = None if self.ids is None else [self.ids[place] for place in places]
        return replace(self, texts=[self.texts[place] for place in places], ids=ids, columns=columns)


def rows_of_texts(texts: Any, ids: Any, columns: Mapping[str, Any]) -> Iterator[Rows]:
    """Yield rows from texts, ids and columns: lists, or Arrow, numpy or pandas columns.

    Raises:
        InputError: the lengths differ, or a text is no string.
    """
    texts = _listed(texts, "texts")
    ids = None if ids is None else checked_ids(_listed(ids, "ids"))
    listed = {name: _listed(values, f"column {name!r}") for name, values in columns.items()}
    for name, values in [("ids", ids), *((f"values of column {name!r}", values) for name, values in listed.items())]:
        if values is not None and len(values) != len(texts):
            raise InputError(
                f"{len(texts)} texts and {len(values)} {name} were given: expected one of each for every text"
            )
    for first in range(0, len(texts), CHUNK):
        part = slice(first, first + CHUNK)
        yield Rows(
            _checked_texts(texts[part], first),
            None if ids is None else ids[part],
            {name: values[part] for name, values in listed.items()},
        )


def rows_of_corpus(corpus: Iterable[Any], *, empty: bool) -> Iterator[Rows]:
    """Yield rows from a stream of `TextBatch`: anything with `ids`, `texts` and `columns` as Arrow arrays, or None.

    Args:
        corpus: the stream; `numbered` of a `Corpus` is whether its ids are only row numbers.
        empty: whether the index has no text yet. In one that has texts, the row numbers of another file would replace
            them, so they are not used as ids then.
    """
    first, columns = 0, FileColumns(getattr(corpus, "name", ""))
    for batch in corpus:
        named = batch.ids is not None and (empty or not getattr(corpus, "numbered", False))
        ids = checked_ids(batch.ids.to_pylist()) if named else None
        reject = getattr(corpus, "reject", None)
        rows = Rows(_checked_texts(batch.texts.to_pylist(), first), ids, columns.values(batch.columns))
        yield rows if reject is None else replace(rows, reject=partial(_reject, reject, batch.rows))
        first += len(batch.texts)


def _reject(reject: Callable[[int, Problem], None], rows: Any, place: int, reason: str) -> None:
    reject(int(rows[place]), Problem(reason, "fix it, or number the texts instead with --no-id (ids=False)"))


def checked_ids(ids: list[Any]) -> list[str]:
    """Return ids as text.

    Raises:
        InputError: an id is neither text nor a number, or a float that has lost digits.
    """
    checked = []
    for id in ids:
        try:
            checked.append(well_formed(id_text(id)))
        except ValueError as error:
            raise InputError(f"the list of ids {error}") from None
    return checked


def _listed(values: Any, what: str) -> list[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise InputError(f"{what}: expected a list with one value a text, a {type(values).__name__} was given")
    for method in ("to_pylist", "tolist"):  # Arrow; numpy, pandas
        if hasattr(values, method):
            return list(getattr(values, method)())
    return list(values)


def _checked_texts(texts: list[Any], first: int) -> list[str]:
    for row, text in enumerate(texts, first):
        if not isinstance(text, str):
            raise InputError(f"text {row} is a {type(text).__name__}: expected a string; an empty text is ''")
    return [well_formed(text) for text in texts]
