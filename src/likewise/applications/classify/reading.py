"""Texts and labels from a file, by the columns that hold them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.corpus.batch import TextBatch
from likewise.corpus.read import read
from likewise.errors import InputError

__all__ = ["LabelledTexts", "read_batches", "read_labelled", "read_texts"]


@dataclass(frozen=True)
class LabelledTexts:
    """What a file of labels holds.

    Attributes:
        texts: those with a label.
        labels: of these, as strings.
        unlabelled: texts of the rows that have none.
    """

    texts: list[str]
    labels: list[str]
    unlabelled: list[str]


def read_labelled(source: Any, label: str, *, text: Any = None, **reading: Any) -> LabelledTexts:
    """Texts with labels.

    Args:
        source: what `corpus.read` takes.
        label: the column of labels.
        text: the column of texts, or several that are joined; that called `text`, or the only other one, if None.
        **reading: further arguments of `corpus.read`.

    Raises:
        InputError: there is no such column, or no row has a label.
    """
    found = LabelledTexts([], [], [])
    wanted = text if text else None
    for batch in read(source, text=wanted, columns=True, **reading):
        for one, its in zip(batch.texts.to_pylist(), _labels(batch, label, str(source)), strict=True):
            if its is None:
                found.unlabelled.append(one)
            else:
                found.texts.append(one)
                found.labels.append(its)
    if not found.texts:
        raise InputError(f"{source} holds no labelled text: a row a text with a label in column {label!r} was expected")
    return found


def read_texts(source: Any, *, text: Any = None, **reading: Any) -> list[str]:
    """All texts of a source."""
    return [one for _, texts in read_batches(source, text=text, **reading) for one in texts]


def read_batches(source: Any, *, text: Any = None, **reading: Any) -> Iterator[tuple[list[str], list[str]]]:
    """Ids and texts of a source, some thousand at a time."""
    for batch in read(source, text=text if text else None, **reading):
        yield batch.ids.to_pylist(), batch.texts.to_pylist()


def _labels(batch: TextBatch, column: str, source: str) -> list[str | None]:
    names = [] if batch.columns is None else batch.columns.schema.names
    if column not in names:
        listed = ", ".join(map(repr, names)) or "none beside the texts"
        raise InputError(f"{source} has no column {column!r} of labels: name it with --label; its columns are {listed}")
    assert batch.columns is not None  # noqa: S101 - it has the column
    return [_label(value) for value in batch.columns.column(column).to_pylist()]


def _label(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)) or str(value).strip() == "":
        return None
    return str(value)
