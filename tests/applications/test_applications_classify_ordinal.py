"""Labels with an order: the median, distances, and orders that cannot be."""

import numpy as np
import pytest
from classify_texts import BAD, GOOD
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import cohen_kappa_score

from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.metrics import evaluate
from likewise.applications.classify.ordinal import level_values, median_levels, ordinal_metrics
from likewise.errors import InputError

LEVELS = ["low", "medium", "high"]


class Senses:
    """Vectors by how many good and bad words a text has."""

    def encode(self, texts):
        words = [text.split() for text in texts]
        return np.array([[1.0, *(sum(word in group for word in each) for group in (GOOD, BAD))] for each in words])


def reviews(count, seed=0):
    """So many texts of four words, and how many of these are good ones: 0 to 2."""
    rng = np.random.default_rng(seed)
    good = rng.integers(0, 3, count)
    return [" ".join([*rng.choice(GOOD, each), *rng.choice(BAD, 4 - each)]) for each in good], good


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40), st.integers(0, 99))
def test_metrics_are_those_of_scikit_learn(truth, seed):
    """Two paths that agree: kappa of scikit-learn; closed form: always the median has its error, and a kappa of 0."""
    truth = np.array(truth)
    predicted = np.random.default_rng(seed).integers(0, 5, len(truth))
    found = ordinal_metrics(predicted.astype(float), truth.astype(float))
    if len({*truth, *predicted}) > 1:
        expected = cohen_kappa_score(truth, predicted, weights="quadratic", labels=range(5))
        assert found.weighted_kappa == pytest.approx(expected)
    assert found.mean_absolute_error == np.abs(predicted - truth).mean()
    median = np.full(len(truth), np.sort(truth)[(len(truth) - 1) // 2], float)
    constant = ordinal_metrics(median, truth.astype(float))
    assert constant.mean_absolute_error == constant.baseline_error == found.baseline_error
    assert constant.weighted_kappa == (pytest.approx(0) if len({*truth}) > 1 else 1)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6))
def test_the_median_expects_the_smallest_error(weights):
    """Slow loop: no other class has a smaller expected distance."""
    likely = np.array([weights]) / sum(weights)
    places = np.arange(len(weights))
    expected = [float((likely[0] * np.abs(places - place)).sum()) for place in places]
    assert expected[median_levels(likely)[0]] <= min(expected) + 1e-9


def test_it_learns_an_order(tmp_path):
    """It learns, in order and not by the alphabet; two paths that agree: on a folder, and numbers as strings."""
    texts, good = reviews(60)
    queries, truth = reviews(200, 5)
    names = [LEVELS[each] for each in good]
    found = Classifier(Senses(), ordered=LEVELS).fit(texts, names)
    assert found.classes_.tolist() == LEVELS and clone(found).ordered == LEVELS
    judged = evaluate(found, queries, [LEVELS[each] for each in truth])
    assert judged.ordinal.mean_absolute_error < 0.2 < judged.ordinal.baseline_error
    assert judged.ordinal.weighted_kappa > 0.8 and found.estimate_.ordinal.weighted_kappa > 0.7
    likely = found.predict_proba(queries)
    assert found.predict(queries).tolist() == [LEVELS[each] for each in median_levels(likely)]
    assert found.labels_of(likely) == [(each,) for each in found.predict(queries).tolist()]
    numbers = Classifier(Senses(), ordered=True).fit(texts, [str(9 + each) for each in good])
    assert numbers.classes_.tolist() == ["9", "10", "11"]
    np.testing.assert_allclose(numbers.predict_proba(queries), likely)
    assert numbers.estimate_.ordinal == found.estimate_.ordinal and "absolute error" in numbers._repr_html_()
    wide = Classifier(Senses(), ordered=True).fit(texts, 10 * good)
    assert wide.estimate_.ordinal.mean_absolute_error == pytest.approx(10 * found.estimate_.ordinal.mean_absolute_error)


def test_it_comes_back(opinions_model, tmp_path):
    texts, good = reviews(40)
    found = Classifier(opinions_model, ordered=LEVELS).fit(texts, [LEVELS[each] for each in good])
    found.save(tmp_path / "a.clf")
    again = Classifier.load(tmp_path / "a.clf")
    assert again.ordered == LEVELS and again.estimate_ == found.estimate_
    assert again.predict(texts).tolist() == found.predict(texts).tolist()


@pytest.mark.parametrize(
    ("order", "labels", "message"),
    [
        (True, ["low", "high"], "the label 'high' is not a number"),
        (True, [True, False], "the label False is not a number"),
        (["low", "high"], ["low", "huge"], "the label 'huge' is not in the order low, high"),
        (["low"], ["low", "high"], "has not two or more labels"),
        (["low", "low"], ["low", "high"], "has not two or more labels"),
        ([], ["low", "high"], "the order is empty"),
        ("low,high", ["low", "high"], "is the string 'low,high'"),
        (True, [["1"], ["2"]], "several labels a text have no order"),
    ],
)
def test_orders_that_cannot_be(order, labels, message):
    with pytest.raises(InputError, match=message):
        Classifier(Senses(), ordered=order).fit(["a", "b"], labels)
    with pytest.raises(InputError, match="not in the order"):
        evaluate(Classifier(Senses(), ordered=LEVELS).fit(["a", "b"], ["low", "high"]), ["a"], ["huge"])


def test_values():
    assert level_values(["3", 1.5, "10"], True).tolist() == [3, 1.5, 10]
    assert level_values(["medium", " low"], LEVELS).tolist() == [1, 0]
