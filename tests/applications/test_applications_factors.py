"""The closed form: what it is, two ways to it, and the law that new items rest on."""

import numpy as np
import pytest
from scipy import sparse

from likewise.applications.recommend import ease as factors
from likewise.applications.recommend.ease import joint_basis


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    chosen = (rng.random((30, 40)) < 0.2).astype(np.float32)
    chosen[:, 5] = 0
    return chosen, rng.standard_normal((40, 6)).astype(np.float32)


def test_the_products_are_the_weights_of_ease(data):
    """The formula in float64: off the diagonal, and up to the scale of a column, those of EASE with texts as users."""
    chosen, texts = data
    texts_map, residual = joint_basis(sparse.csr_array(chosen), texts, 100, 3.0).shrunk(2.0)
    items = texts @ texts_map + residual
    stacked = np.concatenate([chosen, np.sqrt(3.0) * texts.T]).astype(float)
    inverse = np.linalg.inv(stacked.T @ stacked + 2.0 * np.eye(40))
    ease = -inverse / np.diag(inverse)
    known = chosen.any(axis=0)  # the others are what their texts tell
    items, ease, inverse = items[known], ease[np.ix_(known, known)], inverse[np.ix_(known, known)]
    np.testing.assert_allclose(items @ items.T, np.eye(len(items)) - 2.0 * inverse, atol=1e-4)
    products = (items @ items.T) / (1 - np.sum(items**2, axis=1))
    others = ~np.eye(len(items), dtype=bool)
    np.testing.assert_allclose(products[others], ease[others], atol=1e-3)


def test_an_item_that_nobody_chose_has_no_residual(data):
    """A law: it is its text alone, and each other item is its text and something of its own."""
    chosen, texts = data
    _, residual = joint_basis(sparse.csr_array(chosen), texts, 10, 3.0).shrunk(2.0)
    assert not residual[5].any() and residual[chosen.any(axis=0)].any(axis=1).all()


def test_few_items_and_many_users_go_by_the_items(data):
    """Two ways that must meet: the products of rows, and those of columns."""
    chosen, texts = data[0][:, :20], data[1][:20]
    by_columns = joint_basis(sparse.csr_array(chosen), texts, 9, 3.0)
    stacked = np.concatenate([chosen, np.sqrt(3.0) * texts.T])
    np.testing.assert_allclose(by_columns.singular, np.linalg.svd(stacked)[1][:9], rtol=1e-5)
    known = chosen.any(axis=0)
    items = (texts @ by_columns.texts + by_columns.choices)[known]
    right = np.linalg.svd(stacked)[2][:9].T * np.linalg.svd(stacked)[1][:9]
    np.testing.assert_allclose(items @ items.T, (right @ right.T)[known][:, known], rtol=1e-4, atol=1e-4)


def test_two_ways_meet(data, monkeypatch):
    """Dense products, and a decomposition that forms none."""
    chosen, texts = data
    dense = joint_basis(sparse.csr_array(chosen), texts, 8, 3.0)
    monkeypatch.setattr(factors, "MOST_DENSE", 1)
    iterated = joint_basis(sparse.csr_array(chosen), texts, 8, 3.0)
    np.testing.assert_allclose(iterated.singular, dense.singular, rtol=1e-5)
    ours, others = (texts @ each.texts + each.choices for each in (iterated, dense))
    np.testing.assert_allclose(ours @ ours.T, others @ others.T, rtol=1e-3, atol=1e-2)  # float32 products of ~30
