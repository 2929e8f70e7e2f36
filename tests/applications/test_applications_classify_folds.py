"""Cross-validation: nothing is predicted by what has seen it, nor its copies."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.classify.cross_validation import held_out, parts_of


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2)), min_size=1, max_size=60), st.integers(2, 5))
def test_parts(rows, folds):
    """Laws: equal texts are in one part; parts are as large as they can be; so is each class in them."""
    texts, numbers = [text for text, _ in rows], np.array([number for _, number in rows])
    parts = parts_of(texts, numbers, folds, np.random.default_rng(0))
    assert all(len(set(parts[np.array(texts) == text])) == 1 for text in texts)
    distinct = [parts[texts.index(text)] for text in set(texts)]
    sizes = np.bincount(distinct, minlength=folds)
    assert sizes.max() - sizes.min() <= 1


def test_each_text_is_predicted_by_the_others():
    """Closed form: a classifier that knows what it has seen knows nothing of what it is asked."""
    texts = [f"text {row}" for row in range(20)] + ["text 0"] * 3
    numbers = np.array([row % 2 for row in range(20)] + [0] * 3)

    def fit(learned, asked):
        assert not {texts[row] for row in learned} & {texts[row] for row in asked}
        return np.eye(2)[numbers[asked]]

    held = held_out(texts, numbers, fit, np.random.default_rng(0), repeats=2)
    assert held is not None and (held.folds, held.repeats) == (5, 2)
    assert sorted(held.rows.tolist()) == sorted([*range(23), *range(23)])
    assert (held.logits.argmax(axis=1) == numbers[held.rows]).all()


def test_where_nothing_can_be_checked():
    def fit(learned, asked):
        return np.zeros((len(asked), 3))

    rng = np.random.default_rng(0)
    assert held_out(["a", "b"], np.array([0, 1]), fit, rng) is None
    assert held_out(["a", "a", "b"], np.array([0, 0, 1]), fit, rng) is None
    held = held_out(["a", "b", "c", "d"], np.array([0, 0, 1, 2]), fit, rng)
    assert held is not None and set(held.rows.tolist()) == {0, 1}
