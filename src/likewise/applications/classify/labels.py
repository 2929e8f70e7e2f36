"""What a classifier is given, checked: as many labels as texts, at least two of them, each in words or numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from likewise.corpus.batch import TextBatch
from likewise.corpus.read import read
from likewise.errors import InputError

__all__ = ["LabelledTexts", "as_texts", "classes_of", "read_batches", "read_labelled", "read_texts"]


def as_texts(texts: Any, what: str = "texts") -> list[str]:
    """A list of strings, from a list, an array, a series or an Arrow array of them.

    Raises:
        InputError: it is one string, or something in it is none.
    """
    if isinstance(texts, str | bytes):
        raise InputError(f"{what} is one string: pass a list of strings")
    found = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            shown = "nothing" if text is None else f"a {type(text).__name__}"
            raise InputError(
                f"row {row} of {what} is {shown}, a string was expected: leave it out, or write it as text"
            )
    return [str(text) for text in found]


def classes_of(labels: Any, texts: int) -> tuple[np.ndarray, Int64[np.ndarray, " texts"]]:
    """The classes in their order, and the number of each text's class.

    Args:
        labels: one a text.
        texts: how many there are.

    Raises:
        InputError: there are no texts, more or fewer labels, a label is missing, or all are the same.
    """
    given = labels.to_pylist() if hasattr(labels, "to_pylist") else list(labels)
    if len(given) != texts:
        raise InputError(f"{texts:,} texts and {len(given):,} labels were given: one label a text is expected")
    if not texts:
        raise InputError("there are no labelled texts: give some of each class, 8 or more for a beginning")
    for row, label in enumerate(given):
        if label is None or (isinstance(label, float) and np.isnan(label)) or str(label).strip() == "":
            raise InputError(f"row {row} has no label: leave it out, or pass it as unlabelled text")
    if _kinds(given) > 1:
        raise InputError("labels are partly strings and partly numbers: make them all strings")
    classes, numbers = np.unique(np.array(given), return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"all {texts:,} texts have the label {given[0]!r}: at least two labels are needed")
    return classes, numbers.astype(np.int64).ravel()


def _kinds(labels: Sequence[Any]) -> int:
    return len({isinstance(label, str) for label in labels})


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
