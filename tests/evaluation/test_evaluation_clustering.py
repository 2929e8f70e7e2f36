"""Clusters. Oracles: scikit-learn; closed forms; laws (names of clusters do not matter)."""

import numpy as np
import pytest
from evaluation_data import Bigrams, comparison, sentences
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, v_measure_score

from likewise.evaluation.clustering import cluster_agreement, evaluate_clustering
from likewise.evaluation.data import Labelled

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
