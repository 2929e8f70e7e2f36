"""Similarity and duplicates. Oracles: scipy and scikit-learn on repeated pairs; closed forms; laws."""

import numpy as np
import pytest
from evaluation_data import Bigrams, Lookup, comparison
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from likewise.evaluation.data import Duplicates, Similarity
from likewise.evaluation.pairs import duplicate_metrics, evaluate_duplicates, evaluate_similarity, similarity_metrics

counts_drawn = st.lists(st.integers(0, 6), min_size=3, max_size=30)


def _best_f1(same: np.ndarray, cosines: np.ndarray) -> float:
    """A slow loop over every threshold."""
    found = []
    for threshold in np.unique(cosines):
        taken = cosines >= threshold
        found.append(2 * (taken & same).sum() / (taken.sum() + same.sum()))
    return max(found)


@given(counts_drawn, st.randoms(use_true_random=False))
def test_correlations_of_repeated_pairs(drawn: list[int], random) -> None:
    """Two paths: counts, and repeated pairs."""
    size = len(drawn)
    x = np.array([random.randint(0, 5) / 5 for _ in range(size)])
    y = np.array([random.randint(0, 5) for _ in range(size)], float)
    counts = np.array(drawn)
    a, b = np.repeat(x, counts), np.repeat(y, counts)
    scored = similarity_metrics("it", x, y) if len(np.unique(y)) > 1 else None
    if scored is None or len(np.unique(a)) < 2 or len(np.unique(b)) < 2:
        return
    expected = [spearmanr(a, b).statistic, pearsonr(a, b).statistic]
    np.testing.assert_allclose(scored.resampled(counts), expected, atol=1e-9)


@given(counts_drawn, st.randoms(use_true_random=False))
def test_duplicate_metrics_of_repeated_pairs(drawn: list[int], random) -> None:
    size = len(drawn)
    cosines = np.array([random.randint(-3, 5) / 5 for _ in range(size)])
    same = np.array([random.random() < 0.5 for _ in range(size)])
    if same.all() or not same.any():
        return
    counts = np.array(drawn)
    a, b = np.repeat(cosines, counts), np.repeat(same, counts)
    found = duplicate_metrics("it", cosines, same).resampled(counts)
    if len(np.unique(b)) < 2:
        assert np.isnan(found).all()
        return
    expected = [average_precision_score(b, a), _best_f1(b, a), roc_auc_score(b, a)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_values_are_those_of_counts_of_one() -> None:
    rng = np.random.default_rng(0)
    cosines, scores = rng.standard_normal(200).round(1), rng.integers(0, 6, 200).astype(float)
    for scored in (similarity_metrics("s", cosines, scores), duplicate_metrics("d", cosines, scores > 2)):
        np.testing.assert_allclose(scored.resampled(np.ones(200, np.int64)), list(scored.values.values()), atol=1e-12)


def test_f1_is_the_best_over_all_thresholds() -> None:
    rng = np.random.default_rng(1)
    cosines, same = rng.standard_normal(100).round(1), rng.random(100) < 0.3
    precision, recall, _ = precision_recall_curve(same, cosines)
    value = duplicate_metrics("d", cosines, same).values["best F1"]
    assert value == pytest.approx(_best_f1(same, cosines))
    some = precision + recall > 0
    assert value == pytest.approx(np.max(2 * (precision * recall)[some] / (precision + recall)[some]))


def test_closed_forms_and_laws() -> None:
    cosines = np.array([0.1, 0.4, 0.6, 0.9])
    assert similarity_metrics("s", cosines, cosines).values == pytest.approx({"Spearman": 1, "Pearson": 1})
    assert similarity_metrics("s", cosines, -cosines).values == pytest.approx({"Spearman": -1, "Pearson": -1})
    assert similarity_metrics("s", cosines, np.exp(9 * cosines)).values["Spearman"] == 1  # the scale does not matter
    same = np.array([False, False, True, True])
    perfect = {"average precision": 1, "best F1": 1, "ROC AUC": 1}
    assert duplicate_metrics("d", cosines, same).values == pytest.approx(perfect)
    assert duplicate_metrics("d", cosines, ~same).values["ROC AUC"] == 0


def test_equal_cosines_have_no_correlation() -> None:
    equal, scores = np.full(4, 0.5), np.arange(4.0)
    scored = similarity_metrics("s", equal, scores)
    assert scored.values == {"Spearman": 0.0, "Pearson": 0.0}
    assert scored.resampled(np.ones(4, np.int64)).tolist() == [0, 0]


def test_result_pairs_have_every_row_and_count() -> None:
    vectors = {"a": [2, 0], "b": [1, 1], "c": [0, 5], "d": [1, 2]}
    data = Similarity(["a", "a", "a"], ["b", "c", "d"], [2, 0, 1], background=["d d"], notes=("a note",))
    result = evaluate_similarity(data, comparison(Lookup(vectors), "tfidf"), np.random.default_rng(0))
    assert result.rows[0].metrics["Spearman"].value == pytest.approx(1)
    assert result.rows[1].name == "TF-IDF" and result.rows[1].note == "the texts hold no words"
    assert result.counts == {"pairs": 3} and result.notes == ("a note",)


def test_words_in_common_are_duplicates_to_all() -> None:
    first = ["red kettle", "blue tent", "old lamp", "new desk"] * 5
    second = ["kettle red", "tent blue", "blue tent", "red kettle"] * 5
    data = Duplicates(first, second, [1, 1, 0, 0] * 5)
    result = evaluate_duplicates(data, comparison(Bigrams(), "tfidf", "lsa"), np.random.default_rng(0))
    assert [row.name for row in result.rows] == ["it", "TF-IDF", "LSA 256"]
    assert result.rows[1].metrics["average precision"].value == pytest.approx(1)
    assert all(row.metrics["ROC AUC"].value > 0.9 for row in result.rows)
    assert result.rows[1].difference is not None
