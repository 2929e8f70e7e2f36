"""Learn stems from the corpus itself, in any language: which words are forms of one another.

The algorithm is GRAS, a graph-based stemmer without language knowledge (Paik, Mitra, Parui and Järvelin 2011). Two
words with a common prefix differ by a pair of suffixes, and a pair of suffixes of many words is a rule (`flow flows`,
`heat heats`, ...: nothing and `s`). Words related by rules form a graph; the forms of a word are those of its
neighbours whose own neighbours are mostly the same.

It differs from the paper in one point: the fewer letters two words share, the more frequent a rule has to be to relate
them, so that short words (`app apps`) are related and those that are similar by chance are not.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from unicodedata import category, normalize

import numpy as np

from likewise.arrays import Int32
from likewise.tokens.scripts import is_run
from likewise.tokens.vocabulary import CONTINUATION, Vocabulary

MAX_SUFFIX = 6  # letters
MIN_PREFIX = 3  # letters that two forms share, and at least half of the longer one
SAFE_PREFIX = 5  # shared letters; with fewer, words are similar by chance, and a rule needs more pairs
MIN_PAIRS = 4  # pairs of words that make a rule
FACTOR_PER_LETTER = 4  # as many times more pairs for each letter below SAFE_PREFIX
COHESION = 0.8  # share of the neighbours of a form that must be neighbours of the word too
_SYLLABLE = re.compile("[\uac00-\ud7a3]")  # of Hangul, which has two or three letters
MAX_GROUP = 500  # words with the same prefix; larger groups are numbers, codes or names, not a language


def learn_stems(vocabulary: Vocabulary, whole: Int32[np.ndarray, " vocab"] | np.ndarray) -> Int32[np.ndarray, " vocab"]:
    """Map each subword to its stem: the most frequent form of its word, or the subword itself.

    In a script without spaces a subword is the same wherever in a run it stands.

    Args:
        vocabulary: the subwords.
        whole: how often each subword occurs as a whole word, without a subword that continues it.

    Returns:
        The id of the stem of each subword.
    """
    words = [
        id
        for id, subword in enumerate(vocabulary.subwords)
        if whole[id] > 0 and not subword.startswith(CONTINUATION) and _is_word(subword) and not is_run(subword)
    ]
    stems = np.arange(len(vocabulary), dtype=np.int32)
    for forms in word_forms([vocabulary.subwords[id] for id in words]):
        ids = [words[form] for form in forms]
        stems[ids] = max(ids, key=lambda id: (whole[id], -id))
    by_spelling = {subword: id for id, subword in enumerate(vocabulary.subwords)}
    for subword, id in by_spelling.items():
        bare = subword.removeprefix(CONTINUATION)
        if bare != subword and is_run(bare):
            stems[id] = by_spelling.get(bare, id)
    return stems


def _is_word(subword: str) -> bool:
    """Whether it consists of letters and combining marks, which many scripts need: no digit, no punctuation."""
    return subword.isalpha() or all(category(character)[0] in "LM" for character in subword)


def word_forms(words: Sequence[str]) -> list[list[int]]:
    """Find groups of at least two words that are forms of one another.

    Korean is compared letter by letter: an ending often completes the last syllable of its word (가다 and 간다).

    Args:
        words: distinct words.

    Returns:
        The indices in `words` of each group.
    """
    words = [_SYLLABLE.sub(lambda syllable: normalize("NFD", syllable[0]), word) for word in words]
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
    """The share of the neighbours of a form, including the word itself, that are neighbours of the word as well."""
    return (1 + len(own & others)) / (1 + len(own))


def _neighbours(words: Sequence[str]) -> dict[int, set[int]]:
    """Relate words by rules: the neighbours of each word."""
    pairs = _pairs(words)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for _, _, shared, suffixes in pairs:
        if shared >= SAFE_PREFIX:
            counts[suffixes] += 1
    neighbours: dict[int, set[int]] = defaultdict(set)
    for first, second, shared, suffixes in pairs:
        if counts[suffixes] >= MIN_PAIRS * FACTOR_PER_LETTER ** max(0, SAFE_PREFIX - shared):
            neighbours[first].add(second)
            neighbours[second].add(first)
    return neighbours


def _pairs(words: Sequence[str]) -> list[tuple[int, int, int, tuple[str, str]]]:
    """Pairs of words with a common prefix: both indices, the length of the prefix, and the two suffixes."""
    prefixes: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(words)), key=words.__getitem__):
        if len(words[place]) >= MIN_PREFIX:
            prefixes[words[place][:MIN_PREFIX]].append(place)
    found = []
    for group in prefixes.values():
        if len(group) > MAX_GROUP:
            continue
        common = [_common(words[first], words[second]) for first, second in pairwise(group)]
        for i, first in enumerate(group):
            one, shared = words[first], len(words[first])
            for second, with_next in zip(group[i + 1 :], common[i:], strict=True):
                # In alphabetical order, the shared prefix is the shortest of those of all neighbours in between.
                shared = min(shared, with_next)
                if shared < MIN_PREFIX or len(one) > min(shared + MAX_SUFFIX, 2 * shared):
                    break
                other = words[second]
                if len(other) <= min(shared + MAX_SUFFIX, 2 * shared):
                    found.append((first, second, shared, (one[shared:], other[shared:])))
    return found


def _common(one: str, other: str) -> int:
    """The length of the common prefix."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))
