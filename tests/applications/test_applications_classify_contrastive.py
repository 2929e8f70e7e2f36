"""Supervised contrastive fine-tuning of a transformer."""

import numpy as np
import pytest
from classify_texts import Senses, opinions

import likewise
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.contrastive import MIN_STEPS, ContrastiveFineTuner, _batches
from likewise.errors import InputError


@pytest.mark.parametrize(("texts", "steps"), [(48, 30), (640, 60), (639, 60), (2, 30)])
def test_batches(texts, steps):
    """Closed form of the number of steps; laws: each text once an epoch, with another of its class but for one over."""
    numbers = np.arange(texts) % 3
    batches = list(_batches(numbers, np.random.default_rng(0), MIN_STEPS))
    assert len(batches) == steps
    epoch = batches[: max(1, round(texts / 32))]
    assert sorted(np.concatenate(epoch).tolist()) == list(range(texts))
    alone = sum((np.bincount(numbers[batch]) % 2).sum() for batch in epoch)
    assert alone <= (np.bincount(numbers) % 2).sum()


def test_models_that_cannot_be_fine_tuned(opinions_model):
    for model in (Senses(), opinions_model):
        with pytest.raises(InputError, match="contrastive fine-tuning needs a transformer"):
            Classifier(model, contrastive=True).fit(*opinions(8))


@pytest.mark.slow
def test_fine_tuning(tmp_path):
    """It learns: texts of a class come closer than those of two; laws: the given model stays as it is, each fit starts
    from its weights, and the folder of a classifier holds the fine-tuned one."""
    texts, labels = opinions(40)
    numbers = np.array([label == "good" for label in labels], np.int64)
    model = likewise.train(opinions(300, 3)[0], encoder="bert", dim=32, layers=1, steps=20, progress=False)
    before, fingerprint = model.encode(texts), model.fingerprint
    tuner = ContrastiveFineTuner(model, min_steps=20)
    first = tuner.fit(texts, numbers, np.random.default_rng(0)).encode(texts)
    again = tuner.fit(texts, numbers, np.random.default_rng(0)).encode(texts)
    np.testing.assert_allclose(first, again, atol=1e-5)
    assert (model.encode(texts) == before).all() and model.fingerprint == fingerprint
    same = numbers[:, None] == numbers[None, :]

    def separation(vectors):
        similar = vectors @ vectors.T
        return similar[same].mean() - similar[~same].mean()

    assert separation(first) > separation(before)
    found = Classifier(model, contrastive=True).fit(texts[:4], labels[:4])
    found.save(tmp_path / "a.clf")
    loaded = Classifier.load(tmp_path / "a.clf")
    np.testing.assert_allclose(loaded.predict_proba(texts), found.predict_proba(texts), atol=1e-4)
