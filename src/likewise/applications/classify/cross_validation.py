"""Each labelled text predicted by a classifier that has not seen it: cross-validation that repeats cannot fool."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

__all__ = [
    "Answered",
    "Estimate",
    "HeldOut",
    "estimate_of",
    "held_out",
    "parts_of",
    "probabilities",
    "temperature_of",
    "wilson",
]


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


NORMAL = 1.959964  # 95 % of a normal distribution lie within so many deviations
LEVELS = (0.6, 0.7, 0.8, 0.9, 0.95)  # of probability, for which it is told what abstaining below them brings
WIDEST = 3.0  # natural logarithm of the temperature, at the most
SPREAD = 1.0  # of that logarithm before anything is known: few labels do not make a classifier sure of itself


@dataclass(frozen=True)
class Answered:
    """What abstaining brings.

    Attributes:
        level: the probability below which nothing is said.
        share: of the texts, those that are answered.
        accuracy: among these; None if there are none.
    """

    level: float
    share: float
    accuracy: float | None


@dataclass(frozen=True)
class Estimate:
    """Accuracy on texts like the labelled ones, found by cross-validation on these.

    It is a little low, as each fold learns from fewer labels than the classifier itself.

    Attributes:
        accuracy: share of labelled texts that classifiers get right which have not seen them.
        low: lower end of the 95 % interval.
        high: upper end.
        labels: texts that were checked so.
        unchecked: texts that could not be, since they are the only one of their class.
        answered: what abstaining brings, at several levels.
    """

    accuracy: float
    low: float
    high: float
    labels: int
    unchecked: int
    answered: tuple[Answered, ...]


def estimate_of(held: HeldOut | None, numbers: Int64[np.ndarray, " texts"], temperature: float) -> Estimate | None:
    """The estimate of a classifier.

    The interval is Wilson's (1927) for fewer texts than there are: the parts learn from the same few labels and so
    depend on each other, which Nadeau and Bengio (2003) count as 1/repeats + folds/(folds - 1) times the variance.

    Args:
        held: predictions of the labelled texts; None gives None.
        numbers: their classes.
        temperature: of the probabilities.
    """
    if held is None:
        return None
    right = held.logits.argmax(axis=1) == numbers[held.rows]
    sure = probabilities(held.logits, temperature).max(axis=1)
    labels, accuracy = len(np.unique(held.rows)), float(right.mean())
    inflation = 1 / held.repeats + held.folds / (held.folds - 1)
    low, high = wilson(accuracy, labels / inflation)
    answered = tuple(
        Answered(level, float(said.mean()), float(right[said].mean()) if said.any() else None)
        for level in LEVELS
        for said in [sure >= level]
    )
    return Estimate(accuracy, low, high, labels, len(numbers) - labels, answered)


def wilson(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in so many trials (Wilson 1927)."""
    squared = NORMAL**2
    centre = (share + squared / (2 * count)) / (1 + squared / count)
    half = NORMAL / (1 + squared / count) * np.sqrt(share * (1 - share) / count + squared / (4 * count**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def temperature_of(held: HeldOut | None, numbers: Int64[np.ndarray, " texts"]) -> float:
    """By what logits are to be divided to become honest probabilities (Guo et al. 2017), found on held-out ones.

    Args:
        held: predictions of the labelled texts; None gives 1.
        numbers: their classes.
    """
    if held is None:
        return 1.0
    from scipy.optimize import minimize_scalar

    truth, rows = numbers[held.rows], np.arange(len(held.rows))

    def loss(logarithm: float) -> float:
        likely = np.maximum(probabilities(held.logits, float(np.exp(logarithm)))[rows, truth], np.finfo(float).tiny)
        return float(-np.log(likely).sum() / held.repeats + logarithm**2 / (2 * SPREAD**2))

    return float(np.exp(minimize_scalar(loss, bounds=(-WIDEST, WIDEST), method="bounded").x))


def probabilities(
    logits: Float64[np.ndarray, "texts classes"], temperature: float
) -> Float64[np.ndarray, "texts classes"]:
    """The softmax of logits over a temperature."""
    scaled = logits / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    found: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return found
