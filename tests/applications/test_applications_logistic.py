"""Logistic regression with a normal prior."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from likewise.applications.logistic import fitted


def test_it_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 2))
    labels = rng.random(300) < 1 / (1 + np.exp(-rows @ [1.0, -2.0]))
    weights, covariance = fitted(rows, labels, np.zeros(2), np.array([3.0, 3.0]))
    expected = LogisticRegression(C=9.0, fit_intercept=False, tol=1e-10).fit(rows, labels).coef_[0]
    assert weights == pytest.approx(expected, abs=1e-3)
    assert np.allclose(covariance, covariance.T) and (np.linalg.eigvalsh(covariance) > 0).all()


def test_without_examples_it_is_the_prior():
    weights, covariance = fitted(np.zeros((0, 2)), np.zeros(0, bool), np.array([1.0, 2.0]), np.array([0.5, 3.0]))
    assert weights == pytest.approx([1.0, 2.0]) and covariance == pytest.approx(np.diag([0.25, 9.0]))
