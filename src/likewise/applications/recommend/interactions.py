"""Interactions: which user chose which item, read from any table and kept as one history a user, in order of time."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from likewise.arrays import Bool, Float32, Float64, Int
from likewise.corpus.batch import Problem, TextBatch
from likewise.corpus.read import Corpus, read
from likewise.corpus.values import is_missing, seconds, shown
from likewise.errors import InputError

TIME_COLUMNS = ("timestamp", "time")
RATING_COLUMN = "rating"
_log = logging.getLogger(__name__)


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
    **reading: Any,
) -> Interactions:
    """Read interactions. Only their own columns are read; a missing time counts as the oldest, a missing rating as low.

    Args:
        source: anything that `likewise.corpus.read` takes.
        user: column of user ids.
        item: column of item ids.
        rating: column of ratings; `rating` if None and `min_rating` is given.
        time: column of numbers or dates; if None, `timestamp` or `time`, or else the order of the rows.
        min_rating: lowest rating that counts as liked; items with a lower one are only excluded from recommendations.
        **reading: further arguments of `likewise.corpus.read`.

    Raises:
        InputError: the source cannot be read, has no rows, or lacks a column; or a rating or a time is not a
            number, and bad rows are not skipped.
    """
    if rating is not None and min_rating is None:
        raise InputError(f"ratings in column {rating!r} need min_rating, the lowest that counts as liked, such as 4")
    rating = RATING_COLUMN if rating is None and min_rating is not None else rating
    names = [*([rating] if rating else []), *(TIME_COLUMNS if time is None else [time])]
    corpus = read(source, pair=(item, user), columns=names, ids=False, as_ids=True, **reading)
    users: list[str] = []
    items: list[str] = []
    parts: dict[str, list[Float64[np.ndarray, " rows"]]] = {name: [] for name in names}
    seen: set[str] = set()
    for batch in corpus:
        seen.update(name for name in names if name in corpus.names)
        columns = {name: _numbers(corpus, batch, name) for name in names}
        kept = np.logical_and.reduce([np.ones(len(batch), np.bool_), *(usable for _, usable in columns.values())])
        for name, (values, _) in columns.items():
            parts[name].append(values[kept])
        items += batch.texts.filter(pa.array(kept)).to_pylist()
        users += batch.pairs.filter(pa.array(kept)).to_pylist()  # type: ignore[union-attr]
    if not users:
        raise InputError(f"{corpus.name} holds no interactions: rows with a {user} and a {item} are expected")
    if corpus.skipped:
        _log.warning("%s: rows that cannot be read were skipped, %s in all", corpus.name, f"{corpus.skipped:,}")
    for name in filter(None, (rating, time)):
        if name not in seen:
            others = [other for other in corpus.names if other not in (user, item)]
            listed = ", ".join(map(repr, others)) or "no others"
            raise InputError(f"{corpus.name} has no column {name!r}; besides users and items there are {listed}")
    time = next((name for name in TIME_COLUMNS if name in seen), None) if time is None else time
    order, liked = np.arange(len(users)), np.ones(len(users), np.bool_)
    if time is not None:
        order = np.argsort(_filled(corpus.name, time, parts[time], "counts as the oldest of its user"), kind="stable")
    if rating is not None and min_rating is not None:
        liked = _filled(corpus.name, rating, parts[rating], "counts as not liked") >= min_rating
    return Interactions([users[row] for row in order], [items[row] for row in order], liked[order])


def _filled(source: str, column: str, parts: list[np.ndarray], effect: str) -> Float64[np.ndarray, " rows"]:
    """Replace missing numbers by the lowest, and log how many there are."""
    numbers = np.concatenate(parts)
    missing = np.isnan(numbers)
    if missing.any():
        _log.warning(
            "%s: a row without a value in column %r %s (%s in all)", source, column, effect, f"{missing.sum():,}"
        )
    return np.where(missing, -np.inf, numbers)


def _numbers(corpus: Corpus, batch: TextBatch, name: str) -> tuple[Float64[np.ndarray, " rows"], np.ndarray]:
    """Convert a column to numbers, dates to seconds since 1970, missing values to NaN; and whether each can be used.

    Raises:
        InputError: the column holds something else, and bad rows are not skipped.
    """
    usable = np.ones(len(batch), np.bool_)
    if batch.columns is None or name not in batch.columns.schema.names:
        return np.full(len(batch), np.nan), usable
    column = batch.columns.column(name)
    for is_date in (False, True):  # Arrow converts a batch of one kind at once
        try:
            typed = pc.divide(column.cast(pa.timestamp("us")).cast(pa.int64()), 1_000_000) if is_date else column
            numbers: np.ndarray = pc.fill_null(typed.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
        except pa.ArrowException:
            continue
        if not np.isinf(numbers).any():
            return numbers.astype(np.float64), usable
    found = np.full(len(batch), np.nan)
    for place, value in enumerate(column.to_pylist()):
        if is_missing(value, ambiguous=True):
            continue
        number = seconds(value)
        if number is None:
            usable[place] = False
            problem = Problem(f"column {name!r} holds {shown(value)}, a number or a date is expected")
            corpus.reject(int(batch.rows[place]), problem)  # type: ignore[index]
        else:
            found[place] = number
    return found, usable


def read_items(
    source: Any, text: str | Sequence[str] | None, id: str | None, **reading: Any
) -> tuple[list[str], list[str]]:
    """Read the ids and texts of items.

    Raises:
        InputError: the source cannot be read, is empty, or lacks a column; or an id occurs twice.
    """
    items: dict[str, str] = {}
    corpus = read(source, text=text, id=id, **reading)
    for batch in corpus:
        for row, item, words in zip(batch.rows, batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True):  # type: ignore[arg-type]
            if item in items:
                corpus.reject(int(row), Problem(f"id {item!r} occurs twice", "give each item an id of its own"))
            items.setdefault(item, words)
    if not items:
        raise InputError(f"{corpus.name} holds no items: rows with an id and a text are expected")
    if corpus.skipped:
        _log.warning("%s: rows that cannot be read were skipped, %s in all", corpus.name, f"{corpus.skipped:,}")
    return list(items), list(items.values())


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
