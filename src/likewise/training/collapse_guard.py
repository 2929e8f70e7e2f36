"""The collapse guard: cheap checks that see a run collapse early, and the lower learning rate to continue with."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

MAX_RETURNS = 3  # to the best state; a run that collapses once more ends
LOWER = 0.25  # times the learning rate at each return, or less where the rows grew
NO_CONTRAST = "nearly all texts are near-duplicates of each other, so there is nothing to contrast a text with"
MAX_GROWTH = 30.0  # of the rows since the best state; healthy runs make them up to ten times as long
HEALTHY_GROWTH = 3.0
WINDOW = 16  # steps between two cheap checks
STUCK = 0.98  # times log(batch), the loss of embeddings that are all alike
SAMPLED_ROWS = 1024  # whose length stands for that of all
NO_NEGATIVES = 0.99  # of the logits masked out

State = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Collapse:
    """A collapse during a run.

    Attributes:
        seen: what was wrong, in words for the user.
        back_to: the step whose state was restored.
        learning_rate: the peak from here on; None where the run ended.
    """

    seen: str
    back_to: int
    learning_rate: float | None


class Guard:
    """Watches the encoder and the loss of one run.

    The lengths of the encoder's rows show that a learning rate is far too high before any score does: the first step of
    Adagrad on a row is as long as the learning rate, whatever the gradient, and wipes out what was there.

    Args:
        batch: positive pairs per step.
    """

    def __init__(self, batch: int) -> None:
        self._batch = batch

    def needs_evaluation(self, losses: list[float], state: Callable[[], State], best: State) -> bool:
        """Whether an evaluation should come before it is due; called at every step, checks every 16 steps.

        Args:
            losses: of the steps since the last evaluation.
            state: returns the state of the encoder, by name; arrays of two axes or more are rows.
            best: its best state so far.
        """
        if not losses or len(losses) % WINDOW:
            return False
        return min(losses[-WINDOW:]) >= STUCK * math.log(self._batch) or growth(state(), best) > MAX_GROWTH

    def broken(self, loss: float, state: State, best: State) -> str | None:
        """A collapse that shows without the score: a loss that is not finite, rows that exploded."""
        if not math.isfinite(loss):
            return "the loss is no longer a finite number: a lower learning rate keeps it finite"
        if (times := growth(state, best)) > MAX_GROWTH:
            return (
                f"the rows of the encoder grew {times:,.0f} times as long (healthy is below {MAX_GROWTH:.0f}): "
                "a lower learning rate keeps what they were"
            )
        return None

    def without_contrast(self, loss: float, masked: float) -> bool:
        """Whether there was nothing to learn from: nearly all other texts of a batch were near-duplicates.

        Args:
            loss: mean since the last evaluation, in nats.
            masked: share of the logits masked out; those of the positives never are.
        """
        return masked * self._batch / (self._batch - 1) >= NO_NEGATIVES and abs(loss) <= 1 - NO_NEGATIVES

    def lowered(self, learning_rate: float, state: State, best: State) -> float:
        """The learning rate after a collapse: a quarter, or what would have left the rows three times as long."""
        return learning_rate * min(LOWER, HEALTHY_GROWTH / max(1.0, growth(state, best)))


def growth(state: State, best: State) -> float:
    """How many times as long as in the best state the rows are."""
    before = _length(best)
    return _length(state) / before if before > 0 else 1.0


def _length(state: State) -> float:
    """Root mean square of a sample of the rows; infinity counts as the largest finite number."""
    squares = []
    for array in state.values():
        if array.ndim > 1 and len(array):
            sample = np.nan_to_num(array[:: -(-len(array) // SAMPLED_ROWS)]).astype(np.float64)
            squares.append(float(np.mean(np.square(sample))))
    return math.sqrt(math.fsum(squares))
