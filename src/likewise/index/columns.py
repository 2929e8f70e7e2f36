"""Texts, ids and columns that a user adds, checked, and how SQLite stores the values of a column."""

import datetime
import decimal
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from likewise.corpus.batch import Problem, repeated_id
from likewise.corpus.encoding import well_formed
from likewise.corpus.values import id_text, typed
from likewise.errors import InputError

CHUNK = 8192  # texts that are added, or row ids that are read, at once
DOCUMENT = "document"  # the column with the id of the text that a passage is from
DELIMITED = (".csv", ".tsv", ".tab")
# A value as SQLite stores it. True and false are blobs: SQLite has no type for them, and as numbers they would come
# back as 1 and 0.
Cell = str | int | float | bytes | None
_FALSE, _TRUE = b"\x00", b"\x01"
_LARGEST = 2**63 - 1
MAX_DIGITS = 18  # of a number of an untyped column, with its signs
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)  # 007 and +49 may be names made of digits


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


def json_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a text for JSON, which has no infinity: None instead."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in columns.items()
    }


class FileColumns:
    """Converts the columns of a corpus, batch after batch.

    Nested columns become JSON and columns of bytes are left out. The columns of a delimited file have no types: those
    whose values in the first batch are all plain numbers, such as 12.5 or prices with two decimals, become numbers;
    others stay as they are written. Filters compare what values mean either way.

    Args:
        name: of the corpus; its suffix decides whether its columns are typed.
    """

    def __init__(self, name: str) -> None:
        self._delimited = _is_delimited(name)
        self._numbers: dict[str, set[int] | None] = {}

    def values(self, columns: pa.RecordBatch | pa.Table | None) -> dict[str, list[Any]]:
        """Return the values by column, one a text."""
        found: dict[str, list[Any]] = {}
        for name, column in () if columns is None else zip(columns.schema.names, columns.columns, strict=True):
            values = _plain(column)
            if values is None:
                continue
            text = types.is_string(column.type) or types.is_large_string(column.type)
            if self._delimited and text and name not in self._numbers and any(values):
                self._numbers[name] = number_decimals(values)
            decimals = self._numbers.get(name)
            found[name] = values if decimals is None else [_number(value, decimals) for value in values]
        return found


def number_decimals(values: list[Any]) -> set[int] | None:
    """Return how many decimals the values of an untyped column have, None if they are not all numbers or lose digits.

    Prices such as 9.90 and 12.50 lose nothing, as all have two decimals; versions such as 1.10 and 1.2 would.
    """
    decimals = {len(value.partition(".")[2]) for value in values if value and "." in value}
    return decimals if all(_number(value, decimals) != value for value in values if value) else None


def _number(value: str | None, decimals: set[int]) -> str | int | float | None:
    """Return the number that a text is unless it loses digits, None for an empty text, else the text."""
    if not value or PLAIN_NUMBER.fullmatch(value) is None:
        return value or None
    found = float(value) if "." in value else int(value)
    if len(value) > MAX_DIGITS:
        return value
    return found if str(found) == value or {len(value.partition(".")[2])} == decimals else value


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
    if types.is_uint64(kind):
        return [str(value) if value is not None and value > _LARGEST else value for value in values]
    if types.is_duration(kind):
        return [None if value is None else value.total_seconds() for value in values]
    return values


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
        documents: the id of the text that each is a passage of; None for whole texts.
        numbered: whether the ids are only row numbers, which are not used as ids in an index that has texts: they
            would replace those of another file.
    """

    texts: list[str]
    ids: list[str] | None
    columns: dict[str, list[Any]]
    reject: Callable[[int, str], None] | None = None
    documents: list[str] | None = None
    numbered: bool = False

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: list[int]) -> "Rows":
        """Return some of the rows."""
        columns = {name: [values[place] for place in places] for name, values in self.columns.items()}

        def some(values: list[str] | None) -> list[str] | None:
            return None if values is None else [values[place] for place in places]

        texts, documents = [self.texts[place] for place in places], some(self.documents)
        return replace(self, texts=texts, ids=some(self.ids), columns=columns, documents=documents)


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


def rows_of_corpus(corpus: Iterable[Any]) -> Iterator[Rows]:
    """Yield rows from a stream of `TextBatch`: anything with `ids`, `texts` and `columns` as Arrow arrays, or None.

    Args:
        corpus: the stream; `numbered` of a `Corpus` is whether its ids are only row numbers, and `cut` of one of
            passages is true: its column `document` has the ids of the texts.
    """
    first, columns = 0, FileColumns(getattr(corpus, "name", ""))
    for batch in corpus:
        ids = None if batch.ids is None else checked_ids(batch.ids.to_pylist())
        cut, reject = getattr(corpus, "cut", False), getattr(corpus, "reject", None)
        yield Rows(
            _checked_texts(batch.texts.to_pylist(), first),
            ids,
            columns.values(batch.columns),
            None if reject is None else partial(_reject, reject, batch.rows),
            checked_ids(batch.columns.column(DOCUMENT).to_pylist()) if cut else None,
            bool(getattr(corpus, "numbered", False)),
        )
        first += len(batch.texts)


def _reject(reject: Callable[[int, Problem], None], rows: Any, place: int, id: str) -> None:
    reject(int(rows[place]), repeated_id(id))


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
