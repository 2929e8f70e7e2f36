"""Row ids of the record: which rows were found, which a filter allows, and which changed since a generation."""

import sqlite3
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["FEW_CHANGES", "AllowedRows", "Changes", "Ranked", "best_first", "fetch_row_ids"]

# What was computed from a record is computed again when more texts were added or removed than both of these limits.
# Reading 5,000 vectors from the record takes about 10 ms.
FEW_CHANGES, CHANGED_SHARE = 5_000, 0.02


@dataclass(frozen=True)
class Ranked:
    """Texts that were found, best first; of equal scores the text that was added first.

    Attributes:
        row_ids: of the texts.
        scores: cosine similarity, BM25, or the fused score.
    """

    row_ids: Int64[np.ndarray, " found"]
    scores: Float64[np.ndarray, " found"]


def best_first(row_ids: Int64[np.ndarray, " candidates"], scores: Float64[np.ndarray, " candidates"], k: int) -> Ranked:
    """Return the `k` highest scores; of equal scores the lower row id comes first."""
    order = np.lexsort((row_ids, -scores))[:k]
    return Ranked(row_ids[order], scores[order])


def fetch_row_ids(cursor: sqlite3.Cursor) -> Int64[np.ndarray, " found"]:
    """Return the row ids that a query selects, in its order."""
    return np.fromiter(chain.from_iterable(cursor), np.int64)


@dataclass
class AllowedRows:
    """The rows that a filter allows, in a table of the connection.

    Attributes:
        connection: to the record.
        table: with a column `row_id`.
    """

    connection: sqlite3.Connection
    table: str

    @cached_property
    def row_ids(self) -> Int64[np.ndarray, " allowed"]:
        """The row ids in ascending order, read on first use."""
        return fetch_row_ids(self.connection.execute(f"SELECT row_id FROM {self.table} ORDER BY row_id"))  # noqa: S608


@dataclass(frozen=True)
class Changes:
    """What changed in a record since a generation.

    Attributes:
        added: how many texts were added.
        removed: row ids of the texts that were removed.
        incomplete: whether the list of removed texts was cleared meanwhile, so that some are missing from it.
    """

    added: int
    removed: Int64[np.ndarray, " removed"]
    incomplete: bool

    @classmethod
    def since(cls, connection: sqlite3.Connection, generation: int, last: int) -> "Changes":
        """Read the changes within a transaction.

        Args:
            connection: to the record.
            generation: the state to compare with.
            last: the highest row id of that state.
        """
        cleared = connection.execute("SELECT value FROM settings WHERE name = 'removed_cleared'").fetchone()[0]
        sql = "SELECT row_id FROM removed WHERE generation > ? AND row_id <= ?"
        removed = fetch_row_ids(connection.execute(sql, (generation, last)))
        added = connection.execute("SELECT count(*) FROM words_docsize WHERE id > ?", (last,)).fetchone()[0]
        return cls(added, removed, generation < cleared)

    def exceed(self, few: int, texts: int) -> bool:
        """Return whether more changed than `few` texts and than 2 % of `texts`, or the changes are incomplete."""
        return self.incomplete or self.added + len(self.removed) > max(few, CHANGED_SHARE * texts)
