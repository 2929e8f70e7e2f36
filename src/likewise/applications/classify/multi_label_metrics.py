"""Metrics of several labels a text: on further labelled texts, and by cross-validation on those it was fitted on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from likewise.applications.classify.label_sets import label_set
from likewise.applications.classify.labels import check_texts, log_doubtful_labels
from likewise.applications.classify.metrics import (
    THRESHOLDS,
    HeldOutPredictions,
    LabelMetrics,
    calibration_error,
    wilson_interval,
)
from likewise.arrays import Bool, Float64
from likewise.corpus.values import label_text
from likewise.errors import InputError


@dataclass(frozen=True)
class SetScores:
    """How well predicted sets of labels agree with the true ones.

    Attributes:
        micro_f1: F1 of all pairs of a text and a label together, in which frequent labels count most.
        macro_f1: mean F1 of the labels.
        exact_match: share of the texts whose labels are all right and none is missing.
        any_right: share of the texts with labels for which at least one of these is predicted; None without any.
    """

    micro_f1: float
    macro_f1: float
    exact_match: float
    any_right: float | None


@dataclass(frozen=True)
class Cutoff:
    """The effect of leaving out labels below a probability.

    Attributes:
        threshold: lowest probability of a label that is given.
        coverage: share of the texts that get a label.
        precision: share of the given labels that are right; None if there are none.
        recall: share of the true labels that are given; None if there are none.
    """

    threshold: float
    coverage: float
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class LabelSetMetrics:
    """Metrics of a classifier of several labels a text.

    Attributes:
        texts: number of texts.
        labels_per_text: their mean number of labels.
        scores: of the predictions.
        low: lower end of the 95 % interval of the exact match (Wilson).
        high: upper end.
        baseline: scores of always predicting the most frequent labels, as many as a text has on average.
        baseline_labels: these labels.
        cutoffs: at several thresholds.
        labels: metrics of each label that occurs or is predicted.
    """

    texts: int
    labels_per_text: float
    scores: SetScores
    low: float
    high: float
    baseline: SetScores
    baseline_labels: tuple[str, ...]
    cutoffs: tuple[Cutoff, ...]
    labels: tuple[LabelMetrics, ...]


@dataclass(frozen=True)
class LabelSetEstimate(LabelSetMetrics):
    """Metrics on texts like the labelled ones, by cross-validation, in which folds train on fewer labels.

    Attributes:
        unchecked: number of texts that were not predicted, as they alone have one of their labels.
    """

    unchecked: int

    @classmethod
    def of_plain(cls, kept: dict[str, Any]) -> "LabelSetEstimate":
        """Return the estimate that `dataclasses.asdict` made plain."""
        scores = {name: SetScores(**kept[name]) for name in ("scores", "baseline")}
        rows = {"cutoffs": tuple(Cutoff(**each) for each in kept["cutoffs"]),
                "labels": tuple(LabelMetrics(**each) for each in kept["labels"])}  # fmt: skip
        return cls(**{**kept, **scores, **rows, "baseline_labels": tuple(kept["baseline_labels"])})


@dataclass(frozen=True)
class EvaluatedLabelSets(LabelSetMetrics):
    """Metrics on labelled texts.

    Attributes:
        log_loss: mean negative log-likelihood of the labels of a text that were trained on, in nats.
        calibration_error: expected calibration error over ten bins of the probabilities of all labels.
        unknown_labels: number of labels of texts that were not trained on, which count as missed.
    """

    log_loss: float
    calibration_error: float
    unknown_labels: int

    def as_json(self) -> str:
        """Format as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def estimate_label_sets(
    held_out: HeldOutPredictions | None,
    has_label: Bool[np.ndarray, "texts labels"],
    classes: Sequence[Any],
    temperature: float,
    thresholds: Float64[np.ndarray, " labels"],
) -> LabelSetEstimate | None:
    """Estimate how well sets of labels are predicted; None without held-out predictions.

    The interval allows for the dependence of folds as `metrics.estimate_accuracy` does.
    """
    if held_out is None:
        return None
    rows, texts = held_out.rows, len(np.unique(held_out.rows))
    inflation = 1 / held_out.repeats + held_out.folds / (held_out.folds - 1)
    likely, names = expit(held_out.logits / temperature), [str(label) for label in classes]
    found = _metrics(likely, has_label[rows], thresholds, names, texts, texts / inflation)
    return LabelSetEstimate(**found, unchecked=len(has_label) - texts)


def evaluate_label_sets(classifier: Any, texts: Sequence[str], labels: Sequence[Any]) -> EvaluatedLabelSets:
    """Compare predicted sets of labels with the true ones.

    Args:
        classifier: a fitted `Classifier` of several labels.
        texts: at least one.
        labels: a list of labels for each text, or a string that the classifier's separator separates; compared as
            `label_text` writes them.

    Raises:
        InputError: there are no texts, or not one list for each.
    """
    texts, given = check_texts(texts), list(labels)
    if not texts or len(texts) != len(given):
        raise InputError(f"{len(texts):,} texts and {len(given):,} labels: expected a list of labels for each text")
    truth = []
    for row, value in enumerate(given):
        try:
            truth.append({label_text(label) for label in label_set(value, classifier.separator)})
        except ValueError as error:
            raise InputError(f"row {row} {error}") from None
    trained = [label_text(label) for label in classifier.classes_.tolist()]
    log_doubtful_labels({*trained, *(label for each in truth for label in each)})
    names = [*trained, *sorted({label for each in truth for label in each} - {*trained})]
    has_label = np.array([[name in each for name in names] for each in truth])
    likely = classifier.predict_proba(texts)
    known, unknown = has_label[:, : len(trained)], has_label[:, len(trained) :]
    likelihood = np.maximum(np.where(known, likely, 1 - likely), np.finfo(float).tiny)
    padded = np.pad(likely, ((0, 0), (0, unknown.shape[1])))
    thresholds = np.pad(classifier.thresholds_, (0, unknown.shape[1]), constant_values=2.0)  # never reached
    found = _metrics(padded, has_label, thresholds, names, len(texts), float(len(texts)))
    return EvaluatedLabelSets(
        **found, log_loss=float(-np.log(likelihood).sum(axis=1).mean()),
        calibration_error=calibration_error(likely.ravel(), known.ravel()), unknown_labels=int(unknown.sum()),
    )  # fmt: skip


def _metrics(
    likely: Float64[np.ndarray, "predictions labels"],
    truth: Bool[np.ndarray, "predictions labels"],
    thresholds: Float64[np.ndarray, " labels"],
    names: Sequence[str],
    texts: int,
    independent: float,
) -> dict[str, Any]:
    """The fields of `LabelSetMetrics`; the interval is that of so many independent texts."""
    predicted = likely >= thresholds
    scores, mean = set_scores(predicted, truth), float(truth.sum(axis=1).mean())
    most = np.argsort(-truth.sum(axis=0), kind="stable")[: max(1, round(mean))]
    always = np.zeros_like(truth)
    always[:, most] = True
    cutoffs = []
    for threshold in THRESHOLDS:
        given = predicted & (likely >= threshold)
        right = float((given & truth).sum())
        cutoffs.append(Cutoff(threshold, float(given.any(axis=1).mean()), _share(right, float(given.sum())),
                              _share(right, float(truth.sum()))))  # fmt: skip
    low, high = wilson_interval(scores.exact_match, independent)
    return {
        "texts": texts, "labels_per_text": mean, "scores": scores, "low": low, "high": high,
        "baseline": set_scores(always, truth), "baseline_labels": tuple(names[place] for place in sorted(most)),
        "cutoffs": tuple(cutoffs), "labels": _label_metrics(predicted, truth, names, texts),
    }  # fmt: skip


def _label_metrics(
    predicted: Bool[np.ndarray, "predictions labels"],
    truth: Bool[np.ndarray, "predictions labels"],
    names: Sequence[str],
    texts: int,
) -> tuple[LabelMetrics, ...]:
    """The metrics of each label that occurs or is predicted; a text is predicted once a repeat, and counted once."""
    found = []
    for name, guessed, true in zip(names, predicted.T, truth.T, strict=True):
        both, either = float((guessed & true).sum()), float(guessed.sum() + true.sum())
        if either:
            precision, recall = _share(both, float(guessed.sum())), _share(both, float(true.sum()))
            count = round(float(true.mean()) * texts)
            found.append(LabelMetrics(name, precision or 0.0, recall or 0.0, 2 * both / either, count))
    return tuple(found)


def set_scores(predicted: Bool[np.ndarray, "texts labels"], truth: Bool[np.ndarray, "texts labels"]) -> SetScores:
    """Compare sets of labels, both as columns of true and false; macro F1 is of the labels that occur in either."""
    both, either = (predicted & truth).sum(axis=0), predicted.sum(axis=0) + truth.sum(axis=0)
    seen = either > 0
    labelled = truth.any(axis=1)
    return SetScores(
        _share(2.0 * float(both.sum()), float(either.sum())) or 0.0,
        float((2 * both[seen] / either[seen]).mean()) if seen.any() else 0.0,
        float((predicted == truth).all(axis=1).mean()),
        float((predicted & truth).any(axis=1)[labelled].mean()) if labelled.any() else None,
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
