"""Given pairs."""

import numpy as np
import pytest

from likewise.applications.duplicates.pairs import compare
from likewise.errors import InputError


def test_given_pairs(docs_model, python_docs):
    """Witnesses: equal texts (closed form), symmetry, and that unlike texts are less alike."""
    texts = python_docs[:40]
    same = compare(texts, [f"{text} !" for text in texts], docs_model)
    assert np.all(same.letters == 1) and np.allclose(same.meaning, 1, atol=0.2)
    other = compare(texts, texts[::-1], docs_model)
    assert np.allclose(other.meaning, compare(texts[::-1], texts, docs_model).meaning, atol=1e-5)
    assert other.meaning.mean() < same.meaning.mean() - 0.3 and other.letters.mean() < 0.2
    assert len(compare([], [], docs_model).meaning) == 0
    with pytest.raises(InputError, match="2 texts were given with 1"):
        compare(["a", "b"], ["c"], docs_model)
