"""Which words are forms of one another, learned from the corpus itself, in whatever language it is written.

After GRAS, a graph-based stemmer that knows no language (Paik, Mitra, Parui and Järvelin 2011). Two words that begin
alike are joined by the pair of endings in which they differ, and a pair of endings that many words show is a rule of
the language (`flow flows`, `heat heats`, ...: nothing and `s`). Words joined by rules form a graph; a word takes those
of its neighbours as its forms whose own neighbours are mostly the same.

It departs from the paper in one thing: where two words share few letters, a rule must be the more frequent to join
them, so that short words (`app apps`) are joined and those that chance made alike are not.
"""

from collections import defaultdict
from collections.abc import Sequence
from unicodedata import category

import numpy as np
from jaxtyping import Int32

from likewise.tokens.vocabulary import CONTINUATION, Vocabulary

__all__ = ["learn_stems", "word_forms"]

LONGEST_ENDING = 6  # letters
LEAST_SHARED = 3  # letters that two forms have in common at their front, and at least half of the longer one
SURE_FROM = 5  # letters in common: below, chance makes words alike, and a rule needs more of them
LEAST_WORDS = 4  # pairs of words that make a rule
FEWER_LETTERS = 4  # times as many for each letter less
COHESION = 0.8  # share of a form's neighbours that must be the word's too
CROWD = 500  # words beginning alike that are looked at; more come of numbers, codes or names, not of a language


def learn_stems(vocabulary: Vocabulary, whole: Int32[np.ndarray, " vocab"] | np.ndarray) -> Int32[np.ndarray, " vocab"]:
    """The piece that stands for each piece: the commonest form of its word, or the piece itself.

    Args:
        vocabulary: the pieces.
        whole: how often each piece occurs as a word of its own, no piece continuing it.
    """
    words = [
        id
        for id, subword in enumerate(vocabulary.subwords)
        if whole[id] > 0 and not subword.startswith(CONTINUATION) and _is_word(subword)
    ]
    stems = np.arange(len(vocabulary), dtype=np.int32)
    for forms in word_forms([vocabulary.subwords[id] for id in words]):
        ids = [words[form] for form in forms]
        stems[ids] = max(ids, key=lambda id: (whole[id], -id))
    return stems


def _is_word(subword: str) -> bool:
    """Letters with their marks, which many scripts cannot do without: no digit, no sign."""
    return subword.isalpha() or all(category(character)[0] in "LM" for character in subword)


def word_forms(words: Sequence[str]) -> list[list[int]]:
    """Groups of at least two words that are forms of one another.

    Args:
        words: distinct words.

    Returns:
        The places of the words of each group in `words`.
    """
    neighbours = _neighbours(words)
    by_degree = sorted(neighbours, key=lambda word: (-len(neighbours[word]), words[word]))
    taken: set[int] = set()
    groups = []
    for word in by_degree:
        if word in taken:
            continue
        taken.add(word)
        left = neighbours[word] - taken
        forms = [form for form in sorted(left) if _cohesion(neighbours[form] - taken, left) >= COHESION]
        taken.update(forms)
        if forms:
            groups.append([word, *forms])
    return groups


def _cohesion(own: set[int], others: set[int]) -> float:
    """The share of a form's neighbours, the word itself among them, that are the word's as well."""
    return (1 + len(own & others)) / (1 + len(own))


def _neighbours(words: Sequence[str]) -> dict[int, set[int]]:
    """Which words are joined by a rule."""
    pairs = _alike(words)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for _, _, shared, endings in pairs:
        if shared >= SURE_FROM:
            counts[endings] += 1
    neighbours: dict[int, set[int]] = defaultdict(set)
    for first, second, shared, endings in pairs:
        if counts[endings] >= LEAST_WORDS * FEWER_LETTERS ** max(0, SURE_FROM - shared):
            neighbours[first].add(second)
            neighbours[second].add(first)
    return neighbours


def _alike(words: Sequence[str]) -> list[tuple[int, int, int, tuple[str, str]]]:
    """Pairs of words that begin alike: both, how many letters they share, and the two endings."""
    crowds: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(words)), key=words.__getitem__):
        if len(words[place]) >= LEAST_SHARED:
            crowds[words[place][:LEAST_SHARED]].append(place)
    found = []
    for crowd in crowds.values():
        if len(crowd) > CROWD:
            continue
        for i, first in enumerate(crowd):
            shared = len(words[first])
            for before, second in zip(crowd[i:], crowd[i + 1 :], strict=False):
                # In order of the alphabet, what two words share is the least that neighbours between them share.
                shared = min(shared, _common(words[before], words[second]))
                if shared < LEAST_SHARED:
                    break
                one, other = words[first], words[second]
                longer = max(len(one), len(other))
                if longer - shared <= LONGEST_ENDING and 2 * shared >= longer:
                    found.append((first, second, shared, (one[shared:], other[shared:])))
    return found


def _common(one: str, other: str) -> int:
    """How many letters two words share at their front."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))
