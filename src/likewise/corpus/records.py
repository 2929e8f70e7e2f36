"""Rows that are objects, from JSON or Python: each names its own columns."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from likewise.corpus.batch import TextBatch
from likewise.corpus.columns import TEXT, Chosen
from likewise.corpus.reading import Problem, Reading
from likewise.corpus.rows import MISSING, Row, grouped, rows_batch

__all__ = ["record_batches"]


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
