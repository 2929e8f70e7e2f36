"""A short training with one rise and fall of the learning rate, and no look at how it goes."""

from collections.abc import Sequence

import numpy as np

from likewise.training.dataset import Examples
from likewise.training.loop import few_threads
from likewise.training.recipe import Settings
from likewise.training.schedule import Schedule
from likewise.training.step import ContrastiveStep, batch_indices

__all__ = ["cycle", "join"]


def cycle(
    step: ContrastiveStep,
    examples: Examples,
    settings: Settings,
    batches: Sequence[np.ndarray],
    purpose: int,
) -> None:
    """Train on some batches.

    Args:
        step: with the encoder.
        examples: the corpus.
        settings: of the run.
        batches: of each, (batch,) positions among the texts to train on; batches may differ by one in size.
        purpose: of the random numbers that views are drawn with.
    """
    schedule = Schedule(settings.learning_rate, len(batches))
    with few_threads(settings.batch):
        for number, indices in enumerate(batches):
            step(examples.batch(indices, np.random.default_rng([settings.seed, purpose, number])), schedule(number))


SHARE = 6  # of the epochs of a run, one in so many


def join(step: ContrastiveStep, examples: Examples, settings: Settings) -> None:
    """Train for a short while on all texts, with one more rise and fall of the learning rate.

    In a small corpus a tenth of the texts is much of what there is to learn, and those are texts that will be searched
    for like all others. No score is taken afterwards: there is nothing left that was not learned from.

    Args:
        step: with the encoder as it was kept.
        examples: the corpus; what was put aside is trained on here.
        settings: of the run.
    """
    if not examples.split.apart:
        return
    whole = examples.whole()
    texts = len(whole.split.train)
    rng = np.random.default_rng([settings.seed, 15])
    epochs = max(1, round(settings.epochs / SHARE))
    batches = [indices for _ in range(epochs) for indices in batch_indices(texts, settings.batch, rng)]
    cycle(step, whole, settings, batches, purpose=16)
