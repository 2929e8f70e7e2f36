"""Clusters, neighbours and map. Oracles: slow loops, closed forms, laws, and that topics are found."""

import json
import math

import numpy as np
import pytest
from report_cards import TOPICS, topical_words

from likewise.report.neighbours import distinctive_words, draw_map, find_clusters, find_neighbours, positions
from likewise.report.sample import Sample


def test_texts_of_a_topic_lie_together(sample):
    """It learns: the nearest text on the map is of the same topic for nine of ten, where chance gives one of twelve."""
    points = positions(sample.vectors)
    assert points.shape == (len(sample), 2)
    apart = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(apart, np.inf)
    topics = np.arange(len(sample)) % TOPICS
    assert (topics[apart.argmin(1)] == topics).mean() > 0.9


def test_the_same_vectors_have_the_same_positions(sample):
    """A law: to the byte."""
    assert positions(sample.vectors[:60]).tobytes() == positions(sample.vectors[:60]).tobytes()


@pytest.mark.parametrize("texts", [2, 3, 11, 12, 13])
def test_few_texts_have_positions(texts):
    vectors = np.random.default_rng(0).standard_normal((texts, 8)).astype(np.float32)
    points = positions(vectors)
    assert points.shape == (texts, 2)
    assert np.isfinite(points).all()


def test_two_texts_lie_on_a_line():
    """A closed form: PCA's one direction, scaled to a deviation of 1."""
    points = positions(np.eye(2, dtype=np.float32))
    np.testing.assert_allclose(np.abs(points[:, 0]), 1, rtol=1e-6)
    np.testing.assert_allclose(points[0] + points[1], 0, atol=1e-6)


def test_vectors_of_one_dimension_have_positions():
    assert positions(np.array([[1.0], [-1.0], [1.0]], np.float32)).shape == (3, 2)


@pytest.mark.parametrize("vectors", [np.zeros((0, 4)), np.ones((1, 4)) / 2, np.ones((40, 4)) / 2])
def test_equal_texts_have_no_map(vectors):
    vectors = vectors.astype(np.float32)
    assert positions(vectors) is None
    sample = Sample(("a",) * len(vectors), vectors, (frozenset(),) * len(vectors), 0)
    assert draw_map(sample, None) is None


def test_the_map_shows_every_text_once(sample):
    plot = json.loads(draw_map(sample, find_clusters(sample)).json)
    shown = [text for group in plot["data"] for text in group["hovertext"]]
    assert len(shown) == len(sample)
    assert shown[0].replace("<br>", " ") in sample.texts
    assert all(group["name"].endswith(f"({len(group['hovertext'])})") for group in plot["data"])


def sample_of(vectors, words=None):
    texts = tuple(f"text {row}" for row in range(len(vectors)))
    words = tuple(frozenset(text.split()) for text in texts) if words is None else words
    return Sample(texts, np.asarray(vectors, np.float32), words, 0)


def test_clusters_are_topics(sample):
    """It learns: 95 % of the texts of a topic fall into one cluster, where chance would put a third there."""
    found = find_clusters(sample)
    assert len(found.names) == len(sample) // 30 == found.labels.max() + 1
    sizes = np.bincount(found.labels).tolist()
    assert sizes == sorted(sizes, reverse=True)
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
    names = distinctive_words(words, labels)
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
    assert np.bincount(found.labels).tolist() == [100, 20]


def rng():
    return np.random.default_rng(0)


def test_neighbours_are_those_of_a_slow_loop(sample):
    """A slow loop in float64: all other texts sorted by their cosine; and nine of ten are of the text's topic."""
    found = find_neighbours(sample, find_clusters(sample), rng())
    assert [one.typical for one in found] == [True] * 4 + [False] * 4
    assert len({one.text for one in found}) == 8
    same = []
    for one in found:
        row = sample.texts.index(one.text)
        cosines = sample.vectors.astype(np.float64) @ sample.vectors[row]
        others = sorted((other for other in range(len(sample)) if other != row), key=lambda other: -cosines[other])
        np.testing.assert_allclose([near.cosine for near in one.neighbours], cosines[others[:3]], atol=1e-6)
        for near in one.neighbours:
            other = sample.texts.index(near.text)
            same.append(other % TOPICS == row % TOPICS)
            assert set(near.shared) <= sample.words[row] & sample.words[other]
    assert np.mean(same) >= 0.9


def test_frequent_words_are_not_shown_as_shared():
    """A closed form: of two shared words only the one that two of five texts hold is named, and no single letter."""
    words = tuple(frozenset({"the", "x", f"own{row}"} | ({"rare"} if row < 2 else set())) for row in range(5))
    vectors = np.eye(5, dtype=np.float32)
    vectors[1] = vectors[0]
    sample = Sample(tuple(f"text {row}" for row in range(5)), vectors, words, 0)
    found = find_neighbours(sample, None, rng())
    first = next(one for one in found if one.text in ("text 0", "text 1"))
    assert first.neighbours[0].shared == ("rare",)
    assert first.neighbours[1].shared == ()


def test_one_text_has_no_neighbours():
    assert find_neighbours(Sample(("a",), np.ones((1, 1), np.float32), (frozenset("a"),), 0), None, rng()) == ()


def test_two_texts_have_each_other():
    sample = Sample(("a", "b"), np.ones((2, 1), np.float32), (frozenset("a"), frozenset("b")), 0)
    found = find_neighbours(sample, None, rng())
    assert sorted((one.text, one.neighbours[0].text) for one in found) == [("a", "b"), ("b", "a")]
