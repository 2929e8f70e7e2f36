"""Words, pairs and negations; TF-IDF as scikit-learn has it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from likewise.applications.classify import features as ngrams
from likewise.applications.classify.features import CountedTerms, WordNgrams, terms_of


def test_terms():
    """Closed forms."""
    assert terms_of("") == []
    assert terms_of("It isn't very good, really") == [
        "it", "isn't", "very", "good", "really", "it isn't", "isn't very", "very good", "not_very", "not_good",
    ]  # fmt: skip
    assert "not_good" in terms_of("nicht so good") and "not_d" not in terms_of("not a b c d")
    assert terms_of("猫が好き")[:4] == ["猫", "が", "好", "き"] and "猫 が" in terms_of("猫が好き")
    assert "straße" in terms_of("Die STRASSE, die Straße")


@given(st.text(max_size=200))
def test_any_text_has_terms(text):
    """Law: a pair is of two words that stand alone too."""
    terms = terms_of(text)
    singles = {term for term in terms if " " not in term}
    assert all(part in singles for term in terms if " " in term for part in term.split(" "))


def test_weights_are_those_of_scikit_learn():
    """Two ways that must agree: our weights, and `TfidfVectorizer` that has read the same texts; norms are 1."""
    texts, others = ["a good film", "not a good film", "bad"], ["a dull film", "bad bad film"]
    found, rows = CountedTerms(texts, others).ngrams()
    reference = TfidfVectorizer(analyzer=terms_of, sublinear_tf=True).fit([*texts, *others])
    columns = [reference.vocabulary_[term] for term in found.terms]
    np.testing.assert_allclose(found.idf, reference.idf_[columns])
    np.testing.assert_allclose(rows[:3].toarray(), reference.transform(texts).toarray()[:, columns])
    np.testing.assert_allclose(found.of_texts(texts).toarray(), rows[:3].toarray())
    assert "dull" not in found.terms


def test_wide_terms_are_those_of_several_unlabelled_texts(monkeypatch):
    texts, others = ["a good film", "bad"], ["dull film", "dull day", "dull night", "rare"]
    wide, rows = CountedTerms(texts, others).ngrams(wide=True)
    assert {"dull", "good", "bad"} <= set(wide.terms) and "rare" not in wide.terms
    assert rows.shape == (6, len(wide.terms))
    monkeypatch.setattr(ngrams, "MOST_TERMS", 2)
    assert CountedTerms(texts, others).ngrams(wide=True)[0].terms == ["dull", "film"]
    monkeypatch.setattr(ngrams, "ENOUGH_TEXTS", 1)
    assert CountedTerms(["a b", "a c", "a d"]).ngrams()[0].terms == ["a"]


def test_no_words_at_all():
    for texts in ([], ["", " ..."]):
        found, rows = CountedTerms(texts).ngrams()
        assert found.terms == [] and rows.shape == (len(texts), 0)
        assert found.of_texts(["a word"]).shape == (1, 0)
    assert WordNgrams(["a"], np.ones(1)).of_texts([]).shape == (0, 1)
    assert WordNgrams(["a"], np.ones(1)).of_texts(["b"]).toarray().tolist() == [[0.0]]
    assert WordNgrams(["a"], np.ones(1)).of_texts(["a"]).toarray().tolist() == [[pytest.approx(1.0)]]
