"""What a column of an index may hold, and how SQLite keeps it."""

import datetime
import decimal
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from likewise.errors import InputError

__all__ = [
    "CHUNK",
    "Cell",
    "FileColumns",
    "Rows",
    "are_numbers",
    "checked_ids",
    "restored",
    "rows_of_corpus",
    "rows_of_texts",
    "stored",
    "well_formed",
]


# What SQLite is given. True and false are kept as blobs: SQLite has no type for them, and as numbers they would come
# back as 1 and 0.
Cell = str | int | float | bytes | None

_FALSE, _TRUE = b"\x00", b"\x01"
_LARGEST = 2**63 - 1


def stored(value: Any, place: str) -> Cell:
    """What the record keeps of one value: text, number, true or false, or nothing.

    Not-a-number is nothing. Dates and times become ISO 8601 text, which sorts as they do; a decimal becomes a float.

    Args:
        value: what the user gave.
        place: where it was given, for the message, as in "column 'price', row 3".

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
                raise InputError(
                    f"{place} holds {str(value)[:30]}: an integer of 64 bits is the largest, pass it as text"
                )
            return value
        case float() | decimal.Decimal():
            return None if math.isnan(value) else float(value)
        case str():
            return well_formed(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
    raise InputError(
        f"{place} holds a {type(value).__name__}: a column holds text, numbers, true or false, or nothing; leave it out"
    )


def restored(cell: Cell) -> Any:
    """The value that `stored` made `cell` of."""
    return cell == _TRUE if isinstance(cell, bytes) else cell


def well_formed(text: str) -> str:
    """`text` with the halves of broken surrogate pairs, which UTF-8 cannot hold, replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


DELIMITED = (".csv", ".tsv", ".tab")
# As a program would write a number: 007 and +49 are names that happen to be made of digits.
NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d+)?([eE][-+]?\d{1,3})?")


class FileColumns:
    """The columns of one corpus, batch after batch.

    Nested columns become JSON and columns of bytes are left out. A delimited file does not say which of its columns are
    numbers: those whose first values all are become numbers, so that `price < 10` means what it says.

    Args:
        name: of the corpus, whose ending tells whether its columns are typed.
    """

    def __init__(self, name: str) -> None:
        self._delimited = _is_delimited(name)
        self._numbers: dict[str, bool] = {}

    def values(self, columns: pa.RecordBatch | pa.Table | None) -> dict[str, list[Any]]:
        """The values by column, one a text."""
        found = {}
        for name, column in _named(columns):
            values = _plain(column)
            if values is None:
                continue
            if self._delimited and name not in self._numbers and any(values):
                self._numbers[name] = are_numbers(values)
            found[name] = [_number(value) for value in values] if self._numbers.get(name) else values
        return found


def are_numbers(values: list[Any]) -> bool:
    """Whether the values of an untyped column are numbers, but for empty ones."""
    return all(isinstance(value, str) and NUMBER.fullmatch(value) for value in values if value)


def _number(value: str | None) -> str | int | float | None:
    if not value:
        return None
    found = NUMBER.fullmatch(value)
    if found is None:
        return value
    return float(value) if found[2] or found[3] else int(value)


def _named(columns: pa.RecordBatch | pa.Table | None) -> Iterator[tuple[str, pa.Array | pa.ChunkedArray]]:
    if columns is not None:
        yield from zip(columns.schema.names, columns.columns, strict=True)


def _plain(column: pa.Array | pa.ChunkedArray) -> list[Any] | None:
    """The values of a column as an index can hold them; None where it cannot."""
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


def _is_delimited(name: str) -> bool:
    path = Path(name)
    if path.is_dir():
        return any(_is_delimited(str(file)) for file in path.rglob("*") if file.is_file())
    return not {*path.suffixes}.isdisjoint(DELIMITED)


CHUNK = 8192


@dataclass(frozen=True)
class Rows:
    """Texts to be added.

    Attributes:
        texts: the texts.
        ids: one a text, or None: the record gives the next integers.
        columns: by name, one value a text.
    """

    texts: list[str]
    ids: list[str] | None
    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.texts)


def rows_of_texts(texts: Any, ids: Any, columns: Mapping[str, Any]) -> Iterator[Rows]:
    """Rows of texts, ids and columns given side by side: lists, or Arrow, numpy or pandas columns.

    Raises:
        InputError: the lengths differ, or a text is no string.
    """
    texts = _listed(texts, "texts")
    ids = None if ids is None else checked_ids(_listed(ids, "ids"))
    listed = {name: _listed(values, f"column {name!r}") for name, values in columns.items()}
    for name, values in [("ids", ids), *((f"values of column {name!r}", values) for name, values in listed.items())]:
        if values is not None and len(values) != len(texts):
            raise InputError(f"{len(texts)} texts and {len(values)} {name} were given: one of each a text is expected")
    for first in range(0, len(texts), CHUNK):
        part = slice(first, first + CHUNK)
        yield Rows(
            _checked_texts(texts[part], first),
            None if ids is None else ids[part],
            {name: values[part] for name, values in listed.items()},
        )


def rows_of_corpus(corpus: Iterable[Any], *, empty: bool) -> Iterator[Rows]:
    """Rows of a stream of `TextBatch`: anything with `ids`, `texts` and `columns` as Arrow arrays, or None.

    Args:
        corpus: the stream; a `Corpus` also tells whether its ids are only the numbers of its rows.
        empty: whether the index holds no text yet. In one that does, the row numbers of another file would replace its
            texts, so they are not taken for ids then.
    """
    first, columns = 0, FileColumns(getattr(corpus, "name", ""))
    for batch in corpus:
        named = batch.ids is not None and (empty or not getattr(corpus, "numbered", False))
        ids = checked_ids(batch.ids.to_pylist()) if named else None
        yield Rows(_checked_texts(batch.texts.to_pylist(), first), ids, columns.values(batch.columns))
        first += len(batch.texts)


def checked_ids(ids: list[Any]) -> list[str]:
    """Ids as text; integers are taken for it.

    Raises:
        InputError: an id is neither.
    """
    checked = []
    for id in ids:
        if isinstance(id, str):
            checked.append(well_formed(id))
        elif isinstance(id, (int, np.integer)) and not isinstance(id, bool):
            checked.append(str(id))
        else:
            raise InputError(f"an id is text or an integer, {id!r} was given (a {type(id).__name__})")
    return checked


def _listed(values: Any, what: str) -> list[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise InputError(f"{what}: a list with one value a text was expected, a {type(values).__name__} was given")
    for way in ("to_pylist", "tolist"):  # Arrow; numpy, pandas
        if hasattr(values, way):
            return list(getattr(values, way)())
    return list(values)


def _checked_texts(texts: list[Any], first: int) -> list[str]:
    for row, text in enumerate(texts, first):
        if not isinstance(text, str):
            raise InputError(f"text {row} is a {type(text).__name__}: strings are expected; an empty text is ''")
    return [well_formed(text) for text in texts]
