"""Which texts training does not see, so that they can say what it learned."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

__all__ = ["MOST_HELD_OUT", "Split", "held_out_split"]

MOST_HELD_OUT = 2000
FEWEST_HELD_OUT = 100
SHARE = 0.1


@dataclass(frozen=True)
class Split:
    """Positions of texts.

    Attributes:
        train: those to train on, ascending.
        held_out: those to score on, ascending.
        apart: whether the two share no text; false where there are too few texts to put any aside.
    """

    train: Int64[np.ndarray, " train"]
    held_out: Int64[np.ndarray, " held_out"]
    apart: bool


def held_out_split(texts: int, rng: np.random.Generator) -> Split:
    """A tenth of the texts at random, 2,000 at the most; where that is under 100, the score is taken on all of them.

    A score on a few dozen texts says nothing, and so small a corpus can spare none: it is then trained and scored on
    the same texts, and whoever shows the score says so.
    """
    everyone = np.arange(texts, dtype=np.int64)
    held = min(MOST_HELD_OUT, round(SHARE * texts))
    if held < FEWEST_HELD_OUT:
        return Split(everyone, everyone[:MOST_HELD_OUT], apart=False)
    chosen = np.zeros(texts, np.bool_)
    chosen[rng.permutation(texts)[:held]] = True
    return Split(everyone[~chosen], everyone[chosen], apart=True)
