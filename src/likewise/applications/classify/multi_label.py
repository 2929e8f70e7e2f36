"""Classifiers of several labels a text: a probe for each label, with shared features, folds and calibration.

Each label gets a probability of its own. It is predicted where this is at least the threshold of the label: half of the
highest F1 that can be expected of it, which is the threshold at which F1 is highest (Lipton, Elkan and Naryanaswamy
2014, "Optimal thresholding of classifiers to maximize F1 measure"). What can be expected follows from the calibrated
held-out probabilities alone, so that a threshold is not fitted to the few texts of a rare label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from likewise.applications.classify.features import Features, NgramCounts, ngram_weight
from likewise.applications.classify.label_sets import texts_by_label
from likewise.applications.classify.metrics import FOLDS, HeldOutPredictions, cross_validate
from likewise.applications.classify.one_vs_rest import fit_one_vs_rest
from likewise.applications.classify.probe import MAX_QUICK_FIT, REPEATS, Probe, RowSpace, Stream
from likewise.arrays import Bool, Float64, Int64
from likewise.training.schedule import random_stream

MAX_ROW_SPACE = 1_000  # texts, beyond which products with the features take less time than their Gram matrix
FEWER_FOLDS = 5  # of cross-validation, where there are more texts


@dataclass(frozen=True)
class Calibration:
    """A scale and a shift of logits that make probabilities of them (Platt 1999), the same for all labels.

    Attributes:
        temperature: divides the logits.
        shift: is added after that.
    """

    temperature: float = 1.0
    shift: float = 0.0

    def probabilities(self, logits: Float64[np.ndarray, "texts labels"]) -> Float64[np.ndarray, "texts labels"]:
        """Compute the probability of each label."""
        found: np.ndarray = expit(logits / self.temperature + self.shift)
        return found


@dataclass(frozen=True)
class FittedLabels:
    """Probes of several labels.

    Attributes:
        features: embedding and n-grams.
        probe: (labels, features); its logits over the temperature are those of calibrated probabilities.
        held_out: logits of the labelled texts from probes that were fitted without them, in the same units.
        temperature: divides the logits.
        thresholds: probability of each label from which on it is predicted.
    """

    features: Features
    probe: Probe
    held_out: HeldOutPredictions | None
    temperature: float
    thresholds: Float64[np.ndarray, " labels"]


def fit_labels(
    encoder: Any,
    texts: list[str],
    has_label: Bool[np.ndarray, "texts labels"],
    counts: NgramCounts | None,
    seed: int,
    described: int = 0,
) -> FittedLabels:
    """Fit a probe for each label, and predict each labelled text held out.

    Args:
        encoder: with `encode`.
        texts: with labels; descriptions of labels come last.
        has_label: which text has which label.
        counts: of the n-grams of all texts; None for the embedding alone.
        seed: of all randomness.
        described: how many of the texts are descriptions, which are trained on in each fold and never predicted.
    """
    ngrams, rows = counts.select() if counts else (None, None)
    features = Features(encoder, ngrams, ngram_weight(int(has_label.sum()), has_label.shape[1]))
    embeddings = features.embed(texts)
    whole = features.transform(texts, embeddings, None if rows is None else rows[: len(texts)])
    space = RowSpace.of(whole) if len(texts) <= MAX_ROW_SPACE else RowSpace(whole, None)
    blocks = [space.rows]
    if space.basis is None and ngrams is not None:
        blocks = [embeddings, whole[:, embeddings.shape[1] :]]  # in single precision: twice as fast
    labelled = len(texts) - described
    always = np.arange(labelled, len(texts))

    def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        train = np.concatenate([train, always])
        return fit_one_vs_rest([block[train] for block in blocks], has_label[train]).logits(space.rows[test])

    strata, checkable = stratify(texts[:labelled], has_label[:labelled])
    quick = len(texts) ** 2 * has_label.shape[1] <= MAX_QUICK_FIT
    held_out = cross_validate(
        texts[:labelled], strata, fit, random_stream(seed, Stream.FOLDS), REPEATS if quick else 1,
        FOLDS if len(texts) <= MAX_ROW_SPACE else FEWER_FOLDS, checkable,
    )  # fmt: skip
    calibration, thresholds = Calibration(), has_label.mean(axis=0)
    if held_out is not None:
        truth = has_label[held_out.rows]
        calibration = fit_calibration(held_out, truth)
        thresholds = choose_thresholds(calibration.probabilities(held_out.logits))
    probe = space.to_features(fit_one_vs_rest(blocks, has_label))
    shift = calibration.shift * calibration.temperature
    if held_out is not None:
        held_out = HeldOutPredictions(held_out.rows, held_out.logits + shift, held_out.folds, held_out.repeats)
    probe = Probe(probe.weights, probe.intercept + shift)
    return FittedLabels(features, probe, held_out, calibration.temperature, thresholds)


def stratify(
    texts: Sequence[str], has_label: Bool[np.ndarray, "texts labels"]
) -> tuple[Int64[np.ndarray, " texts"], Bool[np.ndarray, " texts"]]:
    """Return the stratum of each text, which is its rarest label, and whether its labels can be checked.

    Rare labels are what has to be spread over the folds (Sechidis et al. 2011); frequent ones spread by themselves. A
    text can be checked if each of its labels has another distinct text to train on.
    """
    counts = texts_by_label(texts, has_label)
    rarest = np.where(has_label, counts, np.iinfo(np.int64).max).argmin(axis=1) if has_label.size else 0
    strata = np.where(has_label.any(axis=1), rarest, has_label.shape[1])
    return strata, np.asarray(~has_label[:, counts < 2].any(axis=1))


def fit_calibration(held_out: HeldOutPredictions, truth: Bool[np.ndarray, "predictions labels"]) -> Calibration:
    """Fit scale and shift on held-out predictions; few of them leave both near what they are without."""
    from scipy.optimize import minimize

    logits = held_out.logits

    def loss(parameters: np.ndarray) -> float:
        margins = logits / np.exp(parameters[0]) + parameters[1]
        missed = (np.logaddexp(0, margins) - truth * margins).sum() / held_out.repeats
        return float(missed + (parameters**2).sum() / 2)

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-3, 3), (-10, 10)]).x
    return Calibration(float(np.exp(found[0])), float(found[1]))


def choose_thresholds(probabilities: Float64[np.ndarray, "predictions labels"]) -> Float64[np.ndarray, " labels"]:
    """Choose for each label half of the highest expected F1.

    Among so many of the most probable texts the expected number of right ones is the sum of their probabilities.
    """
    ordered = -np.sort(-probabilities, axis=0)
    taken = np.arange(1, len(ordered) + 1)[:, None]
    f1 = 2 * np.cumsum(ordered, axis=0) / (taken + ordered.sum(axis=0))
    found: np.ndarray = f1.max(axis=0) / 2
    return found
