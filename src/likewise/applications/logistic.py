"""Logistic regression with a normal prior, for probabilities from a few answers."""

import numpy as np
from scipy.special import expit

from likewise.arrays import Bool, Float64


def fitted(
    rows: Float64[np.ndarray, "some parts"],
    labels: Bool[np.ndarray, " some"],
    prior: Float64[np.ndarray, " parts"],
    spread: Float64[np.ndarray, " parts"],
) -> tuple[Float64[np.ndarray, " parts"], Float64[np.ndarray, "parts parts"]]:
    """Fit P(label) = 1 / (1 + exp(-w · row)).

    Args:
        rows: the numbers of each example; a constant among them is the intercept.
        labels: of the examples.
        prior: the weights w before any example.
        spread: the standard deviation of each weight before any example.

    Returns:
        The most likely weights, and their covariance by Laplace's approximation.
    """
    from scipy.optimize import minimize  # takes half a second

    tightness = spread**-2.0

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the logarithm of the posterior, and its gradient."""
        scores, away = rows @ at, at - prior
        value = np.logaddexp(0.0, scores).sum() - scores[labels].sum() + 0.5 * tightness @ away**2
        return float(value), rows.T @ (expit(scores) - labels) + tightness * away

    weights = minimize(loss, prior, jac=True, method="BFGS").x
    likely = expit(rows @ weights)
    return weights, np.linalg.inv((rows.T * (likely * (1.0 - likely))) @ rows + np.diag(tightness))
