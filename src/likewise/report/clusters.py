"""Groups of texts that lie together, and the words that tell one group from the rest."""

from collections import Counter
from dataclasses import dataclass
from math import log

import numpy as np
from jaxtyping import Int64

from likewise.report.sample import Sample, readable

__all__ = ["Clusters", "Neighbour", "Neighbourhood", "find_clusters", "find_neighbours", "telling_words"]


MOST = 10  # as many colours as can be told apart
TEXTS_EACH = 30  # on average, so that their words tell something
WORDS = 3  # that name a cluster
LEAST = 2  # texts of a cluster that a telling word occurs in


@dataclass(frozen=True)
class Clusters:
    """Clusters of texts, the largest first.

    Attributes:
        labels: which cluster each text is in.
        names: the most telling words of each.
        central: the text nearest the centre of each.
        sizes: how many texts each holds.
    """

    labels: Int64[np.ndarray, " texts"]
    names: tuple[str, ...]
    central: Int64[np.ndarray, " clusters"]
    sizes: Int64[np.ndarray, " clusters"]


def find_clusters(sample: Sample) -> Clusters | None:
    """Spherical k-means, near enough: k-means of unit vectors; None of fewer than two different vectors."""
    from sklearn.cluster import KMeans

    different = len(np.unique(np.round(sample.vectors, 4), axis=0))
    if different < 2:
        return None
    wanted = min(MOST, max(2, len(sample) // TEXTS_EACH), different)
    found = KMeans(wanted, n_init=4, random_state=0).fit(sample.vectors)
    sizes = np.bincount(found.labels_, minlength=wanted)
    order = np.argsort(-sizes, kind="stable")
    labels = np.argsort(order)[found.labels_].astype(np.int64)
    near = sample.vectors @ found.cluster_centers_[order].T
    central = [int(np.flatnonzero(labels == each)[np.argmax(near[labels == each, each])]) for each in range(wanted)]
    words = telling_words(sample.words, labels)
    return Clusters(labels, tuple(words), np.array(central, np.int64), sizes[order].astype(np.int64))


def telling_words(words: tuple[frozenset[str], ...], labels: Int64[np.ndarray, " texts"]) -> list[str]:
    """For each cluster the words with the highest `p log(p / q)`.

    p is the share of its texts with the word, q that of all texts: the word's part in the Kullback-Leibler divergence
    of the cluster from the whole.
    """
    everywhere = Counter(word for some in words for word in some)
    names = []
    for label in range(int(labels.max(initial=-1)) + 1):
        inside = [some for some, own in zip(words, labels, strict=True) if own == label]
        counts = Counter(word for some in inside for word in some if not word.isnumeric())
        scores = {
            word: count / len(inside) * log(count / len(inside) * len(words) / everywhere[word])
            for word, count in counts.items()
            if count >= LEAST
        }
        best = sorted(scores, key=lambda word: (-scores[word], word))
        long = [word for word in best if len(word) > 1 or not word.isascii()]
        names.append(", ".join(long[:WORDS]) or f"group {label + 1}")
    return names


TYPICAL = RANDOM = 4  # texts of each kind
NEAREST = 3
RARE = 0.05  # a word in fewer of the texts than this says something when two of them share it
CHARACTERS, MOST_SHARED = 180, 5


@dataclass(frozen=True)
class Neighbour:
    """A text near another.

    Attributes:
        text: its beginning.
        cosine: of the two.
        shared: the rarest words in common, at most five.
    """

    text: str
    cosine: float
    shared: tuple[str, ...]


@dataclass(frozen=True)
class Neighbourhood:
    """A text and those nearest to it.

    Attributes:
        text: its beginning.
        typical: whether it is the middle of a cluster; else it was drawn at random.
        neighbours: the nearest first.
    """

    text: str
    typical: bool
    neighbours: tuple[Neighbour, ...]


def find_neighbours(sample: Sample, clusters: Clusters | None, rng: np.random.Generator) -> tuple[Neighbourhood, ...]:
    """Neighbours within the sample: of the middles of its largest clusters, then of random texts."""
    if len(sample) < 2:
        return ()
    typical = [] if clusters is None else clusters.central[:TYPICAL].tolist()
    others = [row for row in rng.permutation(len(sample)).tolist() if row not in typical]
    within = Counter(word for some in sample.words for word in some)
    rows = [*typical, *others[:RANDOM]]
    return tuple(_around(sample, row, row in typical, within) for row in rows)


def _around(sample: Sample, row: int, typical: bool, within: Counter[str]) -> Neighbourhood:
    cosines = sample.vectors @ sample.vectors[row]
    cosines[row] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[: min(NEAREST, len(sample) - 1)]
    neighbours = []
    for other in nearest.tolist():
        common = sample.words[row] & sample.words[other]
        rare = sorted(
            (within[word], word) for word in common if _tells(word) and within[word] < max(3, RARE * len(sample))
        )
        shared = tuple(word for _, word in rare[:MOST_SHARED])
        neighbours.append(Neighbour(readable(sample.texts[other], CHARACTERS), float(cosines[other]), shared))
    return Neighbourhood(readable(sample.texts[row], CHARACTERS), typical, tuple(neighbours))


def _tells(word: str) -> bool:
    return len(word) > 1 or not word.isascii()
