"""Named random streams: one seed gives each purpose in training its own random numbers, independent of the others."""

from enum import IntEnum

import numpy as np

__all__ = ["Purpose", "random_stream"]


class Purpose(IntEnum):
    """What random numbers are for. The numbers are part of the contract: the same seed gives the same model."""

    TEXT_ORDER = 1
    VIEWS = 2
    SPLIT = 3
    TRAINED_ROWS = 4
    HALVES = 5
    LSA_SAMPLE = 6
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


def random_stream(seed: int, purpose: Purpose, *counters: int) -> np.random.Generator:
    """The generator of one purpose.

    Args:
        seed: of the run.
        purpose: what the numbers are for.
        counters: such as the epoch or the step, where each has a generator.
    """
    return np.random.default_rng([seed, purpose, *counters])
