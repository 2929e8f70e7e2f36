"""The classifier: fitted on few labels, with an estimate of its accuracy and calibrated probabilities."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from likewise.applications.classify.active_learning import label_uncertainty, select_batch, uncertainty
from likewise.applications.classify.features import Features, NgramCounts, TfidfNgrams
from likewise.applications.classify.label_sets import encode_label_sets, is_multi_label, label_set
from likewise.applications.classify.labels import check_texts, encode_labels
from likewise.applications.classify.metrics import (
    Abstention,
    AccuracyEstimate,
    LabelMetrics,
    estimate_accuracy,
    fit_temperature,
)
from likewise.applications.classify.multi_label import fit_labels
from likewise.applications.classify.multi_label_metrics import LabelSetEstimate, estimate_label_sets
from likewise.applications.classify.ordinal import Order, OrdinalMetrics, level_values, median_levels
from likewise.applications.classify.probe import Probe, Stream, Trainer
from likewise.arrays import Float64, Int64
from likewise.atomic import refuse_existing, refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder
from likewise.notebook import table
from likewise.training.schedule import random_stream
from likewise.training.train import load_or_train

BATCH = 8_192  # texts that are predicted at once
MAX_UNLABELLED = 10_000  # texts for self-training
RECORD, WEIGHTS = "classifier.json", "classifier.safetensors"
FORMAT = 6
SETTINGS = ("ngrams", "contrastive", "separator", "ordered", "seed")
ESTIMATED = {"abstention": Abstention, "labels": LabelMetrics}


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on the embedding of a text next to its words and word pairs, as a scikit-learn estimator.

    Parameters:
        model: an encoder with `encode(texts)`, or a model folder; None trains a static model on the texts in `fit`.
        ngrams: use words and word pairs next to the embedding.
        contrastive: fine-tune the model on the labels first, which has to be a transformer, if that does not make
            held-out labels worse.
        separator: between the labels of a text where they are given as one string, such as `;` in `billing;refund`;
            None if a string is one label.
        ordered: True if the labels are numbers whose order counts, such as stars, or a list of the labels from the
            lowest to the highest; the median label is predicted then, which errs by the smallest distance.
        seed: of all randomness.
        progress: show on standard error how the training of a model goes.

    Attributes:
        classes_: the labels, sorted.
        estimate_: macro F1, accuracy and the metrics of each label by cross-validation on the labelled texts, or a
            `LabelSetEstimate` of several labels a text; None if there are too few.
        held_out_: logits of the labelled texts by cross-validation; None if there are too few, or after `load`.
        temperature_: divides logits for calibrated probabilities.
        thresholds_: probability of each label from which on it is predicted, of several labels a text; None of one.
        self_trained_: whether the probe was self-trained on unlabelled texts; not if it made held-out labels worse.
        fine_tuned_: whether the model was fine-tuned on the labels.
        features_: embedding and n-grams.
        probe_: the weights.

    >>> Classifier(model).fit(texts, labels).predict(["never again"])  # doctest: +SKIP
    """

    estimate_: Any  # AccuracyEstimate | LabelSetEstimate | None, by what it was fitted on
    thresholds_: Float64[np.ndarray, " labels"] | None

    def __init__(
        self,
        model: Any = None,
        *,
        ngrams: bool = True,
        contrastive: bool = False,
        separator: str | None = None,
        ordered: Order = False,
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        self.model = model
        self.ngrams = ngrams
        self.contrastive = contrastive
        self.separator = separator
        self.ordered = ordered
        self.seed = seed
        self.progress = progress

    def fit(
        self, X: Any, y: Any, *, unlabelled: Any = (), descriptions: Mapping[Any, str] | None = None
    ) -> "Classifier":
        """Fit on labelled texts, on descriptions of the labels, or on both.

        Args:
            X: texts; may be empty if labels are described.
            y: one label for each: strings, numbers or booleans; or a list, tuple or set of labels for each, empty where
                none applies, or with `separator` a string of them.
            unlabelled: further texts, used for training a model if none is given, for IDF, and for self-training if
                that does not make held-out labels worse; self-training takes one label a text.
            descriptions: of labels, in words that their texts may have; each counts as eight texts with that label, or
                as one where texts have several. A label need not be described, and one that is need not have a text.

        Raises:
            InputError: there are no texts, not one label or list for each, or all are the same; there are too few texts
                to train on; or several labels a text and `contrastive`.
        """
        described = dict(descriptions or {})
        texts, others = check_texts(X), check_texts(unlabelled, "unlabelled")
        several = is_multi_label(y, self.separator)
        if several and self.contrastive:
            raise InputError("contrastive fine-tuning takes one label a text: leave contrastive out")
        if several and self.ordered is not False:
            raise InputError("several labels a text have no order: leave ordered out, or give one label a text")
        given = encode_label_sets(y, len(texts), described, self.separator) if several else None
        self.classes_, numbers = given or encode_labels(y, len(texts), described)
        values = None
        if self.ordered is not False:
            values = level_values(self.classes_.tolist(), self.ordered)
            order = np.argsort(values, kind="stable")
            self.classes_, values, numbers = self.classes_[order], values[order], np.argsort(order)[numbers]
        labelled = numbers[: len(texts)]
        texts += check_texts(described.values(), "descriptions")
        encoder = load_or_train(self.model, [*texts, *others], seed=self.seed, progress=self.progress)
        drawn = np.sort(random_stream(self.seed, Stream.UNLABELLED).permutation(len(others))[:MAX_UNLABELLED])
        others = [others[row] for row in drawn if others[row].strip()]
        counts = NgramCounts(texts, others) if self.ngrams else None
        names, self.self_trained_, self.fine_tuned_ = self.classes_.tolist(), False, False
        if several:
            sets = fit_labels(encoder, texts, numbers, counts, self.seed, len(described))
            self.features_, self.probe_, self.held_out_ = sets.features, sets.probe, sets.held_out
            self.temperature_, self.thresholds_ = sets.temperature, sets.thresholds
            self.estimate_ = estimate_label_sets(sets.held_out, labelled, names, sets.temperature, sets.thresholds)
            return self
        trainer = Trainer(encoder, texts, numbers, others, counts, self.seed, len(described))
        fitted = trainer.fit_fine_tuned() if self.contrastive else trainer.fit()
        self.features_, self.probe_, self.self_trained_ = fitted.features, fitted.probe, fitted.self_trained
        self.held_out_, self.fine_tuned_, self.thresholds_ = fitted.held_out, fitted.fine_tuned, None
        self.temperature_ = fit_temperature(fitted.held_out, labelled)
        self.estimate_ = estimate_accuracy(fitted.held_out, labelled, names, self.temperature_, values)
        return self

    @property
    def is_multi_label(self) -> bool:
        """Whether it was fitted on several labels a text."""
        self._check_fitted()
        return self.thresholds_ is not None

    def decision_function(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """Compute logits over the temperature, whose softmax, or logistic function, are the probabilities."""
        texts = check_texts(X)
        self._check_fitted()
        return self._logits(texts)

    def predict_proba(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """Compute the probability of each label in the order of `classes_`, calibrated on held-out labels.

        Those of a text add up to one, but not where it can have several labels.
        """
        return self._probabilities(self.decision_function(X))

    def predict(self, X: Any) -> np.ndarray | list[tuple[Any, ...]]:
        """Predict the most probable label of each text, the median one of ordered labels, or a tuple of several."""
        likely = self.predict_proba(X)
        if self.thresholds_ is None:
            return np.asarray(self.classes_[self._chosen(likely)])
        return self.labels_of(likely)

    def labels_of(
        self, probabilities: Float64[np.ndarray, "texts classes"], threshold: float = 0.0
    ) -> list[tuple[Any, ...]]:
        """Return the labels that are predicted with some probabilities, those of each text in the order of `classes_`.

        Of several labels a text these are the ones that reach their own threshold, of one that of `predict`; in both
        cases only if the probability is not below `threshold`.
        """
        likely = np.asarray(probabilities)
        if self.thresholds_ is None:
            chosen = np.arange(likely.shape[1]) == self._chosen(likely)[:, None]
        else:
            chosen = likely >= self.thresholds_
        return [tuple(self.classes_[row].tolist()) for row in chosen & (likely >= threshold)]

    def predict_or_abstain(self, X: Any, threshold: float = 0.8) -> list[Any]:
        """Predict the label of each text, or None if its probability is below the threshold.

        Of several labels a text, the tuple of those that `predict` returns and whose probability is not below it.

        Raises:
            InputError: `threshold` is not a probability.
        """
        if not 0 <= threshold <= 1:
            raise InputError(f"threshold is {threshold}, expected a probability from 0 to 1, such as 0.8")
        found = self.labels_of(self.predict_proba(X), threshold)
        return found if self.thresholds_ is not None else [each[0] if each else None for each in found]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the share of the texts that get the right label, or exactly the right labels."""
        if not self.is_multi_label:
            return float(super().score(X, y, sample_weight))
        found = [{*each} for each in self.predict(X)]
        truth = [{*label_set(each, self.separator)} for each in y]
        right = [one == other for one, other in zip(found, truth, strict=True)]
        return float(np.average(right, weights=sample_weight))

    def select_for_labelling(self, X: Any, k: int = 20) -> Int64[np.ndarray, " rows"]:
        """Select the rows of unlabelled texts to label next: uncertain and diverse ones, the most uncertain first.

        Raises:
            InputError: `k` is less than 1.
        """
        if k < 1:
            raise InputError(f"k is {k}, expected at least 1 text to label")
        texts = check_texts(X)
        self._check_fitted()
        if not texts:
            return np.zeros(0, np.int64)
        embeddings = self.features_.embed(texts)
        likely = self._probabilities(self._logits(texts, embeddings))
        uncertain = uncertainty(likely) if self.thresholds_ is None else label_uncertainty(likely, self.thresholds_)
        return select_batch(texts, embeddings, uncertain, k, random_stream(self.seed, Stream.ACTIVE_LEARNING))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a folder with the classifier, and with its model if that can be saved.

        Raises:
            InputError: `path` exists and `overwrite` is false, or it is not a classifier, or cannot be written.
            LikewiseError: the disk is full; nothing is left half-written.
        """
        self._check_fitted()
        path, features = Path(path), self.features_
        refuse_existing(path, overwrite=overwrite)
        refuse_other(path, RECORD, "no classifier")
        arrays = {"weights": self.probe_.weights, "intercept": self.probe_.intercept}
        if features.ngrams is not None:
            arrays["idf"] = np.asarray(features.ngrams.idf, np.float64)
        packed = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        with replacing_folder(path, overwrite=overwrite) as folder:
            (folder / WEIGHTS).write_bytes(packed)
            record = {
                "format": FORMAT,
                "sha256": hashlib.sha256(packed).hexdigest(),
                "classes": self.classes_.tolist(),
                "settings": {name: getattr(self, name) for name in SETTINGS},
                "temperature": self.temperature_,
                "thresholds": None if self.thresholds_ is None else self.thresholds_.tolist(),
                "self_trained": self.self_trained_,
                "fine_tuned": self.fine_tuned_,
                "estimate": None if self.estimate_ is None else asdict(self.estimate_),
                "encoder": store_embedder(features.encoder, folder).plain(),
                "terms": None if features.ngrams is None else features.ngrams.terms,
                "ngram_weight": features.weight,
            }
            written = json.dumps(record, ensure_ascii=False, indent=1)
            (folder / RECORD).write_text(written + "\n", encoding="utf-8", errors="surrogatepass")

    @classmethod
    def load(cls, path: str | Path, model: Any = None) -> "Classifier":
        """Read a folder that `save` wrote.

        Args:
            path: the folder.
            model: the encoder, if the folder does not hold it.

        Raises:
            InputError: the folder is not a classifier or is damaged, or the model is missing or another one.
        """
        path = Path(path)
        if not (path / RECORD).is_file():
            raise InputError(f"{path} is not a classifier: expected a folder that likewise classify fit wrote")
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8", errors="surrogatepass"))
            if (version := record["format"]) != FORMAT:
                raise InputError(f"{path} has format {version}, this version reads format {FORMAT}: fit it again")
            packed = (path / WEIGHTS).read_bytes() if (path / WEIGHTS).is_file() else b""
            if hashlib.sha256(packed).hexdigest() != record["sha256"]:
                raise InputError(f"{path}: {WEIGHTS} is missing or damaged: restore it from a copy, or fit again")
            arrays = load(packed)
            loaded = cls(**record["settings"])
            loaded.model = load_stored(path, Identity.of_plain(record["encoder"]), model)
            ngrams = None if record["terms"] is None else TfidfNgrams(record["terms"], arrays["idf"])
            loaded.features_ = Features(loaded.model, ngrams, float(record["ngram_weight"]))
            loaded.probe_ = Probe(arrays["weights"], arrays["intercept"])
            loaded.classes_ = np.array(record["classes"])
            loaded.temperature_, loaded.self_trained_ = float(record["temperature"]), bool(record["self_trained"])
            loaded.fine_tuned_ = bool(record["fine_tuned"])
            thresholds = record["thresholds"]
            loaded.thresholds_ = None if thresholds is None else np.array(thresholds, np.float64)
            loaded.estimate_ = _read_estimate(record["estimate"], several=thresholds is not None)
            loaded.held_out_ = None
        except InputError:
            raise
        except (ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InputError(f"{path}: {RECORD} is damaged ({error}): restore it from a copy, or fit again") from error
        return loaded

    def _logits(self, texts: list[str], embeddings: Any = None) -> Float64[np.ndarray, "texts classes"]:
        parts = []
        for start in range(0, len(texts), BATCH):
            some = slice(start, start + BATCH)
            features = self.features_.transform(texts[some], None if embeddings is None else embeddings[some])
            parts.append(self.probe_.logits(features) / self.temperature_)
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def _chosen(self, likely: Float64[np.ndarray, "texts classes"]) -> Int64[np.ndarray, " texts"]:
        return np.asarray(likely.argmax(axis=1)) if self.ordered is False else median_levels(likely)

    def _probabilities(self, logits: Float64[np.ndarray, "texts classes"]) -> Float64[np.ndarray, "texts classes"]:
        found: np.ndarray = softmax(logits, axis=1) if self.thresholds_ is None else expit(logits)
        return found

    def _check_fitted(self) -> None:
        if not hasattr(self, "probe_"):
            raise NotFittedError("this classifier is not fitted: call fit(texts, labels), or load one")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """Show itself in a notebook: as scikit-learn does until it is fitted, then labels and estimates."""
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        if hasattr(self, "probe_"):
            bundle["text/html"] = self._repr_html_()
        return bundle

    def _repr_html_(self) -> str:
        if not hasattr(self, "probe_"):
            return table("Classifier", {"fitted": False})
        found = self.estimate_
        if found is None:
            return table("Classifier", {"labels": self.classes_.tolist(), "estimate": "none: label more texts"})
        if isinstance(found, LabelSetEstimate):
            facts = {"texts": found.texts, "micro F1": found.scores.micro_f1, "macro F1": found.scores.macro_f1,
                     "all labels right": f"{found.scores.exact_match:.3f} ({found.low:.3f}–{found.high:.3f})",
                     "always the most frequent labels, micro F1": found.baseline.micro_f1}  # fmt: skip
        else:
            facts = {"texts": found.texts, "accuracy": f"{found.accuracy:.3f} ({found.low:.3f}–{found.high:.3f})",
                     "macro F1": found.macro_f1, "always the most frequent label": found.majority_baseline}  # fmt: skip
            if found.ordinal is not None:
                facts["mean absolute error"] = found.ordinal.mean_absolute_error
        rows = [(each.label, each.texts, each.recall, each.precision) for each in found.labels]
        return table("Classifier, by cross-validation", facts, ("label", "texts", "recall", "precision"), rows)

    def __sklearn_clone__(self) -> "Classifier":
        return type(self)(**self.get_params(deep=False))  # models are shared, as nothing here changes them

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        return replace(tags, input_tags=replace(tags.input_tags, string=True, two_d_array=False))


def _read_estimate(kept: Mapping[str, Any] | None, *, several: bool) -> AccuracyEstimate | LabelSetEstimate | None:
    if kept is None:
        return None
    if several:
        return LabelSetEstimate.of_plain(dict(kept))
    abstention, labels = (tuple(type(**each) for each in kept[name]) for name, type in ESTIMATED.items())
    ordinal = kept["ordinal"] and OrdinalMetrics(**kept["ordinal"])
    return AccuracyEstimate(**{**kept, "abstention": abstention, "labels": labels, "ordinal": ordinal})
