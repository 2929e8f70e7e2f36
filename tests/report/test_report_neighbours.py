"""Neighbours. Oracles: a slow loop in float64, a law, and that neighbours are of the same topic."""

import numpy as np
from report_cards import TOPICS

from likewise.report.clusters import find_clusters, find_neighbours
from likewise.report.sample import Sample


def rng():
    return np.random.default_rng(0)


def test_the_slow_loop(sample):
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


def test_words_that_most_texts_share_say_nothing():
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
