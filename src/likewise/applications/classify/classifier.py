"""The classifier: fits on few labels, says how good that is, gives probabilities, abstains, asks for more labels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from likewise.applications.classify.active_learning import doubts, most_telling
from likewise.applications.classify.cross_validation import estimate_of, probabilities, temperature_of
from likewise.applications.classify.labels import as_texts, classes_of
from likewise.applications.classify.self_training import Learning
from likewise.errors import InputError
from likewise.training.train import load_or_train

__all__ = ["Classifier"]

CHUNK = 8_192  # texts that are predicted at once


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on a text's embedding together with its words and pairs of words; as scikit-learn has it.

    Parameters:
        model: with `encode`, or the folder of one; None trains a static one on the texts that `fit` is given.
        ngrams: words and pairs of words beside the embedding.
        contrastive: move the encoder by the labels first (`supervised.FineTuning`).
        seed: of everything random.
        progress: show on standard error how training a model goes, where none is given.

    Attributes:
        classes_: the labels, sorted.
        estimate_: how good it is, from the labelled texts alone; None where they are too few to tell.
        temperature_: by which logits become probabilities.
        self_trained_: whether unlabelled texts were learned from: not where clearly fewer held-out labels were right.
        features_: what a text is to it.
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

    def fit(self, X: Any, y: Any, *, unlabelled: Any = ()) -> "Classifier":
        """Learn from labelled texts.

        Args:
            X: texts.
            y: one label each: strings, numbers or booleans.
            unlabelled: more texts of the kind: a model is trained on them too where none is given, they tell
                which words are rare, and are learned from where held-out labels say that it helps.

        Raises:
            InputError: there are no texts, not one label each, or only one label; or there is too little to train on.
        """
        texts, others = as_texts(X), as_texts(unlabelled, "unlabelled")
        self.classes_, numbers = classes_of(y, len(texts))
        encoder = load_or_train(self.model, [*texts, *others], seed=self.seed, progress=self.progress)
        learned = Learning(
            texts, numbers, len(self.classes_), encoder, others,
            ngrams=self.ngrams, contrastive=self.contrastive, seed=self.seed,
        ).learn()  # fmt: skip
        self.features_, self.probe_, self.self_trained_ = learned.features, learned.probe, learned.self_trained
        self.temperature_ = temperature_of(learned.held, numbers)
        self.estimate_ = estimate_of(learned.held, numbers, self.temperature_)
        return self

    def decision_function(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """Logits over the temperature: their softmax are the probabilities.

        Raises:
            InputError: something in it is not a string.
        """
        texts = as_texts(X)
        self._check_fitted()
        return self._logits(texts)

    def predict_proba(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """How likely each label is, in the order of `classes_`: calibrated on held-out labels."""
        return probabilities(self.decision_function(X), 1.0)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest label of each text."""
        likeliest = self.decision_function(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def predict_or_abstain(self, X: Any, least: float = 0.8) -> list[Any]:
        """The likeliest label of each text, or None where its probability is below `least`.

        Raises:
            InputError: `least` is no probability.
        """
        if not 0 <= least <= 1:
            raise InputError(f"least is {least}: a probability from 0 to 1 is expected, such as 0.8")
        likely = self.predict_proba(X)
        labels = self.classes_[likely.argmax(axis=1)].tolist()
        return [label if sure else None for label, sure in zip(labels, likely.max(axis=1) >= least, strict=True)]

    def next_labels(self, X: Any, k: int = 20) -> Int64[np.ndarray, " rows"]:
        """Which of some unlabelled texts to label next: doubtful ones, unlike one another; rows, most doubtful first.

        Raises:
            InputError: `k` is less than 1.
        """
        if k < 1:
            raise InputError(f"k is {k}: how many texts to label next, 1 at least")
        texts = as_texts(X)
        self._check_fitted()
        if not texts:
            return np.zeros(0, np.int64)
        rng = np.random.default_rng([self.seed, 2])
        vectors = self.features_.vectors(texts)
        return most_telling(texts, vectors, doubts(probabilities(self._logits(texts, vectors), 1.0)), k, rng)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the classifier and its model to a folder.

        Raises:
            InputError: `path` exists and `overwrite` is false, or cannot be written.
            LikewiseError: the disk is full; nothing is left half-written.
        """
        from likewise.applications.classify.folder import save_classifier

        self._check_fitted()
        save_classifier(self, Path(path), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, model: Any = None) -> "Classifier":
        """Read what `save` wrote.

        Args:
            path: the folder.
            model: the model, where the folder does not hold it, as one that is not of Likewise.

        Raises:
            InputError: it is no such folder, a file of it is missing or damaged, or another model was given.
        """
        from likewise.applications.classify.folder import load_classifier

        found: Classifier = load_classifier(cls, Path(path), model)
        return found

    def _logits(self, texts: list[str], vectors: Any = None) -> Float64[np.ndarray, "texts classes"]:
        """Logits over the temperature; `vectors` are the texts' embeddings, where they are known already."""
        parts = []
        for at in range(0, len(texts), CHUNK):
            some = slice(at, at + CHUNK)
            features = self.features_.of(texts[some], None if vectors is None else vectors[some])
            parts.append(self.probe_.logits(features) / self.temperature_)
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def _check_fitted(self) -> None:
        if not hasattr(self, "probe_"):
            raise NotFittedError("this classifier has learned nothing yet: call fit(texts, labels), or load one")

    def __sklearn_clone__(self) -> "Classifier":
        return type(self)(**self.get_params(deep=False))  # the model is shared: nothing here changes it

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        return replace(tags, input_tags=replace(tags.input_tags, string=True, two_d_array=False))
