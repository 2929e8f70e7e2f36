"""How the learning rate runs: up in a line, down along a cosine."""

import math
from dataclasses import dataclass

__all__ = ["Schedule"]


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
