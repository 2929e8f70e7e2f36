"""What the columns of a file become in an index, which holds text, numbers and truth values."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import types

__all__ = ["FileColumns", "are_numbers"]

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
