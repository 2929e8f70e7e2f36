"""Held-out retrieval: metrics, disjoint halves, inverse cloze. Oracles: slow loops, closed forms, laws, two paths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry.held_out_retrieval import disjoint_halves, held_out_retrieval, inverse_cloze
from likewise.tokens.ragged import Ragged
from likewise.views.edits import halves

VOCAB = 40
CONTINUES = np.arange(VOCAB) % 3 == 2
WHOLE = np.zeros(VOCAB, np.bool_)

texts_of_subwords = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=40), max_size=12)
seeds = st.integers(0, 2**32 - 1)


def unit_rows(rng, texts, dim):
    rows = rng.standard_normal((texts, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def slow(anchors, positives):
    """Scores by ranking every text's candidates, averaged over every place a tie may put the true one."""
    reciprocal, first, tenth, discounted = [], [], [], []
    for queries, candidates in ((anchors, positives), (positives, anchors)):
        for row, query in enumerate(queries.astype(np.float64)):
            similar = candidates.astype(np.float64) @ query
            better = int((similar > similar[row] + 1e-6).sum())
            equal = int((abs(similar - similar[row]) <= 1e-6).sum())
            ranks = np.arange(better + 1, better + equal + 1)
            reciprocal.append(np.mean(1 / ranks))
            first.append(np.mean(ranks <= 1))
            tenth.append(np.mean(ranks <= 10))
            discounted.append(np.mean(1 / np.log2(1 + ranks)))
    return np.mean(reciprocal), np.mean(first), np.mean(tenth), np.mean(discounted)


@given(st.integers(1, 40), st.integers(1, 4), st.booleans(), st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_scores_are_those_of_the_slow_loop(texts, dim, coarse, seed, tile):
    """A slow loop in float64, with ties (vectors of few values) and tiles of any size."""
    rng = np.random.default_rng(seed)
    anchors, positives = unit_rows(rng, texts, dim), unit_rows(rng, texts, dim)
    if coarse:
        anchors, positives = np.round(anchors), np.round(positives)
    got = held_out_retrieval(anchors, positives, tile=tile)
    found = (got.mrr, got.recall_at_1, got.recall_at_10, got.ndcg)
    np.testing.assert_allclose(found, slow(anchors, positives), rtol=1e-12, atol=2 / texts * 1e-3)
    assert got.texts == texts


@pytest.mark.parametrize("value", [0.0, 0.0625])
def test_equal_vectors_score_as_chance(value):
    """A closed form: all vectors equal, or all zero: the mean of 1 / rank, and k / texts."""
    vectors = np.full((333, 256), value, np.float32)
    got = held_out_retrieval(vectors, vectors)
    assert got.mrr == pytest.approx(np.mean(1 / np.arange(1, 334)), rel=1e-12)
    assert got.mrr == pytest.approx(got.chance, rel=1e-12)
    assert (got.recall_at_1, got.recall_at_10) == pytest.approx((1 / 333, 10 / 333), rel=1e-12)


@pytest.mark.parametrize("dim", [512, 4_096, 16_384])
def test_rounding_does_not_make_a_view_differ_from_itself(dim):
    """A law: a true view that is equal ranks first, also where a sum of many terms is rounded in two orders."""
    rows = np.random.default_rng(0).random((300, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    got = held_out_retrieval(rows, rows)
    assert (got.mrr, got.ndcg, got.recall_at_1) == (1.0, 1.0, 1.0)


def test_equal_views_of_different_texts_score_one():
    """A closed form: every view finds itself."""
    vectors = unit_rows(np.random.default_rng(0), 200, 32)
    got = held_out_retrieval(vectors, vectors)
    assert (got.mrr, got.recall_at_1, got.recall_at_10) == (1.0, 1.0, 1.0)


def test_unrelated_views_score_as_chance():
    """A closed form: random vectors, at most 5 standard errors (0.0018) from chance."""
    rng = np.random.default_rng(0)
    got = held_out_retrieval(unit_rows(rng, 1000, 64), unit_rows(rng, 1000, 64))
    assert got.mrr == pytest.approx(got.chance, abs=0.009)
    assert got.recall_at_10 == pytest.approx(0.01, abs=0.012)


def test_order_direction_and_scale_do_not_matter():
    """Laws: texts permuted, sides exchanged, all vectors scaled: the same score."""
    rng = np.random.default_rng(1)
    anchors = unit_rows(rng, 300, 16)
    positives = anchors + 0.3 * unit_rows(rng, 300, 16)
    order = rng.permutation(300)
    expected = held_out_retrieval(anchors, positives)
    for other in (
        held_out_retrieval(anchors[order], positives[order]),
        held_out_retrieval(positives, anchors),
        held_out_retrieval(2 * anchors, positives),
    ):
        assert other.mrr == pytest.approx(expected.mrr, rel=1e-9)
        assert other.recall_at_10 == pytest.approx(expected.recall_at_10, rel=1e-9)


def test_no_texts_give_nan():
    got = held_out_retrieval(np.zeros((0, 8), np.float32), np.zeros((0, 8), np.float32))
    assert got.texts == 0
    assert np.isnan([got.mrr, got.recall_at_1, got.recall_at_10, got.chance]).all()


def words_of(text):
    words = []
    for subword in text:
        words = [*words[:-1], (*words[-1], subword)] if words and CONTINUES[subword] else [*words, (subword,)]
    return words


def listed(texts):
    return [texts[row].tolist() for row in range(len(texts))]


def listed_words(texts):
    return [words_of(text) for text in listed(texts)]


@given(texts_of_subwords, seeds, st.integers(1, 4))
def test_the_second_half_is_the_slow_filter_of_the_first(texts, seed, min_words):
    """A slow loop: of plain halves, the second without words of the first, texts with too little left dropped."""
    plain = halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=0)
    expected = []
    for left, right in zip(listed(plain.anchors), listed(plain.positives), strict=True):
        first = words_of(left)
        second = [word for word in words_of(right) if word not in first]
        if min(len(first), len(second)) >= min_words:
            expected.append((left, [subword for word in second for subword in word]))
    hard = disjoint_halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), min_words=min_words)
    assert list(zip(listed(hard.anchors), listed(hard.positives), strict=True)) == expected


@given(texts_of_subwords, seeds)
def test_the_halves_share_no_word(texts, seed):
    """A law: no word of the second half occurs in the first, and both have two at the least."""
    hard = disjoint_halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed))
    for left, right in zip(listed(hard.anchors), listed(hard.positives), strict=True):
        assert not set(words_of(left)) & set(words_of(right))
        assert min(len(words_of(left)), len(words_of(right))) >= 2


def test_texts_of_one_word_repeated_are_dropped():
    """A closed form: nothing is left of a second half whose words all occur in the first."""
    texts = Ragged.of([[9], [0] * 10, [0, 1, 3, 4], [], [1]])
    hard = disjoint_halves(texts.slice(1, 5), CONTINUES, np.random.default_rng(0))
    assert len(hard) == 1
    assert sorted(hard.anchors.ids.tolist() + hard.positives.ids.tolist()) == [0, 1, 3, 4]


def without_span(text, span):
    """What is left of a text on either side of each place where the span stands in it."""
    places = [at for at in range(len(text) - len(span) + 1) if text[at : at + len(span)] == span]
    return [text[:at] + text[at + len(span) :] for at in places]


def cloze(texts, seed, shared):
    return inverse_cloze(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), shared=shared)


@given(texts_of_subwords, seeds)
def test_the_rest_is_the_text_without_the_span(texts, seed):
    """A slow loop: each rest is what a text has around its span, and texts come in order."""
    views = cloze(texts, seed, shared=1.0)
    left = iter(words_of(text) for text in texts)
    for span, rest in zip(listed_words(views.anchors), listed_words(views.positives), strict=True):
        assert any(rest in without_span(text, span) for text in left)


@given(texts_of_subwords, seeds, st.sampled_from([0.0, 0.5, 1.0]))
def test_spans_are_short_and_both_sides_have_words(texts, seed, shared):
    """Laws: 2 to 12 words in a span, at most two fifths of the text beyond two, and two words at least in the rest."""
    lengths = {len(words_of(text)) for text in texts}
    views = cloze(texts, seed, shared)
    for span, rest in zip(listed_words(views.anchors), listed_words(views.positives), strict=True):
        assert 2 <= len(span) <= max(2, min(12, round(0.4 * max(lengths))))
        assert len(rest) >= 2


@given(texts_of_subwords, seeds)
def test_nothing_is_shared_where_nothing_may_be(texts, seed):
    """A law: with `shared=0` the rest has no word of the span; with any, a word that stays keeps all its places."""
    none = cloze(texts, seed, shared=0.0)
    for span, rest in zip(listed_words(none.anchors), listed_words(none.positives), strict=True):
        assert not set(span) & set(rest)
    some, every = cloze(texts, seed, shared=0.5), cloze(texts, seed, shared=1.0)
    whole = {
        tuple(map(tuple, span)): rest
        for span, rest in zip(listed_words(every.anchors), listed_words(every.positives), strict=True)
    }
    for span, rest in zip(listed_words(some.anchors), listed_words(some.positives), strict=True):
        before = whole[tuple(map(tuple, span))]
        assert rest == [word for word in before if word in rest] or len(whole) < len(every)


def test_about_half_of_the_shared_words_stay():
    """A closed form: of texts whose every word occurs in span and rest, half of the types stay in expectation."""
    texts = [list(range(10)) * 5 for _ in range(400)]
    views = inverse_cloze(Ragged.of(texts), WHOLE, np.random.default_rng(0), shared=0.5)
    kept = [
        len(set(views.positives[row].tolist()) & set(views.anchors[row].tolist()))
        / len(set(views.anchors[row].tolist()))
        for row in range(len(views))
    ]
    assert np.mean(kept) == pytest.approx(0.5, abs=0.03)  # a standard deviation is 0.5 / sqrt(400 * 7) = 0.0095


def test_the_task_does_not_depend_on_the_vocabulary():
    """Two paths: words of one subword each, and the same words in two subwords, give the same task."""
    rng = np.random.default_rng(1)
    texts = [rng.integers(0, 13, rng.integers(0, 40)).tolist() for _ in range(60)]
    doubled = [[subword for word in text for subword in (3 * word, 3 * word + 2)] for text in texts]
    one = inverse_cloze(Ragged.of(texts), WHOLE, np.random.default_rng(2))
    two = inverse_cloze(Ragged.of(doubled), CONTINUES, np.random.default_rng(2))
    assert np.array_equal(two.anchors.ids[::2] // 3, one.anchors.ids)
    assert np.array_equal(two.positives.ids[::2] // 3, one.positives.ids)


def test_a_slice_has_the_task_of_its_copy():
    """Two paths: offsets that do not begin at 0."""
    texts = Ragged.of([[0, 1, 3]] + [list(range(0, 30, 3))] * 5)
    part, copy = texts.slice(1, 6), texts.take(np.arange(1, 6))
    one, other = (inverse_cloze(some, CONTINUES, np.random.default_rng(3)) for some in (part, copy))
    assert np.array_equal(one.anchors.ids, other.anchors.ids)
    assert len(one) == 5


@pytest.mark.parametrize("texts", [[], [[]], [[0], [0, 1, 3]]])
def test_texts_too_short_are_dropped(texts):
    assert len(inverse_cloze(Ragged.of(texts), CONTINUES, np.random.default_rng(0))) == 0
