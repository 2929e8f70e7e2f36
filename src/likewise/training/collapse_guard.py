"""The collapse guard: sees a run go wrong early and cheaply, and says how much lower the learning rate must be."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_RETURNS", "UNCONTRASTED", "Collapse", "Guard"]


MOST_RETURNS = 3  # to the best state; a run that collapses once more ends
LOWER = 0.25  # times the learning rate at each return, or less where the rows grew
UNCONTRASTED = "nearly all texts are near-duplicates of each other, so there is nothing to contrast a text with"
MOST_GROWTH = 30.0  # of the rows since the best state; healthy runs make them up to ten times as long
HEALTHY_GROWTH = 3.0
WINDOW = 16  # steps between two cheap checks
STUCK = 0.98  # times log(batch), the loss of vectors that are all alike
FEW_ROWS = 1024  # that tell how far all have grown
NO_NEGATIVES = 0.99  # of the contrasts left out

State = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Collapse:
    """A collapse, as it is shown and kept.

    Attributes:
        seen: what was wrong, in plain words.
        back_to: the step whose state was put back.
        learning_rate: its peak from here on; None where the run ended.
    """

    seen: str
    back_to: int
    learning_rate: float | None


class Guard:
    """Watches over one run, at a cost that does not show.

    The rows of the encoder tell of a learning rate far too high before any score does: the first step of Adagrad on a
    row is as long as the learning rate, whatever the gradient, and wipes out what was there.

    Args:
        batch: positive pairs a step.
    """

    def __init__(self, batch: int) -> None:
        self._batch = batch

    def needs_evaluation(self, losses: list[float], state: Callable[[], State], best: State) -> bool:
        """Whether a look should be taken before it is due; it is asked every step, and thinks every 16 steps.

        Args:
            losses: of the steps since the last look.
            state: gives that of the encoder, by name; arrays of two axes or more are rows.
            best: its best state so far.
        """
        if not losses or len(losses) % WINDOW:
            return False
        return min(losses[-WINDOW:]) >= STUCK * math.log(self._batch) or growth(state(), best) > MOST_GROWTH

    def broken(self, loss: float, state: State, best: State) -> str | None:
        """What tells of a collapse without the score: a loss that is no number, rows that exploded."""
        if not math.isfinite(loss):
            return "the loss is no longer a number: a lower learning rate keeps it one"
        if (times := growth(state, best)) > MOST_GROWTH:
            return (
                f"the rows of the encoder grew {times:,.0f} times as long (healthy is below {MOST_GROWTH:.0f}): "
                "a lower learning rate keeps what they were"
            )
        return None

    def uncontrasted(self, loss: float, masked: float) -> bool:
        """Whether there was nothing to learn from, as nearly all other texts of a batch were near-duplicates.

        Args:
            loss: mean since the last look, in nats.
            masked: share of the logits left out, which those of the positives never are.
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
    """Root mean square of a sample of the rows; of an infinite number the largest finite one is taken."""
    squares = []
    for array in state.values():
        if array.ndim > 1 and len(array):
            sample = np.nan_to_num(array[:: -(-len(array) // FEW_ROWS)]).astype(np.float64)
            squares.append(float(np.mean(np.square(sample))))
    return math.sqrt(math.fsum(squares))
