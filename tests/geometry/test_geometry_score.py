"""The score without labels. Oracles: two paths (its parts alone), closed forms, it learns (real text, three seeds)."""

import numpy as np
import pytest

from likewise.encoders.lsa import log_idf, lsa_encoder
from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import view_retrieval
from likewise.geometry.score import label_free_score, score_task, word_agreement
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import learn_reference
from likewise.training.dataset import held_out_split

DIM = 64


@pytest.fixture(scope="module")
def corpus(python_docs):
    tokenizer = Tokenizer(learn_reference(python_docs, 2_000))
    return tokenizer.encode(python_docs), tokenizer.vocabulary


def weights_of(texts, vocab):
    with_piece = np.bincount(np.concatenate([np.unique(texts[row]) for row in range(len(texts))]), minlength=vocab)
    return log_idf(with_piece, len(texts))


def test_the_parts_are_those_measured_alone(corpus):
    """Two paths: the score, and its parts put together by hand."""
    texts, vocabulary = corpus
    held = np.arange(0, len(texts), 9)
    task = score_task(texts.take, len(texts), held, vocabulary.continues, np.random.default_rng(0))
    encode = StaticEncoder.random(weights_of(texts, len(vocabulary)), DIM, np.random.default_rng(1)).encode
    score = label_free_score(encode, task)
    assert len(task.clozes) == round(1_000 / len(held))
    rounds = [view_retrieval(encode(views.anchors), encode(views.positives)).ndcg for views in task.clozes]
    assert score.cloze == pytest.approx(np.mean(rounds))
    assert score.words == word_agreement(encode(task.words.pool), task.words)
    assert score.value == pytest.approx((score.cloze * score.words * score.words * score.words) ** 0.25)
    assert score.texts == len(task) <= len(held)


def test_rests_are_encoded_as_documents_where_those_are_others(corpus):
    """Two paths: the cloze with the vectors of documents in place of those of the rests; words as before."""
    texts, vocabulary = corpus
    held = np.arange(0, len(texts), 9)
    task = score_task(texts.take, len(texts), held, vocabulary.continues, np.random.default_rng(0))
    weights = weights_of(texts, len(vocabulary))
    encode, other = (StaticEncoder.random(weights, DIM, np.random.default_rng(seed)).encode for seed in (1, 2))
    alike, unlike = label_free_score(encode, task), label_free_score(encode, task, other)
    rounds = [view_retrieval(encode(views.anchors), other(views.positives)).ndcg for views in task.clozes]
    assert unlike.cloze == pytest.approx(np.mean(rounds))
    chance = np.mean(1 / np.log2(1 + np.arange(1, len(task) + 1)))
    assert unlike.cloze == pytest.approx(chance, abs=0.03) and alike.cloze > chance + 0.05
    assert unlike.words == alike.words


def test_only_held_out_texts_are_asked_about_and_the_pool_has_each_text_once(corpus):
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
def test_a_space_that_knows_something_scores_higher(corpus, seed):
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
    """A closed form: what cannot be measured is not a number."""
    task = score_task(
        Ragged.of(texts).take, len(texts), np.arange(len(texts)), np.zeros(3, np.bool_), np.random.default_rng(0)
    )
    score = label_free_score(lambda some: np.ones((len(some), 4), np.float32) / 2, task)
    assert np.isnan(score.value)
    assert score.texts == 0
