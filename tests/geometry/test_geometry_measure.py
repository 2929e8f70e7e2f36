"""The geometry of a space. Oracles: slow loops from the papers in float64, closed forms, laws, two paths, it learns."""

from dataclasses import asdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry.collapse import collapse
from likewise.geometry.held_out_retrieval import disjoint_halves, held_out_retrieval
from likewise.geometry.measure import Geometry, alignment, effective_rank, mean_cosine, measure, uniformity
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
    return disjoint_halves(topical_texts(rng, 200), np.zeros(TOPICS * WORDS, np.bool_), rng)


def test_random_rows_score_as_chance_and_topic_rows_far_better(halves):
    """It learns: rows that encode the topics beat random rows, which score as chance does, ten times over."""
    rng = np.random.default_rng(1)
    random = measure(encoder_of(rng.standard_normal((TOPICS * WORDS, 32))), halves, rng)
    topics = np.repeat(rng.standard_normal((TOPICS, 32)), WORDS, axis=0)
    informed = measure(encoder_of(topics), halves, rng)
    assert random.mrr < 0.06  # chance is 0.03
    assert informed.mrr > 0.3  # the five texts of a topic are all alike: about 0.45
    assert informed.alignment < random.alignment
    assert collapse(informed) is None
    assert collapse(random) is None


def test_the_metrics_are_those_measured_alone(halves):
    """Two paths: all at once, and each metric alone."""
    encode = encoder_of(np.random.default_rng(2).standard_normal((TOPICS * WORDS, 16)))
    seen = measure(encode, halves, np.random.default_rng(3))
    alone = held_out_retrieval(encode(halves.anchors), encode(halves.positives))
    assert (seen.mrr, seen.recall_at_1, seen.recall_at_10) == (alone.mrr, alone.recall_at_1, alone.recall_at_10)
    assert seen.effective_rank == effective_rank(encode(halves.anchors))
    assert (seen.dim, seen.texts) == (16, len(halves))
    assert Geometry(**asdict(seen)) == seen


def test_one_vector_for_all_is_a_collapse(halves):
    """A closed form: cosine 1 between all texts."""
    seen = measure(lambda texts: np.full((len(texts), 16), 0.25, np.float32), halves, np.random.default_rng(0))
    sentence = collapse(seen)
    assert sentence is not None
    assert sentence.startswith("different texts look alike (mean cosine 1.00")


def geometry(**changed):
    healthy = {
        "mrr": 0.3, "recall_at_1": 0.2, "recall_at_10": 0.5, "alignment": 0.5, "uniformity": -3.0,
        "effective_rank": 100.0, "mean_cosine": 0.05, "dim": 256, "texts": 2000,
    }  # fmt: skip
    return Geometry(**{**healthy, **changed})


@pytest.mark.parametrize(
    ("changed", "best", "expected"),
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
def test_the_alarms(changed, best, expected):
    verdict = collapse(geometry(**changed), best=best)
    assert verdict is None if expected is None else verdict is not None and expected in verdict


@pytest.mark.parametrize("texts", [0, 1])
def test_too_few_texts_raise_no_alarm(texts):
    pair = disjoint_halves(Ragged.of([[0, 1, 2, 3]] * texts), np.zeros(4, np.bool_), np.random.default_rng(0))
    seen = measure(lambda views: np.ones((len(views), 4), np.float32) / 2, pair, np.random.default_rng(0))
    assert seen.texts == texts
    assert np.isnan(seen.mean_cosine)
    assert collapse(seen, best=seen.mrr) is None


def unit_rows(seed, texts, dim):
    rows = np.random.default_rng(seed).standard_normal((texts, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(2, 20), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_the_slow_loops_of_the_paper(texts, dim, seed):
    """Slow loops over pairs in float64; float32 similarities differ by 1e-6."""
    a, b = unit_rows(seed, texts, dim), unit_rows(seed + 1, texts, dim)
    pairs = [(x.astype(np.float64), y.astype(np.float64)) for x, y in combinations(a, 2)]
    unif = np.log(np.mean([np.exp(-2 * ((x - y) ** 2).sum()) for x, y in pairs]))
    assert uniformity(a, np.random.default_rng(0)) == pytest.approx(unif, abs=1e-5)
    assert mean_cosine(a) == pytest.approx(np.mean([x @ y for x, y in pairs]), abs=1e-6)
    assert alignment(a, b) == pytest.approx(
        np.mean([((x - y) ** 2).sum() for x, y in zip(a, b, strict=True)]), rel=1e-5
    )


def test_equal_vectors():
    """A closed form: alignment 0, uniformity 0, mean cosine 1."""
    same = np.repeat(unit_rows(0, 1, 64), 50, axis=0)
    assert alignment(same, same) == 0
    assert uniformity(same, np.random.default_rng(0)) == pytest.approx(0, abs=1e-5)
    assert mean_cosine(same) == pytest.approx(1, abs=1e-6)


def test_two_opposite_vectors():
    """A closed form: |x - y|² = 4 gives -4 t, and the logarithm does not overflow at any t."""
    opposite = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)
    for exponent in (2.0, 1000.0):
        assert uniformity(opposite, np.random.default_rng(0), exponent=exponent) == pytest.approx(-4 * exponent)
    assert mean_cosine(opposite) == -1
    assert alignment(opposite[:1], opposite[1:]) == 4


def test_a_wide_sphere():
    """A closed form: in many dimensions |x - y|² is nearly 2, so uniformity is a little above -4 and the cosine 0."""
    spread = unit_rows(0, 2000, 1024)
    assert uniformity(spread, np.random.default_rng(0)) == pytest.approx(-4 + 8 / 1024, abs=0.002)
    assert mean_cosine(spread) == pytest.approx(0, abs=0.001)


def test_a_sample_is_near_the_whole_and_the_generator_decides_it():
    """Two paths: pairs of a sample and all pairs."""
    vectors = unit_rows(3, 900, 8)
    whole = uniformity(vectors, np.random.default_rng(0))
    sampled = uniformity(vectors, np.random.default_rng(0), sample=300)
    assert sampled == pytest.approx(whole, abs=0.05)
    assert sampled == uniformity(vectors, np.random.default_rng(0), sample=300)
    assert sampled != uniformity(vectors, np.random.default_rng(1), sample=300)


@pytest.mark.parametrize("texts", [0, 1])
def test_too_few_vectors_give_nan(texts):
    vectors = unit_rows(0, texts, 4)
    assert np.isnan(uniformity(vectors, np.random.default_rng(0)))
    assert np.isnan(mean_cosine(vectors))
    assert np.isnan(alignment(vectors, vectors)) == (texts == 0)


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_the_formula_of_the_paper(texts, dim, seed):
    """A slow path: singular values by SVD in float64, as RankMe writes it."""
    vectors = np.random.default_rng(seed).standard_normal((texts, dim))
    values = np.linalg.svd(vectors, compute_uv=False)
    q = values / values.sum()
    assert effective_rank(vectors) == pytest.approx(np.exp(-np.sum(q * np.log(q))), rel=1e-6)


@pytest.mark.parametrize("rank", [1, 3, 16])
def test_the_rank_of_equally_used_directions(rank):
    """A closed form: n orthogonal directions used equally have rank n, for float32 too."""
    vectors = np.eye(rank, 32, dtype=np.float32)[np.arange(rank * 5) % rank]
    assert effective_rank(vectors) == pytest.approx(rank, rel=1e-6)


def test_scale_rotation_and_order_do_not_matter():
    """Laws."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 8)) @ np.diag(np.arange(1, 9))
    rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    expected = effective_rank(vectors)
    assert effective_rank(7 * vectors @ rotation) == pytest.approx(expected, rel=1e-9)
    assert effective_rank(vectors[::-1]) == pytest.approx(expected, rel=1e-9)
    assert effective_rank(vectors.T) == pytest.approx(expected, rel=1e-9)
    assert 1 <= expected <= 8


@pytest.mark.parametrize("shape", [(0, 4), (5, 4), (0, 0)])
def test_zeros_have_rank_zero(shape):
    assert effective_rank(np.zeros(shape, np.float32)) == 0
