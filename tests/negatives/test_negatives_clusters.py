"""Clustered batches. Oracles: clusters that are known, laws of an epoch, random batches, hardness as it is meant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.negatives.clusters import cluster_labels, clustered_batches
from likewise.training.step import batch_indices


def blobs(rng, clusters, each):
    centres = np.linalg.qr(rng.standard_normal((16, 16)))[0][:clusters]
    vectors = np.repeat(centres, each, axis=0) + 0.05 * rng.standard_normal((clusters * each, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 60), st.integers(1, 12), st.floats(0, 1), st.integers(1, 5), st.integers(0, 99))
def test_every_text_is_seen_once_in_batches_of_nearly_one_size(texts, size, share, clusters, seed):
    """Laws: a permutation of the texts, cut into batches as long as those that are random; the seed decides."""
    labels = np.random.default_rng(seed).integers(0, clusters, texts)
    batches = clustered_batches(labels, size, np.random.default_rng(seed), share)
    assert sorted(np.concatenate(batches).tolist()) == list(range(texts))
    plain = batch_indices(texts, size, np.random.default_rng(seed))
    assert sorted(map(len, batches)) == sorted(map(len, plain))
    again = clustered_batches(labels, size, np.random.default_rng(seed), share)
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in again]


def test_clusters_that_are_plain_are_found():
    """A closed form: eight far clusters of 50 get eight labels; the same seed gives the same."""
    vectors = blobs(np.random.default_rng(0), 8, 50)
    labels = [cluster_labels(vectors, 10, np.random.default_rng(1), clusters=8) for _ in range(2)]
    np.testing.assert_array_equal(*labels)
    pure = [len(set(labels[0][first : first + 50].tolist())) == 1 for first in range(0, 400, 50)]
    assert sum(pure) >= 6  # k-means may part one cluster and join two
    assert cluster_labels(vectors, 10, np.random.default_rng(1)).max() == 9


def test_the_share_is_of_batches_of_one_cluster():
    """A closed form: 4 clusters of 100 in batches of 10; the share of 40 is of one, or two at a seam."""
    labels = np.repeat(np.arange(4), 100)
    for share in (0.0, 0.75, 1.0):
        batches = clustered_batches(labels, 10, np.random.default_rng(0), share)
        alike = [np.bincount(labels[batch]).max() / len(batch) for batch in batches]
        assert abs(sum(each >= 0.9 for each in alike) - 40 * share) <= 4
        assert sum(len(set(labels[batch].tolist())) <= 2 for batch in batches) >= 40 * share


def test_clustered_batches_have_harder_negatives():
    """It does what it is for, with three seeds: another text of the batch is nearer than one of a random batch."""
    for seed in range(3):
        vectors = blobs(np.random.default_rng(seed), 8, 60)
        labels = cluster_labels(vectors, 12, np.random.default_rng(seed))
        nearness = []
        for share in (0.0, 1.0):
            batches = clustered_batches(labels, 12, np.random.default_rng(seed), share)
            nearness.append(np.mean([np.mean(vectors[batch] @ vectors[batch].T) for batch in batches]))
        assert nearness[1] > nearness[0] + 0.3


def test_few_texts_are_one_cluster():
    rng = np.random.default_rng(0)
    assert cluster_labels(np.eye(3, dtype=np.float32), 512, rng).tolist() == [0, 0, 0]
    assert cluster_labels(np.eye(3, dtype=np.float32)[:0], 512, rng).tolist() == []


def test_what_does_not_fit_is_refused():
    labels, rng = np.zeros(4, np.int64), np.random.default_rng(0)
    with pytest.raises(InputError, match=r"a share of 1\.5 clustered"):
        clustered_batches(labels, 2, rng, 1.5)
    with pytest.raises(InputError, match="batches of 0"):
        clustered_batches(labels, 0, rng)
    with pytest.raises(InputError, match="0 clusters for batches of 2"):
        cluster_labels(np.eye(4), 2, rng, clusters=0)
