"""How much of what a query says a text has too: the share of its words, rare ones counting more."""

from collections.abc import Mapping

from likewise.index.stems import Stems
from likewise.index.words import NONE, bare_word, query_words

__all__ = ["Overlap", "words_of"]


class Overlap:
    """A query's words with their weights, as an index knows them.

    Attributes:
        weights: of each distinct word, folded and as its stem, how much it tells: its inverse document frequency.
    """

    def __init__(self, weights: Mapping[str, float], stems: Stems = NONE) -> None:
        self.weights, self._stems = dict(weights), stems
        self._whole = sum(self.weights.values())

    def share(self, text: str) -> float:
        """The weights of the query's words that stand in the text, by those of all of them: 0 to 1.

        Words are the same by the rules of the index: forms of a word are one word, case and accents do not count.
        """
        if not self._whole:
            return 0.0
        there = words_of(text, self._stems)
        return sum(weight for word, weight in self.weights.items() if word in there) / self._whole


def words_of(text: str, stems: Stems = NONE) -> set[str]:
    """The distinct words of a text as an index compares them; pairs of characters in scripts without spaces."""
    return set(map(bare_word, query_words(text, stems)))
