"""The final fit: the held-out texts are trained on at the end, within a tenth of the pairs of the training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likewise.corpus.read import read
from likewise.training.dataset import Dataset, Split, held_out_split
from likewise.training.progress import silent
from likewise.training.reading import read_corpus
from likewise.training.recipe import Recipe, Settings, derived
from likewise.training.run import final_fit, final_fit_batches, prepare_static
from likewise.training.step import ContrastiveStep


def prepared(texts: list[str], work: Path) -> tuple[Dataset, Settings]:
    found, settings = prepare_static(
        read_corpus(read(texts), work, log=silent), work, Recipe(dim=32, epochs=30), silent
    )
    return Dataset(found, settings), settings


@pytest.mark.slow
def test_rows_of_held_out_texts_are_trained_and_the_score_rises(python_docs: list[str], tmp_path: Path) -> None:
    """Laws: rows that only held-out texts have move, the same for the same seed, and those texts are known after."""
    dataset, settings = prepared(python_docs[:1200], tmp_path)

    def fitted() -> tuple[np.ndarray, np.ndarray, float, float]:
        encoder = dataset.untrained()
        before, low = encoder.weights.copy(), dataset.measure(encoder).mrr
        assert final_fit(ContrastiveStep(encoder, temperature=0.2, distance=12), dataset, settings)
        return before, encoder.weights, low, dataset.measure(encoder).mrr

    before, after, low, high = fitted()
    texts = dataset._prepared.texts
    held_out = np.unique(texts.take(dataset.split.held_out).ids)
    only = np.setdiff1d(held_out, texts.take(dataset.split.train).ids)
    assert len(only) and (before[only] != after[only]).any(axis=1).mean() > 0.5
    assert high > 2 * low
    np.testing.assert_array_equal(after, fitted()[1])


def test_nothing_is_done_where_nothing_is_held_out(python_docs: list[str], tmp_path: Path) -> None:
    """A closed form: sixty texts are all trained on from the start."""
    dataset, settings = prepared(python_docs[:60], tmp_path)
    encoder = dataset.untrained()
    before = encoder.weights.copy()
    assert not final_fit(ContrastiveStep(encoder, temperature=0.2, distance=12), dataset, settings)
    np.testing.assert_array_equal(before, encoder.weights)


@pytest.mark.parametrize(("texts", "epochs"), [(1000, 30), (5000, 30), (20_000, 25), (40_000, 13), (10_000, 2)])
def test_the_budget_is_a_tenth_of_the_pairs(texts: int, epochs: int) -> None:
    """Laws: never above the budget, held-out texts once per pass and half of all, batches without a text twice."""
    split = held_out_split(texts, np.random.default_rng(0))
    settings = replace(derived(Recipe(), len(split.train)), epochs=epochs)
    batches = final_fit_batches(split, settings, np.random.default_rng(0))
    seen = np.concatenate([*batches, np.zeros(0, np.int64)]).astype(np.int64)
    assert len(seen) <= 0.1 * epochs * len(split.train)
    assert all(len(np.unique(batch)) == len(batch) for batch in batches)
    counts = np.bincount(seen, minlength=texts)[split.held_out]
    assert counts.min() == counts.max() and 2 * counts.sum() == len(seen)
    assert (len(seen) > 0) == (0.1 * epochs * len(split.train) >= 2 * len(split.held_out))


def test_few_held_out_texts_are_left_alone() -> None:
    """A closed form: 2,000 of 40,001 are below a twentieth, and cost nothing."""
    split = held_out_split(40_001, np.random.default_rng(0))
    settings = derived(Recipe(), 40_001)
    assert final_fit_batches(split, settings, np.random.default_rng(0)) == []
    every = np.arange(10)
    assert final_fit_batches(Split(every, every, disjoint=False), settings, np.random.default_rng(0)) == []
