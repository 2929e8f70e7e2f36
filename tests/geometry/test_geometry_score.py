"""The label-free score. Oracles: slow loops, two paths (parts, scikit-learn), closed forms, laws, it learns."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from likewise.encoders.lsa import log_idf, lsa_encoder
from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import held_out_retrieval
from likewise.geometry.score import label_free_score, score_task, word_agreement, word_neighbours
from likewise.tokens.learning import learn_reference
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer
from likewise.training.dataset import held_out_split

DIM = 64
VOCAB = 300
WHOLE = np.zeros(VOCAB, np.bool_)


@pytest.fixture(scope="module")
def corpus(python_docs):
    tokenizer = Tokenizer(learn_reference(python_docs, 2_000))
    return tokenizer.encode(python_docs), tokenizer.vocabulary


def weights_of(texts, vocab):
    with_subword = np.bincount(np.concatenate([np.unique(texts[row]) for row in range(len(texts))]), minlength=vocab)
    return log_idf(with_subword, len(texts))


def test_the_parts_are_those_measured_alone(corpus):
    """Two paths: the score, and its parts put together by hand."""
    texts, vocabulary = corpus
    held = np.arange(0, len(texts), 9)
    task = score_task(texts.take, len(texts), held, vocabulary.continues, np.random.default_rng(0))
    encode = StaticEncoder.random(weights_of(texts, len(vocabulary)), DIM, np.random.default_rng(1)).encode
    score = label_free_score(encode, task)
    assert len(task.clozes) == round(1_000 / len(held))
    rounds = [held_out_retrieval(encode(views.anchors), encode(views.positives)).ndcg for views in task.clozes]
    assert score.cloze == pytest.approx(np.mean(rounds))
    assert score.words == word_agreement(encode(task.words.pool), task.words)
    assert score.value == pytest.approx((score.cloze * score.words * score.words * score.words) ** 0.25)
    assert score.texts == len(task) <= len(held)


def test_rests_are_encoded_by_the_document_encoder(corpus):
    """Two paths: the cloze with the vectors of documents for the rests; the word agreement does not change."""
    texts, vocabulary = corpus
    held = np.arange(0, len(texts), 9)
    task = score_task(texts.take, len(texts), held, vocabulary.continues, np.random.default_rng(0))
    weights = weights_of(texts, len(vocabulary))
    encode, other = (StaticEncoder.random(weights, DIM, np.random.default_rng(seed)).encode for seed in (1, 2))
    alike, unlike = label_free_score(encode, task), label_free_score(encode, task, other)
    rounds = [held_out_retrieval(encode(views.anchors), other(views.positives)).ndcg for views in task.clozes]
    assert unlike.cloze == pytest.approx(np.mean(rounds))
    chance = np.mean(1 / np.log2(1 + np.arange(1, len(task) + 1)))
    assert unlike.cloze == pytest.approx(chance, abs=0.03) and alike.cloze > chance + 0.05
    assert unlike.words == alike.words


def test_queries_are_held_out_and_the_pool_has_each_text_once(corpus):
    """A law, checked text by text."""
    texts, vocabulary = corpus
    numbered = Ragged(np.arange(len(texts), dtype=np.int32), np.arange(len(texts) + 1))
    held = np.sort(np.random.default_rng(2).permutation(len(texts))[:1_500])
    task = score_task(texts.take, len(texts), held, vocabulary.continues, np.random.default_rng(3))
    whose = score_task(
        numbered.take, len(numbered), held, np.zeros(len(texts), np.bool_), np.random.default_rng(3)
    ).words.pool.ids
    assert set(whose[:1_000].tolist()) <= set(held.tolist())
    assert len(set(whose.tolist())) == len(whose) == len(texts)
    assert len(task.clozes) == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_better_space_scores_higher(corpus, seed):
    """It learns: LSA scores above random rows of few dimensions, and those above one vector for all."""
    texts, vocabulary = corpus
    rng = np.random.default_rng(seed)
    split = held_out_split(len(texts), rng)
    task = score_task(texts.take, len(texts), split.held_out, vocabulary.continues, rng)
    idf = weights_of(texts, len(vocabulary))
    lsa = label_free_score(lsa_encoder(texts.take(split.train), idf, DIM, rng).encode, task)
    few = label_free_score(StaticEncoder.random(idf, 4, rng).encode, task)
    none = label_free_score(lambda some: np.full((len(some), 4), 0.5, np.float32), task)
    assert lsa.value > 1.5 * few.value
    assert few.value > none.value
    assert none.cloze == pytest.approx(np.mean(1 / np.log2(1 + np.arange(1, len(task) + 1))))


@pytest.mark.parametrize("texts", [[[0, 1], [1, 2]], [[0]]])
def test_texts_too_short_have_no_score(texts):
    """A closed form: what cannot be measured is NaN."""
    task = score_task(
        Ragged.of(texts).take, len(texts), np.arange(len(texts)), np.zeros(3, np.bool_), np.random.default_rng(0)
    )
    score = label_free_score(lambda some: np.ones((len(some), 4), np.float32) / 2, task)
    assert np.isnan(score.value)
    assert score.texts == 0


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(1, VOCAB + 1)
    return Ragged.of(
        [rng.choice(VOCAB, rng.integers(3, 30), p=frequency / frequency.sum()).tolist() for _ in range(80)]
    )


def bags(pool):
    rows = np.zeros((len(pool), VOCAB))
    for row in range(len(pool)):
        rows[row, pool[row]] = 1
    return rows


def tfidf(pool):
    rows = bags(pool)
    weighted = rows * np.log(len(pool) / np.maximum(rows.sum(axis=0), 1))
    return weighted / np.linalg.norm(weighted, axis=1, keepdims=True)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_similarity_is_the_slow_cosine(pool):
    """A slow loop: TF-IDF written out in float64, own similarity taken out."""
    queries = np.array([3, 0, 41])
    words = word_neighbours(pool, queries, WHOLE, k=4)
    expected = tfidf(pool) @ tfidf(pool).T
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(words.similarity, expected[queries], atol=1e-6)  # float32 against float64
    np.testing.assert_allclose(words.best, np.sort(expected[queries], axis=1)[:, -4:].mean(axis=1), rtol=1e-5)
    assert words.queries.tolist() == [3, 0, 41]


def test_the_weights_are_those_of_scikit_learn(pool):
    """Two paths: TfidfTransformer adds one to its IDF, which is taken off again."""
    fitted = TfidfTransformer(smooth_idf=False).fit(bags(pool) + 1e-30)
    present = bags(pool).sum(axis=0) > 0
    other = TfidfTransformer(smooth_idf=False).fit(bags(pool)[:, present])
    rows = bags(pool)[:, present] * (other.idf_ - 1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = word_neighbours(pool, np.array([7]), WHOLE).similarity[0]
    np.testing.assert_allclose(np.delete(found, 7), np.delete(rows @ rows[7], 7), atol=1e-6)
    assert fitted.idf_.shape == (VOCAB,)


def test_the_agreement_is_the_slow_one(pool):
    """A slow loop: nearest texts one by one."""
    vectors = unit(np.random.default_rng(1).standard_normal((80, 16)))
    words = word_neighbours(pool, np.arange(20), WHOLE, k=5)
    similarity = tfidf(pool) @ tfidf(pool).T
    np.fill_diagonal(similarity, 0)
    shares = []
    for text in range(20):
        others = sorted(
            (other for other in range(80) if other != text), key=lambda o: -float(vectors[text] @ vectors[o])
        )
        shares.append(similarity[text, others[:5]].sum() / np.sort(similarity[text])[-5:].sum())
    assert word_agreement(vectors, words) == pytest.approx(np.mean(shares), rel=1e-5)


def test_words_agree_with_themselves_and_nothing_else_does(pool):
    """A closed form: TF-IDF vectors agree wholly. A law: a rotation of the space changes nothing."""
    words = word_neighbours(pool, np.arange(80), WHOLE)
    exact = unit(tfidf(pool))
    assert word_agreement(exact, words) == pytest.approx(1.0, abs=1e-6)
    rotation, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((VOCAB, VOCAB)))
    assert word_agreement((-exact @ rotation).astype(np.float32), words) == pytest.approx(1.0, abs=1e-3)
    chance = word_agreement(unit(np.random.default_rng(3).standard_normal((80, 16))), words)
    assert chance < 0.5


def test_texts_that_share_no_word_are_left_out():
    """A closed form: without common words the agreement is NaN; a text that shares none is left out."""
    alone = word_neighbours(Ragged.of([[0], [1], [2], []]), np.arange(4), WHOLE)
    assert np.isnan(word_agreement(np.eye(4, dtype=np.float32), alone))
    some = word_neighbours(Ragged.of([[0, 1], [0, 2], [3]]), np.arange(3), WHOLE)
    assert some.queries.tolist() == [0, 1]
    assert some.k == 2
    assert word_agreement(np.eye(3, dtype=np.float32), some) == pytest.approx(1.0)


@pytest.mark.parametrize("texts", [[], [[1, 2]]])
def test_too_few_texts_have_no_agreement(texts):
    words = word_neighbours(Ragged.of(texts), np.arange(len(texts)), WHOLE)
    assert np.isnan(word_agreement(np.ones((len(texts), 4), np.float32) / 2, words))
