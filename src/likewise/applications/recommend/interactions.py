"""What each user chose, in the order of time, and how a history is pooled."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet
from jaxtyping import Bool, Float, Float32, Float64, Int
from scipy import sparse

from likewise.corpus.read import read
from likewise.errors import InputError

__all__ = ["KNOTS", "Choices", "Histories", "Pooling", "gathered", "pooling", "read_choices", "read_items"]


KNOTS = 10  # of the weight by age: at 0, 1, 3, 7, ... 511 items ago
LONGEST = 2 ** (KNOTS - 1)  # items of a history that are looked at, the latest ones


@dataclass(frozen=True)
class Histories:
    """The items of all users one behind the other, each user's from the first to the latest, none twice.

    Attributes:
        items: numbers of items.
        offsets: where each user begins, and the end.
    """

    items: Int[np.ndarray, " choices"]
    offsets: Int[np.ndarray, " bounds"]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, user: int) -> Int[np.ndarray, " chosen"]:
        """The items of a user."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    @property
    def lengths(self) -> Int[np.ndarray, " users"]:
        """Items of each user."""
        return np.diff(self.offsets)

    @classmethod
    def of(cls, chosen: list[Any]) -> "Histories":
        """From the items of each user, in arrays of integers."""
        offsets = np.concatenate([[0], np.cumsum([len(each) for each in chosen])]).astype(np.int64)
        items = np.concatenate(chosen) if chosen else np.zeros(0)
        return cls(items.astype(np.int32), offsets)

    def matrix(self, items: int) -> sparse.csr_array:
        """Ones where a user chose an item, (users, items)."""
        ones = np.ones(len(self.items), np.float32)
        return sparse.csr_array((ones, self.items, self.offsets), shape=(len(self), items))


@dataclass(frozen=True)
class Pooling:
    """Which items a vector is the weighted sum of, for some users at some moment each.

    Attributes:
        items: of all of them, one behind the other.
        offsets: where each begins, and the end.
        knot: for each item the knot below its age.
        beyond: how far its age is from there to the next, from 0 to 1.
    """

    items: Int[np.ndarray, " chosen"]
    offsets: Int[np.ndarray, " bounds"]
    knot: Int[np.ndarray, " chosen"]
    beyond: Float32[np.ndarray, " chosen"]

    def weights(self, recency: Float[np.ndarray, " knots"]) -> Float32[np.ndarray, " chosen"]:
        """What each item weighs.

        Args:
            recency: logarithm of the weight at each knot; between them it is linear in the logarithm of the age.
        """
        logarithm = (1 - self.beyond) * recency[self.knot] + self.beyond * recency[self.knot + 1]
        weights: np.ndarray = np.exp(logarithm).astype(np.float32)
        return weights

    def matrix(self, weights: Float32[np.ndarray, " chosen"], items: int) -> sparse.csr_array:
        """The weights in their places, (users, items)."""
        return sparse.csr_array((weights, self.items, self.offsets), shape=(len(self.offsets) - 1, items))

    @property
    def rows(self) -> Int[np.ndarray, " chosen"]:
        """Whose each item is."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def pooling(
    histories: Histories, users: Int[np.ndarray, " some"], ends: Int[np.ndarray, " some"] | None = None
) -> Pooling:
    """The histories of some users up to some item.

    Args:
        histories: of all.
        users: whose.
        ends: how many of each user's items were there at that time; all if None.
    """
    until = histories.lengths[users] if ends is None else ends
    taken = np.minimum(until, LONGEST)
    offsets = np.concatenate([[0], np.cumsum(taken)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], taken)
    places = np.repeat(histories.offsets[users] + until - taken, taken) + within
    age = np.repeat(taken, taken) - 1 - within
    logarithm = np.log2(age + 1.0)
    knot = np.minimum(logarithm.astype(np.int64), KNOTS - 2)
    return Pooling(histories.items[places], offsets, knot, (logarithm - knot).astype(np.float32))


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


def read_items(source: Any, text: str | Sequence[str] | None, id: str | None) -> tuple[list[str], list[str]]:
    """Ids and texts of items.

    Raises:
        InputError: they cannot be read, there are none, a column is missing, or an id comes twice.
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
        twice = next(each for number, each in enumerate(ids) if each in ids[:number])
        raise InputError(f"{corpus.name}: id {twice!r} comes twice: ids have to tell the items apart; mend one of them")
    return ids, texts


def gathered(choices: Choices, place: dict[str, int]) -> tuple[list[str], Histories, Histories]:
    """Users, what each liked and what each saw; an item that comes again stands where it came last.

    Args:
        choices: interactions, in the order of time.
        place: the number of each item; interactions with others are left out.

    Raises:
        InputError: nothing that was liked is among the items.
    """
    known = [each in place for each in choices.items]
    if not any(liked and there for liked, there in zip(choices.liked, known, strict=True)):
        raise InputError(_nothing_left(choices, sum(known)))
    seen: dict[str, dict[int, bool]] = {}
    for user, item, liked in zip(choices.users, choices.items, choices.liked.tolist(), strict=True):
        if item in place:
            of_user = seen.setdefault(user, {})
            of_user.pop(place[item], None)
            of_user[place[item]] = liked
    chosen = [np.array([item for item, good in each.items() if good], np.int32) for each in seen.values()]
    every = [np.array(list(each), np.int32) for each in seen.values()]
    return list(seen), Histories.of(chosen), Histories.of(every)


def _nothing_left(choices: Choices, known: int) -> str:
    if known:
        return f"of {known:,} interactions none has a rating that is high enough: give a lower least"
    return (
        f"none of {len(choices.users):,} interactions is with an item that there is, such as {choices.items[0]!r}: "
        "name the columns of both that hold the items' ids"
    )
