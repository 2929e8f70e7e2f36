"""The map. Oracles: closed forms, laws, and that neighbours in space are neighbours on the map."""

import json

import numpy as np
import pytest
from report_cards import TOPICS

from likewise.report.clusters import find_clusters
from likewise.report.projection import draw_map, positions
from likewise.report.sample import Sample


def test_texts_of_a_topic_lie_together(sample):
    """It learns: the nearest text on the map is of the same topic for nine of ten, where chance gives one of twelve."""
    places = positions(sample.vectors)
    assert places.shape == (len(sample), 2)
    apart = ((places[:, None] - places[None]) ** 2).sum(-1)
    np.fill_diagonal(apart, np.inf)
    topics = np.arange(len(sample)) % TOPICS
    assert (topics[apart.argmin(1)] == topics).mean() > 0.9


def test_the_same_vectors_have_the_same_places(sample):
    """A law: to the byte."""
    assert positions(sample.vectors[:60]).tobytes() == positions(sample.vectors[:60]).tobytes()


@pytest.mark.parametrize("texts", [2, 3, 11, 12, 13])
def test_few_texts_have_places_too(texts):
    vectors = np.random.default_rng(0).standard_normal((texts, 8)).astype(np.float32)
    places = positions(vectors)
    assert places.shape == (texts, 2)
    assert np.isfinite(places).all()


def test_two_texts_lie_on_a_line():
    """A closed form: PCA's one direction, scaled to a deviation of 1."""
    places = positions(np.eye(2, dtype=np.float32))
    np.testing.assert_allclose(np.abs(places[:, 0]), 1, rtol=1e-6)
    np.testing.assert_allclose(places[0] + places[1], 0, atol=1e-6)


def test_vectors_of_one_number_have_places():
    assert positions(np.array([[1.0], [-1.0], [1.0]], np.float32)).shape == (3, 2)


@pytest.mark.parametrize("vectors", [np.zeros((0, 4)), np.ones((1, 4)) / 2, np.ones((40, 4)) / 2])
def test_what_is_all_alike_has_no_map(vectors):
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
