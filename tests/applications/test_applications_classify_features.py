"""Both blocks of features, side by side, and how long the words' is."""

import numpy as np
import pytest
from classify_texts import Senses

from likewise.applications.classify.features import CountedTerms, Features, share_of_words


def test_blocks():
    """Closed forms: norms are the root of two, one without a known word, zero without anything."""
    texts = ["a lovely lamp", "an awful lamp"]
    words, rows = CountedTerms(texts).ngrams()
    features = Features(Senses(), words)
    found = features.of([*texts, "perfect", " "])
    np.testing.assert_allclose(np.sqrt(found.multiply(found).sum(axis=1)), [2**0.5, 2**0.5, 1, 0], atol=1e-6)
    np.testing.assert_allclose(
        features.of(texts).toarray(), features.of(texts, features.vectors(texts), rows).toarray()
    )
    assert features.vectors([]).shape == (0, 3)
    assert Features(Senses(), None).of(texts).shape == (2, 3)


def test_words_count_less_where_labels_are_few():
    """Closed forms, and a law: more labels never make it shorter."""
    assert [share_of_words(labels, 2) for labels in (2, 16, 54, 128, 10_000)] == pytest.approx([0.5, 0.5, 0.75, 1, 1])
    shares = [share_of_words(labels, 7) for labels in range(7, 700, 7)]
    assert shares == sorted(shares)
    words, _ = CountedTerms(["a lovely lamp"]).ngrams()
    whole, half = (Features(Senses(), words, share).of(["lovely"]).toarray() for share in (1.0, 0.5))
    np.testing.assert_allclose(half, whole * [1, 1, 1, *[0.5] * len(words.terms)])
