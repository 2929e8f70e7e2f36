"""The probe: that of scikit-learn, in fewer coordinates."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from likewise.applications.classify.probe import Probe, Span, fit_probe


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("packed", [np.asarray, csr_array])
def test_the_span_changes_nothing(rng, classes, packed):
    """Two ways that must agree: scikit-learn on all columns; the law that inner products are those of the features; a
    closed form, weights that are zero where nothing was learned. Both stop when the gradient is below 1e-4, which is
    what their logits differ by."""
    features, numbers = rng.standard_normal((24, 60)), np.arange(24) % classes
    features[:, 59] = 0
    span = Span.of(packed(features))
    assert span.rows.shape[1] <= 24
    np.testing.assert_allclose(span.rows @ span.rows.T, features @ features.T, atol=1e-9)
    probe = span.whole(fit_probe(span.rows, numbers, classes))
    np.testing.assert_allclose(probe.weights[:, 59], 0)
    asked = rng.standard_normal((7, 60))
    expected = LogisticRegression(C=10.0, max_iter=1000).fit(features, numbers).predict_proba(asked)
    logits = probe.logits(packed(asked))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, atol=5e-3)


def test_few_columns_stay(rng):
    features = rng.standard_normal((9, 3))
    span = Span.of(features)
    assert span.back is None and span.rows is features
    probe = Probe(np.ones((2, 3)), np.zeros(2))
    assert span.whole(probe) is probe


def test_zeros_and_classes_without_texts():
    span = Span.of(np.zeros((4, 9)))
    probe = span.whole(fit_probe(span.rows, np.array([0, 0, 0, 2]), 4))
    assert probe.weights.shape == (4, 9) and not probe.weights.any()
    assert probe.logits(np.zeros((1, 9))).argmax() == 0
    assert probe.intercept[1] == probe.intercept[3] < probe.intercept[[0, 2]].min() - 5


def test_weights_of_texts_count(rng):
    """Law: a text of weight two is the text twice."""
    features, numbers = rng.standard_normal((6, 2)), np.array([0, 1, 0, 1, 0, 1])
    twice = fit_probe(np.concatenate([features, features[:1]]), np.append(numbers, 0), 2)
    weighted = fit_probe(features, numbers, 2, np.array([2.0, 1, 1, 1, 1, 1]))
    np.testing.assert_allclose(weighted.weights, twice.weights, atol=1e-3)
