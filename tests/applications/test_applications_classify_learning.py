"""Unlabelled texts and fine-tuning: they help where they can, and the estimate stays honest."""

import numpy as np
import pytest
from classify_texts import Senses, opinions
from scipy.sparse import csr_array

import likewise
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.contrastive import FineTuning, _batches, _shares, _thinned
from likewise.applications.classify.cross_validation import HeldOut
from likewise.applications.classify.probe import Probe
from likewise.applications.classify.self_training import Learning, _surest, self_trained
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged


class Nothing:
    """Vectors that say nothing."""

    def encode(self, texts):
        return np.ones((len(texts), 2), np.float32)


def test_unlabelled_texts_teach_words():
    """It learns: words alone, a few of which are in the labelled texts, become most of them; with three seeds."""
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


def test_unlabelled_texts_that_mislead_are_left():
    texts, labels = opinions(40)
    noise = [f"{row % 7} numbers {row}" for row in range(200)]
    found = Classifier(Senses()).fit(texts, np.random.default_rng(0).permutation(labels), unlabelled=noise)
    assert found.predict(texts).shape == (40,)
    alone = Classifier(Senses()).fit(["lovely", "awful"], ["good", "bad"], unlabelled=noise)
    assert not alone.self_trained_


def test_what_is_clearly_worse():
    """Closed form: a tenth fewer of a hundred labels is more than a standard error, two lost and one won is not."""
    texts, numbers = [f"text {row}" for row in range(100)], np.zeros(100, np.int64)
    learning = Learning(texts, numbers, 2, Nothing())
    every = np.arange(100)

    def held(wrong, repeats=1):
        missed = np.isin(every, wrong)
        logits = np.stack([~missed, missed], axis=1).astype(float)
        return HeldOut(np.tile(every, repeats), np.tile(logits, (repeats, 1)), 5, repeats)

    assert learning._clearly_worse(held(every[:10]), held([], 4))
    assert not learning._clearly_worse(held([0, 1]), held([5], 4))
    assert not learning._clearly_worse(held([]), held(every[:10], 4))


@pytest.mark.parametrize("packed", [np.asarray, csr_array])
def test_rare_classes_stay_rare(packed):
    """A law: of each class half of the texts that the probe takes for it are added, however many labels it has."""
    features = packed(np.array([[1.0, 0, 0], [-1, 0, 0]]))
    unlabelled = packed(np.array([[1.0, 0, 0]] * 2 + [[-1.0, 0, 1]] * 40))
    start = Probe(np.array([[0.0, 0, 0], [1, 0, 0]]), np.zeros(2))
    rows, guessed = _surest(start.logits(unlabelled))
    assert guessed.tolist() == [0] * 20 + [1] and rows[-1] in (0, 1)
    assert self_trained(start, features, np.array([1, 0]), unlabelled, 2).weights.shape == (2, 3)


@pytest.mark.parametrize("packed", [np.asarray, csr_array])
def test_self_training(packed):
    """Closed form: a column that only unlabelled texts have gets the sign of the company it keeps."""
    features = packed(np.array([[1.0, 0, 0], [-1, 0, 0]]))
    unlabelled = packed(np.array([[1.0, 1, 0]] * 10 + [[-1.0, 0, 1]] * 10))
    start = Probe(np.array([[0.0, 0, 0], [1, 0, 0]]), np.zeros(2))
    found = self_trained(start, features, np.array([1, 0]), unlabelled, 2)
    assert found.weights[1][1] > 0 > found.weights[1][2]


@pytest.fixture(scope="module")
def trained():
    return likewise.train(opinions(400, 3)[0], progress=False, epochs=2, dim=16)


def test_fine_tuning(trained):
    """It learns: texts of a class come closer than those of two; law: each time from the same beginning, and the model
    that was given stays as it is."""
    texts, labels = opinions(64)
    numbers = np.array([label == "good" for label in labels], np.int64)
    before, name = trained.encode(texts), trained.fingerprint
    tuning = FineTuning(trained)
    moved = tuning.moved(texts, numbers, np.random.default_rng(0))
    first = moved.encode(texts)
    assert (trained.encode(texts) == before).all() and trained.fingerprint == name != moved.fingerprint
    again = tuning.moved(texts, numbers, np.random.default_rng(0)).encode(texts)
    assert (again == first).all()

    def apart(vectors):
        similar = vectors @ vectors.T
        same = numbers[:, None] == numbers[None, :]
        return similar[same].mean() - similar[~same].mean()

    assert apart(first) > apart(before) + 0.05


def test_a_classifier_with_fine_tuning(trained, tmp_path):
    texts, labels = opinions(40)
    asked, truth = opinions(100, 4)
    found = Classifier(trained, contrastive=True).fit(texts, labels)
    assert found.score(asked, truth) > 0.9 and 0.5 < found.estimate_.accuracy <= 1
    found.save(tmp_path / "a.clf")
    np.testing.assert_allclose(Classifier.load(tmp_path / "a.clf").predict_proba(asked), found.predict_proba(asked))
    with pytest.raises(InputError, match="contrastive fine-tuning needs a model of likewise"):
        Classifier(Senses(), contrastive=True).fit(texts, labels)


def test_parts_of_fine_tuning():
    """Closed forms and laws of batches, shares and views."""
    numbers = np.arange(50) % 5
    batches = list(_batches(numbers, 20, 3, 1, np.random.default_rng(0)))
    assert len(batches) == 6
    assert sorted(np.concatenate(batches[:2]).tolist()) == list(range(50))
    assert all(len(set(numbers[rows])) == 5 for rows in batches)
    np.testing.assert_allclose(_shares(np.array([0, 1, 0])), [[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]])
    texts = Ragged.of([[1], [], [2, 3, 4, 5, 6, 7, 8, 9] * 5])
    thin = _thinned(texts, np.random.default_rng(0))
    assert thin.lengths[0] == 1 and thin.lengths[1] == 0 and 20 < thin.lengths[2] < 40
