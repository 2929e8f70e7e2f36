"""Several labels a text: from cells, lists and sets to one column of true and false for each label."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from likewise.applications.classify.labels import log_doubtful_labels
from likewise.arrays import Bool, Int64
from likewise.corpus.values import is_missing, is_null, label_text
from likewise.errors import InputError

SETS = (list, tuple, set, frozenset, np.ndarray)
SEPARATORS = ";|,"  # of which a file with several labels in a cell may use one


def is_multi_label(labels: Any, separator: str | None) -> bool:
    """Whether labels are lists, tuples or sets, or strings that are to be separated."""
    if separator is not None or getattr(labels, "ndim", 1) != 1:
        return separator is not None
    return any(isinstance(each, SETS) for each in (labels.to_pylist() if hasattr(labels, "to_pylist") else labels))


def label_set(value: Any, separator: str | None) -> list[Any]:
    """Return the distinct labels of one text; of a string its parts without blanks.

    Raises:
        ValueError: a label is missing, or the value is neither a list nor a string, with the reason.

    >>> label_set("billing; refund;", ";"), label_set(";", ";"), label_set(["billing"], None)
    (['billing', 'refund'], [], ['billing'])
    """
    if isinstance(value, str) and separator:
        return list(dict.fromkeys(label_text(part) for part in value.split(separator) if part.strip()))
    if not isinstance(value, SETS):
        raise ValueError(
            f"holds {value!r}, where other rows hold several labels: write a single one as a list, [label]"
        )
    found = value.tolist() if isinstance(value, np.ndarray) else sorted(value, key=str)
    for label in found:
        if isinstance(label, (*SETS, dict)) or is_null(label) or not str(label).strip():
            raise ValueError(f"holds {label!r} among its labels, expected strings or numbers")
    return list(dict.fromkeys(label.strip() if isinstance(label, str) else label for label in found))


def cell_labels(value: Any, separator: str) -> list[str]:
    """Return the labels of a cell of a file as strings; a cell with nothing but separators has none.

    Raises:
        ValueError: a part is no label, with the reason.
    """
    if isinstance(value, SETS):
        return list(dict.fromkeys(label_text(part) for part in value if not is_missing(part)))
    return label_set(label_text(value), separator)


def encode_label_sets(
    labels: Any, texts: int, described: Iterable[Any] = (), separator: str | None = None
) -> tuple[np.ndarray, Bool[np.ndarray, "texts_and_described labels"]]:
    """Return the sorted labels, and which text, and after these which description, has which.

    Args:
        labels: a list, tuple or set for each text, or a string that is separated; an empty one for none of the labels.
        texts: number of texts.
        described: labels that have a description.
        separator: between the labels of a string.

    Raises:
        InputError: there are no texts, not one set for each, a label is missing, labels are of mixed types, or all
            texts have the same.
    """
    given = labels.to_pylist() if hasattr(labels, "to_pylist") else list(labels)
    if len(given) != texts:
        raise InputError(
            f"{texts:,} texts and {len(given):,} labels were given: expected a list of labels for each text"
        )
    found = []
    for row, value in enumerate(given):
        if not isinstance(value, SETS) and (is_null(value) or (isinstance(value, str) and not value.strip())):
            raise InputError(
                f"row {row} has no labels: leave it out, pass it as unlabelled text, or [] if none applies"
            )
        try:
            found.append(label_set(value, separator))
        except ValueError as error:
            raise InputError(f"row {row} {error}") from None
    if not found:
        raise InputError(
            "there are no labelled texts: give some of each label, 8 or more to begin with; descriptions alone will do "
            "for one label a text"
        )
    _refuse_indicators(found)
    found += [[label] for label in described]
    every = [label for each in found for label in each]
    if len({isinstance(label, str) for label in every}) > 1:
        raise InputError("labels are partly strings and partly numbers: convert all of them to strings")
    log_doubtful_labels(label for label in every if isinstance(label, str))
    classes = np.unique(np.array(every)) if every else np.zeros(0)
    column = {label: place for place, label in enumerate(classes.tolist())}
    has_label = np.zeros((len(found), len(classes)), bool)
    for row, each in enumerate(found):
        has_label[row, [column[label] for label in each]] = True
    if not (has_label.any(axis=0) & ~has_label.all(axis=0)).any():
        listed = ", ".join(map(str, classes.tolist())) or "no label"
        raise InputError(f"all {len(found):,} texts have the same labels ({listed}): nothing sets them apart")
    return classes, has_label


def _refuse_indicators(found: list[list[Any]]) -> None:
    """Refuse rows of zeros and ones, of which only 0 and 1 would be learned."""
    if len(found) > 1 and all(each and {*each} <= {0, 1} for each in found):
        raise InputError(
            "labels are zeros and ones: pass the names of the labels of each text, as inverse_transform of "
            "scikit-learn's MultiLabelBinarizer returns them"
        )


def likely_separator(labels: Iterable[str]) -> tuple[str, str] | None:
    """Return a separator of several labels in a cell, and an example, if the parts of most such cells occur elsewhere.

    >>> likely_separator(["billing", "billing;refund", "refund"]), likely_separator(["ham", "spam"])
    ((';', 'billing;refund'), None)
    """
    distinct = dict.fromkeys(labels)
    for separator in SEPARATORS:
        parts = {label: {part.strip() for part in label.split(separator) if part.strip()} for label in distinct}
        times = Counter(part for each in parts.values() for part in each)
        joined = [label for label, each in parts.items() if len(each) > 1]
        recurring = [label for label in joined if all(times[part] > 1 for part in parts[label])]
        if recurring and 2 * len(recurring) >= len(joined):
            return separator, recurring[0]
    return None


def texts_by_label(texts: Sequence[str], has_label: Bool[np.ndarray, "texts labels"]) -> Int64[np.ndarray, " labels"]:
    """Count the distinct texts that have each label."""
    found = [len({texts[int(row)] for row in np.flatnonzero(column)}) for column in has_label.T]
    return np.array(found, np.int64)
