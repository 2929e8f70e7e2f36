"""Candidates. Oracles: slow loops and all pairs."""

import numpy as np

from likewise.applications.duplicates import candidates as module
from likewise.applications.duplicates.candidates import (
    Lists,
    kmeans,
    list_count,
    lists_of,
    minhash_pairs,
    nearest,
    neighbour_pairs,
    pair_keys,
)


def unit(rng, count, dim=16):
    rows = rng.standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def pairs_of(keys, texts):
    return {(int(key) // texts, int(key) % texts) for key in keys}


def slow_pairs(bands, cut, window):
    """Each text with the first of its bucket and the last few before it."""
    found = set()
    for band in bands:
        for text in range(len(band)):
            partners = [one for one in range(text) if band[one] == band[text] and (one < cut or cut == 0)]
            if text >= cut and partners:
                found |= {(one, text) for one in [partners[0], *partners[-window:]]}
    return found


def test_pairs_of_buckets():
    """Witnesses: a slow loop, the law that no more than window + 1 pairs a text and band come of a full bucket."""
    rng = np.random.default_rng(0)
    bands = rng.integers(0, 6, (3, 60)).astype(np.uint64)
    for cut in (0, 20, 60):
        found = pairs_of(minhash_pairs(bands, np.arange(60), cut), 60)
        assert found == slow_pairs(bands, cut, module.WINDOW)
    full = np.zeros((1, 1000), np.uint64)
    assert len(minhash_pairs(full, np.arange(1000))) <= 1000 * (module.WINDOW + 1)
    assert pairs_of(minhash_pairs(full[:, :4], np.array([1, 3])), 4) == {(1, 3)}
    assert len(minhash_pairs(full[:, :0], np.arange(0))) == 0


def test_keys_are_pairs_whatever_their_order():
    keys = pair_keys(np.array([3, 1, 2]), np.array([1, 3, 0]), 5)
    assert pairs_of(keys, 5) == {(1, 3), (0, 2)}


def test_nearest_among_few_is_exact():
    """Witness: the sorted cosines of all pairs."""
    rows = unit(np.random.default_rng(1), 200)
    lists = lists_of(rows, np.random.default_rng(0))
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    found = nearest(rows, rows, lists, -1.0, same=True, k=5)
    assert np.array_equal(found, np.argsort(-cosines, axis=1)[:, :5])
    above = nearest(rows, rows, lists, 0.5, same=True, k=5)
    assert all(set(above[row]) - {-1} <= set(np.flatnonzero(cosines[row] > 0.5)) for row in range(200))
    other = nearest(rows[:10], rows, lists, 0.9, same=False, k=1)
    assert np.array_equal(other[:, 0], np.arange(10))  # not the texts themselves: each finds its equal
    assert pairs_of(neighbour_pairs(other, 200, 210), 210) == {(row, 200 + row) for row in range(10)}
    assert len(neighbour_pairs(np.full((3, 2), -1), 0, 3)) == 0


def test_lists_find_nearly_all_that_is_near():
    """It finds what is near: a pair of vectors at cosine 0.95 is found in the two nearest lists nearly always."""
    rng = np.random.default_rng(2)
    rows = unit(rng, 1500)
    near = rows[:300] + 0.3 * unit(rng, 300)
    rows = np.concatenate([rows, near / np.linalg.norm(near, axis=1, keepdims=True)]).astype(np.float32)
    lists = lists_of(rows, np.random.default_rng(0), exhaustive=100)
    assert len(lists.centroids) == 42 and len(np.unique(lists.rows)) == 1800
    found = nearest(rows, rows, lists, 0.5, same=True)
    assert np.mean([1500 + row in found[row] for row in range(300)]) > 0.85


def test_an_empty_list_is_passed_over():
    rows = unit(np.random.default_rng(3), 4)
    lists = Lists(rows[:2], np.array([0, 0, 4]), np.arange(4))
    assert np.array_equal(nearest(rows, rows, lists, -1.0, same=True, k=1) >= 0, np.ones((4, 1), bool))


def scaled(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_clusters_are_found_again():
    """It learns: far clusters come apart."""
    rng = np.random.default_rng(0)
    own = np.repeat(np.arange(5), 60)
    rows = scaled(np.eye(5, 16)[own] + 0.05 * rng.standard_normal((300, 16)))
    lists = np.argmax(rows @ kmeans(rows, 5, np.random.default_rng(1)).T, axis=1)
    assert len(set(zip(own.tolist(), lists.tolist(), strict=True))) == 5
    again = np.argmax(rows @ kmeans(rows, 5, np.random.default_rng(1)).T, axis=1)
    np.testing.assert_array_equal(lists, again)


def test_fewer_vectors_than_lists():
    rows = scaled(np.random.default_rng(0).standard_normal((3, 4)))
    assert kmeans(np.vstack([rows, np.zeros((4, 4), np.float32)]), 9, np.random.default_rng(0)).shape == (3, 4)
    assert [list_count(count) for count in (0, 1, 10_000, 1_000_000)] == [1, 1, 100, 1000]
