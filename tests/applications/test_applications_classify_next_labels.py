"""What to label next."""

import numpy as np

from likewise.applications.classify.active_learning import doubts, most_telling


def test_doubts():
    np.testing.assert_allclose(doubts(np.array([[0.5, 0.5], [1, 0], [0.2, 0.8]])), [1, 0, 0.4])


def test_doubtful_texts_that_differ_are_chosen():
    """Laws: no text twice, none that is blank; doubt decides, then spread."""
    rng = np.random.default_rng(0)
    centres = np.eye(4, dtype=np.float32)
    vectors = np.repeat(centres, 100, axis=0) + rng.normal(0, 0.01, (400, 4)).astype(np.float32)
    doubted = np.where(np.arange(400) < 300, 0.9, 0.0)
    texts = [f"text {row}" for row in range(400)]
    chosen = most_telling(texts, vectors, doubted, 3, np.random.default_rng(1))
    assert sorted(row // 100 for row in chosen) == [0, 1, 2]
    same = most_telling(["a"] * 400, vectors, doubted, 3, np.random.default_rng(1))
    assert len(same) == 1
    assert len(most_telling(["", " "], vectors[:2], doubted[:2], 3, np.random.default_rng(1))) == 0
    equal = most_telling(texts, np.ones((400, 4), np.float32), doubted, 5, np.random.default_rng(1))
    assert len(set(equal.tolist())) == 5
