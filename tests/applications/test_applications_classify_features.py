"""Features: words, pairs and negations, TF-IDF as scikit-learn has it, and the embedding next to them."""

import numpy as np
import pytest
from classify_texts import Senses
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from likewise.applications.classify.features import Features, NgramCounts, TfidfNgrams, ngram_weight, word_ngrams


def test_blocks():
    """Closed forms: norms are the root of two, one without a known word, zero without anything."""
    texts = ["a lovely lamp", "an awful lamp"]
    words, rows = NgramCounts(texts).select()
    features = Features(Senses(), words)
    found = features.transform([*texts, "perfect", " "])
    np.testing.assert_allclose(np.sqrt(found.multiply(found).sum(axis=1)), [2**0.5, 2**0.5, 1, 0], atol=1e-6)
    np.testing.assert_allclose(
        features.transform(texts).toarray(), features.transform(texts, features.embed(texts), rows).toarray()
    )
    assert features.embed([]).shape == (0, 3)
    assert Features(Senses(), None).transform(texts).shape == (2, 3)


def test_words_weigh_less_with_few_labels():
    """Closed forms, and a law: more labels never make it shorter."""
    assert [ngram_weight(labels, 2) for labels in (2, 16, 54, 128, 10_000)] == pytest.approx([0.5, 0.5, 0.75, 1, 1])
    shares = [ngram_weight(labels, 7) for labels in range(7, 700, 7)]
    assert shares == sorted(shares)
    words, _ = NgramCounts(["a lovely lamp"]).select()
    whole, half = (Features(Senses(), words, share).transform(["lovely"]).toarray() for share in (1.0, 0.5))
    np.testing.assert_allclose(half, whole * [1, 1, 1, *[0.5] * len(words.terms)])


def test_word_ngrams():
    """Closed forms."""
    assert word_ngrams("") == []
    assert word_ngrams("It isn't very good, really") == [
        "it", "isn't", "very", "good", "really", "it isn't", "isn't very", "very good", "not_very", "not_good",
    ]  # fmt: skip
    assert "not_good" in word_ngrams("nicht so good") and "not_d" not in word_ngrams("not a b c d")
    assert word_ngrams("猫が好き")[:4] == ["猫", "が", "好", "き"] and "猫 が" in word_ngrams("猫が好き")
    assert "straße" in word_ngrams("Die STRASSE, die Straße")


@given(st.text(max_size=200))
def test_any_text_has_terms(text):
    """Law: both words of a pair are terms too."""
    terms = word_ngrams(text)
    singles = {term for term in terms if " " not in term}
    assert all(part in singles for term in terms if " " in term for part in term.split(" "))


def test_weights_equal_scikit_learn():
    """Two paths that agree: our weights, and `TfidfVectorizer` fitted on the same texts."""
    texts, others = ["a good film", "not a good film", "bad"], ["a dull film", "bad bad film"]
    found, rows = NgramCounts(texts, others).select()
    reference = TfidfVectorizer(analyzer=word_ngrams, sublinear_tf=True).fit([*texts, *others])
    columns = [reference.vocabulary_[term] for term in found.terms]
    np.testing.assert_allclose(found.idf, reference.idf_[columns])
    np.testing.assert_allclose(rows[:3].toarray(), reference.transform(texts).toarray()[:, columns])
    np.testing.assert_allclose(found.transform(texts).toarray(), rows[:3].toarray())
    assert "dull" not in found.terms


def test_terms_of_several_unlabelled_texts():
    texts, others = ["a good film", "bad"], ["dull film", "dull day", "dull night", "rare"]
    wide, rows = NgramCounts(texts, others).select(with_unlabelled=True)
    assert {"dull", "good", "bad"} <= set(wide.terms) and "rare" not in wide.terms
    assert rows.shape == (6, len(wide.terms))
    assert NgramCounts(texts, others).select(with_unlabelled=True, max_terms=2)[0].terms == ["dull", "film"]
    assert NgramCounts(["a b", "a c", "a d"]).select(many_labelled=1)[0].terms == ["a"]


def test_no_words_at_all():
    for texts in ([], ["", " ..."]):
        found, rows = NgramCounts(texts).select()
        assert found.terms == [] and rows.shape == (len(texts), 0)
        assert found.transform(["a word"]).shape == (1, 0)
    assert TfidfNgrams(["a"], np.ones(1)).transform([]).shape == (0, 1)
    assert TfidfNgrams(["a"], np.ones(1)).transform(["b"]).toarray().tolist() == [[0.0]]
    assert TfidfNgrams(["a"], np.ones(1)).transform(["a"]).toarray().tolist() == [[pytest.approx(1.0)]]
