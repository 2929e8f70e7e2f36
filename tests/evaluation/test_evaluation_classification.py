"""Few labels. Oracles: classifiers agree in the whole space and in the span; closed forms; laws of draws."""

import numpy as np
import pytest
from evaluation_judged import Letters, field_of, sentences
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid

from likewise.errors import InputError
from likewise.evaluation.classification import _within_span, draws_of, judge_classification, split_of
from likewise.evaluation.data import Labelled


def _labelled(count: int = 120, test: bool = True) -> Labelled:
    texts, topics = sentences(count)
    return Labelled(texts, topics, [row >= count // 2 for row in range(count)] if test else None)


def test_topics_are_told_apart() -> None:
    judged = judge_classification(_labelled(), field_of(Letters(), "tfidf"), np.random.default_rng(0), [2, 10], 3)
    names = ["logistic, 2 labels", "logistic, 10 labels", "centroid, 2 labels", "centroid, 10 labels"]
    for row in judged.rows:
        assert list(row.figures) == names
        assert all(figure.low <= figure.value <= figure.high for figure in row.figures.values())
        assert row.figures["logistic, 10 labels"].value > 0.9
    assert judged.counts == {"classes": 3, "test texts": 60, "draws": 3}


def test_one_label_a_class_warns_of_nothing() -> None:
    judged = judge_classification(_labelled(), field_of(Letters()), np.random.default_rng(0), [1], 2)
    assert list(judged.rows[0].figures) == ["logistic, 1 label", "centroid, 1 label"]
    assert judged.rows[0].figures["centroid, 1 label"].value > 1 / 3


@pytest.mark.parametrize("sparse", [False, True])
def test_the_span_of_the_learned_texts_decides_alike(sparse: bool) -> None:
    rng = np.random.default_rng(0)
    rows, labels = rng.standard_normal((90, 200)).astype(np.float32), np.arange(90) % 3
    rows[np.arange(90), labels] += 3
    learned, asked = rows[:30], rows[30:]
    given = (csr_matrix(learned), csr_matrix(asked)) if sparse else (learned, asked)
    near, far = _within_span(*given)
    assert near.shape == (30, 30)
    np.testing.assert_allclose(far @ near.T, asked @ learned.T, rtol=1e-4, atol=1e-3)  # float32 in, measured 4e-5
    for make in (lambda: LogisticRegression(C=10.0, max_iter=1000), NearestCentroid):
        whole = make().fit(learned, labels[:30]).predict(asked)
        within = make().fit(near, labels[:30]).predict(far)
        assert (whole == within).mean() > 0.98  # what lies on a border may fall to either side


def test_the_span_of_nothing_and_of_few_columns() -> None:
    near, far = _within_span(np.zeros((4, 9)), np.ones((3, 9)))
    assert not near.any() and not far.any() and near.shape == (4, 1) and far.shape == (3, 1)
    learned, asked = np.ones((4, 2)), np.ones((3, 2))
    assert _within_span(learned, asked) == (learned, asked)


def test_draws_have_k_of_each_class_and_none_that_is_tested() -> None:
    numbers = np.array([0] * 9 + [1] * 5 + [2] * 3)
    learned = np.arange(17) != 0
    draws = draws_of(numbers, learned, 2, 4, np.random.default_rng(0))
    assert draws.shape == (4, 6) and 0 not in draws
    for rows in draws:
        assert np.bincount(numbers[rows]).tolist() == [2, 2, 2] and len(set(rows)) == 6


def test_a_split_of_ones_own_leaves_each_class_something() -> None:
    numbers = np.array([0] * 2 + [1] * 8 + [2] * 100)
    test = split_of(numbers, np.random.default_rng(0))
    assert np.bincount(numbers[test]).tolist() == [1, 2, 25]
    judged = judge_classification(_labelled(test=False), field_of(Letters()), np.random.default_rng(0))
    assert judged.counts["test texts"] == 30
    assert judged.notes[0].endswith("8 labels a class at the most")


def test_labels_are_derived_from_the_smallest_class() -> None:
    def measures(count: int) -> list[str]:
        judged = judge_classification(_labelled(count), field_of(Letters()), np.random.default_rng(0), draws=1)
        return list(judged.rows[0].figures)

    assert measures(24) == ["logistic, 4 labels", "centroid, 4 labels"]
    assert measures(400)[:2] == ["logistic, 8 labels", "logistic, 64 labels"]


@pytest.mark.parametrize(("few", "says"), [([21], "has 20 texts to learn from"), ([0], "from 1 on"), ([], "from 1 on")])
def test_labels_that_cannot_be_had(few: list[int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        judge_classification(_labelled(), field_of(Letters()), np.random.default_rng(0), few)


def test_who_cannot_take_part_is_told() -> None:
    judged = judge_classification(_labelled(), field_of(Letters(), "untrained"), np.random.default_rng(0), [2])
    assert [(row.name, row.note) for row in judged.rows][1] == (
        "untrained encoder",
        "only for static models of this package",
    )
