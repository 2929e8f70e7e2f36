"""A static encoder that is trained first, in seconds, and guides a transformer: what is alike, what is near."""

from dataclasses import replace

import numpy as np

from likewise.encoders.static import StaticEncoder
from likewise.optimisation.step import ContrastiveStep, batch_indices
from likewise.training.cycle import cycle
from likewise.training.examples import Examples
from likewise.training.recipe import GIVEN, Recipe, Settings, derived
from likewise.views.mix import DEFAULT

__all__ = ["train_guide"]

DIM = 256
MOST_PAIRS = 300_000  # that it learns from: it is to be quick


def train_guide(examples: Examples, settings: Settings) -> StaticEncoder:
    """Train a static encoder on the ids of a transformer's corpus.

    Args:
        examples: the corpus, in the transformer's ids.
        settings: of the transformer's run.
    """
    texts = len(examples.split.train)
    paired = settings.views == GIVEN
    usual = derived(Recipe(), texts, paired=paired)
    static = replace(
        usual, dim=DIM, lexical=0.0, latent=0.0, seed=settings.seed, views=GIVEN if paired else DEFAULT,
        vocabulary=settings.vocabulary, epochs=max(2, min(usual.epochs, round(MOST_PAIRS / texts))),
    )  # fmt: skip
    of_static = examples.under(static)
    encoder = of_static.untrained()
    rng = np.random.default_rng([settings.seed, 18])
    batches = [part for _ in range(static.epochs) for part in batch_indices(texts, static.batch, rng)]
    step = ContrastiveStep(encoder, temperature=static.temperature, distance=static.near_duplicate)
    cycle(step, of_static, static, batches, purpose=19)
    return encoder
