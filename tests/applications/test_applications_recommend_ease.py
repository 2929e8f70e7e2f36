"""EASE with texts: its formula, two paths to it, pooling by a slow loop, and the choice of its settings."""

import numpy as np
import pytest
from scipy import sparse
from taste import Words, taste

from likewise.applications.recommend.ease import (
    Ease,
    EaseSettings,
    TextProjection,
    choose_settings,
    encode_texts,
    factorize,
    held_out_ranks,
)
from likewise.applications.recommend.interactions import Histories


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    chosen = (rng.random((30, 40)) < 0.2).astype(np.float32)
    chosen[:, 5] = 0
    return chosen, rng.standard_normal((40, 6)).astype(np.float32)


def test_products_are_the_weights_of_ease(data):
    """The formula in float64: the weights of EASE with texts as users, off the diagonal, up to the scale of a column.

    An item that nobody chose is its text alone: it has no residual, and all others have one.
    """
    chosen, texts = data
    ease = factorize(sparse.csr_array(chosen), texts, 100, 3.0).shrink(EaseSettings(ridge=2.0))
    items = ease.item_vectors(texts)
    stacked = np.concatenate([chosen, np.sqrt(3.0) * texts.T]).astype(float)
    inverse = np.linalg.inv(stacked.T @ stacked + 2.0 * np.eye(40))
    weights = -inverse / np.diag(inverse)
    known = chosen.any(axis=0)  # the others are what their texts explain
    items, weights, inverse = items[known], weights[np.ix_(known, known)], inverse[np.ix_(known, known)]
    np.testing.assert_allclose(items @ items.T, np.eye(len(items)) - 2.0 * inverse, atol=1e-4)
    products = (items @ items.T) / (1 - np.sum(items**2, axis=1))
    off_diagonal = ~np.eye(len(items), dtype=bool)
    np.testing.assert_allclose(products[off_diagonal], weights[off_diagonal], atol=1e-3)
    assert not ease.residuals[5].any() and ease.residuals[known].any(axis=1).all()


def test_few_items_use_the_gram_matrix_of_the_columns(data):
    """Two paths that agree: Gram matrices of the columns, and the SVD of the stacked matrix."""
    chosen, texts = data[0][:, :20], data[1][:20]
    factors = factorize(sparse.csr_array(chosen), texts, 9, 3.0)
    stacked = np.concatenate([chosen, np.sqrt(3.0) * texts.T])
    _, singular, right = np.linalg.svd(stacked)
    np.testing.assert_allclose(factors.singular_values, singular[:9], rtol=1e-5)
    known = chosen.any(axis=0)
    items = (texts @ factors.text_map + factors.residuals)[known]
    wanted = right[:9].T * singular[:9]
    np.testing.assert_allclose(items @ items.T, (wanted @ wanted.T)[known][:, known], rtol=1e-4, atol=1e-4)


def test_dense_and_iterative_decompositions_agree(data):
    chosen, texts = data
    dense = factorize(sparse.csr_array(chosen), texts, 8, 3.0)
    iterative = factorize(sparse.csr_array(chosen), texts, 8, 3.0, max_dense=1)
    np.testing.assert_allclose(iterative.singular_values, dense.singular_values, rtol=1e-5)
    ours, others = (texts @ each.text_map + each.residuals for each in (iterative, dense))
    np.testing.assert_allclose(ours @ ours.T, others @ others.T, rtol=1e-3, atol=1e-2)  # float32 products of ~30


def test_scores_equal_a_slow_loop():
    """The formula, one item at a time: recent items weigh most for known items, and all the same for new ones."""
    rng = np.random.default_rng(0)
    histories = Histories.of([np.array(each, np.int32) for each in ([0, 3, 2, 5, 1], [4], [], [5, 0, 1, 2])])
    items = rng.standard_normal((6, 4)).astype(np.float32)
    new = np.array([0, 1, 0, 0, 0, 1], np.bool_)
    scores = Ease(items[:0], items, np.ones(4, np.float32), 0.5).scores(histories, items, items, new)
    for user in range(4):
        history = histories[user]
        weights = [(len(history) - at) ** -0.5 for at in range(len(history))]
        recent = sum((w * items[i] for w, i in zip(weights, history, strict=True)), np.zeros(4))
        even = sum((items[i] for i in history), np.zeros(4)) * sum(weights) / max(len(history), 1)
        for item in range(6):
            wanted = (even if new[item] else recent) @ items[item] / np.sqrt(sum(weights) or 1)
            np.testing.assert_allclose(scores[user, item], wanted, rtol=1e-4, atol=1e-6)
    assert not scores[2].any()


def test_settings_rank_held_out_items_best():
    """It learns: the chosen settings rank each latest item no worse than the defaults; too few users keep the defaults.

    Users of `taste` choose at random within a kind, so recency means nothing, and the texts tell the kind.
    """
    made = taste(users=60)
    rng = np.random.default_rng(0)
    vectors = encode_texts(Words(), [each["text"] for each in made.items])
    texts = TextProjection.fit(vectors, rng).transform(vectors)
    number = {each["id"]: place for place, each in enumerate(made.items)}
    liked = {}
    for row in made.interactions:
        if row["rating"] >= 4:
            liked.setdefault(row["user"], []).append(number[row["item"]])
    histories = Histories.of([np.array(each, np.int32) for each in liked.values()])
    assert choose_settings(Histories.of([histories[0]]), texts, EaseSettings(), rng) == EaseSettings()
    users = np.arange(len(histories))
    held_out, shorter = histories.items[histories.offsets[1:] - 1], histories.without_last(users)

    def gain(settings):
        ease = factorize(shorter.matrix(60), texts, settings.dim, settings.text_weight).shrink(settings)
        items = ease.item_vectors(texts)
        new = np.bincount(shorter.items, minlength=60) == 0
        ranks = held_out_ranks(ease.scores(shorter, items, items, new), shorter, held_out)
        return np.mean(1 / np.log2(2 + ranks))

    start = EaseSettings(dim=4, recency_exponent=1.0, ridge=1e4, text_weight=1.0)
    assert gain(choose_settings(histories, texts, start, rng)) >= gain(start)


def test_ranks_count_unseen_items():
    """Closed form: better items that were seen do not count, and equal ones count half."""
    scores = np.array([[9, 5, 5, 5, 1], [1, 2, 3, 4, 5]], np.float32)
    seen = Histories.of([np.array([0], np.int32), np.array([4, 3], np.int32)])
    assert held_out_ranks(scores, seen, np.array([1, 0])).tolist() == [1.0, 2.0]


def test_text_projection():
    """Laws: the mean square length is one, blank texts are zeros, and a sample does for many texts."""
    rng = np.random.default_rng(0)
    vectors = encode_texts(Words(), ["tea water", "", "desk lamp", "tent rain camping"])
    projected = TextProjection.fit(vectors, rng).transform(vectors)
    np.testing.assert_allclose(np.mean(np.sum(projected[[0, 2, 3]] ** 2, axis=1)), 1, rtol=1e-5)
    assert not projected[1].any()
    zeros = np.zeros((3, 2), np.float32)
    assert not TextProjection.fit(zeros, rng).transform(zeros).any()
    many = rng.standard_normal((400, 3)).astype(np.float32)
    projected = TextProjection.fit(many, rng, sample=50).transform(many)
    assert 0.7 < np.mean(np.sum(projected**2, axis=1)) < 1.4
