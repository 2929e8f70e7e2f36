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
    """

    peak: float
    steps: int
    warmup: float = 0.05

    def __call__(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return self.peak * (step + 1) / rising
        done = (step - rising) / max(1, self.steps - rising)
        return self.peak * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
