"""Metrics of a classifier: on further labelled texts, and by cross-validation on the few that it was fitted on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin

from likewise.applications.classify.labels import check_texts, log_doubtful_labels
from likewise.applications.classify.ordinal import OrdinalMetrics, level_values, median_levels, ordinal_metrics
from likewise.arrays import Bool, Float64, Int64
from likewise.corpus.values import label_text
from likewise.errors import InputError

FOLDS = 10  # of five, each trained on a fifth fewer labels, the estimate is too low where these are few
Z_95 = 1.959964  # 95 % of a normal distribution lie within so many standard deviations
THRESHOLDS = (0.6, 0.7, 0.8, 0.9, 0.95)  # of probability, at which abstention is reported
MAX_LOG_TEMPERATURE = 3.0
LOG_TEMPERATURE_PRIOR = 1.0  # standard deviation: few labels do not make a classifier overconfident
BINS = 10
MAX_CONFUSIONS = 5

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

    def is_worse(self, other: "HeldOutPredictions", numbers: Int64[np.ndarray, " texts"], errors: float = 1.0) -> bool:
        """Whether fewer labels are right than in others, by more than some standard errors of the difference."""
        gains = self.correct_shares(numbers) - other.correct_shares(numbers)
        gains = gains[np.isfinite(gains)]
        return bool(gains.mean() < -errors * gains.std() / np.sqrt(len(gains)))


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
class LabelMetrics:
    """Metrics of one label.

    Attributes:
        label: as a string.
        precision: share of the texts predicted as it that have it.
        recall: share of the texts that have it that are predicted as it.
        f1: harmonic mean of both.
        texts: number of texts that have it.
    """

    label: str
    precision: float
    recall: float
    f1: float
    texts: int


@dataclass(frozen=True)
class AccuracyEstimate:
    """Macro F1 and accuracy on texts like the labelled ones, by cross-validation.

    Slightly pessimistic, as each fold trains on fewer labels than the classifier itself.

    Attributes:
        texts: number of texts that were predicted.
        unchecked: number of texts that were not, as the only ones of their class.
        macro_f1: mean F1 of the labels of these texts, and of any other that is predicted.
        majority_baseline: share of the most frequent label, which is the accuracy of always predicting it.
        accuracy: share of correct held-out predictions.
        low: lower end of its 95 % interval.
        high: upper end.
        abstention: at several thresholds.
        labels: metrics of each label.
        ordinal: distances to the labels, if these have an order.
    """

    texts: int
    unchecked: int
    macro_f1: float
    majority_baseline: float
    accuracy: float
    low: float
    high: float
    abstention: tuple[Abstention, ...]
    labels: tuple[LabelMetrics, ...]
    ordinal: OrdinalMetrics | None = None


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
    folds: int = FOLDS,
    checkable: Bool[np.ndarray, " texts"] | None = None,
    described: Sequence[int] | Int64[np.ndarray, " described"] = (),
) -> HeldOutPredictions | None:
    """Predict every labelled text whose class has another text to train on, with the texts split `repeats` times.

    `checkable` says instead which texts have another to train on, and `described` which classes `fit` knows without a
    text. None if no class has two distinct texts, or only one class would be left to train on.
    """
    if checkable is None:
        checkable = _checkable(texts, numbers) | np.isin(numbers, described)
    if not checkable.any():
        return None
    folds = int(min(folds, max(2, np.bincount(numbers[checkable]).max())))
    rows, logits = [], []
    for _ in range(repeats):
        assigned = assign_folds(texts, numbers, folds, rng)
        for fold in range(folds):
            train, test = np.flatnonzero(assigned != fold), np.flatnonzero((assigned == fold) & checkable)
            if len(test) and len({*numbers[train].tolist(), *described}) > 1:
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


def estimate_accuracy(
    held_out: HeldOutPredictions | None,
    numbers: Int64[np.ndarray, " texts"],
    classes: Sequence[Any],
    temperature: float,
    values: Float64[np.ndarray, " classes"] | None = None,
) -> AccuracyEstimate | None:
    """Estimate the accuracy of a classifier, as a whole and for each label.

    The interval is Wilson's for a smaller number of texts: folds train on the same few labels and so depend on each
    other, which Nadeau and Bengio (2003) count as 1/repeats + folds/(folds - 1) times the variance. None without
    held-out predictions. `values` are the places of classes that have an order.
    """
    if held_out is None:
        return None
    likely, names = softmax(held_out.logits / temperature, axis=1), [str(label) for label in classes]
    predicted = likely.argmax(axis=1) if values is None else median_levels(likely)
    correct = predicted == numbers[held_out.rows]
    confidence = likely[np.arange(len(likely)), predicted]
    counts = np.bincount(numbers[np.unique(held_out.rows)], minlength=len(names))
    texts, accuracy = int(counts.sum()), float(correct.mean())
    inflation = 1 / held_out.repeats + held_out.folds / (held_out.folds - 1)
    low, high = wilson_interval(accuracy, texts / inflation)
    truth, predictions = [names[each] for each in numbers[held_out.rows]], [names[each] for each in predicted]
    number = dict(zip(names, counts.tolist(), strict=True))  # of texts, which are predicted once a repeat
    rows = [replace(row, texts=number[row.label]) for row in _label_metrics(truth, predictions)]
    return AccuracyEstimate(
        texts, len(numbers) - texts, _macro_f1(rows), float(counts.max() / texts), accuracy, low, high,
        abstention_curve(confidence, correct), tuple(rows),
        None if values is None else ordinal_metrics(values[predicted], values[numbers[held_out.rows]]),
    )  # fmt: skip


def _label_metrics(truth: list[str], predictions: list[str]) -> list[LabelMetrics]:
    """The metrics of each label that occurs or is predicted."""
    from sklearn.metrics import precision_recall_fscore_support

    names = sorted({*truth, *predictions})
    scores = precision_recall_fscore_support(truth, predictions, labels=names, zero_division=0.0)
    return [
        LabelMetrics(label, float(precision), float(recall), float(f1), int(count))
        for label, precision, recall, f1, count in zip(names, *scores, strict=True)
    ]


def _macro_f1(labels: Sequence[LabelMetrics]) -> float:
    return float(np.mean([row.f1 for row in labels]))


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
    """Fit the temperature that calibrates probabilities (Guo et al. 2017) on held-out predictions; 1 without any."""
    if held_out is None:
        return 1.0
    from scipy.optimize import minimize_scalar

    truth, rows = numbers[held_out.rows], np.arange(len(held_out.rows))

    def loss(logarithm: float) -> float:
        likelihood = softmax(held_out.logits / float(np.exp(logarithm)), axis=1)[rows, truth]
        log_likelihood = np.log(np.maximum(likelihood, np.finfo(float).tiny)).sum()
        return float(-log_likelihood / held_out.repeats + logarithm**2 / (2 * LOG_TEMPERATURE_PRIOR**2))

    bounds = (-MAX_LOG_TEMPERATURE, MAX_LOG_TEMPERATURE)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


@dataclass(frozen=True)
class Confusion:
    """Number of texts of one label that are predicted as another.

    Attributes:
        label: the true one.
        predicted: the other.
        texts: how many.
    """

    label: str
    predicted: str
    texts: int


@dataclass(frozen=True)
class Metrics:
    """Metrics of a classifier.

    Attributes:
        texts: number of texts.
        macro_f1: mean F1 of all labels that occur or are predicted.
        balanced_accuracy: mean recall of the labels of the texts.
        majority_baseline: share of the most frequent label, which is the accuracy of always predicting it.
        accuracy: share of correct predictions.
        low: lower end of its 95 % interval (Wilson).
        high: upper end.
        log_loss: mean negative log-likelihood of the labels, in nats, over texts whose label was trained on; None
            without any.
        calibration_error: expected calibration error over ten bins (Naeini et al. 2015).
        abstention: at several thresholds.
        unknown_labels: number of texts whose label was not trained on, which count as errors.
        labels: metrics of each label that occurs or is predicted.
        confusions: the most frequent ones.
        ordinal: distances to the labels, if these have an order.
    """

    texts: int
    macro_f1: float
    balanced_accuracy: float
    majority_baseline: float
    accuracy: float
    low: float
    high: float
    log_loss: float | None
    calibration_error: float
    abstention: tuple[Abstention, ...]
    unknown_labels: int
    labels: tuple[LabelMetrics, ...]
    confusions: tuple[Confusion, ...]
    ordinal: OrdinalMetrics | None = None

    def as_json(self) -> str:
        """Format as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def evaluate(classifier: ClassifierMixin, texts: Sequence[str], labels: Sequence[Any]) -> Metrics:
    """Compare predictions with labels.

    Args:
        classifier: a fitted `Classifier`.
        texts: at least one.
        labels: one for each text; compared as `label_text` writes them, so that "1" from a file equals 1 and 1.0.

    Raises:
        InputError: there are no texts, or not one label for each.
    """
    from sklearn.metrics import log_loss

    classes = [label_text(label) for label in classifier.classes_.tolist()]
    as_text = label_text if len(set(classes)) == len(classes) else str
    texts, truth = check_texts(texts), [as_text(label) for label in labels]
    if not texts or len(texts) != len(truth):
        raise InputError(f"{len(texts):,} texts and {len(truth):,} labels: expected one label for each text")
    classes = [as_text(label) for label in classifier.classes_.tolist()]
    log_doubtful_labels({*classes, *truth})
    number = {label: place for place, label in enumerate(classes)}
    numbers = np.array([number.get(label, -1) for label in truth])
    probabilities = classifier.predict_proba(texts)
    order = getattr(classifier, "ordered", False)
    predicted, known = median_levels(probabilities) if order else probabilities.argmax(axis=1), numbers >= 0
    confidence, correct = probabilities[np.arange(len(texts)), predicted], predicted == numbers
    predictions = [classes[each] for each in predicted]
    rows = _label_metrics(truth, predictions)
    accuracy = float(correct.mean())
    loss = log_loss(numbers[known], probabilities[known], labels=range(len(classes))) if known.any() else None
    return Metrics(
        len(texts), _macro_f1(rows), float(np.mean([row.recall for row in rows if row.texts])),
        max(row.texts for row in rows) / len(texts), accuracy, *wilson_interval(accuracy, float(len(texts))),
        None if loss is None else float(loss), calibration_error(confidence, correct),
        abstention_curve(confidence, correct), int((~known).sum()), tuple(rows), _confusions(truth, predictions),
        ordinal_metrics(level_values(predictions, order), level_values(truth, order)) if order else None,
    )  # fmt: skip


def calibration_error(confidence: Float64[np.ndarray, " texts"], correct: Bool[np.ndarray, " texts"]) -> float:
    """Compute the expected calibration error over ten bins of confidence (Naeini et al. 2015)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float(confidence[bins == each].sum() - correct[bins == each].sum())) for each in range(BINS)]
    return sum(gaps) / len(confidence)


def _confusions(truth: list[str], predictions: list[str]) -> tuple[Confusion, ...]:
    from sklearn.metrics import confusion_matrix

    names = sorted({*truth, *predictions})
    counts = confusion_matrix(truth, predictions, labels=names)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:MAX_CONFUSIONS]
    cells = zip(order // len(names), order % len(names), strict=True)
    return tuple(Confusion(names[row], names[at], int(counts[row, at])) for row, at in cells if counts[row, at])
