"""Fine-tuning of a transformer by labels."""

import numpy as np
import pytest
from classify_texts import opinions

import likewise
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.contrastive import BATCH, EPOCHS, LEAST_STEPS, FineTuning, _batches


@pytest.mark.parametrize(
    ("texts", "kind", "steps"), [(48, "transformer", 100), (640, "transformer", 200), (48, "static", 20)]
)
def test_few_labels_are_seen_often_and_many_a_few_times(texts, kind, steps):
    """Closed forms; laws: each text once an epoch, each class in every batch."""
    numbers = np.arange(texts) % 3
    batches = list(_batches(numbers, BATCH[kind], EPOCHS[kind], LEAST_STEPS[kind], np.random.default_rng(0)))
    assert len(batches) == steps
    each = round(texts / BATCH[kind]) or 1
    assert sorted(np.concatenate(batches[:each]).tolist()) == list(range(texts))
    assert all(len(np.unique(numbers[batch])) == 3 for batch in batches)


@pytest.mark.slow
def test_a_transformer_is_moved(tmp_path):
    """It learns: texts of a class come closer than those of two; laws: the model that was given stays as it is, each
    time begins anew, and the classifier's folder holds the one that was moved."""
    texts, labels = opinions(40)
    numbers = np.array([label == "good" for label in labels], np.int64)
    model = likewise.train(opinions(300, 3)[0], encoder="bert", dim=32, layers=1, steps=20, progress=False)
    before, name = model.encode(texts), model.fingerprint
    tuning = FineTuning(model)
    first = tuning.moved(texts, numbers, np.random.default_rng(0)).encode(texts)
    again = tuning.moved(texts, numbers, np.random.default_rng(0)).encode(texts)
    np.testing.assert_allclose(first, again, atol=1e-5)
    assert (model.encode(texts) == before).all() and model.fingerprint == name
    same = numbers[:, None] == numbers[None, :]

    def apart(vectors):
        similar = vectors @ vectors.T
        return similar[same].mean() - similar[~same].mean()

    assert apart(first) > apart(before)
    found = Classifier(model, contrastive=True).fit(texts, labels)
    found.save(tmp_path / "a.clf")
    asked = opinions(20, 6)[0]
    np.testing.assert_allclose(
        Classifier.load(tmp_path / "a.clf").predict_proba(asked), found.predict_proba(asked), atol=1e-4
    )
