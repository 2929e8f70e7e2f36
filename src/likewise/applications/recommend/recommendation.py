"""A recommended item, and why: what each item of the history and each word of a sentence contributes to its score."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from likewise.arrays import Float32
from likewise.notebook import table

MAX_WORDS = 40  # distinct ones, from the first, whose effect is computed
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class Recommendation:
    """A recommended item.

    Attributes:
        rank: from 1.
        item: its id.
        score: product of the vectors of user and item; of `similar`, the shrunk cosine.
        text: the beginning of its text.
        new: whether nobody has chosen it yet, so that the score comes from its text alone.
    """

    rank: int
    item: str
    score: float
    text: str
    new: bool


class Recommendations(list[Recommendation]):
    """Recommended items, the best first."""

    def _repr_html_(self) -> str:
        """Show themselves in a notebook."""
        rows = [(each.score, each.item, each.text, each.new) for each in self]
        return table(f"{len(self):,} recommended", None, ("score", "item", "text", "new"), rows)


@dataclass(frozen=True)
class Reason:
    """An item of a history and its contribution to the score of another item.

    Attributes:
        item: its id; None for a text that was given instead of items.
        part: its contribution; the parts add up to the score.
        weight: its share of the weights of the history, by recency.
        text: the beginning of its text.
    """

    item: str | None
    part: float
    weight: float
    text: str


@dataclass(frozen=True)
class WordEffect:
    """A word of a text and its effect on a score.

    Attributes:
        word: as it is written first.
        part: by how much the score of the text is lower without it. Words act together: the effects do not add up.
    """

    word: str
    part: float


def word_effects(score: Callable[[list[str]], Float32[np.ndarray, "texts items"]], text: str) -> list[list[WordEffect]]:
    """Compute the effect of each word on the score of each item by leaving it out (occlusion; Li et al. 2016).

    Args:
        score: returns the scores of items for each text.
        text: a sentence.

    Returns:
        For each item the words with their effects, the largest first.
    """
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        found.setdefault(word.casefold(), word)
    words = list(found)[:MAX_WORDS]
    without = [_without(word, text) for word in words]
    scores = score([text, *without])
    effects = scores[0] - scores[1:]
    return [
        [WordEffect(found[words[at]], float(column[at])) for at in np.argsort(-column, kind="stable").tolist()]
        for column in effects.T
    ]


def _without(word: str, text: str) -> str:
    return _WORD.sub(lambda each: "" if each[0].casefold() == word else each[0], text)
