"""Values without types, from CSV, JSON or Python, become Arrow columns; a value that is no text is told by its row."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import isnan
from numbers import Real
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.corpus.batch import MOST_CHARACTERS, MOST_ROWS, TextBatch, text_batch
from likewise.corpus.columns import TEXT, Chosen
from likewise.corpus.encoding import undecodable
from likewise.corpus.source import Problem, Reading

__all__ = ["MISSING", "Row", "grouped", "record_batches", "rows_batch", "text_rows"]


MISSING = object()  # a row that lacks a column, which is not the same as one that holds null there

STRINGS = {str, type(None)}
Row = tuple[int, int, Any]  # its number in the corpus, about how many characters it holds, what it holds


def grouped(rows: Iterable[Row]) -> Iterator[tuple[list[int], list[Any]]]:
    """Rows by the batch: their numbers and what they hold."""
    numbers: list[int] = []
    held: list[Any] = []
    characters = 0
    for number, size, row in rows:
        numbers.append(number)
        held.append(row)
        characters += size
        if len(held) == MOST_ROWS or characters > MOST_CHARACTERS:
            yield numbers, held
            numbers, held, characters = [], [], 0
    if held:
        yield numbers, held


def text_rows(rows: Iterable[Row], reading: Reading) -> Iterator[TextBatch]:
    """Rows that hold nothing but a text, as batches.

    Raises:
        InputError: a row holds no text, and rows are not to be left out.
    """
    chosen = reading.choose([TEXT], [TEXT])
    for numbers, texts in grouped(rows):
        yield from rows_batch(chosen, {TEXT: texts}, numbers, reading)


def rows_batch(
    chosen: Chosen, values: Mapping[str, Sequence[Any]], numbers: Sequence[int], reading: Reading
) -> Iterator[TextBatch]:
    """One batch of the rows whose texts are texts and whose ids are ids; none if no row is left.

    Args:
        chosen: which column is what.
        values: for every column of `chosen`, the value of each row; None or NaN for null.
        numbers: of the rows in the corpus, from 0.
        reading: what becomes of the others.

    Raises:
        InputError: a row cannot be used, and rows are not to be left out.
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
        arrays = _arrays(chosen, {name: [values[name][index] for index in kept] for name in chosen.names}, sound=True)
        assert arrays is not None  # noqa: S101  what _problem lets pass, _arrays takes
    yield text_batch(chosen, arrays, np.asarray(numbers, np.int64))


def _arrays(chosen: Chosen, values: Mapping[str, Sequence[Any]], *, sound: bool = False) -> dict[str, pa.Array] | None:
    """The columns; None, unless they are known to be sound, where a row may be unusable."""
    arrays = {}
    try:
        for name in chosen.others or ():
            arrays[name] = _typed(values[name])
        if chosen.id is not None:
            ids = values[chosen.id]
            if sound:
                ids = [str(id) for id in ids]
            elif set(map(type, ids)) != {str} or "" in ids:
                return None
            arrays[chosen.id] = pa.array(ids, pa.large_string())
        for name in chosen.texts:
            texts = values[name]
            if sound:
                texts = [None if _is_null(text) else str(text) for text in texts]
            elif not set(map(type, texts)) <= STRINGS:
                return None
            arrays[name] = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return None
    return arrays


def _problem(chosen: Chosen, row: Mapping[str, Any], reading: Reading) -> Problem | None:
    for name in chosen.texts:
        if row[name] is MISSING:
            return Problem(f"it has no column {name!r}")
        if not _is_null(row[name]) and not isinstance(row[name], str):
            return Problem(f"column {name!r} holds {_shown(row[name])}, a string is needed")
    if chosen.id is not None:
        id = row[chosen.id]
        if id is MISSING or _is_null(id) or id == "":
            return Problem(f"it has no id in column {chosen.id!r}")
        if type(id) is bool or not isinstance(id, str | Real):
            return Problem(f"column {chosen.id!r} holds {_shown(id)}, an id is a string or a number")
    problems = (_broken(name, row[name], reading) for name in chosen.names)
    return next(filter(None, problems), None)


def _broken(name: str, value: Any, reading: Reading) -> Problem | None:
    """What is wrong with a value that holds a string which is no text."""
    if isinstance(value, str):
        return undecodable(value, reading.decoded_as)
    try:
        _typed([value])
    except UnicodeEncodeError:
        return Problem(f"column {name!r} holds half a character, a lone surrogate")
    return None


def _typed(values: Sequence[Any]) -> pa.Array:
    """A column of the type that its values have; where they have no type in common, of strings."""
    values = [None if value is MISSING else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([_as_string(value) for value in values], pa.string())


def _as_string(value: Any) -> str | None:
    return None if _is_null(value) else value if isinstance(value, str) else json.dumps(value, default=str)


def _is_null(value: Any) -> bool:
    # The last is how pandas writes null in a column of objects, and is told by its name so that pandas stays out.
    return value is None or (isinstance(value, float) and isnan(value)) or type(value).__name__ == "NAType"


def _shown(value: Any) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:37] + '...'} ({type(value).__name__})"


def record_batches(rows: Iterable[Row], reading: Reading) -> Iterator[TextBatch]:
    """Objects as batches; the first of them decides the columns. A string stands for an object with only a text.

    Raises:
        InputError: a row is no object or lacks its text, and rows are not to be left out; no column is right.
    """
    chosen: Chosen | None = None
    for group in grouped(rows):
        numbers, records = _objects(*group, reading)
        if not records:
            continue
        names = _names(records)
        if chosen is None:
            chosen = reading.choose(names, _of_strings(names, records))
        chosen = chosen.among(names)
        values = {name: [record.get(name, MISSING) for record in records] for name in chosen.names}
        yield from rows_batch(chosen, values, numbers, reading)


def _objects(numbers: list[int], held: list[Any], reading: Reading) -> tuple[list[int], list[Mapping[str, Any]]]:
    if set(map(type, held)) == {dict} and _named(_names(held)):
        return numbers, held
    kept, records = [], []
    for number, row in zip(numbers, held, strict=True):
        record = {TEXT: row} if isinstance(row, str) else row
        if isinstance(record, Mapping) and _named(record):
            kept.append(number)
            records.append(record)
        else:
            kind = "its names are not all strings" if isinstance(row, Mapping) else f"it is a {type(row).__name__}"
            reading.reject(number, Problem(f"{kind}, an object with named values is needed"))
    return kept, records


def _names(records: Iterable[Mapping[Any, Any]]) -> list[Any]:
    """Every name once, in the order in which they come up."""
    return list(dict.fromkeys(chain.from_iterable(records)))


def _named(names: Iterable[Any]) -> bool:
    try:
        "".join(names).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _of_strings(names: list[str], records: list[Mapping[str, Any]]) -> list[str]:
    """The columns in which some value is a string: a row that has something else there is a broken row."""
    return [name for name in names if any(isinstance(record.get(name), str) for record in records)]
