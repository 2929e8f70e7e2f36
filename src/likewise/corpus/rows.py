"""Convert rows without types, from CSV, JSON or Python, to Arrow columns; report each row that holds no text."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.corpus.batch import MAX_CHARACTERS, MAX_ROWS, Problem, Reading, TextBatch, text_batch
from likewise.corpus.columns import TEXT, Chosen
from likewise.corpus.encoding import undecodable
from likewise.corpus.values import id_text, is_null, need_care, shown

MISSING = object()  # the value of a column that a row lacks, which differs from null
STRINGS = {str, type(None)}

Row = tuple[int, int, Any]
"""The number of a row in the corpus, its approximate number of characters, and its content."""


def grouped(
    rows: Iterable[Row], *, max_rows: int = MAX_ROWS, max_characters: int = MAX_CHARACTERS
) -> Iterator[tuple[list[int], list[Any]]]:
    """Group rows into batches; yield their numbers and their contents."""
    numbers: list[int] = []
    contents: list[Any] = []
    characters = 0
    for number, size, content in rows:
        numbers.append(number)
        contents.append(content)
        characters += size
        if len(contents) == max_rows or characters > max_characters:
            yield numbers, contents
            numbers, contents, characters = [], [], 0
    if contents:
        yield numbers, contents


def text_rows(rows: Iterable[Row], reading: Reading, *, max_characters: int = MAX_CHARACTERS) -> Iterator[TextBatch]:
    """Batch rows that are strings.

    Raises:
        InputError: a row is no string, and bad rows are not skipped.
    """
    chosen = reading.choose([TEXT], [TEXT])
    for numbers, texts in grouped(rows, max_characters=max_characters):
        yield from rows_batch(chosen, {TEXT: texts}, numbers, reading)


def record_batches(
    rows: Iterable[Row], reading: Reading, *, max_rows: int = MAX_ROWS, max_characters: int = MAX_CHARACTERS
) -> Iterator[TextBatch]:
    """Batch rows that are objects; the first batch decides the columns. A string is an object with only a text.

    Raises:
        InputError: a row is no object or lacks its text, and bad rows are not skipped; no column fits.
    """
    chosen: Chosen | None = None
    for group in grouped(rows, max_rows=max_rows, max_characters=max_characters):
        numbers, records = _records(*group, reading)
        if not records:
            continue
        names = _names(records)
        if chosen is None:
            chosen = reading.choose(names, _of_strings(names, records))
        chosen = chosen.among(names)
        values = {name: [record.get(name, MISSING) for record in records] for name in chosen.names}
        yield from rows_batch(chosen, values, numbers, reading)


def rows_batch(
    chosen: Chosen, values: Mapping[str, Sequence[Any]], numbers: Sequence[int], reading: Reading
) -> Iterator[TextBatch]:
    """Yield one batch of the rows whose texts are strings and whose ids are ids; none if no row is left.

    Args:
        chosen: the role of each column.
        values: the value of each row for every column of `chosen`; None or NaN for null.
        numbers: the numbers of the rows in the corpus, from 0.
        reading: skips or refuses the other rows.

    Raises:
        InputError: a row cannot be used, and bad rows are not skipped.
    """
    arrays = _arrays(chosen, values)
    if arrays is None:
        kept = []
        for index, number in enumerate(numbers):
            problem = _problem(chosen, {name: values[name][index] for name in chosen.names}, reading)
            if problem is None:
                kept.append(index)
            else:
                reading.reject(number, problem)
        if not kept:
            return
        numbers = [numbers[index] for index in kept]
        arrays = _arrays(chosen, {name: [values[name][index] for index in kept] for name in chosen.names}, checked=True)
        assert arrays is not None  # noqa: S101  rows without a problem can be converted
    yield text_batch(chosen, arrays, np.asarray(numbers, np.int64))


def _arrays(
    chosen: Chosen, values: Mapping[str, Sequence[Any]], *, checked: bool = False
) -> dict[str, pa.Array] | None:
    """Convert all rows at once; None where a row may be unusable, unless the rows were `checked`."""
    arrays = {}
    try:
        for name in chosen.others or ():
            arrays[name] = _typed(values[name])
        for name in chosen.ids:
            ids = values[name]
            if checked:
                ids = [id_text(id) for id in ids]
            elif set(map(type, ids)) != {str} or "" in ids:
                return None
            arrays[name] = pa.array(ids, pa.large_string())
            if not checked and need_care(arrays[name]):
                return None
        for name in () if chosen.as_ids else chosen.texts:
            texts = values[name]
            if checked:
                texts = [None if is_null(text) else str(text) for text in texts]
            elif not set(map(type, texts)) <= STRINGS:
                return None
            arrays[name] = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return None
    return arrays


def _problem(chosen: Chosen, row: Mapping[str, Any], reading: Reading) -> Problem | None:
    for name in () if chosen.as_ids else chosen.texts:
        if row[name] is MISSING:
            return Problem(f"it has no column {name!r}")
        if not is_null(row[name]) and not isinstance(row[name], str):
            return Problem(f"column {name!r} holds {shown(row[name])}, a string is needed")
    for name in chosen.ids:
        try:
            if row[name] is MISSING or is_null(row[name]) or not id_text(row[name]):
                return Problem(f"it has no id in column {name!r}", reading.id_remedy)
        except ValueError as error:
            return Problem(f"column {name!r} {error}", reading.id_remedy)
    problems = (_surrogate(name, row[name], reading) for name in chosen.names)
    return next(filter(None, problems), None)


def _surrogate(name: str, value: Any, reading: Reading) -> Problem | None:
    """Report a lone surrogate in a string, or anywhere in a nested value."""
    if isinstance(value, str):
        return undecodable(value, reading.decoded_as)
    try:
        _typed([value])
    except UnicodeEncodeError:
        return Problem(f"column {name!r} holds half a character, a lone surrogate")
    return None


def _typed(values: Sequence[Any]) -> pa.Array:
    """Infer the type of a column; values without a common type become strings."""
    values = [None if value is MISSING else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        plain = [None if is_null(value) else value for value in values]
        strings = [value if isinstance(value, str | None) else json.dumps(value, default=str) for value in plain]
        return pa.array(strings, pa.string())


def _records(numbers: list[int], contents: list[Any], reading: Reading) -> tuple[list[int], list[Mapping[str, Any]]]:
    """The rows that are objects with string names, and their numbers; the others are rejected."""
    if set(map(type, contents)) == {dict} and _are_strings(_names(contents)):
        return numbers, contents
    kept, records = [], []
    for number, row in zip(numbers, contents, strict=True):
        record = {TEXT: row} if isinstance(row, str) else row
        if isinstance(record, Mapping) and _are_strings(record):
            kept.append(number)
            records.append(record)
        else:
            kind = "its names are not all strings" if isinstance(row, Mapping) else f"it is a {type(row).__name__}"
            reading.reject(number, Problem(f"{kind}, an object with named values is needed"))
    return kept, records


def _names(records: Iterable[Mapping[Any, Any]]) -> list[Any]:
    """The names of all records, each once, in order of appearance."""
    return list(dict.fromkeys(chain.from_iterable(records)))


def _are_strings(names: Iterable[Any]) -> bool:
    try:
        "".join(names).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _of_strings(names: list[str], records: list[Mapping[str, Any]]) -> list[str]:
    """The columns that hold a string in some row; a row with another value there is a bad row."""
    return [name for name in names if any(isinstance(record.get(name), str) for record in records)]
