"""Replace some words of a text by synonyms, and leave every other byte unchanged."""

import math
import re
from collections.abc import Sequence

import numpy as np

from likewise.errors import InputError
from likewise.paraphrase.inflection import article
from likewise.paraphrase.thesaurus import Alternatives, Expected, Thesaurus, open_wordnet

SHARE = 0.3  # of the words that have a synonym, replaced by default

# A word of plain letters between spaces, quotes or punctuation. What holds a digit, a slash, a dot or a symbol is an
# address, a number or code.
WORD = re.compile(r"(?<!\S)[(\"“‘\[—–…]*([A-Za-z]{3,})(?=[)\"”’\],.;:!?—–…]*(?!\S))")
ARTICLE = re.compile(r"(?<!\S)(an?|A[nN]?) \Z")
SENTENCE_END = re.compile(r"(?:\A|[.!?…][)\"”’\]]*)\s*[(\"“‘\[—–…]*\Z")
WORD_BEFORE = re.compile(r"(?<!\S)([A-Za-z']+) \Z")
CONTEXT = 12  # characters before a word that are searched for the beginning of its sentence and the previous word

BEFORE_NOUNS = frozenset(
    {"a", "an", "the", "my", "your", "his", "its", "our", "their", "this", "these", "those", "no", "every", "each"}
)
BEFORE_VERBS = frozenset(
    {"i", "you", "we", "they", "he", "she", "who", "can", "could", "will", "would", "shall", "should", "may", "might"}
    | {"must", "cannot", "can't", "won't", "don't", "doesn't", "didn't", "couldn't", "wouldn't", "shouldn't"}
)


def build_synonyms(argument: str | None) -> "Synonyms":
    """Build a paraphraser with the synonyms of WordNet.

    Args:
        argument: the share of the words with a synonym that are replaced; None is 0.3.

    Raises:
        InputError: the share is not above 0 and up to 1, or WordNet is not installed.
    """
    try:
        share = SHARE if argument is None else float(argument)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise InputError(f"synonyms:{argument}: expected a share of words above 0 and up to 1, as in synonyms:{SHARE}")
    return Synonyms(Thesaurus(open_wordnet()), share)


class Synonyms:
    """Replaces words by synonyms with the same inflection and capitalisation.

    A capitalised word inside a sentence counts as a name and is not replaced.

    Args:
        thesaurus: the synonyms.
        share: the share of the words with a synonym that are replaced; at least one in a text that has any.
    """

    def __init__(self, thesaurus: Thesaurus, share: float = SHARE) -> None:
        self.thesaurus = thesaurus
        self.share = share
        self.name = f"synonyms:{share:g}"

    def __call__(self, texts: Sequence[str], rng: np.random.Generator) -> list[str]:
        """Replace words of each text, drawn at random."""
        places = [self._places(text) for text in texts]
        ends = np.cumsum([len(found) for found in places])
        orders, chances = rng.random((2, int(ends[-1]) if len(ends) else 0))
        rewritten = []
        for text, found, end in zip(texts, places, ends.tolist(), strict=True):
            own = slice(end - len(found), end)
            drawn = sorted(np.argsort(orders[own])[: max(1, round(self.share * len(found)))].tolist())
            words = [(found[each][0], found[each][1].pick(chances[own][each])) for each in drawn]
            rewritten.append(_replaced(text, words))
        return rewritten

    def _places(self, text: str) -> list[tuple[re.Match[str], Alternatives]]:
        """The words of a text that have synonyms, and these."""
        shouted = text.isupper()
        found = []
        for match in WORD.finditer(text):
            word = match[1]
            if not word.islower() and not (shouted or (word[1:].islower() and _begins_sentence(text, match.start(1)))):
                continue  # a name, an acronym, or code
            alternatives = self.thesaurus.alternatives(word.lower(), _expected(text, match.start(1)))
            if alternatives is not None:
                found.append((match, alternatives))
        return found


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - CONTEXT) : start]
    # The beginning of the context is not that of the text: an x stands for the part before it.
    return SENTENCE_END.search(before if start <= CONTEXT else f"x{before}") is not None


def _expected(text: str, start: int) -> Expected:
    found = WORD_BEFORE.search(text, max(0, start - CONTEXT), start)
    before = found[1].lower() if found is not None else ""
    return "noun" if before in BEFORE_NOUNS else "verb" if before in BEFORE_VERBS else "any"


def _replaced(text: str, words: Sequence[tuple[re.Match[str], str]]) -> str:
    parts, done = [], 0
    for match, word in words:
        before, original = text[done : match.start(1)], match[1]
        found = ARTICLE.search(before)
        if found is not None and article(word) != article(original.lower()):
            put: str = article(word)
            put = put.upper() if found[1].isupper() and original.isupper() else found[1][0] + put[1:]
            before = before[: found.start()] + put + " "
        parts += [before, _with_capitals_of(original, word)]
        done = match.end(1)
    return "".join([*parts, text[done:]])


def _with_capitals_of(original: str, word: str) -> str:
    if original.isupper():
        return word.upper()
    return word.capitalize() if original[0].isupper() else word
