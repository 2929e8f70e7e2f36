"""Interactions: which user chose which item, read from any table and kept as one history a user, in order of time."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet
from jaxtyping import Bool, Float32, Float64, Int
from scipy import sparse

from likewise.corpus.read import read
from likewise.errors import InputError

TIME_COLUMNS = ("timestamp", "time")
RATING_COLUMN = "rating"
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Histories:
    """The items of each user in order of time, each item once, stored as ragged rows.

    Attributes:
        items: item numbers of all users, concatenated.
        offsets: where the items of each user start, and the end.
    """

    items: Int[np.ndarray, " interactions"]
    offsets: Int[np.ndarray, " bounds"]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, user: int) -> Int[np.ndarray, " items"]:
        """Return the items of a user."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    @property
    def lengths(self) -> Int[np.ndarray, " users"]:
        """Number of items of each user."""
        return np.diff(self.offsets)

    @property
    def ages(self) -> Int[np.ndarray, " interactions"]:
        """Number of later items in the same history, for each interaction."""
        ends = np.repeat(self.offsets[1:], self.lengths)
        ages: np.ndarray = ends - 1 - np.arange(len(self.items))
        return ages

    @classmethod
    def of(cls, rows: Sequence[Int[np.ndarray, " _"]]) -> "Histories":
        """Concatenate the items of each user."""
        offsets = np.concatenate([[0], np.cumsum([len(each) for each in rows])]).astype(np.int64)
        items = np.concatenate(rows) if rows else np.zeros(0)
        return cls(items.astype(np.int32), offsets)

    def take(self, users: Int[np.ndarray, " some"]) -> "Histories":
        """Select users."""
        return Histories.of([self[user] for user in users.tolist()])

    def without_last(self, users: Int[np.ndarray, " some"]) -> "Histories":
        """Drop the latest item of some users."""
        kept = np.ones(len(self.items), np.bool_)
        kept[self.offsets[users + 1] - 1] = False
        lengths = self.lengths.copy()
        lengths[users] -= 1
        return Histories(self.items[kept], np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def matrix(self, items: int, weights: Float32[np.ndarray, " interactions"] | None = None) -> sparse.csr_array:
        """Build the sparse (users, items) matrix of the weights, which are ones if None."""
        values = np.ones(len(self.items), np.float32) if weights is None else weights
        return sparse.csr_array((values, self.items, self.offsets), shape=(len(self), items))


@dataclass(frozen=True)
class Interactions:
    """Interactions in order of time.

    Attributes:
        users: id of the user of each.
        items: id of the item of each.
        liked: whether the rating is high enough; true for all without ratings.
    """

    users: list[str]
    items: list[str]
    liked: Bool[np.ndarray, " interactions"]


def read_interactions(
    source: Any,
    *,
    user: str = "user",
    item: str = "item",
    rating: str | None = None,
    time: str | None = None,
    min_rating: int | float | None = None,
) -> Interactions:
    """Read interactions.

    Args:
        source: anything that `likewise.corpus.read` takes.
        user: column of user ids.
        item: column of item ids.
        rating: column of ratings; `rating` if None and `min_rating` is given.
        time: column of numbers or dates; if None, `timestamp` or `time`, or else the order of the rows.
        min_rating: lowest rating that counts as liked; items with a lower one are only excluded from recommendations.

    Raises:
        InputError: the source cannot be read, has no rows, or lacks a column; or a rating or a time is not a number.
    """
    if rating is not None and min_rating is None:
        raise InputError(f"ratings in column {rating!r} need min_rating, the lowest that counts as liked, such as 4")
    rating = RATING_COLUMN if rating is None and min_rating is not None else rating
    users: list[str] = []
    items: list[str] = []
    ratings: list[Float64[np.ndarray, " rows"]] = []
    times: list[Float64[np.ndarray, " rows"]] = []
    corpus = read(_with_string_ids(source, user, item), text=item, id=user, columns=True)
    for batch in corpus:
        users += batch.ids.to_pylist()
        items += batch.texts.to_pylist()
        names = [] if batch.columns is None else batch.columns.schema.names
        if rating is not None:
            ratings.append(_numbers(batch.columns, rating, corpus.name))
        time = next((name for name in TIME_COLUMNS if name in names), None) if time is None else time
        if time is not None:
            times.append(_numbers(batch.columns, time, corpus.name))
    if not users:
        raise InputError(f"{corpus.name} holds no interactions: rows with a {user} and a {item} are expected")
    order = np.argsort(np.concatenate(times), kind="stable") if times else np.arange(len(users))
    liked = np.ones(len(users), np.bool_) if min_rating is None else np.concatenate(ratings) >= min_rating
    return Interactions([users[row] for row in order], [items[row] for row in order], liked[order])


def _with_string_ids(source: Any, user: str, item: str) -> Any:
    """Cast the id columns of a typed source to strings, as corpora take texts of strings alone."""
    table = _table(source)
    if table is None:
        return source
    for name in {user, item} & set(table.column_names):
        place = table.column_names.index(name)
        try:
            table = table.set_column(place, name, table.column(place).cast(pa.string()))
        except pa.ArrowException as error:
            raise InputError(f"column {name!r} holds {table.column(place).type}, ids are strings or numbers") from error
    return table


def _table(source: Any) -> pa.Table | None:
    """Return a source with typed columns as a table, and None for others."""
    if isinstance(source, str | os.PathLike):
        return _file_table(Path(source))
    if isinstance(source, list) and source and all(isinstance(row, dict) for row in source):
        return pa.Table.from_pylist([{str(name): _plain(value) for name, value in row.items()} for row in source])
    return pa.table(source) if hasattr(source, "__arrow_c_stream__") and hasattr(source, "columns") else None


def _file_table(path: Path) -> pa.Table | None:
    try:
        if path.suffix == ".parquet" and path.is_file():
            return pyarrow.parquet.read_table(path)
        if {*path.suffixes} & {*JSON_LINES} and path.is_file() and path.stat().st_size:
            with pa.input_stream(str(path), compression="detect") as stream:
                return pyarrow.json.read_json(stream)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return None


def _plain(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _numbers(columns: pa.RecordBatch | None, name: str, source: str) -> Float64[np.ndarray, " rows"]:
    """Convert a column to numbers, dates to seconds since 1970.

    Raises:
        InputError: the column is missing or holds something else.
    """
    names = [] if columns is None else columns.schema.names
    if columns is None or name not in names:
        listed = ", ".join(map(repr, names)) or "no others"
        raise InputError(f"{source} has no column {name!r}; besides users and items there are {listed}")
    column = columns.column(name)
    for is_date in (False, True):
        try:
            typed = pc.divide(column.cast(pa.timestamp("us")).cast(pa.int64()), 1_000_000) if is_date else column
            numbers = typed.cast(pa.float64())
        except pa.ArrowException:
            continue
        if not numbers.null_count:
            converted: np.ndarray = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
            return converted
    odd = next((value for value in column.to_pylist() if not _is_number(value)), None)
    raise InputError(f"{source}: column {name!r} holds {odd!r}, expected a number or a date in every row")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def read_items(source: Any, text: str | Sequence[str] | None, id: str | None) -> tuple[list[str], list[str]]:
    """Read the ids and texts of items.

    Raises:
        InputError: the source cannot be read, is empty, or lacks a column; or an id occurs twice.
    """
    ids: list[str] = []
    texts: list[str] = []
    corpus = read(source, text=text, id=id)
    for batch in corpus:
        ids += batch.ids.to_pylist()
        texts += batch.texts.to_pylist()
    if not ids:
        raise InputError(f"{corpus.name} holds no items: rows with an id and a text are expected")
    if len(set(ids)) < len(ids):
        known: set[str] = set()
        twice = next(each for each in ids if each in known or known.add(each))  # type: ignore[func-returns-value]
        raise InputError(f"{corpus.name}: id {twice!r} occurs twice: give each item an id of its own")
    return ids, texts


def build_histories(interactions: Interactions, item_numbers: dict[str, int]) -> tuple[list[str], Histories, Histories]:
    """Group interactions by user; an item that occurs again keeps only its latest place.

    Args:
        interactions: in order of time.
        item_numbers: number of each item id; interactions with other items are dropped.

    Returns:
        User ids, the items that each user liked, and all items of each user.

    Raises:
        InputError: no interaction is a liked one with a known item.
    """
    known = [each in item_numbers for each in interactions.items]
    if not np.any(interactions.liked & np.array(known)):
        raise InputError(_no_interactions(interactions, sum(known)))
    seen: dict[str, dict[int, bool]] = {}
    for user, item, liked in zip(interactions.users, interactions.items, interactions.liked.tolist(), strict=True):
        if item in item_numbers:
            history = seen.setdefault(user, {})
            history.pop(item_numbers[item], None)
            history[item_numbers[item]] = liked
    liked_items = [np.array([item for item, liked in each.items() if liked], np.int32) for each in seen.values()]
    all_items = [np.array(list(each), np.int32) for each in seen.values()]
    return list(seen), Histories.of(liked_items), Histories.of(all_items)


def _no_interactions(interactions: Interactions, known: int) -> str:
    if known:
        return f"none of {known:,} interactions has a rating that is high enough: lower min_rating"
    return (
        f"none of {len(interactions.users):,} interactions is with a known item, such as {interactions.items[0]!r}: "
        "name the columns of both files that hold the ids of items"
    )
