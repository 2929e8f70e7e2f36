"""How alike given pairs of texts are, for whoever has the pairs already."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from likewise.applications.duplicates.features import Alikeness, Features, alikeness
from likewise.applications.duplicates.space import Space
from likewise.errors import InputError
from likewise.tokens.tokenizer import as_arrow
from likewise.training.train import load_or_train

__all__ = ["compare"]

SAMPLE = 1 << 13  # texts of either side that the axes of the space are found by


def compare(first: Sequence[str], second: Sequence[str], model: Any) -> Alikeness:
    """Compare each text with the one in the same place of the other list, as `duplicates` compares candidates.

    Args:
        first: texts.
        second: as many.
        model: anything with `encode`, or a model folder.

    Raises:
        InputError: the lists are not equally long, or `model` is no model.
    """
    if len(first) != len(second):
        raise InputError(f"{len(first)} texts were given with {len(second)}: give as many of each")
    every = np.arange(len(first))
    if not len(first):
        return Alikeness(np.zeros(0, np.float32), np.zeros(0, np.float32))
    encoder = load_or_train(model, [*first, *second])
    space = Space.of(encoder, [*first[:SAMPLE], *second[:SAMPLE]])
    one, other = (Features.of(as_arrow(list(texts)), space) for texts in (first, second))
    return alikeness(one, other, every, every, space)
