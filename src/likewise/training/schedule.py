"""How a run proceeds: its length, the learning rate, in which batches it sees the texts, and its random streams."""

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from likewise.arrays import Int


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up to `peak`, then a cosine to zero after the last step (Loshchilov and Hutter 2017, one cycle).

    Attributes:
        peak: the highest learning rate.
        steps: of the whole run.
        warmup: the share of the steps that the warm-up takes.
        restart: the step at which a second warm-up of the same length begins, while the cosine goes on; 0 for none.
    """

    peak: float
    steps: int
    warmup: float = 0.05
    restart: int = 0

    def __call__(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return self.peak * (step + 1) / rising
        done = (step - rising) / max(1, self.steps - rising)
        rate = self.peak * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        since_restart = step + 1 - self.restart
        return rate * since_restart / rising if self.restart and since_restart < rising else rate


@dataclass(frozen=True)
class Plan:
    """How long a run is, how fast it learns and how often it is evaluated.

    Attributes:
        texts: how many texts there are to train on.
        batch: positive pairs per step.
        epochs: how often each text is seen.
        learning_rate: its peak.
        seed: of order and views.
        evaluations: how many evaluations there are, evenly spaced; one before the first step is added.
        patience: the run ends after this many evaluations in a row whose score is below the best.
        max_steps: the run ends there, whatever the epochs; None for no limit.
        block: about how many pairs of a batch are contrasted with one another; None for all.
    """

    texts: int
    batch: int
    epochs: int
    learning_rate: float
    seed: int
    evaluations: int = 8
    patience: int = 3
    max_steps: int | None = None
    block: int | None = None

    @property
    def steps_per_epoch(self) -> int:
        """How many steps see every text once."""
        return max(1, round(self.texts / self.batch))

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        steps = self.steps_per_epoch * self.epochs
        return steps if self.max_steps is None else min(steps, self.max_steps)

    def evaluates_at(self, step: int) -> bool:
        """Whether there is an evaluation once `step` steps are done."""
        interval = max(1, -(-self.steps // self.evaluations))
        return step % interval == 0 or step == self.steps


def batch_indices(texts: int, size: int, rng: np.random.Generator) -> list[Int[np.ndarray, " batch"]]:
    """All texts in random order, in batches of nearly equal size: a small last batch would have few negatives."""
    return np.array_split(rng.permutation(texts), max(1, round(texts / size)))


class Purpose(IntEnum):
    """What random numbers are for: one seed gives each purpose its own, independent of the others.

    The numbers are part of the contract: the same seed gives the same model.
    """

    TEXT_ORDER = 1
    VIEWS = 2
    SPLIT = 3
    TRAINED_ROWS = 4
    HALVES = 5
    FITTED_TEXTS = 6
    LSA = 7
    UNIFORMITY = 8
    LEXICAL_ROWS = 9
    SIMILARITY_PAIRS = 10
    SCORE_TASK = 14
    FINAL_FIT_TEXTS = 15
    FINAL_FIT_VIEWS = 16
    # Adapting a transformer and distillation are different runs, so they may use the same numbers.
    VIEW_CACHE = 17
    GUIDE_ORDER = 18
    GUIDE_VIEWS = 19
    MINING = 21
    DISTILLATION_TEXTS = 17
    DISTILLATION_ORDER = 18
    DISTILLATION_PAIRS = 19
    DISTILLATION_SPLIT = 20
    DISTILLATION_FINAL_FIT = 21
    MADE_QUERIES = 22
    MADE_QUERIES_ORDER = 23


def random_stream(seed: int, purpose: IntEnum, *counters: int) -> np.random.Generator:
    """The generator of one purpose.

    Args:
        seed: of the run.
        purpose: what the numbers are for, a `Purpose` in training.
        counters: such as the epoch or the step, where each has a generator.
    """
    return np.random.default_rng([seed, purpose, *counters])
