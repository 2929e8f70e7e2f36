"""Clusters and their words. Oracles: a slow loop, closed forms, and that topics are found."""

import math

import numpy as np
import pytest
from report_cards import TOPICS, topical_words

from likewise.report.clusters import find_clusters, telling_words
from likewise.report.sample import Sample


def sample_of(vectors, words=None):
    texts = tuple(f"text {row}" for row in range(len(vectors)))
    words = tuple(frozenset(text.split()) for text in texts) if words is None else words
    return Sample(texts, np.asarray(vectors, np.float32), words, 0)


def test_clusters_are_topics(sample):
    """It learns: 95 % of the texts of a topic fall into one cluster, where chance would put a third there."""
    found = find_clusters(sample)
    assert len(found.names) == len(sample) // 30 == found.labels.max() + 1
    assert found.sizes.tolist() == np.bincount(found.labels).tolist() == sorted(found.sizes, reverse=True)
    topics = np.arange(len(sample)) % TOPICS
    together = [np.bincount(found.labels[topics == topic]).max() for topic in range(TOPICS)]
    assert sum(together) > 0.95 * len(sample)
    assert (found.labels[found.central] == np.arange(len(found.names))).all()


def test_a_cluster_is_named_by_words_of_its_own(sample):
    """A law: all words that name a cluster are words of the topics in it."""
    found = find_clusters(sample)
    words = topical_words()
    for label, name in enumerate(found.names):
        topics = {row % TOPICS for row in np.flatnonzero(found.labels == label)}
        assert set(name.split(", ")) <= {word for topic in topics for word in words[topic]}


def test_the_words_of_the_slow_loop():
    """A slow loop: p log(p / q) of each word; of equals the first by the alphabet."""
    words = tuple(frozenset(text.split()) for text in ("a1 b c", "a1 b", "b c 42", "b 42 d", "x数 42", "数 42"))
    labels = np.array([0, 0, 1, 1, 2, 2])
    names = telling_words(words, labels)
    for label, name in enumerate(names):
        inside = [some for some, own in zip(words, labels, strict=True) if own == label]
        scores = {}
        for word in set().union(*inside):
            p, q = (sum(word in one for one in some) / len(some) for some in (inside, words))
            if p * len(inside) >= 2 and not word.isnumeric() and (len(word) > 1 or not word.isascii()):
                scores[word] = p * math.log(p / q)
        assert name == (", ".join(sorted(scores, key=lambda word: (-scores[word], word))[:3]) or f"group {label + 1}")
    assert names == ["a1", "group 2", "group 3"]


@pytest.mark.parametrize("vectors", [[[1.0, 0.0]], [[1.0, 0.0]] * 40])
def test_equal_vectors_have_no_clusters(vectors):
    assert find_clusters(sample_of(vectors)) is None


def test_no_more_clusters_than_different_vectors():
    found = find_clusters(sample_of([[1.0, 0.0]] * 100 + [[0.0, 1.0]] * 20))
    assert found.sizes.tolist() == [100, 20]
