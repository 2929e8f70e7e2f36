"""How the learning rate runs: up in a line, down along a cosine."""

import math
from dataclasses import dataclass

__all__ = ["Plan", "Schedule"]


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up to `peak`, then a cosine to zero after the last step (Loshchilov and Hutter 2017, one cycle).

    Attributes:
        peak: the highest learning rate.
        steps: how many steps the whole run has.
        warmup: the share of them that the way up takes.
        since: the step at which a second way up begins, as long as the first; the cosine goes on meanwhile.
    """

    peak: float
    steps: int
    warmup: float = 0.05
    since: int = 0

    def __call__(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return self.peak * (step + 1) / rising
        done = (step - rising) / max(1, self.steps - rising)
        rate = self.peak * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        again = step + 1 - self.since
        return rate * again / rising if self.since and again < rising else rate


@dataclass(frozen=True)
class Plan:
    """How long and how fast.

    Attributes:
        texts: how many texts there are to train on.
        batch: positive pairs a step.
        epochs: how often each text is seen.
        learning_rate: its peak.
        seed: of order and views.
        evaluations: how often the score is taken, evenly over the run; at the start and at the end in any case.
        patience: after so many looks without a score that is as good, the run ends.
        most: steps at the most, however many epochs there are; as many as they take if None.
    """

    texts: int
    batch: int
    epochs: int
    learning_rate: float
    seed: int
    evaluations: int = 12
    patience: int = 4
    most: int | None = None

    @property
    def steps_an_epoch(self) -> int:
        """How many steps see every text once."""
        return max(1, round(self.texts / self.batch))

    @property
    def steps(self) -> int:
        """How many steps the whole run has."""
        whole = self.steps_an_epoch * self.epochs
        return whole if self.most is None else min(whole, self.most)

    def evaluates_at(self, step: int) -> bool:
        """Whether the score is taken once `step` steps are done."""
        every = max(1, -(-self.steps // self.evaluations))
        return step % every == 0 or step == self.steps
