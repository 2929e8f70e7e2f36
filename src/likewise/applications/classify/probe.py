"""The linear probe: logistic regression on features, its self-training on unlabelled texts, and its cross-validation.

The weights of a penalised linear classifier lie in the span of its training rows (the representer theorem). With fewer
texts than features the fit is computed in coordinates of that span, which is exact: with a hundred labels it takes
milliseconds however many words there are, and so does each fold of cross-validation.
"""

import warnings
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

from likewise.applications.classify.contrastive import ContrastiveFineTuner
from likewise.applications.classify.features import Features, NgramCounts, ngram_weight
from likewise.applications.classify.metrics import FOLDS, Z_95, HeldOutPredictions, cross_validate
from likewise.arrays import Float64, Int64
from likewise.training.schedule import random_stream

C = 10.0  # inverse strength of the penalty, for blocks of unit rows; as in `evaluation.labelled`
MAX_ITERATIONS = 1000
UNSEEN_MARGIN = 10.0  # by which the intercept of a class without a text is below all others
MAX_ROW_SPACE = 4_000  # texts, beyond which their Gram matrix costs more than it saves

CONFIDENT_SHARE = 0.5  # of the texts predicted as each class, the most confident ones, become pseudo-labelled
PSEUDO_LABEL_WEIGHT = 0.1
DESCRIPTION_WEIGHT = 8.0  # labelled texts that a description of a class counts as
MIN_UNLABELLED = 100  # texts for self-training

TUNED_FOLDS = 5  # of cross-validation, where each takes a minute
REPEATS = 4  # of cross-validation, where a fit takes milliseconds
MAX_QUICK_FIT = 2_000_000  # labelled texts squared times classes, up to which it does


@dataclass(frozen=True)
class Probe:
    """A linear map from features to logits.

    Attributes:
        weights: (classes, features); of two classes the row of the first is zero.
        intercept: (classes).
    """

    weights: Float64[np.ndarray, "classes features"]
    intercept: Float64[np.ndarray, " classes"]

    def logits(self, features: Any) -> Float64[np.ndarray, "texts classes"]:
        """Compute logits of dense or sparse features."""
        found: np.ndarray = np.asarray(features @ self.weights.T) + self.intercept
        return found


@dataclass(frozen=True)
class RowSpace:
    """Features in coordinates of the span of their rows, if that has fewer dimensions.

    Attributes:
        rows: (texts, coordinates), with the inner products of the features.
        basis: (features, coordinates), maps weights back; None if the rows are the features themselves.
    """

    rows: Any
    basis: Any | None

    @classmethod
    def of(cls, features: Any) -> "RowSpace":
        """Compute the coordinates, unless there are fewer features than texts or too many texts."""
        texts, count = features.shape
        if count <= texts or texts > MAX_ROW_SPACE:
            return cls(features, None)
        _, directions, scales = row_span(features)
        if not len(scales):  # all rows are zeros
            return cls(np.zeros((texts, 1)), np.zeros((count, 1)))
        return cls(directions * scales, np.asarray(features.T @ (directions / scales)))

    def to_features(self, probe: Probe) -> Probe:
        """Convert a probe of the coordinates to one of the features."""
        return probe if self.basis is None else Probe(probe.weights @ self.basis.T, probe.intercept)


def row_span(rows: Any) -> tuple[Float64[np.ndarray, "texts texts"], Any, Any]:
    """The Gram matrix of dense or sparse rows, its eigenvectors but for noise, and the roots of their eigenvalues."""
    gram = rows @ rows.T
    gram = np.asarray(gram if isinstance(gram, np.ndarray) else gram.toarray(), np.float64)
    values, directions = np.linalg.eigh(gram)
    kept = values > max(values[-1] * len(gram) * np.finfo(np.float32).eps, np.finfo(np.float32).tiny)
    return gram, directions[:, kept], np.sqrt(values[kept])


def fit_probe(
    rows: Any,
    numbers: Int64[np.ndarray, " texts"],
    classes: int,
    sample_weight: Float64[np.ndarray, " texts"] | None = None,
) -> Probe:
    """Fit logistic regression with an L2 penalty.

    Args:
        rows: features, dense or sparse.
        numbers: class of each row; at least two classes occur.
        classes: number of classes; one without a row gets a lower logit than all others.
        sample_weight: weight of each row; 1 if None.
    """
    from sklearn.linear_model import LogisticRegression

    present = np.unique(numbers)
    regression = LogisticRegression(C=C, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with one text a class it suspects that the labels are a regression target
        regression.fit(rows, numbers, sample_weight)
    weights, intercept = np.zeros((classes, rows.shape[1])), np.full(classes, -np.inf)
    if len(present) == 2:
        weights[present[1]], intercept[present] = regression.coef_[0], (0.0, regression.intercept_[0])
    else:
        weights[present], intercept[present] = regression.coef_, regression.intercept_
    intercept[~np.isfinite(intercept)] = intercept[present].min() - UNSEEN_MARGIN
    return Probe(weights, intercept)


def self_train(
    probe: Probe,
    features: Any,
    numbers: Int64[np.ndarray, " texts"],
    unlabelled: Any,
    classes: int,
    sample_weight: Float64[np.ndarray, " texts"] | None = None,
) -> Probe:
    """Refit a probe with its most confident predictions of unlabelled texts as further labels (Yarowsky 1995).

    One round: each further one costs as much and adds what the first got wrong. The size of each class is left to the
    probe; adding as many texts of a rare class as of a frequent one would fill the rare one with others. Self-training
    helps where a class is more than the words of a few examples, as a sentiment is, and misleads where the classes are
    not what sets the texts apart most; so compare on held-out labels.
    """
    from scipy.sparse import csr_array, issparse, vstack

    rows, pseudo_labels = _most_confident(probe.logits(unlabelled))
    both = (features, unlabelled[rows])
    joined = csr_array(vstack(both)) if issparse(features) else np.concatenate(both)
    given = np.ones(len(numbers)) if sample_weight is None else sample_weight
    weights = np.concatenate([given, np.full(len(rows), PSEUDO_LABEL_WEIGHT)])
    return fit_probe(joined, np.concatenate([numbers, pseudo_labels]), classes, weights)


def _most_confident(
    logits: Float64[np.ndarray, "texts classes"],
) -> tuple[Int64[np.ndarray, " rows"], Int64[np.ndarray, " rows"]]:
    """Select the most confident share of the texts predicted as each class: rows and predictions."""
    highest = logits.max(axis=1)
    predicted = logits.argmax(axis=1)
    inverse_probability = np.exp(logits - highest[:, None]).sum(axis=1)
    rows = []
    for number in range(logits.shape[1]):
        members = np.flatnonzero(predicted == number)
        order = np.argsort(inverse_probability[members], kind="stable")
        rows.append(members[order[: round(CONFIDENT_SHARE * len(members))]])
    selected = np.concatenate(rows)
    return selected, predicted[selected]


class Stream(IntEnum):
    """Purposes of random numbers, each with a generator of its own."""

    UNLABELLED = 1
    ACTIVE_LEARNING = 2
    FOLDS = 3
    FINE_TUNING = 4


@dataclass(frozen=True)
class FittedProbe:
    """A probe with its features, and what it predicted of the labelled texts while it was fitted without them."""

    features: Features
    probe: Probe
    held_out: HeldOutPredictions | None
    self_trained: bool = False
    fine_tuned: bool = False


@dataclass(frozen=True)
class Trainer:
    """Fits a probe on labelled texts, and predicts each of them held out.

    Attributes:
        encoder: with `encode`.
        texts: with labels; descriptions of classes come last.
        numbers: class of each text.
        unlabelled: further texts.
        counts: of the n-grams of all texts; None for the embedding alone.
        seed: of all randomness.
        described: how many of the texts are descriptions, which are trained on in each fold and never predicted.
    """

    encoder: Any
    texts: list[str]
    numbers: Int64[np.ndarray, " texts"]
    unlabelled: list[str]
    counts: NgramCounts | None
    seed: int
    described: int = 0

    def fit(self) -> FittedProbe:
        """Fit with the encoder as it is, self-trained if there are enough unlabelled texts and it is not worse."""
        features, ngrams = self._select()
        embeddings = features.embed(self.texts)
        space = RowSpace.of(features.transform(self.texts, embeddings, _rows(ngrams, slice(len(self.texts)))))

        def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
            return self._fit_probe(space.rows, train).logits(space.rows[test])

        quick = len(self.texts) ** 2 * self.classes <= MAX_QUICK_FIT
        held_out = self._cross_validate(fit, REPEATS if quick else 1)
        probe = space.to_features(self._fit_probe(space.rows, np.arange(len(self.texts))))
        fitted = FittedProbe(features, probe, held_out)
        enough = len(self.unlabelled) >= MIN_UNLABELLED and held_out is not None
        return self._self_train(fitted, embeddings) if enough else fitted

    def _self_train(self, plain: FittedProbe, embeddings: Any) -> FittedProbe:
        """Self-train the probe, unless significantly fewer held-out labels are right with it."""
        features, ngrams = self._select(with_unlabelled=True)
        labelled = len(self.texts)
        rows = features.transform(self.texts, embeddings, _rows(ngrams, slice(labelled)))
        others = features.transform(self.unlabelled, None, _rows(ngrams, slice(labelled, None)))

        def fit(train: np.ndarray) -> Probe:
            space = RowSpace.of(rows[train])
            numbers, weights = self.numbers[train], self.weights[train]
            first = space.to_features(fit_probe(space.rows, numbers, self.classes, weights))
            return self_train(first, rows[train], numbers, others, self.classes, weights)

        held_out = self._cross_validate(lambda train, test: fit(train).logits(rows[test]))
        if held_out is None or plain.held_out is None or held_out.is_worse(plain.held_out, self.numbers):
            return plain
        return FittedProbe(features, fit(np.arange(labelled)), held_out, self_trained=True)

    def fit_fine_tuned(self) -> FittedProbe:
        """Fine-tune the encoder first, unless significantly fewer held-out labels are right with it.

        It is fine-tuned again for each fold, as the estimate would otherwise be of texts that it has seen. With few
        labels it mostly helps, so these have to be clear: of sixteen texts one standard error is chance.
        """
        tuner, plain = ContrastiveFineTuner(self.encoder), self.fit()
        features, _ = self._select()

        def fine_tune(train: np.ndarray) -> tuple[Features, Probe]:
            texts = [self.texts[row] for row in train]
            encoder = tuner.fit(texts, self.numbers[train], random_stream(self.seed, Stream.FINE_TUNING))
            tuned = replace(features, encoder=encoder)
            space = RowSpace.of(tuned.transform(texts))
            weights = self.weights[train]
            return tuned, space.to_features(fit_probe(space.rows, self.numbers[train], self.classes, weights))

        def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
            tuned, probe = fine_tune(train)
            return probe.logits(tuned.transform([self.texts[row] for row in test]))

        held_out = self._cross_validate(fit, folds=TUNED_FOLDS)
        before = plain.held_out
        if held_out and before and held_out.is_worse(before, self.numbers, Z_95):
            return plain
        return FittedProbe(*fine_tune(np.arange(len(self.texts))), held_out, fine_tuned=True)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.numbers.max()) + 1

    @property
    def weights(self) -> Float64[np.ndarray, " texts"]:
        """Weight of each text; a class without a description gains as much by its texts as another by its own.

        Else the classes with a description would be predicted more often.
        """
        weights, labelled = np.ones(len(self.texts)), len(self.texts) - self.described
        if self.described:
            texts = np.bincount(self.numbers[:labelled], minlength=self.classes)
            undescribed = ~np.isin(self.numbers, self.numbers[labelled:])
            weights[undescribed] += DESCRIPTION_WEIGHT / texts[self.numbers[undescribed]]
            weights[labelled:] = DESCRIPTION_WEIGHT
        return weights

    def _fit_probe(self, rows: Any, train: Int64[np.ndarray, " train"]) -> Probe:
        return fit_probe(rows[train], self.numbers[train], self.classes, self.weights[train])

    def _select(self, *, with_unlabelled: bool = False) -> tuple[Features, Any]:
        """Select n-grams, and return their rows of all texts, the labelled ones first."""
        ngrams, rows = self.counts.select(with_unlabelled=with_unlabelled) if self.counts else (None, None)
        return Features(self.encoder, ngrams, ngram_weight(len(self.texts), self.classes)), rows

    def _cross_validate(self, fit: Any, repeats: int = 1, folds: int = FOLDS) -> HeldOutPredictions | None:
        labelled = len(self.texts) - self.described
        texts, numbers, always = self.texts[:labelled], self.numbers[:labelled], np.arange(labelled, len(self.texts))
        return cross_validate(
            texts, numbers, lambda train, test: fit(np.concatenate([train, always]), test),
            random_stream(self.seed, Stream.FOLDS), repeats, folds, described=self.numbers[always],
        )  # fmt: skip


def _rows(ngrams: Any, some: slice) -> Any:
    return None if ngrams is None else ngrams[some]
