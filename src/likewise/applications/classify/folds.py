"""Each labelled text predicted by a classifier that has not seen it: cross-validation that repeats cannot fool."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

__all__ = ["HeldOut", "held_out", "parts_of"]

FOLDS = 5

Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From the rows that may be learned from, and other rows, to logits of the latter."""


@dataclass(frozen=True)
class HeldOut:
    """What classifiers say of labelled texts that they have not seen.

    Attributes:
        rows: of the labelled texts, once for each time that it was predicted.
        logits: of each.
        folds: in how many parts the texts were cut.
        repeats: how often.
    """

    rows: Int64[np.ndarray, " predictions"]
    logits: Float64[np.ndarray, "predictions classes"]
    folds: int
    repeats: int


def parts_of(
    texts: Sequence[str], numbers: Int64[np.ndarray, " texts"], folds: int, rng: np.random.Generator
) -> Int64[np.ndarray, " texts"]:
    """The part of each text: each has its share of every class, and equal texts are in the same one."""
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    groups = np.array([first[text] for text in texts])
    leaders = np.flatnonzero(groups == np.arange(len(texts)))
    parts = np.zeros(len(texts), np.int64)
    begin = 0  # the next class goes on where the one before it ended, so that parts are equally large
    for number in np.unique(numbers[leaders]):
        own = rng.permutation(leaders[numbers[leaders] == number])
        parts[own] = (begin + np.arange(len(own))) % folds
        begin += len(own)
    return np.asarray(parts[groups])


def held_out(
    texts: Sequence[str],
    numbers: Int64[np.ndarray, " texts"],
    fit: Fit,
    rng: np.random.Generator,
    repeats: int = 1,
) -> HeldOut | None:
    """Predict every labelled text whose class has another text to learn from.

    Args:
        texts: with labels.
        numbers: their classes.
        fit: learns and predicts.
        rng: of the parts.
        repeats: how often the texts are cut anew.

    Returns:
        None where no class has two distinct texts, or nothing but one class would be left to learn from.
    """
    able = _checkable(texts, numbers)
    if not able.any():
        return None
    folds = int(min(FOLDS, max(2, np.bincount(numbers[able]).max())))
    rows, logits = [], []
    for _ in range(repeats):
        parts = parts_of(texts, numbers, folds, rng)
        for learned, asked in _splits(parts, able, folds):
            if len(asked) and len(np.unique(numbers[learned])) > 1:
                rows.append(asked)
                logits.append(fit(learned, asked))
    if not rows:
        return None
    return HeldOut(np.concatenate(rows), np.concatenate(logits), folds, repeats)


def _checkable(texts: Sequence[str], numbers: Int64[np.ndarray, " texts"]) -> Bool[np.ndarray, " texts"]:
    """Whether the class of each has a second distinct text."""
    distinct = {(text, int(number)) for text, number in zip(texts, numbers, strict=True)}
    counts = np.bincount([number for _, number in distinct], minlength=int(numbers.max(initial=0)) + 1)
    enough: np.ndarray = counts[numbers] > 1
    return enough


def _splits(
    parts: Int64[np.ndarray, " texts"], able: Bool[np.ndarray, " texts"], folds: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for part in range(folds):
        yield np.flatnonzero(parts != part), np.flatnonzero((parts == part) & able)
