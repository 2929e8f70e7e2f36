"""The linear probe: logistic regression on features, and its logits.

A penalised linear classifier lies in the span of what it learned from (the representer theorem). With fewer texts than
features everything is computed in that span, which is exact: with a hundred labels a fit takes milliseconds, however
many words there are, and so does fitting it again for each fold.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["INVERSE_REGULARISATION", "Probe", "Span", "fit_probe"]

INVERSE_REGULARISATION = 10.0  # of features whose blocks have unit rows; as in `evaluation.classification`
MOST_STEPS = 1000
UNSEEN = 10.0  # by which the intercept of a class without a text is below all others
MOST_SPANNED = 4_000  # texts, beyond which their products with one another cost more than they save


@dataclass(frozen=True)
class Probe:
    """Weights by which features become logits.

    Attributes:
        weights: a row a class; of two classes the first one's are zero.
        intercept: one a class.
    """

    weights: Float64[np.ndarray, "classes features"]
    intercept: Float64[np.ndarray, " classes"]

    def logits(self, features: Any) -> Float64[np.ndarray, "texts classes"]:
        """Of dense or sparse features."""
        found: np.ndarray = np.asarray(features @ self.weights.T) + self.intercept
        return found


@dataclass(frozen=True)
class Span:
    """Features in coordinates of the span of their rows, where that has fewer.

    Attributes:
        rows: the features; the same inner products as before.
        back: from weights in these coordinates to weights of the features; None where nothing was changed.
    """

    rows: Any
    back: Any | None

    @classmethod
    def of(cls, features: Any) -> "Span":
        """Take the coordinates, unless there are fewer features than texts or too many texts."""
        texts, count = features.shape
        if count <= texts or texts > MOST_SPANNED:
            return cls(features, None)
        gram = features @ features.T
        gram = np.asarray(gram if isinstance(gram, np.ndarray) else gram.toarray(), np.float64)
        values, directions = np.linalg.eigh(gram)
        kept = values > max(values[-1] * texts * np.finfo(np.float32).eps, np.finfo(np.float32).tiny)
        if not kept.any():  # nothing but rows of zeros
            return cls(np.zeros((texts, 1)), np.zeros((count, 1)))
        scales = np.sqrt(values[kept])
        return cls(directions[:, kept] * scales, np.asarray(features.T @ (directions[:, kept] / scales)))

    def whole(self, probe: Probe) -> Probe:
        """A probe of the coordinates as one of the features."""
        return probe if self.back is None else Probe(probe.weights @ self.back.T, probe.intercept)


def fit_probe(
    rows: Any,
    numbers: Int64[np.ndarray, " texts"],
    classes: int,
    sample_weight: Float64[np.ndarray, " texts"] | None = None,
) -> Probe:
    """Logistic regression with an L2 penalty.

    Args:
        rows: features, dense or sparse.
        numbers: the class of each, of which at least two are there.
        classes: how many there are; those without a text get a logit that none of the others is below.
        sample_weight: how much each text counts; 1 if None.
    """
    from sklearn.linear_model import LogisticRegression

    there = np.unique(numbers)
    regression = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=MOST_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with one text a class it doubts that these are classes at all
        regression.fit(rows, numbers, sample_weight)
    weights, intercept = np.zeros((classes, rows.shape[1])), np.full(classes, -np.inf)
    if len(there) == 2:
        weights[there[1]], intercept[there] = regression.coef_[0], (0.0, regression.intercept_[0])
    else:
        weights[there], intercept[there] = regression.coef_, regression.intercept_
    intercept[~np.isfinite(intercept)] = intercept[there].min() - UNSEEN
    return Probe(weights, intercept)
