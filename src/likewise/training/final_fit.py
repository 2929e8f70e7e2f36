"""The final fit: after the evaluation the held-out texts are trained on as well, where they are worth it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from likewise.training.dataset import Dataset, Split
from likewise.training.loop import few_threads
from likewise.training.recipe import Settings
from likewise.training.schedule import Schedule, batch_indices
from likewise.training.seeds import Purpose, random_stream
from likewise.training.step import ContrastiveStep

__all__ = ["final_fit", "final_fit_batches", "one_cycle"]

MIN_SHARE = 0.05  # of the texts that are held out: below, what they add is less than what seeds differ by
BUDGET = 0.1  # of the pairs of the training
OTHERS = 1.0  # other texts per held-out text, so that what is known of those is not unlearned


def one_cycle(
    step: ContrastiveStep,
    dataset: Dataset,
    settings: Settings,
    batches: Sequence[Int[np.ndarray, " batch"]],
    purpose: Purpose,
) -> None:
    """Train on some batches with one rise and fall of the learning rate, without an evaluation.

    Args:
        step: with the encoder.
        dataset: the corpus.
        settings: of the run.
        batches: positions among the texts to train on, one array per step.
        purpose: of the random numbers that views are drawn with.
    """
    schedule = Schedule(settings.learning_rate, len(batches))
    with few_threads(settings.batch):
        for number, indices in enumerate(batches):
            step(dataset.batch(indices, random_stream(settings.seed, purpose, number)), schedule(number))


def final_fit(step: ContrastiveStep, dataset: Dataset, settings: Settings) -> bool:
    """Train on the held-out texts, mixed with others, for at most a tenth of the pairs of the training.

    In a small corpus a tenth of the texts is much of what there is to learn, and they will be searched like all others.
    No score is taken afterwards: nothing is left that was not trained on.

    Args:
        step: with the trained encoder.
        dataset: the corpus.
        settings: of the run.

    Returns:
        Whether there was anything to train on.
    """
    batches = final_fit_batches(dataset.split, settings, random_stream(settings.seed, Purpose.FINAL_FIT_TEXTS))
    if batches:
        one_cycle(step, dataset.with_held_out(), settings, batches, Purpose.FINAL_FIT_VIEWS)
    return bool(batches)


def final_fit_batches(split: Split, settings: Settings, rng: np.random.Generator) -> list[Int[np.ndarray, " batch"]]:
    """The batches of the final fit, as positions in the corpus; none where few texts are held out.

    Each pass has every held-out text once and as many others, drawn anew.

    Args:
        split: of the corpus.
        settings: of the run, whose pairs the budget is a share of.
        rng: draws the other texts and the order.
    """
    held, trained = len(split.held_out), len(split.train)
    if not split.disjoint or held < MIN_SHARE * (held + trained):
        return []
    others = min(trained, round(OTHERS * held))
    passes = int(BUDGET * trained * settings.epochs / (held + others))
    batches = []
    for _ in range(passes):
        texts = np.concatenate([split.held_out, rng.permutation(split.train)[:others]])
        batches += [texts[rows] for rows in batch_indices(len(texts), settings.batch, rng)]
    return batches
