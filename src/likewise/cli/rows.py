"""From a corpus into an index: whose ids are used, and what becomes of columns as a file has them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from likewise.cli.screen import Meter, counted
from likewise.corpus.batch import TextBatch
from likewise.corpus.read import Corpus
from likewise.index.collection import Collection

__all__ = ["ColumnValues", "IndexRows", "fill", "index_rows", "numbers_in"]

DELIMITED = (".csv", ".tsv", ".tab")
# As a program would write a number: 007 and +49 are names that happen to be made of digits.
NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d+)?([eE][-+]?\d{1,3})?")


@dataclass(frozen=True)
class ColumnValues:
    """Values by column, of any types, where an Arrow column would need one type.

    Attributes:
        values: one a text.
    """

    values: dict[str, list[Any]]

    def to_pydict(self) -> dict[str, list[Any]]:
        """The values, as an Arrow table would give them."""
        return self.values


@dataclass(frozen=True)
class IndexRows:
    """A batch as an index takes it.

    Attributes:
        texts: the texts.
        ids: one a text; None: the index gives the next numbers.
        columns: the others, of types that an index can hold.
    """

    texts: pa.Array
    ids: pa.Array | None
    columns: ColumnValues


def fill(collection: Collection, corpus: Corpus, *, numbered: bool, progress: bool) -> str:
    """Add a corpus to an index, all of it or nothing.

    Args:
        collection: the index.
        corpus: texts with their columns.
        numbered: whether ids that are only the numbers of the rows are used. In an index that holds another file
            already they would replace its texts.
        progress: whether to show how far it is.

    Returns:
        What came of it, in words.
    """
    with Meter(shown=progress) as meter:
        collection.add_corpus(index_rows(corpus, numbered=numbered), meter.reach)
        return f"{counted(meter.texts, 'text')} {meter.summary(corpus.skipped)}"


def index_rows(corpus: Corpus, *, numbered: bool) -> Iterator[IndexRows]:
    """The batches of a corpus as an index takes them.

    Nested columns become JSON and columns of bytes are left out. A delimited file does not say which of its columns are
    numbers: those whose first values all are become numbers, so that `price < 10` means what it says.
    """
    delimited = _is_delimited(corpus.name)
    numbers: dict[str, bool] = {}
    own = numbered
    for number, batch in enumerate(corpus):
        if number == 0 and not numbered:
            own = not _are_row_numbers(batch.ids, len(batch) + corpus.skipped)
        columns = {}
        for name, column in _columns(batch):
            values = _plain(column)
            if values is None:
                continue
            if delimited and name not in numbers and any(values):
                numbers[name] = numbers_in(values)
            columns[name] = [_number(value) for value in values] if numbers.get(name) else values
        yield IndexRows(batch.texts, batch.ids if own else None, ColumnValues(columns))


def numbers_in(values: list[Any]) -> bool:
    """Whether the values of an untyped column are numbers, but for empty ones."""
    return all(NUMBER.fullmatch(value) for value in values if value)


def _number(value: str | None) -> str | int | float | None:
    if not value:
        return None
    found = NUMBER.fullmatch(value)
    if found is None:
        return value
    return float(value) if found[2] or found[3] else int(value)


def _columns(batch: TextBatch) -> Iterator[tuple[str, pa.Array]]:
    if batch.columns is not None:
        yield from zip(batch.columns.schema.names, batch.columns.columns, strict=True)


def _plain(column: pa.Array) -> list[Any] | None:
    """The values of a column as an index can hold them; None where it cannot."""
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return None
    values: list[Any] = column.to_pylist()
    if types.is_nested(kind):
        return [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]
    if types.is_duration(kind):
        return [None if value is None else value.total_seconds() for value in values]
    return values


def _are_row_numbers(ids: pa.Array, rows: int) -> bool:
    """Whether the ids can be the numbers of rows: ascending, none beyond the rows there were."""
    if not pc.all(pc.match_substring_regex(ids, r"^(0|[1-9]\d{0,17})$"), min_count=0).as_py():
        return False
    numbers = ids.cast(pa.int64())
    ascending = len(numbers) < 2 or pc.all(pc.greater(numbers[1:], numbers[:-1])).as_py()
    return bool(ascending and (len(numbers) == 0 or numbers[-1].as_py() < rows))


def _is_delimited(name: str) -> bool:
    path = Path(name)
    if path.is_dir():
        return any(_is_delimited(str(file)) for file in path.rglob("*") if file.is_file())
    return not {*path.suffixes}.isdisjoint(DELIMITED)
