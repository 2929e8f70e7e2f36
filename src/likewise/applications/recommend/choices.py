"""Interactions as they come, from a file or an object: who chose what, and when."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet
from jaxtyping import Bool, Float64

from likewise.corpus.read import read
from likewise.errors import InputError

__all__ = ["Choices", "read_choices"]

TIMES = ("timestamp", "time")
RATING = "rating"
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"


@dataclass(frozen=True)
class Choices:
    """Interactions in the order of time, row for row.

    Attributes:
        users: who.
        items: what.
        liked: whether its rating is high enough; all, where there are no ratings.
    """

    users: list[str]
    items: list[str]
    liked: Bool[np.ndarray, " rows"]


def read_choices(
    source: Any,
    *,
    user: str = "user",
    item: str = "item",
    rating: str | None = None,
    time: str | None = None,
    least: int | float | None = None,
) -> Choices:
    """Read interactions.

    Args:
        source: anything that `likewise.corpus.read` takes.
        user: the column that names who.
        item: the column that names what.
        rating: that of a number; where `least` is given, a column `rating` if None.
        time: that of a number or a date; a column `timestamp` or `time` if None, or else the order of the rows.
        least: the rating from which on an interaction counts as liked; lower ones are seen and no more.

    Raises:
        InputError: it cannot be read, has no rows, or lacks a column; or a rating or time is none.
    """
    if rating is not None and least is None:
        raise InputError(f"ratings in column {rating!r}, and no least: say from which on one counts, such as least=4")
    rating = RATING if rating is None and least is not None else rating
    users: list[str] = []
    items: list[str] = []
    ratings: list[Float64[np.ndarray, " some"]] = []
    times: list[Float64[np.ndarray, " some"]] = []
    corpus = read(_with_strings(source, user, item), text=item, id=user, columns=True)
    for batch in corpus:
        users += batch.ids.to_pylist()
        items += batch.texts.to_pylist()
        names = [] if batch.columns is None else batch.columns.schema.names
        if rating is not None:
            ratings.append(_numbers(batch.columns, rating, names, corpus.name))
        time = next((name for name in TIMES if name in names), None) if time is None else time
        if time is not None:
            times.append(_numbers(batch.columns, time, names, corpus.name))
    if not users:
        raise InputError(f"{corpus.name} holds no interactions: rows of a {user} and a {item} are expected")
    order = np.argsort(np.concatenate(times), kind="stable") if times else np.arange(len(users))
    liked = np.ones(len(users), np.bool_) if least is None else np.concatenate(ratings) >= least
    return Choices([users[row] for row in order], [items[row] for row in order], liked[order])


def _with_strings(source: Any, user: str, item: str) -> Any:
    """The source, with users and items as strings where it has types: numbers name things as well as strings do."""
    table = _table(source)
    if table is None:
        return source
    for name in {user, item} & set(table.column_names):
        place = table.column_names.index(name)
        try:
            table = table.set_column(place, name, table.column(place).cast(pa.string()))
        except pa.ArrowException as error:
            raise InputError(f"column {name!r} holds {table.column(place).type}, which names nothing") from error
    return table


def _table(source: Any) -> pa.Table | None:
    """The source as a table, where it has types."""
    if isinstance(source, str | os.PathLike):
        return _file_table(Path(source))
    table: pa.Table | None = source if isinstance(source, pa.Table) else None
    if isinstance(source, list) and source and all(isinstance(row, dict) for row in source):
        table = pa.Table.from_pylist([{str(name): _plain(value) for name, value in row.items()} for row in source])
    elif hasattr(source, "to_arrow"):
        table = source.to_arrow()
    elif type(source).__module__.partition(".")[0] == "pandas":
        table = pa.Table.from_pandas(source, preserve_index=False)
    return table


def _file_table(path: Path) -> pa.Table | None:
    try:
        if path.suffix == PARQUET and path.is_file():
            return pyarrow.parquet.read_table(path)
        if {*path.suffixes} & {*JSON_LINES} and path.is_file() and path.stat().st_size:
            with pa.input_stream(str(path), compression="detect") as stream:
                return pyarrow.json.read_json(stream)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return None


def _plain(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _numbers(columns: pa.RecordBatch | None, name: str, names: list[str], source: str) -> Float64[np.ndarray, " some"]:
    """A column as numbers; a date is its seconds since 1970.

    Raises:
        InputError: it is not there, or holds something else.
    """
    if columns is None or name not in names:
        listed = ", ".join(map(repr, names)) or "no others"
        raise InputError(f"{source} has no column {name!r}; beside users and items there are {listed}")
    column = columns.column(name)
    for converted in _readings(column):
        if not converted.null_count:
            numbers: np.ndarray = converted.to_numpy(zero_copy_only=False).astype(np.float64)
            return numbers
    odd = next((value for value in column.to_pylist() if not _is_number(value)), None)
    raise InputError(f"{source}: column {name!r} holds {odd!r}, and a number or a date is needed in every row")


def _readings(column: pa.Array) -> Iterator[pa.Array]:
    """The column as numbers, then as dates; those that it can be taken for."""
    for through in (None, pa.timestamp("us")):
        try:
            plain = column if through is None else pc.divide(column.cast(through).cast(pa.int64()), 1_000_000)
            yield plain.cast(pa.float64())
        except pa.ArrowException:
            continue


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
