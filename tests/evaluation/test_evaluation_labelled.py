"""Labelled texts. Oracles: classifiers agree in the whole space and the span; scikit-learn; closed forms; laws."""

import numpy as np
import pytest
from evaluation_data import Bigrams, comparison, sentences
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, v_measure_score
from sklearn.neighbors import NearestCentroid

from likewise.errors import InputError
from likewise.evaluation.data import Labelled
from likewise.evaluation.labelled import (
    cluster_agreement,
    draw_labelled,
    evaluate_classification,
    evaluate_clustering,
    random_split,
    span_coordinates,
)


def _labelled(count: int = 120, test: bool = True) -> Labelled:
    texts, topics = sentences(count)
    return Labelled(texts, topics, [row >= count // 2 for row in range(count)] if test else None)


def test_topics_are_separated() -> None:
    found = evaluate_classification(_labelled(), comparison(Bigrams(), "tfidf"), np.random.default_rng(0), [2, 10], 3)
    names = ["logistic, 2 labels", "logistic, 10 labels", "centroid, 2 labels", "centroid, 10 labels"]
    for row in found.rows:
        assert list(row.metrics) == names
        assert all(estimate.low <= estimate.value <= estimate.high for estimate in row.metrics.values())
        assert row.metrics["logistic, 10 labels"].value > 0.9
    assert found.counts == {"classes": 3, "test texts": 60, "repeats": 3}


def test_one_label_per_class_raises_no_warning() -> None:
    found = evaluate_classification(_labelled(), comparison(Bigrams()), np.random.default_rng(0), [1], 2)
    assert list(found.rows[0].metrics) == ["logistic, 1 label", "centroid, 1 label"]
    assert found.rows[0].metrics["centroid, 1 label"].value > 1 / 3


@pytest.mark.parametrize("sparse", [False, True])
def test_classifiers_agree_in_the_span_of_the_training_texts(sparse: bool) -> None:
    rng = np.random.default_rng(0)
    rows, labels = rng.standard_normal((90, 200)).astype(np.float32), np.arange(90) % 3
    rows[np.arange(90), labels] += 3
    training, test = rows[:30], rows[30:]
    given = (csr_matrix(training), csr_matrix(test)) if sparse else (training, test)
    near, far = span_coordinates(*given)
    assert near.shape == (30, 30)
    np.testing.assert_allclose(far @ near.T, test @ training.T, rtol=1e-4, atol=1e-3)  # float32 in, measured 4e-5
    for make in (lambda: LogisticRegression(C=10.0, max_iter=1000), NearestCentroid):
        whole = make().fit(training, labels[:30]).predict(test)
        within = make().fit(near, labels[:30]).predict(far)
        assert (whole == within).mean() > 0.98  # texts on the border may fall to either side


def test_the_span_of_nothing_and_of_few_columns() -> None:
    near, far = span_coordinates(np.zeros((4, 9)), np.ones((3, 9)))
    assert not near.any() and not far.any() and near.shape == (4, 1) and far.shape == (3, 1)
    training, test = np.ones((4, 2)), np.ones((3, 2))
    assert span_coordinates(training, test) == (training, test)


def test_draws_have_k_of_each_class_and_no_test_text() -> None:
    labels = np.array([0] * 9 + [1] * 5 + [2] * 3)
    training = np.arange(17) != 0
    draws = draw_labelled(labels, training, 2, 4, np.random.default_rng(0))
    assert draws.shape == (4, 6) and 0 not in draws
    for rows in draws:
        assert np.bincount(labels[rows]).tolist() == [2, 2, 2] and len(set(rows)) == 6


def test_a_random_split_ones_own_leaves_each_class_something() -> None:
    labels = np.array([0] * 2 + [1] * 8 + [2] * 100)
    test = random_split(labels, np.random.default_rng(0))
    assert np.bincount(labels[test]).tolist() == [1, 2, 25]
    found = evaluate_classification(_labelled(test=False), comparison(Bigrams()), np.random.default_rng(0))
    assert found.counts["test texts"] == 30
    assert found.notes[0].endswith("8 labels per class at most")
    assert found.notes[1].startswith("majority baseline: always predicting ")


def test_the_majority_baseline_is_noted() -> None:
    """A closed form: nine of the twelve test texts are of one class."""
    texts, labels = [f"text {'ab'[row % 2]} {row}" for row in range(20)], ["x", "y"] * 4 + ["x"] * 9 + ["y"] * 3
    data = Labelled(texts, labels, test=[False] * 8 + [True] * 12)
    found = evaluate_classification(data, comparison(Bigrams()), np.random.default_rng(0), repeats=1)
    assert found.notes[-1] == "majority baseline: always predicting 'x' has an accuracy of 0.750"


def test_labels_are_derived_from_the_smallest_class() -> None:
    def measures(count: int) -> list[str]:
        found = evaluate_classification(_labelled(count), comparison(Bigrams()), np.random.default_rng(0), repeats=1)
        return list(found.rows[0].metrics)

    assert measures(24) == ["logistic, 4 labels", "centroid, 4 labels"]
    assert measures(400)[:2] == ["logistic, 8 labels", "logistic, 64 labels"]


@pytest.mark.parametrize(("sizes", "message"), [([21], "has 20 training texts"), ([0], "from 1 on"), ([], "from 1 on")])
def test_impossible_labels_of_labels(sizes: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_classification(_labelled(), comparison(Bigrams()), np.random.default_rng(0), sizes)


def test_a_baseline_that_cannot_run_has_a_note() -> None:
    found = evaluate_classification(_labelled(), comparison(Bigrams(), "untrained"), np.random.default_rng(0), [2])
    assert [(row.name, row.note) for row in found.rows][1] == (
        "untrained encoder",
        "only for static models of this package",
    )


places = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=2, max_size=40)


@given(places)
def test_agreement_is_that_of_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    labels, found = np.array(drawn).T
    expected = [v_measure_score(labels, found), adjusted_rand_score(labels, found)]
    np.testing.assert_allclose(cluster_agreement(labels, found, np.ones(len(found), np.int64)), expected, atol=1e-9)


@given(places)
def test_the_v_measure_of_texts_that_repeat(drawn: list[tuple[int, int]]) -> None:
    labels, found = np.array(drawn).T
    counts = 1 + np.arange(len(drawn)) % 3
    expected = v_measure_score(np.repeat(labels, counts), np.repeat(found, counts))
    assert cluster_agreement(labels, found, counts)[0] == pytest.approx(expected, abs=1e-9)


def test_a_text_is_no_pair_with_itself() -> None:
    """Chance agreement stays chance when texts repeat; scikit-learn on repeated texts would see agreement."""
    rng = np.random.default_rng(0)
    labels, found = rng.integers(0, 20, 60), rng.integers(0, 20, 60)
    counts = np.full(60, 3)
    once, thrice = cluster_agreement(labels, found, counts // 3)[1], cluster_agreement(labels, found, counts)[1]
    assert thrice == pytest.approx(once, abs=0.02)
    assert adjusted_rand_score(np.repeat(labels, 3), np.repeat(found, 3)) > once + 0.1


def test_names_of_clusters_do_not_matter() -> None:
    labels, counts = np.array([0, 0, 1, 1, 2]), np.array([1, 2, 1, 0, 3])
    np.testing.assert_allclose(cluster_agreement(labels, np.array([2, 2, 0, 0, 1]), counts), [1, 1])


def test_one_class_and_one_cluster() -> None:
    same = np.zeros(4, np.int64)
    assert cluster_agreement(same, same, np.ones(4, np.int64)).tolist() == [1, 1]
    assert cluster_agreement(np.array([0, 1]), np.array([0, 1]), np.array([1, 0])).tolist() == [1, 1]


def test_topics_are_found() -> None:
    texts, topics = sentences(90)
    data = Labelled(texts, topics, notes=("no split", "kept"))
    result = evaluate_clustering(data, comparison(Bigrams(), "tfidf"), np.random.default_rng(0), 3)
    metrics = result.rows[0].metrics
    assert metrics["V-measure"].value > 0.5 and metrics["ARI"].value > 0.4
    assert metrics["V-measure"].low < metrics["V-measure"].value < metrics["V-measure"].high
    assert result.counts == {"classes": 3, "texts": 90, "runs": 3} and result.notes == ("kept",)


def test_only_texts_of_the_test_split_are_clustered() -> None:
    texts, topics = sentences(60)
    data = Labelled(texts, topics, [row < 30 for row in range(60)])
    result = evaluate_clustering(data, comparison(Bigrams(), "untrained"), np.random.default_rng(0), 1)
    assert result.counts["texts"] == 30 and result.rows[1].note
