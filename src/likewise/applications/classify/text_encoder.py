"""The embedding as a transformer of scikit-learn: fits on unlabelled texts, and stands in a pipeline."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from likewise.applications.classify.features import Features
from likewise.applications.classify.labels import as_texts
from likewise.applications.encoder import encoder_for

__all__ = ["TextEncoder"]


class TextEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to vectors.

    In a pipeline that is cross-validated and without a model, each fold trains one on its own texts, so nothing of the
    texts that are predicted is known; with a model, `fit` learns nothing.

    Parameters:
        model: with `encode`, or the folder of one; None trains a static one on the texts that `fit` is given.
        seed: of training.
        progress: show on standard error how training goes.

    Attributes:
        model_: what encodes.
        n_features_out_: length of a vector.
    """

    def __init__(self, model: Any = None, *, seed: int = 0, progress: bool = False) -> None:
        self.model = model
        self.seed = seed
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "TextEncoder":
        """Train a model on texts, or take the one that there is.

        Args:
            X: texts.
            y: ignored: no label is read.

        Raises:
            InputError: something in `X` is not a string, or there are too few texts to train on.
        """
        self.model_ = encoder_for(self.model, as_texts(X), seed=self.seed, progress=self.progress)
        self.n_features_out_ = int(Features(self.model_, None).vectors([]).shape[1])
        return self

    def transform(self, X: Any) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector a text."""
        if not hasattr(self, "model_"):
            raise NotFittedError("this encoder has no model yet: call fit(texts)")
        return Features(self.model_, None).vectors(as_texts(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """`likewise0`, `likewise1`, …: what `set_output` names the columns by."""
        return np.array([f"likewise{place}" for place in range(self.n_features_out_)], object)

    def __sklearn_clone__(self) -> "TextEncoder":
        return type(self)(**self.get_params(deep=False))  # the model is shared: nothing here changes it

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        return replace(tags, requires_fit=True, input_tags=replace(tags.input_tags, string=True, two_d_array=False))
