"""Texts by their numbers: those that a query gives, those that a filter lets pass, and which came or went since."""

import sqlite3
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from jaxtyping import Int64

__all__ = ["FEW", "Changes", "Passing", "numbers_in"]


# What is made of a record is made anew when more texts than both of these say came or went. Reading the vectors of
# 5,000 from the record takes about 10 ms.
FEW, FEW_SHARE = 5_000, 0.02


def numbers_in(cursor: sqlite3.Cursor) -> Int64[np.ndarray, " found"]:
    """The numbers that a query gives, in its order."""
    return np.fromiter(chain.from_iterable(cursor), np.int64)


@dataclass
class Passing:
    """The texts that may be found.

    Attributes:
        connection: to the record.
        table: the table with their numbers.
    """

    connection: sqlite3.Connection
    table: str

    @cached_property
    def numbers(self) -> Int64[np.ndarray, " passing"]:
        """The numbers, rising; read when they are first needed."""
        return numbers_in(self.connection.execute(f"SELECT number FROM {self.table} ORDER BY number"))  # noqa: S608


@dataclass(frozen=True)
class Changes:
    """What changed in a record since something was made of it.

    Attributes:
        fresh: how many texts came.
        removed: the numbers of those that went.
        forgotten: whether others went too that nobody knows of any more.
    """

    fresh: int
    removed: Int64[np.ndarray, " removed"]
    forgotten: bool

    @classmethod
    def since(cls, connection: sqlite3.Connection, generation: int, last: int) -> "Changes":
        """Since a generation whose highest number was `last`, within a transaction."""
        forgotten = connection.execute("SELECT value FROM settings WHERE name = 'forgotten'").fetchone()[0]
        sql = "SELECT number FROM removed WHERE generation > ? AND number <= ?"
        removed = numbers_in(connection.execute(sql, (generation, last)))
        fresh = connection.execute("SELECT count(*) FROM words_docsize WHERE id > ?", (last,)).fetchone()[0]
        return cls(fresh, removed, generation < forgotten)

    def beyond(self, few: int, texts: int) -> bool:
        """Whether more changed than a few texts and than a small share of so many, or nobody knows how many."""
        return self.forgotten or self.fresh + len(self.removed) > max(few, FEW_SHARE * texts)
