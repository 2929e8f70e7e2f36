"""Metrics of several labels a text."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score

from likewise.applications.classify.metrics import HeldOutPredictions, wilson_interval
from likewise.applications.classify.multi_label_metrics import estimate_label_sets, evaluate_label_sets, set_scores
from likewise.errors import InputError

TABLES = st.integers(2, 5).flatmap(lambda labels: st.tuples(*2 * [arrays(bool, (7, labels))]))


@given(TABLES)
def test_scores_are_those_of_scikit_learn(tables):
    """Two paths that agree; law: each score is from 0 to 1."""
    predicted, truth = tables
    found = set_scores(predicted, truth)
    assert found.micro_f1 == pytest.approx(f1_score(truth, predicted, average="micro", zero_division=0.0))
    seen = predicted.any(axis=0) | truth.any(axis=0)
    if seen.sum() > 1:
        macro = f1_score(truth[:, seen], predicted[:, seen], average="macro", zero_division=0.0)
        assert found.macro_f1 == pytest.approx(macro)
    assert found.exact_match == (predicted == truth).all(axis=1).mean()
    assert found.any_right is None or 0 <= found.any_right <= 1


def test_estimate():
    """Closed form, with each text predicted twice."""
    truth = np.array([[1, 0], [1, 1], [0, 0], [1, 0]], bool)
    logits = np.where(truth, 3.0, -3.0)
    logits[3] = [-3, 3]
    held_out = HeldOutPredictions(np.tile(np.arange(4), 2), np.tile(logits, (2, 1)), 5, 2)
    found = estimate_label_sets(held_out, np.pad(truth, ((0, 1), (0, 0))), ["a", 5], 1.0, np.array([0.5, 0.5]))
    assert (found.texts, found.unchecked, found.labels_per_text) == (4, 1, 1.0)
    assert found.scores.exact_match == 0.75 and found.scores.any_right == pytest.approx(2 / 3)
    assert found.scores.micro_f1 == pytest.approx(2 * 3 / 8)
    assert (found.low, found.high) == pytest.approx(wilson_interval(0.75, 4 / 1.75))
    assert found.baseline_labels == ("a",) and found.baseline.any_right == 1
    assert [(row.label, row.texts, row.recall, row.precision) for row in found.labels] == [
        ("a", 3, pytest.approx(2 / 3), 1.0), ("5", 1, 1.0, 0.5),
    ]  # fmt: skip
    assert found.cutoffs[0].precision == pytest.approx(0.75) and found.cutoffs[0].coverage == 0.75
    assert estimate_label_sets(None, truth, ["a", 5], 1.0, np.ones(2)) is None


def test_evaluation():
    """Labels are compared as text; one that was not trained on is missed."""
    fitted = SimpleNamespace(
        classes_=np.array([1, 2]), separator=";", thresholds_=np.array([0.5, 0.5]),
        predict_proba=lambda texts: np.array([[0.9, 0.1], [0.9, 0.8], [0.2, 0.1]])[: len(texts)],
    )  # fmt: skip
    found = evaluate_label_sets(fitted, ["a", "b", "c"], ["1.0", "2; 1;9", ";"])
    assert found.unknown_labels == 1 and found.scores.exact_match == pytest.approx(2 / 3)
    assert [row.label for row in found.labels] == ["1", "2", "9"] and found.labels[2].recall == 0
    assert found.log_loss == pytest.approx(-np.log([0.9 * 0.9, 0.9 * 0.8, 0.8 * 0.9]).mean())
    assert '"unknown_labels": 1' in found.as_json()
    with pytest.raises(InputError, match="expected a list of labels for each text"):
        evaluate_label_sets(fitted, ["a"], [])
    with pytest.raises(InputError, match="row 0 holds 3"):
        evaluate_label_sets(fitted, ["a"], [3])
