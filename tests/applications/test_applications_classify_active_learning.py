"""Active learning: uncertain and diverse texts."""

import numpy as np

from likewise.applications.classify.active_learning import select_batch, uncertainty


def test_uncertainty():
    np.testing.assert_allclose(uncertainty(np.array([[0.5, 0.5], [1, 0], [0.2, 0.8]])), [1, 0, 0.4])


def test_uncertain_texts_that_differ_are_selected():
    """Laws: no text twice, none that is blank; uncertainty decides, then diversity."""
    rng = np.random.default_rng(0)
    centres = np.eye(4, dtype=np.float32)
    vectors = np.repeat(centres, 100, axis=0) + rng.normal(0, 0.01, (400, 4)).astype(np.float32)
    uncertain = np.where(np.arange(400) < 300, 0.9, 0.0)
    texts = [f"text {row}" for row in range(400)]
    selected = select_batch(texts, vectors, uncertain, 3, np.random.default_rng(1))
    assert sorted(row // 100 for row in selected) == [0, 1, 2]
    same = select_batch(["a"] * 400, vectors, uncertain, 3, np.random.default_rng(1))
    assert len(same) == 1
    assert len(select_batch(["", " "], vectors[:2], uncertain[:2], 3, np.random.default_rng(1))) == 0
    equal = select_batch(texts, np.ones((400, 4), np.float32), uncertain, 5, np.random.default_rng(1))
    assert len(set(equal.tolist())) == 5
