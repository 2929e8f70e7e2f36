"""Both blocks of features, side by side."""

import numpy as np
from classify_texts import Senses

from likewise.applications.classify.features import Features
from likewise.applications.classify.ngrams import CountedTerms


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
