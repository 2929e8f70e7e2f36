"""What a classifier is given, checked: as many labels as texts, at least two of them, each in words or numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64

from likewise.errors import InputError

__all__ = ["as_texts", "classes_of"]


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
