"""The texts put aside are learned at the end."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from likewise.training.bench import Bench

from likewise.corpus.read import read
from likewise.training.dataset import Examples
from likewise.training.final_fit import join
from likewise.training.prepare import read_whole
from likewise.training.progress import silent
from likewise.training.recipe import Recipe, Settings
from likewise.training.step import ContrastiveStep


def prepared(texts: list[str], work: Path) -> tuple[Examples, Settings]:
    bench = Bench(read_whole(read(texts), work, log=silent), work, Recipe(dim=32, epochs=12), silent)
    settings = bench.chosen(None).settings
    return bench.examples(settings), settings


def test_every_text_takes_part_and_the_score_rises(python_docs: list[str], tmp_path: Path) -> None:
    """Laws: rows that only held-out texts have move, one seed moves them alike, and those texts are known after."""
    examples, settings = prepared(python_docs[:1500], tmp_path)
    assert examples.split.apart

    def joined() -> tuple[np.ndarray, np.ndarray, float, float]:
        encoder = examples.untrained()
        before, low = encoder.weights.copy(), examples.measure(encoder).mrr
        join(ContrastiveStep(encoder, temperature=0.2, distance=12), examples, settings)
        return before, encoder.weights, low, examples.measure(encoder).mrr

    before, after, low, high = joined()
    held_out = np.unique(np.concatenate([examples._prepared.texts[text] for text in examples.split.held_out.tolist()]))
    learned = np.unique(np.concatenate([examples._prepared.texts[text] for text in examples.split.train.tolist()]))
    only = np.setdiff1d(held_out, learned)
    assert len(only) and (before[only] != after[only]).any(axis=1).mean() > 0.5
    assert high > 2 * low
    np.testing.assert_array_equal(after, joined()[1])


def test_where_nothing_was_put_aside_nothing_is_done(python_docs: list[str], tmp_path: Path) -> None:
    examples, settings = prepared(python_docs[:60], tmp_path)
    encoder = examples.untrained()
    before = encoder.weights.copy()
    join(ContrastiveStep(encoder, temperature=0.2, distance=12), examples, replace(settings, epochs=30))
    np.testing.assert_array_equal(before, encoder.weights)
