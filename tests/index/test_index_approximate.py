"""Lists: what they hold, and what recall they promise."""

import numpy as np

from likewise.index.approximate import WANTED_RECALL, Lists, assigned, clustered, list_count, probes_for


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_clusters_are_found_again():
    """It learns: far clusters come apart."""
    rng = np.random.default_rng(0)
    own = np.repeat(np.arange(5), 60)
    rows = unit(np.eye(5, 16)[own] + 0.05 * rng.standard_normal((300, 16)))
    lists = assigned(rows, clustered(rows, 5, np.random.default_rng(1)))
    assert len(set(zip(own.tolist(), lists.tolist(), strict=True))) == 5
    again = assigned(rows, clustered(rows, 5, np.random.default_rng(1)))
    np.testing.assert_array_equal(lists, again)


def test_fewer_texts_than_lists():
    rows = unit(np.random.default_rng(0).standard_normal((3, 4)))
    assert clustered(np.vstack([rows, np.zeros((4, 4), np.float32)]), 9, np.random.default_rng(0)).shape == (3, 4)
    assert [list_count(count) for count in (0, 1, 10_000, 1_000_000)] == [1, 1, 100, 1000]


def lists_of(rng, count=2000, dim=12, lists=40):
    rows = unit(rng.standard_normal((count, dim)))
    centroids = clustered(rows, lists, rng)
    of_row = assigned(rows, centroids)
    order = np.argsort(of_row, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of_row, minlength=lists))])
    return rows[order], centroids, offsets


def test_the_promised_recall_is_the_recall():
    """Two paths: the probes chosen from ranks, and the search that looks into so many lists."""
    rng = np.random.default_rng(0)
    rows, centroids, offsets = lists_of(rng)
    queries = unit(rng.standard_normal((100, 12)))
    neighbours = [np.argsort(-(rows @ query))[:10] for query in queries]
    probes, recall = probes_for(queries, neighbours, centroids, offsets)
    assert WANTED_RECALL <= recall <= 1 and 1 <= probes < 40

    def measured(probes):
        lists = Lists(centroids, offsets, probes, recall)
        blocks = [lists.near(query, 1) for query in queries]
        scanned = [some.rows(np.arange((some.stops - some.starts).sum())) for some in blocks]
        return np.mean([np.isin(near, rows) for near, rows in zip(neighbours, scanned, strict=True)])

    np.testing.assert_allclose(measured(probes), recall)
    assert measured(probes - 1) < WANTED_RECALL  # the fewest that do


def test_enough_lists_for_k():
    rng = np.random.default_rng(0)
    rows, centroids, offsets = lists_of(rng)
    few = Lists(centroids, offsets, 1, 0.0)
    some = few.near(rows[0], 30)
    assert (some.stops - some.starts).sum() >= 300
    everything = few.near(rows[0], 10**6)
    assert (everything.stops - everything.starts).sum() == len(rows)


def test_no_neighbours_to_measure():
    assert probes_for(
        np.zeros((1, 4), np.float32), [np.zeros(0, np.int64)], np.eye(4, dtype=np.float32), np.arange(5)
    ) == (
        4,
        1.0,
    )
