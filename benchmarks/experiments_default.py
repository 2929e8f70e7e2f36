"""The default recipe on a corpus, under the stems that are learned or others: what every experiment begins with."""

from typing import Any

import numpy as np
from experiments_ground import Found, Ground, Lab
from experiments_training import trained

from likewise.encoders.static import StaticEncoder
from likewise.training.prepare import Prepared
from likewise.training.recipe import Settings

__all__ = ["default", "finished", "learned", "porter", "unstemmed"]


def learned(ground: Ground, vocabulary: int | None = None) -> Lab:
    """The corpus with the stems that were learned from it."""
    return ground.lab("learned", lambda prepared: prepared.stems, vocabulary)


def unstemmed(ground: Ground) -> Lab:
    """The corpus with each piece for itself."""
    return ground.lab("none", lambda prepared: np.arange(len(prepared.stems)))


def porter(prepared: Prepared) -> np.ndarray:
    """Porter's second stemmer for English: of words with the same stem the first stands for all."""
    import Stemmer

    stemmer, first = Stemmer.Stemmer("english"), {}
    whole = [piece.isalpha() for piece in prepared.tokenizer.vocabulary.subwords]
    subwords = enumerate(zip(prepared.tokenizer.vocabulary.subwords, whole, strict=True))
    return np.array([first.setdefault(stemmer.stemWord(p), place) if word else place for place, (p, word) in subwords])


class Default:
    """The default recipe, trained once for each corpus and seed."""

    def __init__(self) -> None:
        self._key: tuple[Ground, int] | None = None
        self._encoder: StaticEncoder | None = None

    def __call__(self, ground: Ground, seed: int) -> tuple[Lab, Settings, StaticEncoder]:
        """The corpus, the settings, and the encoder without the parts beside it."""
        lab = learned(ground)
        if self._key != (ground, seed):
            self._key, self._encoder = (ground, seed), trained(lab, lab.settings(seed))
        return lab, lab.settings(seed), self._encoder


default = Default()


def finished(lab: Lab, settings: Settings, encoder: StaticEncoder, **search: Any) -> Found:
    """How an encoder answers, with the lexical and the latent part of the settings beside it."""
    return lab.found(lab.dataset(settings).finished(encoder), **search)
