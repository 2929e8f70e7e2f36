"""Clusters. Oracles: scikit-learn; closed forms; laws (names of clusters say nothing)."""

import numpy as np
import pytest
from evaluation_judged import Letters, field_of, sentences
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, v_measure_score

from likewise.evaluation.clustering import agreement, judge_clustering
from likewise.evaluation.data import Labelled

places = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=2, max_size=40)


@given(places)
def test_agreement_is_that_of_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    numbers, found = np.array(drawn).T
    expected = [v_measure_score(numbers, found), adjusted_rand_score(numbers, found)]
    np.testing.assert_allclose(agreement(numbers, found, np.ones(len(found), np.int64)), expected, atol=1e-9)


@given(places)
def test_the_v_measure_of_texts_that_repeat(drawn: list[tuple[int, int]]) -> None:
    numbers, found = np.array(drawn).T
    counts = 1 + np.arange(len(drawn)) % 3
    expected = v_measure_score(np.repeat(numbers, counts), np.repeat(found, counts))
    assert agreement(numbers, found, counts)[0] == pytest.approx(expected, abs=1e-9)


def test_a_text_is_no_pair_with_itself() -> None:
    """Chance agreement stays chance when texts repeat; scikit-learn on repeated texts would see agreement."""
    rng = np.random.default_rng(0)
    numbers, found = rng.integers(0, 20, 60), rng.integers(0, 20, 60)
    counts = np.full(60, 3)
    once, thrice = agreement(numbers, found, counts // 3)[1], agreement(numbers, found, counts)[1]
    assert thrice == pytest.approx(once, abs=0.02)
    assert adjusted_rand_score(np.repeat(numbers, 3), np.repeat(found, 3)) > once + 0.1


def test_names_of_clusters_say_nothing() -> None:
    numbers, counts = np.array([0, 0, 1, 1, 2]), np.array([1, 2, 1, 0, 3])
    np.testing.assert_allclose(agreement(numbers, np.array([2, 2, 0, 0, 1]), counts), [1, 1])


def test_nothing_to_tell_apart() -> None:
    same = np.zeros(4, np.int64)
    assert agreement(same, same, np.ones(4, np.int64)).tolist() == [1, 1]
    assert agreement(np.array([0, 1]), np.array([0, 1]), np.array([1, 0])).tolist() == [1, 1]


def test_topics_are_found() -> None:
    texts, topics = sentences(90)
    data = Labelled(texts, topics, notes=("the data has no split of its own", "kept"))
    judged = judge_clustering(data, field_of(Letters(), "tfidf"), np.random.default_rng(0), 3)
    figures = judged.rows[0].figures
    assert figures["V-measure"].value > 0.5 and figures["ARI"].value > 0.4
    assert figures["V-measure"].low < figures["V-measure"].value < figures["V-measure"].high
    assert judged.counts == {"classes": 3, "texts": 90, "runs": 3} and judged.notes == ("kept",)


def test_only_texts_of_the_test_split_are_clustered() -> None:
    texts, topics = sentences(60)
    data = Labelled(texts, topics, [row < 30 for row in range(60)])
    judged = judge_clustering(data, field_of(Letters(), "untrained"), np.random.default_rng(0), 1)
    assert judged.counts["texts"] == 30 and judged.rows[1].note
