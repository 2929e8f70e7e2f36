"""Clusters: what belongs together comes together."""

import numpy as np

from likewise.applications.duplicates.candidates import clustered, list_count


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_clusters_are_found_again():
    """It learns: far clusters come apart."""
    rng = np.random.default_rng(0)
    own = np.repeat(np.arange(5), 60)
    rows = unit(np.eye(5, 16)[own] + 0.05 * rng.standard_normal((300, 16)))
    lists = np.argmax(rows @ clustered(rows, 5, np.random.default_rng(1)).T, axis=1)
    assert len(set(zip(own.tolist(), lists.tolist(), strict=True))) == 5
    again = np.argmax(rows @ clustered(rows, 5, np.random.default_rng(1)).T, axis=1)
    np.testing.assert_array_equal(lists, again)


def test_fewer_vectors_than_lists():
    rows = unit(np.random.default_rng(0).standard_normal((3, 4)))
    assert clustered(np.vstack([rows, np.zeros((4, 4), np.float32)]), 9, np.random.default_rng(0)).shape == (3, 4)
    assert [list_count(count) for count in (0, 1, 10_000, 1_000_000)] == [1, 1, 100, 1000]
