"""Self-training on unlabelled texts: it helps where it can, and is left out where it does not."""

import numpy as np
from classify_texts import Senses, opinions

from likewise.applications.classify.classifier import Classifier


class Nothing:
    """Vectors without information."""

    def encode(self, texts):
        return np.ones((len(texts), 2), np.float32)


def test_unlabelled_texts_teach_words():
    """It learns: words alone, a few of which are in the labelled texts; with three seeds."""
    for seed in range(3):
        texts, labels = opinions(12, seed)
        others, truth = opinions(300, seed + 20)
        plain = Classifier(Nothing()).fit(texts, labels)
        more = Classifier(Nothing(), seed=seed).fit(texts, labels, unlabelled=others)
        assert len(more.features_.ngrams.terms) > len(plain.features_.ngrams.terms) or not more.self_trained_
        assert more.score(others, truth) >= plain.score(others, truth) - 0.01
    assert more.self_trained_
    few = Classifier(Senses()).fit(texts, labels, unlabelled=others[:5])
    assert not few.self_trained_
    dense = Classifier(Senses(), ngrams=False).fit(texts, labels, unlabelled=others)
    assert dense.score(others, truth) > 0.95


def test_misleading_unlabelled_texts():
    texts, labels = opinions(40)
    noise = [f"{row % 7} numbers {row}" for row in range(200)]
    found = Classifier(Senses()).fit(texts, np.random.default_rng(0).permutation(labels), unlabelled=noise)
    assert found.predict(texts).shape == (40,)
    alone = Classifier(Senses()).fit(["lovely", "awful"], ["good", "bad"], unlabelled=noise)
    assert not alone.self_trained_
