"""Regions of a map on several levels, each named by the words that set its texts apart from the others."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import log

import numpy as np

from likewise.arrays import Float32, Int64, UInt16
from likewise.index.stems import readable_words

COUNTS = (10, 60, 360)  # regions of each level: the first has as many as there are colours to tell apart
TEXTS_PER_REGION = 25  # on average at least, enough for words that describe it
NAME_WORDS, MIN_TEXTS = 3, 2  # words of a name, and texts that each must occur in
CONSIDERED = 40  # of the best words, of which those that are no forms of each other name a region
PRIOR = 10.0  # texts with a word that lie evenly over the map, added to those that there are
UNSPACED = "\u0e00"  # the first character of the scripts whose words are not separated, which are read in pairs
SAME_WORD, LONGEST = (
    0.8,
    6,
)  # share of the texts of a pair with its neighbour, and characters, of a word of several pairs
READ_CHARACTERS = 1_000  # of a text, whose words are counted
ITERATIONS = 12  # of k-means
SEED = 0


@dataclass(frozen=True)
class Level:
    """The regions of one level of a map, each made of those of the finest.

    Attributes:
        of_finest: the region that each region of the finest level is part of.
        names: the most distinctive words of each region.
        centres: where each is: the position of the text nearest to the mean of its texts.
    """

    of_finest: UInt16[np.ndarray, " finest"]
    names: tuple[tuple[str, ...], ...]
    centres: Float32[np.ndarray, "regions 2"]


def find_centroids(positions: Float32[np.ndarray, "texts 2"]) -> Float32[np.ndarray, "finest 2"]:
    """Return the centroids of the regions of the finest level: k-means in the plane."""
    import faiss

    different = np.unique(positions, axis=0)
    wanted = max(1, min(COUNTS[-1], len(positions) // TEXTS_PER_REGION, len(different)))
    clustering = faiss.Kmeans(
        2, wanted, niter=ITERATIONS, seed=SEED, min_points_per_centroid=1, max_points_per_centroid=1_000
    )
    clustering.train(different)
    centroids = np.asarray(clustering.centroids, np.float32)
    kept: np.ndarray = centroids[np.unique(nearest_centroids(centroids, positions))]
    return kept


def nearest_centroids(
    centroids: Float32[np.ndarray, "finest 2"], positions: Float32[np.ndarray, "texts 2"]
) -> UInt16[np.ndarray, " texts"]:
    """Return the number of the nearest centroid to each position."""
    from sklearn.neighbors import KDTree

    found: np.ndarray = KDTree(centroids).query(positions, 1)[1][:, 0].astype(np.uint16)
    return found


def find_levels(
    positions: Float32[np.ndarray, "texts 2"], regions: UInt16[np.ndarray, " texts"], texts: Iterable[str]
) -> tuple[Level, ...]:
    """Join near regions to larger ones by Ward's method, and name all; the coarsest level first, its largest first.

    Args:
        positions: of the texts.
        regions: of the finest level that each is in, none empty.
        texts: the texts, in the same order.
    """
    from sklearn.cluster import AgglomerativeClustering

    count = int(regions.max(initial=0)) + 1
    sizes = np.bincount(regions, minlength=count)
    means = np.stack([np.bincount(regions, positions[:, axis], count) / sizes for axis in (0, 1)], axis=1)
    words = _counted_words(texts, regions, count)
    weights = {word: each**2 for word, each in _concentrations(words, sizes).items()} if count > 1 else None
    levels = []
    for wanted in [*(each for each in COUNTS if each < count), count]:
        joined = np.arange(count)
        if wanted < count:
            joined = AgglomerativeClustering(wanted, linkage="ward").fit(means).labels_
        totals = np.bincount(joined, sizes, wanted)
        joined = np.argsort(np.argsort(-totals, kind="stable"))[joined]  # the largest first
        names = _names(words, joined, np.bincount(joined, sizes, wanted).astype(np.int64), weights)
        levels.append(Level(joined.astype(np.uint16), names, _centres(positions, joined[regions], wanted)))
    return tuple(levels)


def rank_words(
    inside: Mapping[str, int],
    size: int,
    everywhere: Mapping[str, int],
    texts: int,
    weights: Mapping[str, float] | None = None,
) -> list[str]:
    """Rank words by `p log(p / q)`, their terms of the Kullback-Leibler divergence; without numbers and single letters.

    p is the share of the texts of a region with the word, q that of all texts.

    Args:
        inside: texts of the region with each word.
        size: texts of the region.
        everywhere: texts with each word.
        texts: all texts.
        weights: that each term is multiplied by.
    """
    scores = {
        word: count / size * log(count / size * texts / everywhere[word]) * (weights[word] if weights else 1.0)
        for word, count in inside.items()
        if count >= MIN_TEXTS and not word.isnumeric() and (len(word) > 1 or not word.isascii())
    }
    return sorted(scores, key=lambda word: (-scores[word], word))


def spelled_alike(first: str, second: str) -> bool:
    """Whether two words are forms of one: one contains the other, or they share a prefix or most letters."""
    short = min(len(first), len(second))
    begin = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), short)
    if first in second or second in first or begin >= max(3, 0.5 * short):
        return True
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= 0.7


def _counted_words(texts: Iterable[str], regions: UInt16[np.ndarray, " texts"], count: int) -> list[Counter[str]]:
    """Return in how many texts of each region each word is."""
    found: list[Counter[str]] = [Counter() for _ in range(count)]
    for text, region in zip(texts, regions.tolist(), strict=True):
        found[region].update(set(readable_words(text[:READ_CHARACTERS])))
    return found


def _concentrations(words: list[Counter[str]], sizes: Int64[np.ndarray, " finest"]) -> dict[str, float]:
    """Return how far each word is from lying evenly over the regions: function words are near 0, in any language.

    The Kullback-Leibler divergence of the regions of the texts with the word from the regions of all texts, with
    `PRIOR` texts that lie evenly, as a rare word lies in few regions by chance.
    """
    shares = sizes / sizes.sum()
    everywhere: Counter[str] = Counter()
    for some in words:
        everywhere.update(some)
    found, rest = dict.fromkeys(everywhere, 0.0), dict.fromkeys(everywhere, 1.0)
    for some, share in zip(words, shares.tolist(), strict=True):
        for word, count in some.items():
            p = (count + PRIOR * share) / (everywhere[word] + PRIOR)
            found[word] += p * log(p / share)
            rest[word] -= share
    for word, share in rest.items():  # of the regions without the word
        weight = PRIOR / (everywhere[word] + PRIOR)
        found[word] += max(0.0, share) * weight * log(weight)
    return {word: max(0.0, concentration) for word, concentration in found.items()}


def _names(
    words: list[Counter[str]],
    joined: Int64[np.ndarray, " finest"],
    sizes: Int64[np.ndarray, " regions"],
    weights: Mapping[str, float] | None,
) -> tuple[tuple[str, ...], ...]:
    inside: list[Counter[str]] = [Counter() for _ in sizes]
    everywhere: Counter[str] = Counter()
    for region, some in zip(joined.tolist(), words, strict=True):
        inside[region].update(some)
        everywhere.update(some)
    texts = int(sizes.sum())
    ranked = (rank_words(some, int(size), everywhere, texts, weights) for some, size in zip(inside, sizes, strict=True))
    return tuple(tuple(_different(each[:CONSIDERED], some)) for each, some in zip(ranked, inside, strict=True))


def _different(words: list[str], inside: Mapping[str, int]) -> list[str]:
    """Return the first words that are no forms of each other; pairs of characters of one longer word are joined."""
    chosen: list[str] = []
    texts: list[int] = []
    for word in words:
        for place, other in enumerate(chosen):
            end, begin = other[-1] == word[0], other[0] == word[-1]
            bigrams = min(word[0], other[0]) >= UNSPACED and len(word) == 2 and len(other) < LONGEST
            if bigrams and (end or begin) and inside[word] >= SAME_WORD * texts[place]:
                chosen[place] = other + word[1] if end else word[0] + other
                break
        else:
            if len(chosen) < NAME_WORDS and not any(spelled_alike(word, other) for other in chosen):
                chosen.append(word)
                texts.append(inside[word])
    return chosen


def _centres(
    positions: Float32[np.ndarray, "texts 2"], regions: Int64[np.ndarray, " texts"], count: int
) -> Float32[np.ndarray, "regions 2"]:
    sizes = np.bincount(regions, minlength=count)
    means = np.stack([np.bincount(regions, positions[:, axis], count) / sizes for axis in (0, 1)], axis=1)
    distances = ((positions - means[regions]) ** 2).sum(axis=1)
    order = np.lexsort((distances, regions))
    return positions[order[np.searchsorted(regions[order], np.arange(count))]]
