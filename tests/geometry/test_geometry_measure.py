"""One look at a space. Oracles: two paths (the parts alone), it learns, a closed form of collapse."""

from dataclasses import asdict

import numpy as np
import pytest

from likewise.geometry.collapse import collapse
from likewise.geometry.held_out_retrieval import hard_halves, view_retrieval
from likewise.geometry.measure import Geometry, effective_rank, measure
from likewise.tokens.ragged import Ragged

TOPICS, WORDS = 40, 25  # words of each topic: ids from topic * WORDS


def topical_texts(rng, texts):
    topics = rng.integers(0, TOPICS, texts)
    return Ragged.of([(topic * WORDS + rng.choice(WORDS, 16)).tolist() for topic in topics])


def encoder_of(rows):
    def encode(texts):
        sums = np.stack([rows[texts[row]].sum(axis=0) for row in range(len(texts))])
        return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)

    return encode


@pytest.fixture
def halves():
    rng = np.random.default_rng(0)
    return hard_halves(topical_texts(rng, 200), np.zeros(TOPICS * WORDS, np.bool_), rng)


def test_random_rows_score_as_chance_and_rows_that_know_topics_far_better(halves):
    """It learns: rows that know the topics beat random rows, which chance explains, ten times over."""
    rng = np.random.default_rng(1)
    ignorant = measure(encoder_of(rng.standard_normal((TOPICS * WORDS, 32))), halves, rng)
    topics = np.repeat(rng.standard_normal((TOPICS, 32)), WORDS, axis=0)
    knowing = measure(encoder_of(topics), halves, rng)
    assert ignorant.mrr < 0.06  # chance is 0.03
    assert knowing.mrr > 0.3  # the five texts of a topic are all alike: about 0.45
    assert knowing.alignment < ignorant.alignment
    assert collapse(knowing) is None
    assert collapse(ignorant) is None


def test_the_parts_are_those_measured_alone(halves):
    """Two paths: the look, and its parts."""
    encode = encoder_of(np.random.default_rng(2).standard_normal((TOPICS * WORDS, 16)))
    seen = measure(encode, halves, np.random.default_rng(3))
    alone = view_retrieval(encode(halves.anchors), encode(halves.positives))
    assert (seen.mrr, seen.recall_at_1, seen.recall_at_10) == (alone.mrr, alone.recall_at_1, alone.recall_at_10)
    assert seen.effective_rank == effective_rank(encode(halves.anchors))
    assert (seen.dim, seen.texts) == (16, len(halves))
    assert Geometry(**asdict(seen)) == seen


def test_one_vector_for_all_is_a_collapse(halves):
    """A closed form: cosine 1 between all texts."""
    seen = measure(lambda texts: np.full((len(texts), 16), 0.25, np.float32), halves, np.random.default_rng(0))
    told = collapse(seen)
    assert told is not None
    assert told.startswith("different texts look alike (mean cosine 1.00")


def geometry(**changed):
    healthy = {
        "mrr": 0.3, "recall_at_1": 0.2, "recall_at_10": 0.5, "alignment": 0.5, "uniformity": -3.0,
        "effective_rank": 100.0, "mean_cosine": 0.05, "dim": 256, "texts": 2000,
    }  # fmt: skip
    return Geometry(**{**healthy, **changed})


@pytest.mark.parametrize(
    ("changed", "best", "told"),
    [
        ({}, None, None),
        ({}, 0.4, None),
        ({"mean_cosine": 0.61}, None, "different texts look alike"),
        ({"effective_rank": 9.0}, None, "use 9.0 of 256 directions"),
        ({"effective_rank": 9.0, "dim": 32}, None, None),
        ({"effective_rank": 7.0, "dim": 32}, None, "use 7.0 of 32 directions (healthy is above 8, unless"),
        ({"effective_rank": 5.0, "texts": 12}, None, None),
        ({"mrr": 0.1}, None, None),
        ({"mrr": 0.1}, 0.3, "the score fell to 0.100 from 0.300"),
    ],
)
def test_the_alarms(changed, best, told):
    verdict = collapse(geometry(**changed), best=best)
    assert verdict is None if told is None else verdict is not None and told in verdict


@pytest.mark.parametrize("texts", [0, 1])
def test_too_few_texts_raise_no_alarm(texts):
    pair = hard_halves(Ragged.of([[0, 1, 2, 3]] * texts), np.zeros(4, np.bool_), np.random.default_rng(0))
    seen = measure(lambda views: np.ones((len(views), 4), np.float32) / 2, pair, np.random.default_rng(0))
    assert seen.texts == texts
    assert np.isnan(seen.mean_cosine)
    assert collapse(seen, best=seen.mrr) is None
