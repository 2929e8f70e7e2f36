"""The probe: logistic regression of scikit-learn, in fewer coordinates; self-training."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from likewise.applications.classify.probe import Probe, RowSpace, Trainer, _most_confident, fit_probe, self_train


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("packed", [np.asarray, csr_array])
def test_the_row_space_changes_nothing(rng, classes, packed):
    """Two paths that agree: scikit-learn on all columns; the law that inner products are those of the features; a
    closed form, weights that are zero where nothing was trained. Both stop when the gradient is below 1e-4, which is
    what their logits differ by."""
    features, numbers = rng.standard_normal((24, 60)), np.arange(24) % classes
    features[:, 59] = 0
    space = RowSpace.of(packed(features))
    assert space.rows.shape[1] <= 24
    np.testing.assert_allclose(space.rows @ space.rows.T, features @ features.T, atol=1e-9)
    probe = space.to_features(fit_probe(space.rows, numbers, classes))
    np.testing.assert_allclose(probe.weights[:, 59], 0)
    queries = rng.standard_normal((7, 60))
    expected = LogisticRegression(C=10.0, max_iter=1000).fit(features, numbers).predict_proba(queries)
    logits = probe.logits(packed(queries))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, atol=5e-3)


def test_few_columns_stay(rng):
    features = rng.standard_normal((9, 3))
    space = RowSpace.of(features)
    assert space.basis is None and space.rows is features
    probe = Probe(np.ones((2, 3)), np.zeros(2))
    assert space.to_features(probe) is probe


def test_zeros_and_classes_without_texts():
    space = RowSpace.of(np.zeros((4, 9)))
    probe = space.to_features(fit_probe(space.rows, np.array([0, 0, 0, 2]), 4))
    assert probe.weights.shape == (4, 9) and not probe.weights.any()
    assert probe.logits(np.zeros((1, 9))).argmax() == 0
    assert probe.intercept[1] == probe.intercept[3] < probe.intercept[[0, 2]].min() - 5


def test_weights_of_texts_count(rng):
    """Law: a text of weight two is the text twice."""
    features, numbers = rng.standard_normal((6, 2)), np.array([0, 1, 0, 1, 0, 1])
    twice = fit_probe(np.concatenate([features, features[:1]]), np.append(numbers, 0), 2)
    weighted = fit_probe(features, numbers, 2, np.array([2.0, 1, 1, 1, 1, 1]))
    np.testing.assert_allclose(weighted.weights, twice.weights, atol=1e-3)


@pytest.mark.parametrize("packed", [np.asarray, csr_array])
def test_rare_classes_stay_rare(packed):
    """Law: half of the texts predicted as each class are added, however many labels the class has."""
    features = packed(np.array([[1.0, 0, 0], [-1, 0, 0]]))
    unlabelled = packed(np.array([[1.0, 0, 0]] * 2 + [[-1.0, 0, 1]] * 40))
    start = Probe(np.array([[0.0, 0, 0], [1, 0, 0]]), np.zeros(2))
    rows, pseudo_labels = _most_confident(start.logits(unlabelled))
    assert pseudo_labels.tolist() == [0] * 20 + [1] and rows[-1] in (0, 1)
    assert self_train(start, features, np.array([1, 0]), unlabelled, 2).weights.shape == (2, 3)


@pytest.mark.parametrize("packed", [np.asarray, csr_array])
def test_self_training(packed):
    """Closed form: a column that only unlabelled texts have gets the sign of the columns it occurs with."""
    features = packed(np.array([[1.0, 0, 0], [-1, 0, 0]]))
    unlabelled = packed(np.array([[1.0, 1, 0]] * 10 + [[-1.0, 0, 1]] * 10))
    start = Probe(np.array([[0.0, 0, 0], [1, 0, 0]]), np.zeros(2))
    found = self_train(start, features, np.array([1, 0]), unlabelled, 2)
    assert found.weights[1][1] > 0 > found.weights[1][2]


def test_a_description_weighs_as_eight_texts():
    """Law: classes gain the same weight, those with a description by it and the others by their texts."""
    trainer = Trainer(None, ["a", "b", "c", "d", "of the first"], np.array([0, 1, 1, 0, 0]), [], None, 0, described=1)
    assert trainer.weights.tolist() == [1, 5, 5, 1, 8]
    assert Trainer(None, ["a", "b"], np.array([0, 1]), [], None, 0).weights.tolist() == [1, 1]
