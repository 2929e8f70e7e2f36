"""Words whose embeddings training made similar, though they are spelled differently."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from jaxtyping import Float32, Int64

from likewise.encoders.static import StaticEncoder
from likewise.model.embedder import TextModel
from likewise.report.sample import Sample, number
from likewise.tokens.pretrained import MARKS

__all__ = ["Group", "WordPair", "Words", "find_words", "spelled_alike"]

MAX_WORDS = 5000  # the most frequent ones are compared
SHORTEST = 3  # letters, in a script that has words of letters
OCCURRENCES, FEWEST = 20, 5  # of a word in the corpus, so that its row was trained; fewer in a small corpus
NEAREST = 16  # neighbours of each word that are considered
PAIRS, GROUPS, OTHERS = 24, 14, 5
CLOSE = 5.0  # standard deviations of the cosine of random directions: three pairs of 5,000 words reach it by chance


@dataclass(frozen=True)
class WordPair:
    """Two words and their cosine."""

    first: str
    second: str
    cosine: float


@dataclass(frozen=True)
class Group:
    """A word and its nearest neighbours."""

    word: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """Similar words of a model.

    Attributes:
        pairs: the closest pairs, each word once.
        groups: words with their five nearest neighbours, the closest first.
        compared: number of words compared.
        chance: two standard deviations of the cosine of two random directions.
    """

    pairs: tuple[WordPair, ...]
    groups: tuple[Group, ...]
    compared: int
    chance: float


def find_words(model: TextModel, sample: Sample) -> Words:
    """Compare the embeddings of whole words that are frequent enough to have been trained.

    A subword that begins words counts as a word if a text of the sample has it as one; without a sample, if it is long
    enough.
    """
    ids = _frequent_words(model, sample)
    words = [_plain(model.tokenizer.vocabulary.subwords[id]) for id in ids.tolist()]
    rows = model.encoder.weights[ids] if isinstance(model.encoder, StaticEncoder) else model.encode(words)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    spread = 1.0 / np.sqrt(model.dim)
    nearest, cosines = _nearest(rows)
    pairs = list(_pairs(words, nearest, cosines, CLOSE * spread))
    groups = list(_groups(words, nearest, cosines, CLOSE * spread))
    return Words(tuple(pairs), tuple(groups), len(words), float(2 * spread))


def spelled_alike(first: str, second: str) -> bool:
    """Whether two words are forms of one: one contains the other, or they share a prefix or most letters."""
    short = min(len(first), len(second))
    begin = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), short)
    if first in second or second in first or begin >= max(3, 0.5 * short):
        return True
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= 0.7


def _frequent_words(model: TextModel, sample: Sample) -> Int64[np.ndarray, " words"]:
    vocabulary, facts = model.tokenizer.vocabulary, model.card.corpus
    texts = number(facts, "texts") or np.inf
    least = OCCURRENCES if texts >= 1000 else FEWEST
    seen = frozenset[str]().union(*sample.words)
    static = isinstance(model.encoder, StaticEncoder)
    norms = np.linalg.norm(model.encoder.weights, axis=1) if static else np.ones(len(vocabulary))
    fit = [
        id
        for id in np.argsort(-vocabulary.counts, kind="stable").tolist()
        if least <= vocabulary.counts[id] <= texts
        and not vocabulary.continues[id]
        and norms[id] > 0
        and _is_word(_plain(vocabulary.subwords[id]))
        and (not seen or _plain(vocabulary.subwords[id]) in seen)
    ]
    return np.array(fit[:MAX_WORDS], np.int64)


def _plain(subword: str) -> str:
    """A subword without the mark that some tokenizers put before a word."""
    return subword.lstrip("".join(MARKS))


def _is_word(subword: str) -> bool:
    return subword.isalpha() and (len(subword) >= SHORTEST or not subword.isascii())


def _nearest(
    rows: Float32[np.ndarray, "words dim"],
) -> tuple[Int64[np.ndarray, "words k"], Float32[np.ndarray, "words k"]]:
    """The nearest neighbours of each word, nearest first."""
    k = max(0, min(NEAREST, len(rows) - 1))
    similar = rows @ rows.T
    np.fill_diagonal(similar, -np.inf)
    nearest = np.argsort(-similar, axis=1, kind="stable")[:, :k]
    return nearest.astype(np.int64), np.take_along_axis(similar, nearest, axis=1)


def _pairs(
    words: list[str], nearest: Int64[np.ndarray, "words k"], cosines: Float32[np.ndarray, "words k"], least: float
) -> Iterator[WordPair]:
    taken: set[int] = set()
    found = 0
    for place in np.argsort(-cosines, axis=None, kind="stable").tolist():
        first, column = divmod(place, nearest.shape[1])
        second, cosine = int(nearest[first, column]), float(cosines[first, column])
        if found == PAIRS or cosine < least:
            return
        if {first, second} & taken or spelled_alike(words[first], words[second]):
            continue
        taken |= {first, second}
        found += 1
        yield WordPair(words[first], words[second], cosine)


def _groups(
    words: list[str], nearest: Int64[np.ndarray, "words k"], cosines: Float32[np.ndarray, "words k"], least: float
) -> Iterator[Group]:
    taken: set[int] = set()
    found = 0
    for word in np.argsort(-cosines[:, :OTHERS].sum(axis=1), kind="stable").tolist():
        others: list[int] = []
        for place in np.flatnonzero(cosines[word] >= least).tolist():
            other = int(nearest[word, place])
            known = [words[each] for each in (word, *others)]
            if len(others) < OTHERS and not any(spelled_alike(words[other], one) for one in known):
                others.append(other)
        if found < GROUPS and len(others) == OTHERS and not {word, *others} & taken:
            taken |= {word, *others}
            found += 1
            yield Group(words[word], tuple(words[each] for each in others))
