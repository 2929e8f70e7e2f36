"""Records: rows of several columns, of which each is evidence of its own.

A record is kept as one text with a cell a line, in the order of the columns, so all that is done with a text can be
done with it. A cell without a value is an empty line.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.applications.duplicates.idf import gram_weights
from likewise.applications.duplicates.minhash import TextHashes, hash_texts
from likewise.arrays import Float32, Float64, Int
from likewise.corpus.read import read
from likewise.corpus.values import date, is_missing, number
from likewise.errors import InputError

TEXT, NUMBER, DATE = "text", "number", "date"
MOST = 0.9  # of the cells of a column with a value, which are numbers or dates if the column is one of these
ODD = np.uint64(0x9E3779B97F4A7C15)  # a multiplier that keeps all bits of a hash
SIMILAR = 0.5  # share of the trigrams of two cells that both have, from which on they are similar


@dataclass(frozen=True)
class Columns:
    """The columns of records.

    Attributes:
        names: of them, in order.
        kinds: `text`, `number` or `date`, one each.
        gram_weights: IDF of trigrams in each, by the highest bits of their hashes.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    gram_weights: Float32[np.ndarray, "columns hashes"]

    @classmethod
    def of(cls, names: Sequence[str], records: pa.Array) -> "Columns":
        """See what the columns of records hold; one that holds numbers with leading zeros or a plus holds text."""
        weights, kinds = [], []
        for cells in cells_of(records, len(names)):
            filled = cells.filter(pc.not_equal(cells, ""))
            weights.append(gram_weights(hash_texts(filled)))
            kinds.append(_kind(filled.to_pylist()))
        return cls(tuple(names), tuple(kinds), np.stack(weights))

    def record(self, given: Any) -> str:
        """The text of a record.

        Args:
            given: the cells by the names of their columns, or such a text.

        Raises:
            InputError: it is neither.
        """
        if isinstance(given, str) and given.count("\n") == len(self.names) - 1:
            return given
        if not isinstance(given, Mapping):
            raise InputError(f"a record has the columns {', '.join(self.names)}: give a dict, or a cell a line")
        if unknown := sorted(set(map(str, given)) - set(self.names)):
            raise InputError(f"a record has the columns {', '.join(self.names)}, and was given {', '.join(unknown)}")
        return record_text([given.get(name) for name in self.names])


@dataclass(frozen=True)
class Cells:
    """What is compared of the cells of some records.

    Attributes:
        hashes: of the cells of each column; `exact` is 0 where there is no value.
        numbers: of the cells of columns of numbers and of days, counted; NaN where there is none.
    """

    hashes: tuple[TextHashes, ...]
    numbers: Float64[np.ndarray, "columns records"]

    @classmethod
    def of(cls, records: pa.Array, columns: Columns) -> "Cells":
        """Of records."""
        every = cells_of(records, len(columns.names))
        numbers = np.full((len(every), len(records)), np.nan)
        for place, kind in enumerate(columns.kinds):
            if kind != TEXT:
                of_cells = (_value(cell, kind) for cell in every[place].to_pylist())
                numbers[place] = [np.nan if value is None else value for value in of_cells]
        return cls(tuple(map(hash_texts, every)), numbers)

    def take(self, rows: Int[np.ndarray, " some"]) -> "Cells":
        """Those of some records, in that order."""
        return Cells(tuple(each.take(rows) for each in self.hashes), self.numbers[:, rows])

    def joined(self, others: "Cells") -> "Cells":
        """These, and then those of other records."""
        both = zip(self.hashes, others.hashes, strict=True)
        numbers = np.concatenate([self.numbers, others.numbers], axis=1)
        return Cells(tuple(TextHashes.joined([one, other]) for one, other in both), numbers)


def hash_records(records: pa.Array, columns: int) -> TextHashes:
    """The hashes of records as texts, but a cell is the same only in its own column; of texts where `columns` is 0."""
    hashes, exact = hash_texts(records), np.zeros(len(records), np.uint64)
    if not columns:
        return hashes
    for cells in cells_of(records, columns):
        exact = (exact ^ hash_texts(cells).exact) * ODD
    return replace(hashes, exact=np.where(hashes.exact == 0, hashes.exact, exact))


def cells_of(records: pa.Array, columns: int) -> list[pa.Array]:
    """The cells of each of so many columns."""
    lists = pc.split_pattern(records, "\n")
    return [pc.list_element(lists, place).cast(pa.large_string()) for place in range(columns)]


def record_text(cells: Sequence[Any]) -> str:
    """The text of a record: each cell a line."""
    return "\n".join("" if is_missing(cell) else " ".join(str(cell).split()) for cell in cells)


def checked_columns(columns: Sequence[str] | None, text: Any) -> tuple[str, ...]:
    """The names of the columns that records are compared by; none where texts are.

    Raises:
        InputError: they are not two and more different ones, or the column of texts is named too.
    """
    if columns is None:
        return ()
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    if text is not None:
        raise InputError("give either the column of texts, --text, or the columns of records, --column, not both")
    if len(names) < 2:
        raise InputError("records have two columns and more: name one with --text (text=...) to compare its texts")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"column {twice!r} is named twice: name each once")
    return names


def check_same_columns(columns: Columns | None, given: tuple[str, ...]) -> None:
    """Refuse other columns than those that a store was made of.

    Raises:
        InputError: they are others, or in another order.
    """
    own = columns.names if columns else ()
    if own != given:
        held = f"the columns {', '.join(own)}" if own else "one text a row"
        raise InputError(f"the store holds {held}, and was given {', '.join(given) or 'texts'}: give the same")


def strings(texts: Sequence[Any], columns: Columns | None) -> list[Any]:
    """Texts as they are, or records as texts.

    Raises:
        InputError: one is no record of these columns.
    """
    return list(texts) if columns is None else [columns.record(each) for each in texts]


def read_records(source: Any, columns: Sequence[str], given: Mapping[str, Any]) -> tuple[pa.Array, tuple[str, ...]]:
    """The records of a source and their ids.

    Args:
        source: what `corpus.read` takes.
        columns: two and more; the first of them holds strings.
        given: how it is read.

    Raises:
        InputError: it cannot be read, has no such column, or no cell has a value.
    """
    first, *others = columns
    records: list[str] = []
    ids: list[str] = []
    corpus = read(source, **{**given, "text": first}, columns=others)
    for batch in corpus:
        kept = (
            {}
            if batch.columns is None
            else {name: batch.columns[name].to_pylist() for name in batch.columns.schema.names}
        )
        if missing := next((name for name in others if name not in kept and name not in corpus.names), None):
            raise InputError(f"{corpus.name} has no column {missing!r}; its columns are {', '.join(corpus.names)}")
        if as_id := next(
            (name for name in others if name not in kept and name in {"id", "_id", given.get("id")}), None
        ):
            raise InputError(f"column {as_id!r} holds the ids: leave it out, or number the rows with --no-id")
        empty = [None] * len(batch)
        every = zip(batch.texts.to_pylist(), *(kept.get(name, empty) for name in others), strict=True)
        records += map(record_text, every)
        ids += batch.ids.to_pylist()
    if ids and not any(map(str.strip, records)):
        raise InputError(f"{corpus.name}: no cell of {', '.join(columns)} has a value: name other columns")
    return pa.array(records, pa.large_string()), tuple(ids)


def agreement_of(names: Sequence[str], first: str, second: str) -> dict[str, str]:
    """Whether each column of two records is the `same`, `similar`, `different`, or `missing` in one, for people."""
    if not names:
        return {}
    both = zip(names, first.split("\n"), second.split("\n"), strict=True)
    return {name: _alike(one, other) for name, one, other in both}


def _alike(one: str, other: str) -> str:
    if not one or not other:
        return "missing"
    if one.casefold() == other.casefold():
        return "same"
    for kind in (NUMBER, DATE):
        if (a := _value(one, kind)) is not None and (b := _value(other, kind)) is not None:
            return "same" if a == b else "different"
    ones, others = _trigrams(one), _trigrams(other)
    return "similar" if 2 * len(ones & others) >= SIMILAR * (len(ones) + len(others)) else "different"


def _trigrams(cell: str) -> set[str]:
    words = (f" {word} " for word in "".join(c if c.isalnum() else " " for c in cell.casefold()).split())
    return {word[at : at + 3] for word in words for at in range(len(word) - 2)}


def _kind(filled: Sequence[str]) -> str:
    for kind in (NUMBER, DATE):
        if filled and sum(_value(cell, kind) is not None for cell in filled) >= MOST * len(filled):
            return kind
    return TEXT


def _value(cell: str, kind: str) -> float | None:
    """The number or the seconds of a cell of a kind; None if it is of another."""
    if kind == DATE:
        day = date(cell)
        return None if day is None else float(datetime.date.fromisoformat(day[:10]).toordinal())
    code = cell.startswith("+") or (cell.startswith("0") and cell[1:2].isdigit())
    found = None if code else number(cell)
    return None if found is None else float(found)
