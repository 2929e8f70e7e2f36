"""A short training with one rise and fall of the learning rate, and no look at how it goes."""

from collections.abc import Sequence

import numpy as np

from likewise.optimisation.loop import few_threads
from likewise.optimisation.schedule import Schedule
from likewise.optimisation.step import ContrastiveStep
from likewise.training.examples import Examples
from likewise.training.recipe import Settings

__all__ = ["cycle"]


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
