"""Cross-validation: no text is predicted by a classifier that saw it or a copy; intervals and temperatures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import binomtest

from likewise.applications.classify.metrics import (
    FOLDS,
    HeldOutPredictions,
    assign_folds,
    cross_validate,
    estimate_accuracy,
    fit_temperature,
    wilson_interval,
)


def test_wilson():
    """Two paths that agree: scipy; closed forms at the ends; law: more trials give a narrower interval."""
    known = binomtest(17, 20).proportion_ci(method="wilson")
    assert wilson_interval(17 / 20, 20.0) == pytest.approx((known.low, known.high), rel=1e-6)
    assert wilson_interval(0.0, 10.0)[0] == 0 and wilson_interval(1.0, 10.0)[1] == pytest.approx(1)
    low, high = wilson_interval(0.7, 200.0)
    assert wilson_interval(0.7, 50.0)[0] < low < high < wilson_interval(0.7, 50.0)[1]


def test_temperature():
    """It learns: logits that are three times too large get a temperature of about three; one label stays near 1."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((4000, 3)) * 2
    numbers = np.array([rng.choice(3, p=row) for row in softmax(logits, axis=1)])
    rows = np.arange(4000)
    assert fit_temperature(HeldOutPredictions(rows, logits, 5, 1), numbers) == pytest.approx(1, abs=0.1)
    assert fit_temperature(HeldOutPredictions(rows, 3 * logits, 5, 1), numbers) == pytest.approx(3, abs=0.3)
    assert fit_temperature(None, numbers) == 1.0
    one = fit_temperature(HeldOutPredictions(np.arange(1), np.array([[9.0, 0.0]]), 2, 1), np.zeros(1, np.int64))
    assert 0.3 < one < 1.5


def test_estimate():
    logits = np.array([[2.0, 0], [2, 0], [0, 2], [0.1, 0]])
    held_out = HeldOutPredictions(np.array([0, 1, 2, 3]), logits, 5, 1)
    found = estimate_accuracy(held_out, np.array([0, 0, 1, 1, 1]), ["a", 5], 1.0)
    assert found is not None
    assert (found.accuracy, found.texts, found.unchecked, found.majority_baseline) == (0.75, 4, 1, 0.5)
    assert [(row.label, row.recall, row.texts) for row in found.labels] == [("5", 0.5, 2), ("a", 1, 2)]
    assert found.macro_f1 == pytest.approx((2 / 3 + 0.8) / 2)
    assert (found.low, found.high) == pytest.approx(wilson_interval(0.75, 4 / 2.25))
    assert [each.coverage for each in found.abstention] == [0.75, 0.75, 0.75, 0, 0]
    assert found.abstention[0].accuracy == 1 and found.abstention[-1].accuracy is None
    assert estimate_accuracy(None, np.zeros(0, np.int64), ["a"], 1.0) is None


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 3))
def test_always_predicting_the_most_frequent_label_is_the_majority_baseline(rare, more, repeats):
    """A closed form: accuracy is the share of that label, macro F1 tells that the other one is never found."""
    numbers = np.array([0] * (rare + more) + [1] * rare)
    rows = np.tile(np.arange(len(numbers)), repeats)
    logits = np.tile([1.0, 0.0], (len(rows), 1))
    found = estimate_accuracy(HeldOutPredictions(rows, logits, 5, repeats), numbers, ["ham", "spam"], 1.0)
    share = (rare + more) / len(numbers)
    assert found.accuracy == pytest.approx(share) and found.majority_baseline == pytest.approx(share)
    assert found.macro_f1 == pytest.approx(share / (1 + share)) and found.macro_f1 <= 0.5
    assert [(row.label, row.recall, row.texts) for row in found.labels] == [("ham", 1, rare + more), ("spam", 0, rare)]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2)), min_size=1, max_size=60), st.integers(2, 5))
def test_folds(rows, folds):
    """Laws: equal texts are in one fold; folds are of equal size."""
    texts, numbers = [text for text, _ in rows], np.array([number for _, number in rows])
    assigned = assign_folds(texts, numbers, folds, np.random.default_rng(0))
    assert all(len(set(assigned[np.array(texts) == text])) == 1 for text in texts)
    distinct = [assigned[texts.index(text)] for text in set(texts)]
    sizes = np.bincount(distinct, minlength=folds)
    assert sizes.max() - sizes.min() <= 1


def test_each_text_is_predicted_by_the_others():
    """Closed form: predictions that are the labels come back for each text, once a repeat."""
    texts = [f"text {row}" for row in range(20)] + ["text 0"] * 3
    numbers = np.array([row % 2 for row in range(20)] + [0] * 3)

    def fit(train, test):
        assert not {texts[row] for row in train} & {texts[row] for row in test}
        return np.eye(2)[numbers[test]]

    held_out = cross_validate(texts, numbers, fit, np.random.default_rng(0), repeats=2)
    assert held_out is not None and (held_out.folds, held_out.repeats) == (FOLDS, 2)
    assert sorted(held_out.rows.tolist()) == sorted([*range(23), *range(23)])
    assert (held_out.logits.argmax(axis=1) == numbers[held_out.rows]).all()


def test_texts_without_another_of_their_class_are_not_checked():
    def fit(train, test):
        return np.zeros((len(test), 3))

    rng = np.random.default_rng(0)
    assert cross_validate(["a", "b"], np.array([0, 1]), fit, rng) is None
    assert cross_validate(["a", "a", "b"], np.array([0, 0, 1]), fit, rng) is None
    held_out = cross_validate(["a", "b", "c", "d"], np.array([0, 0, 1, 2]), fit, rng)
    assert held_out is not None and set(held_out.rows.tolist()) == {0, 1}


def test_significantly_worse():
    """Closed form: a tenth fewer of a hundred labels is more than a standard error, two lost and one won is not."""
    every, numbers = np.arange(100), np.zeros(100, np.int64)

    def predictions(wrong, repeats=1):
        missed = np.isin(every, wrong)
        logits = np.stack([~missed, missed], axis=1).astype(float)
        return HeldOutPredictions(np.tile(every, repeats), np.tile(logits, (repeats, 1)), 5, repeats)

    assert predictions(every[:10]).is_worse(predictions([], 4), numbers)
    assert not predictions([0, 1]).is_worse(predictions([5], 4), numbers)
    assert not predictions([]).is_worse(predictions(every[:10], 4), numbers)
    assert np.isnan(HeldOutPredictions(every[:1], np.zeros((1, 2)), 5, 1).correct_shares(numbers)[1:]).all()
