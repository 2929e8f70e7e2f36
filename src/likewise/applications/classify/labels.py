"""Labelled texts, checked: from lists, arrays or files to strings and class numbers."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Int64
from likewise.corpus.batch import Problem, TextBatch
from likewise.corpus.columns import IDS
from likewise.corpus.read import read
from likewise.corpus.values import equal_but_for_case, is_missing, is_null, label_text
from likewise.errors import InputError

SEVERAL = (list, tuple, set, dict, np.ndarray)
_log = logging.getLogger(__name__)


def check_texts(texts: Any, name: str = "texts") -> list[str]:
    """Convert a list, an array, a series or an Arrow array to a list of strings.

    Raises:
        InputError: it is a single string, or an element is not a string.
    """
    if isinstance(texts, str | bytes):
        raise InputError(f"{name} is one string: pass a list of strings")
    found = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            kind = "nothing" if text is None else f"a {type(text).__name__}"
            raise InputError(f"row {row} of {name} is {kind}, expected a string: leave it out, or convert it")
    return [str(text) for text in found]


def encode_labels(
    labels: Any, texts: int, described: Iterable[Any] = ()
) -> tuple[np.ndarray, Int64[np.ndarray, " texts_and_described"]]:
    """Return the sorted classes and the class number of each text and of each label that is described.

    Args:
        labels: one for each text.
        texts: number of texts.
        described: labels that have a description.

    Raises:
        InputError: there are no texts, a label is missing, labels are of mixed types, or all are the same.
    """
    if getattr(labels, "ndim", 1) == 2 and labels.shape[1] == 1:
        labels = np.asarray(labels).ravel()
    given = labels.to_pylist() if hasattr(labels, "to_pylist") else list(labels)
    several = getattr(labels, "ndim", 1) > 1 or any(isinstance(label, SEVERAL) for label in given)
    if several:
        raise InputError(
            "labels hold several values for a text: expected one label each, of one-hot rows their argmax, or a list "
            "of names for each text"
        )
    if len(given) != texts:
        raise InputError(f"{texts:,} texts and {len(given):,} labels were given: expected one label for each text")
    given = [*given, *described]
    if not given:
        raise InputError("there are no labelled texts: give some of each class, 8 or more to begin with")
    for row, label in enumerate(given):
        if is_null(label) or not str(label).strip():
            raise InputError(f"row {row} has no label: leave it out, or pass it as unlabelled text")
    if len({isinstance(label, str) for label in given}) > 1:
        raise InputError("labels are partly strings and partly numbers: convert all of them to strings")
    log_doubtful_labels(label for label in given if isinstance(label, str))
    classes, numbers = np.unique(np.array(given), return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"all {len(given):,} texts have the label {given[0]!r}: at least two labels are needed")
    return classes, numbers.astype(np.int64).ravel()


def log_doubtful_labels(labels: Iterable[str]) -> None:
    """Log one line on labels that may be one and the same, and one on a label that may stand for a missing value."""
    distinct = sorted(set(labels))
    if pairs := equal_but_for_case(distinct):
        listed = ", ".join(f"{first!r} and {second!r}" for first, second in pairs[:3])
        _log.warning("labels that differ only by case or blanks are separate classes: %s", listed)
    if words := [label for label in distinct if is_missing(label, ambiguous=True)]:
        _log.warning("the label %r is a class: leave the label empty where there is none", words[0])


@dataclass(frozen=True)
class LabelledTexts:
    """The content of a labelled file.

    Attributes:
        texts: those with a label.
        labels: of these, as strings, or what `parse` made.
        unlabelled: texts of the rows without a label.
    """

    texts: list[str]
    labels: list[Any]
    unlabelled: list[str]


def read_labelled(
    source: Any,
    label: str,
    *,
    text: Any = None,
    required: bool = True,
    parse: Callable[[Any], Any] = label_text,
    **reading: Any,
) -> LabelledTexts:
    """Read texts and labels.

    Args:
        source: anything that `likewise.corpus.read` takes.
        label: column of labels.
        text: column of texts, or several that are joined; `text`, or the only other column, if None.
        required: whether there has to be a label.
        parse: makes the label of a cell, or a list of labels; raises ValueError with the reason if it cannot.
        **reading: further arguments of `likewise.corpus.read`.

    Raises:
        InputError: a column is missing, or no row has a label.
    """
    found = LabelledTexts([], [], [])
    words: Counter[str] = Counter()
    corpus = read(source, text=text or None, columns=True, ids=False, **reading)
    for batch in corpus:
        values = zip(batch.texts.to_pylist(), _labels(batch, label, corpus.name, required=required), strict=True)
        for place, (each, value) in enumerate(values):
            if is_missing(value):
                found.unlabelled.append(each)
                words.update([value.strip()] if isinstance(value, str) and value.strip() else [])
                continue
            try:
                found.labels.append(parse(value))
                found.texts.append(each)
            except ValueError as error:
                assert batch.rows is not None  # noqa: S101  a corpus has rows
                hint = ", of several with --separator" if isinstance(value, list) and parse is label_text else ""
                corpus.reject(int(batch.rows[place]), Problem(f"column {label!r} {error}{hint}"))
    if words:
        listed = ", ".join(f"{word!r}" for word in words)
        _log.warning(
            "%s: %s rows with %s in column %r count as rows without a label",
            corpus.name,
            f"{words.total():,}",
            listed,
            label,
        )
    if required and not found.texts:
        raise InputError(f"{source} holds no labelled text: expected rows with a label in column {label!r}")
    return found


def read_texts(source: Any, *, text: Any = None, **reading: Any) -> list[str]:
    """Read all texts of a source."""
    return [each for _, texts in read_batches(source, text=text, **reading) for each in texts]


def read_batches(source: Any, *, text: Any = None, **reading: Any) -> Iterator[tuple[list[str], list[str]]]:
    """Read ids and texts of a source in batches."""
    for batch in read(source, text=text or None, **reading):
        yield batch.ids.to_pylist(), batch.texts.to_pylist()


def read_descriptions(source: Any, label: str, **reading: Any) -> dict[str, str]:
    """Read the description of each label.

    Args:
        source: anything that `likewise.corpus.read` takes, with a row a label.
        label: column of labels; the descriptions are in the column `description`.
        **reading: further arguments of `likewise.corpus.read`.

    Raises:
        InputError: a column is missing, or a label has several descriptions, or none.
    """
    found = read_labelled(source, label, text="description", **reading)
    if found.unlabelled:
        raise InputError(f"{source}: the description {found.unlabelled[0][:50]!r} has no label in column {label!r}")
    if repeated := [name for name, count in Counter(found.labels).items() if count > 1]:
        raise InputError(f"{source} has several descriptions of {repeated[0]!r}: write them in one row")
    return dict(zip(found.labels, found.texts, strict=True))


def _labels(batch: TextBatch, column: str, source: str, *, required: bool) -> list[Any]:
    names = [] if batch.columns is None else batch.columns.schema.names
    if batch.columns is None or column not in names:
        if not required:
            return [None] * len(batch.texts)
        listed = ", ".join(repr(name) for name in names if name not in IDS) or "none besides the texts"
        raise InputError(f"{source} has no column {column!r} of labels: name it with --label; its columns are {listed}")
    labels: list[Any] = batch.columns.column(column).to_pylist()
    return labels
