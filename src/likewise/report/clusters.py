"""Groups of texts that lie together, and the words that tell one group from the rest."""

from collections import Counter
from dataclasses import dataclass
from math import log

import numpy as np
from jaxtyping import Int64

from likewise.report.texts import Sample

__all__ = ["Clusters", "find_clusters", "telling_words"]

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
