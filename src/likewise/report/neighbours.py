"""The nearest neighbours of some texts: the quickest way for a person to see whether a space makes sense."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from likewise.report.clusters import Clusters
from likewise.report.texts import Sample
from likewise.report.values import readable

__all__ = ["Neighbour", "Neighbourhood", "find_neighbours"]

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
