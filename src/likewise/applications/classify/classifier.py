"""The classifier: fitted on few labels, with an estimate of its accuracy and calibrated probabilities."""

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from likewise.applications.classify.features import Features, NgramCounts, TfidfNgrams
from likewise.applications.classify.labels import check_texts, encode_labels
from likewise.applications.classify.metrics import (
    Abstention,
    AccuracyEstimate,
    LabelMetrics,
    estimate_accuracy,
    fit_temperature,
)
from likewise.applications.classify.probe import Probe, Stream, Trainer
from likewise.atomic import refuse_existing, refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder
from likewise.notebook import table
from likewise.training.schedule import random_stream
from likewise.training.train import load_or_train

BATCH = 8_192  # texts that are predicted at once
MAX_UNLABELLED = 10_000  # texts for self-training
POOL_FACTOR = 10  # so many times as many uncertain texts are clustered as are selected for labelling
MIN_POOL = 200
KMEANS_STARTS = 3
RECORD, WEIGHTS = "classifier.json", "classifier.safetensors"
FORMAT = 4
ESTIMATED = {"abstention": Abstention, "labels": LabelMetrics}


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on the embedding of a text next to its words and word pairs, as a scikit-learn estimator.

    Parameters:
        model: an encoder with `encode(texts)`, or a model folder; None trains a static model on the texts in `fit`.
        ngrams: use words and word pairs next to the embedding.
        contrastive: fine-tune the model on the labels first, which has to be a transformer, if that does not make
            held-out labels worse.
        seed: of all randomness.
        progress: show on standard error how the training of a model goes.

    Attributes:
        classes_: the labels, sorted.
        estimate_: macro F1, accuracy and the metrics of each label by cross-validation on the labelled texts; None if
            there are too few.
        held_out_: logits of the labelled texts by cross-validation; None if there are too few, or after `load`.
        temperature_: divides logits for calibrated probabilities.
        self_trained_: whether the probe was self-trained on unlabelled texts; not if it made held-out labels worse.
        fine_tuned_: whether the model was fine-tuned on the labels.
        features_: embedding and n-grams.
        probe_: the weights.

    >>> Classifier(model).fit(texts, labels).predict(["never again"])  # doctest: +SKIP
    """

    def __init__(
        self,
        model: Any = None,
        *,
        ngrams: bool = True,
        contrastive: bool = False,
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        self.model = model
        self.ngrams = ngrams
        self.contrastive = contrastive
        self.seed = seed
        self.progress = progress

    def fit(
        self, X: Any, y: Any, *, unlabelled: Any = (), descriptions: Mapping[Any, str] | None = None
    ) -> "Classifier":
        """Fit on labelled texts, on descriptions of the labels, or on both.

        Args:
            X: texts; may be empty if labels are described.
            y: one label for each: strings, numbers or booleans.
            unlabelled: further texts, used for training a model if none is given, for IDF, and for self-training if
                that does not make held-out labels worse.
            descriptions: of labels, in words that their texts may have; each counts as a text with that label. A label
                need not be described, and one that is need not have a text.

        Raises:
            InputError: there are no texts, not one label for each, or only one class; or too few texts to train on.
        """
        described = dict(descriptions or {})
        texts, others = check_texts(X), check_texts(unlabelled, "unlabelled")
        self.classes_, numbers = encode_labels(y, len(texts), described)
        labelled = numbers[: len(texts)]
        texts += check_texts(described.values(), "descriptions")
        encoder = load_or_train(self.model, [*texts, *others], seed=self.seed, progress=self.progress)
        drawn = np.sort(random_stream(self.seed, Stream.UNLABELLED).permutation(len(others))[:MAX_UNLABELLED])
        others = [others[row] for row in drawn if others[row].strip()]
        counts = NgramCounts(texts, others) if self.ngrams else None
        trainer = Trainer(encoder, texts, numbers, others, counts, self.seed, len(described))
        fitted = trainer.fit_fine_tuned() if self.contrastive else trainer.fit()
        self.features_, self.probe_, self.self_trained_ = fitted.features, fitted.probe, fitted.self_trained
        self.held_out_, self.fine_tuned_ = fitted.held_out, fitted.fine_tuned
        self.temperature_ = fit_temperature(fitted.held_out, labelled)
        self.estimate_ = estimate_accuracy(fitted.held_out, labelled, self.classes_.tolist(), self.temperature_)
        return self

    def decision_function(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """Compute logits over the temperature, whose softmax are the probabilities."""
        texts = check_texts(X)
        self._check_fitted()
        return self._logits(texts)

    def predict_proba(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """Compute the probability of each label in the order of `classes_`, calibrated on held-out labels."""
        probabilities: np.ndarray = softmax(self.decision_function(X), axis=1)
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable label of each text."""
        predicted = self.decision_function(X).argmax(axis=1)
        return np.asarray(self.classes_[predicted])

    def predict_or_abstain(self, X: Any, threshold: float = 0.8) -> list[Any]:
        """Predict the most probable label of each text, or None if its probability is below the threshold.

        Raises:
            InputError: `threshold` is not a probability.
        """
        if not 0 <= threshold <= 1:
            raise InputError(f"threshold is {threshold}, expected a probability from 0 to 1, such as 0.8")
        probabilities = self.predict_proba(X)
        labels = self.classes_[probabilities.argmax(axis=1)].tolist()
        kept = probabilities.max(axis=1) >= threshold
        return [label if keep else None for label, keep in zip(labels, kept, strict=True)]

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
        uncertain = uncertainty(softmax(self._logits(texts, embeddings), axis=1))
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
                "settings": {name: getattr(self, name) for name in ("ngrams", "contrastive", "seed")},
                "temperature": self.temperature_,
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
            loaded.estimate_, loaded.held_out_ = _read_estimate(record["estimate"]), None
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
        facts = {
            "texts": found.texts, "accuracy": f"{found.accuracy:.3f} ({found.low:.3f}–{found.high:.3f})",
            "macro F1": found.macro_f1, "always the most frequent label": found.majority_baseline,
        }  # fmt: skip
        rows = [(each.label, each.texts, each.recall, each.precision) for each in found.labels]
        return table("Classifier, by cross-validation", facts, ("label", "texts", "recall", "precision"), rows)

    def __sklearn_clone__(self) -> "Classifier":
        return type(self)(**self.get_params(deep=False))  # models are shared, as nothing here changes them

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        return replace(tags, input_tags=replace(tags.input_tags, string=True, two_d_array=False))


def _read_estimate(kept: Mapping[str, Any] | None) -> AccuracyEstimate | None:
    if kept is None:
        return None
    abstention, labels = (tuple(type(**each) for each in kept[name]) for name, type in ESTIMATED.items())
    return AccuracyEstimate(**{**kept, "abstention": abstention, "labels": labels})


def uncertainty(probabilities: Float64[np.ndarray, "texts classes"]) -> Float64[np.ndarray, " texts"]:
    """Compute one minus the margin between the two most probable classes: 1 where they are level."""
    ordered = np.sort(probabilities, axis=1)
    uncertain: np.ndarray = 1 - (ordered[:, -1] - ordered[:, -2])
    return uncertain


def select_batch(
    texts: Sequence[str],
    embeddings: Float[np.ndarray, "texts dim"],
    uncertain: Float64[np.ndarray, " texts"],
    k: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " selected"]:
    """Select rows to label, the most uncertain first; blank texts and copies are left out.

    Uncertainty alone selects twenty copies of one ambiguous text, diversity alone selects what is clear already. The
    most uncertain texts are clustered, weighted by their uncertainty, and the text nearest to each centre is selected
    (Zhdanov 2019, "Diverse mini-batch active learning").
    """
    from sklearn.cluster import KMeans

    distinct = {text: row for row, text in enumerate(texts) if text.strip()}
    candidates = rng.permutation(np.array(sorted(distinct.values()), np.int64))
    order = candidates[np.argsort(-uncertain[candidates], kind="stable")]
    if len(order) <= k:
        return order
    pool = order[: max(POOL_FACTOR * k, MIN_POOL)]
    weights = np.maximum(uncertain[pool], np.finfo(np.float32).eps)
    kmeans = KMeans(k, n_init=KMEANS_STARTS, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # embeddings may be equal, and clusters empty
        distances = kmeans.fit(embeddings[pool], sample_weight=weights).transform(embeddings[pool])
    selected: list[int] = []
    for cluster in range(k):
        nearest = np.argsort(distances[:, cluster], kind="stable")
        selected.append(next(int(place) for place in nearest if place not in selected))
    rows = pool[np.sort(np.array(selected))]  # the pool is ordered by uncertainty
    return np.asarray(rows, np.int64)
