"""The view that changes nothing: the encoder's own dropout makes two vectors of one text."""

import numpy as np

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.views.pair import View

__all__ = ["WHOLE", "build_dropout"]

WHOLE = "dropout"


def build_dropout(_: Vocabulary, strength: float | None) -> View:
    """The text as it is (Gao et al. 2021, SimCSE); it takes no number."""
    if strength is not None:
        raise InputError(f"{WHOLE}:{strength:g} is not a view, the encoder has its own dropout: write {WHOLE}")

    def view(texts: Ragged, _: np.random.Generator) -> Ragged:
        return texts

    return view
