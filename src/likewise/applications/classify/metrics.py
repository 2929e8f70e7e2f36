"""Metrics of a classifier on labelled texts that it was not trained on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.cross_validation import Abstention, abstention_curve, wilson_interval
from likewise.applications.classify.labels import check_texts
from likewise.errors import InputError

__all__ = ["Confusion", "LabelMetrics", "Metrics", "evaluate"]

BINS = 10
MAX_CONFUSIONS = 5


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
        accuracy: share of correct predictions.
        low: lower end of its 95 % interval (Wilson).
        high: upper end.
        balanced_accuracy: mean recall of the labels of the texts.
        macro_f1: mean F1 of all labels that occur or are predicted.
        log_loss: mean negative log-likelihood of the labels, in nats, over texts whose label was trained on; None
            without any.
        calibration_error: expected calibration error over ten bins (Naeini et al. 2015).
        abstention: at several thresholds.
        unknown_labels: number of texts whose label was not trained on, which count as errors.
        labels: metrics of each label that occurs or is predicted.
        confusions: the most frequent ones.
    """

    texts: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float | None
    calibration_error: float
    abstention: tuple[Abstention, ...]
    unknown_labels: int
    labels: tuple[LabelMetrics, ...]
    confusions: tuple[Confusion, ...]

    def as_json(self) -> str:
        """Format as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def evaluate(classifier: Classifier, texts: Sequence[str], labels: Sequence[Any]) -> Metrics:
    """Compare predictions with labels.

    Args:
        classifier: fitted.
        texts: at least one.
        labels: one for each text; compared as strings, so that "1" from a file equals 1.

    Raises:
        InputError: there are no texts, or not one label for each.
    """
    from sklearn.metrics import log_loss, precision_recall_fscore_support

    texts, truth = check_texts(texts), [str(label) for label in labels]
    if not texts or len(texts) != len(truth):
        raise InputError(f"{len(texts):,} texts and {len(truth):,} labels: expected one label for each text")
    classes = [str(label) for label in classifier.classes_.tolist()]
    number = {label: place for place, label in enumerate(classes)}
    numbers = np.array([number.get(label, -1) for label in truth])
    probabilities = classifier.predict_proba(texts)
    predicted, known = probabilities.argmax(axis=1), numbers >= 0
    confidence, correct = probabilities.max(axis=1), predicted == numbers
    predictions = [classes[each] for each in predicted]
    names = sorted({*truth, *predictions})
    scores = precision_recall_fscore_support(truth, predictions, labels=names, zero_division=0.0)
    rows = [
        LabelMetrics(label, float(precision), float(recall), float(f1), int(count))
        for label, precision, recall, f1, count in zip(names, *scores, strict=True)
    ]
    accuracy = float(correct.mean())
    loss = log_loss(numbers[known], probabilities[known], labels=range(len(classes))) if known.any() else None
    return Metrics(
        len(texts), accuracy, *wilson_interval(accuracy, float(len(texts))),
        float(np.mean([row.recall for row in rows if row.texts])), float(np.mean([row.f1 for row in rows])),
        None if loss is None else float(loss), _calibration_error(confidence, correct),
        abstention_curve(confidence, correct), int((~known).sum()), tuple(rows), _confusions(truth, predictions, names),
    )  # fmt: skip


def _calibration_error(confidence: Float64[np.ndarray, " texts"], correct: Bool[np.ndarray, " texts"]) -> float:
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float(confidence[bins == each].sum() - correct[bins == each].sum())) for each in range(BINS)]
    return sum(gaps) / len(confidence)


def _confusions(truth: list[str], predictions: list[str], names: list[str]) -> tuple[Confusion, ...]:
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(truth, predictions, labels=names)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:MAX_CONFUSIONS]
    cells = zip(order // len(names), order % len(names), strict=True)
    return tuple(Confusion(names[row], names[at], int(counts[row, at])) for row, at in cells if counts[row, at])
