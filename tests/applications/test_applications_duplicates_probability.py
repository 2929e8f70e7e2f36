"""The probability of given pairs."""

import numpy as np
import pytest

import likewise
from likewise.errors import InputError

pytestmark = pytest.mark.slow


def test_copies_are_likelier_than_others(docs_model, python_docs):
    """Witnesses: equal texts and blank ones (closed forms), symmetry, near copies, and unlike texts."""
    texts = python_docs[:60]
    same = likewise.duplicate_probability([*texts, "", "a"], [*(text.upper() for text in texts), " ", ""], docs_model)
    assert same.tolist() == [1.0] * 60 + [0.0] * 2
    near = likewise.duplicate_probability(texts, [f"{text} really" for text in texts], docs_model)
    other = likewise.duplicate_probability(texts, texts[::-1], docs_model)
    assert near.min() > 0.4 and near.mean() > 0.7 and np.median(other) < 0.1
    assert np.all((other >= 0) & (other <= 1))
    assert np.allclose(other, likewise.duplicate_probability(texts[::-1], texts, docs_model), atol=0.1)


def test_a_model_is_trained_where_none_is_given(python_docs):
    """It learns from 200 texts on; fewer are compared by their words."""
    texts = python_docs[:150]
    for count in (150, 20):
        found = likewise.duplicate_probability(texts[:count], [*texts[1:count], texts[0]])
        assert len(found) == count and found.max() <= 1
    few = likewise.duplicate_probability(["the kettle broke"], ["the kettel broke"])
    assert few[0] > 0.5


def test_lists_that_do_not_fit():
    assert len(likewise.duplicate_probability([], [])) == 0
    with pytest.raises(InputError, match="2 texts were given with 1"):
        likewise.duplicate_probability(["a", "b"], ["c"])
