"""Cross-validation on few labels: held-out predictions, an accuracy with an honest interval, calibration."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

__all__ = [
    "Abstention",
    "AccuracyEstimate",
    "HeldOutPredictions",
    "abstention_curve",
    "assign_folds",
    "cross_validate",
    "estimate_accuracy",
    "fit_temperature",
    "softmax",
    "wilson_interval",
]

FOLDS = 5
Z_95 = 1.959964  # 95 % of a normal distribution lie within so many standard deviations
THRESHOLDS = (0.6, 0.7, 0.8, 0.9, 0.95)  # of probability, at which abstention is reported
MAX_LOG_TEMPERATURE = 3.0
LOG_TEMPERATURE_PRIOR = 1.0  # standard deviation: few labels do not make a classifier overconfident

Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes the rows to train on and the rows to predict, and returns logits of the latter."""


@dataclass(frozen=True)
class HeldOutPredictions:
    """Logits of labelled texts from classifiers that were trained without them.

    Attributes:
        rows: of the labelled texts, one entry for each prediction.
        logits: (predictions, classes).
        folds: number of folds.
        repeats: number of times that the texts were split.
    """

    rows: Int64[np.ndarray, " predictions"]
    logits: Float64[np.ndarray, "predictions classes"]
    folds: int
    repeats: int

    def correct_shares(self, numbers: Int64[np.ndarray, " texts"]) -> Float64[np.ndarray, " texts"]:
        """Compute the share of correct predictions of each labelled text; NaN if it was never held out."""
        times = np.bincount(self.rows, minlength=len(numbers)).astype(np.float64)
        times[times == 0] = np.nan
        correct = self.logits.argmax(axis=1) == numbers[self.rows]
        return np.asarray(np.bincount(self.rows, correct, len(numbers)) / times)

    def is_worse(self, other: "HeldOutPredictions", numbers: Int64[np.ndarray, " texts"]) -> bool:
        """Whether fewer labels are right than in others, by more than the standard error of the difference."""
        gains = self.correct_shares(numbers) - other.correct_shares(numbers)
        gains = gains[np.isfinite(gains)]
        return bool(gains.mean() < -gains.std() / np.sqrt(len(gains)))


@dataclass(frozen=True)
class Abstention:
    """The effect of giving no label below a threshold of probability.

    Attributes:
        threshold: lowest probability that is accepted.
        coverage: share of the texts that get a label.
        accuracy: of these; None if there are none.
    """

    threshold: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True)
class AccuracyEstimate:
    """Accuracy on texts like the labelled ones, by cross-validation.

    Slightly pessimistic, as each fold trains on fewer labels than the classifier itself.

    Attributes:
        accuracy: share of correct held-out predictions.
        low: lower end of the 95 % interval.
        high: upper end.
        labels: number of texts that were predicted.
        unchecked: number of texts that were not, as the only ones of their class.
        abstention: at several thresholds.
    """

    accuracy: float
    low: float
    high: float
    labels: int
    unchecked: int
    abstention: tuple[Abstention, ...]


def softmax(logits: Float64[np.ndarray, "texts classes"]) -> Float64[np.ndarray, "texts classes"]:
    """Turn logits into probabilities."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def assign_folds(
    texts: Sequence[str], numbers: Int64[np.ndarray, " texts"], folds: int, rng: np.random.Generator
) -> Int64[np.ndarray, " texts"]:
    """Assign each text to a fold, stratified by class, with equal texts in the same fold.

    scikit-learn's `StratifiedGroupKFold` refuses classes with fewer texts than folds, which are common here.
    """
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    groups = np.array([first[text] for text in texts])
    leaders = np.flatnonzero(groups == np.arange(len(texts)))
    assigned = np.zeros(len(texts), np.int64)
    start = 0  # each class continues where the previous one ended, so that all folds get the same size
    for number in np.unique(numbers[leaders]):
        members = rng.permutation(leaders[numbers[leaders] == number])
        assigned[members] = (start + np.arange(len(members))) % folds
        start += len(members)
    return np.asarray(assigned[groups])


def cross_validate(
    texts: Sequence[str],
    numbers: Int64[np.ndarray, " texts"],
    fit: Fit,
    rng: np.random.Generator,
    repeats: int = 1,
) -> HeldOutPredictions | None:
    """Predict every labelled text whose class has another text to train on.

    Args:
        texts: with labels.
        numbers: classes of these.
        fit: trains and predicts.
        rng: of the folds.
        repeats: number of times that the texts are split.

    Returns:
        None if no class has two distinct texts, or only one class would be left to train on.
    """
    checkable = _checkable(texts, numbers)
    if not checkable.any():
        return None
    folds = int(min(FOLDS, max(2, np.bincount(numbers[checkable]).max())))
    rows, logits = [], []
    for _ in range(repeats):
        for train, test in _splits(assign_folds(texts, numbers, folds, rng), checkable, folds):
            if len(test) and len(np.unique(numbers[train])) > 1:
                rows.append(test)
                logits.append(fit(train, test))
    if not rows:
        return None
    return HeldOutPredictions(np.concatenate(rows), np.concatenate(logits), folds, repeats)


def _checkable(texts: Sequence[str], numbers: Int64[np.ndarray, " texts"]) -> Bool[np.ndarray, " texts"]:
    """Find the texts whose class has a second distinct text."""
    distinct = {(text, int(number)) for text, number in zip(texts, numbers, strict=True)}
    counts = np.bincount([number for _, number in distinct], minlength=int(numbers.max(initial=0)) + 1)
    enough: np.ndarray = counts[numbers] > 1
    return enough


def _splits(
    assigned: Int64[np.ndarray, " texts"], checkable: Bool[np.ndarray, " texts"], folds: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for fold in range(folds):
        yield np.flatnonzero(assigned != fold), np.flatnonzero((assigned == fold) & checkable)


def estimate_accuracy(
    held_out: HeldOutPredictions | None, numbers: Int64[np.ndarray, " texts"], temperature: float
) -> AccuracyEstimate | None:
    """Estimate the accuracy of a classifier.

    The interval is Wilson's for a smaller number of texts: folds train on the same few labels and so depend on each
    other, which Nadeau and Bengio (2003) count as 1/repeats + folds/(folds - 1) times the variance.

    Args:
        held_out: predictions of the labelled texts; None gives None.
        numbers: classes of the labelled texts.
        temperature: of the probabilities.
    """
    if held_out is None:
        return None
    correct = held_out.logits.argmax(axis=1) == numbers[held_out.rows]
    confidence = softmax(held_out.logits / temperature).max(axis=1)
    labels, accuracy = len(np.unique(held_out.rows)), float(correct.mean())
    inflation = 1 / held_out.repeats + held_out.folds / (held_out.folds - 1)
    low, high = wilson_interval(accuracy, labels / inflation)
    return AccuracyEstimate(accuracy, low, high, labels, len(numbers) - labels, abstention_curve(confidence, correct))


def abstention_curve(
    confidence: Float64[np.ndarray, " texts"], correct: Bool[np.ndarray, " texts"]
) -> tuple[Abstention, ...]:
    """Compute coverage and accuracy at several thresholds of confidence."""
    return tuple(
        Abstention(threshold, float(kept.mean()), float(correct[kept].mean()) if kept.any() else None)
        for threshold in THRESHOLDS
        for kept in [confidence >= threshold]
    )


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Compute the 95 % interval of a share in a number of trials, which need not be whole (Wilson 1927)."""
    squared = Z_95**2
    centre = (share + squared / (2 * count)) / (1 + squared / count)
    half = Z_95 / (1 + squared / count) * np.sqrt(share * (1 - share) / count + squared / (4 * count**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def fit_temperature(held_out: HeldOutPredictions | None, numbers: Int64[np.ndarray, " texts"]) -> float:
    """Fit the temperature that calibrates probabilities (Guo et al. 2017) on held-out predictions.

    Args:
        held_out: predictions of the labelled texts; None gives 1.
        numbers: classes of the labelled texts.
    """
    if held_out is None:
        return 1.0
    from scipy.optimize import minimize_scalar

    truth, rows = numbers[held_out.rows], np.arange(len(held_out.rows))

    def loss(logarithm: float) -> float:
        likelihood = softmax(held_out.logits / float(np.exp(logarithm)))[rows, truth]
        log_likelihood = np.log(np.maximum(likelihood, np.finfo(float).tiny)).sum()
        return float(-log_likelihood / held_out.repeats + logarithm**2 / (2 * LOG_TEMPERATURE_PRIOR**2))

    bounds = (-MAX_LOG_TEMPERATURE, MAX_LOG_TEMPERATURE)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
