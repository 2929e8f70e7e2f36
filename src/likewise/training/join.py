"""The texts that were put aside are learned as well, once the score has been taken on them."""

import numpy as np

from likewise.optimisation.step import ContrastiveStep, batch_indices
from likewise.training.cycle import cycle
from likewise.training.examples import Examples
from likewise.training.recipe import Settings

__all__ = ["join"]

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
