"""How sure a likeness is, without labels: what share of the pairs so alike are duplicates.

Two things make pairs alike that are none, and each gives an estimate; the lower counts.

The first is chance. Of all pairs of a corpus nearly none are duplicates, so pairs drawn at random show how often
unrelated texts are so alike. Draws cannot see what happens once in a million pairs; the generalised Pareto distribution
does, fitted to the largest of them (Pickands 1975, "Statistical inference using extreme order statistics"). As no
likeness is above 1, that is where the distribution ends, and only its shape has to be found. With N texts,
N (N - 1) / 2 P(s > t) pairs are above t by chance, out of so many that were found there.

The second is what a corpus is about: "how do I learn Java" and "how do I learn Python" are no accident. So sentences
are made that say something else, by other words in place of their rarest ones, and others that say the same, by a slip
of the pen. Were the former as many as the latter among all pairs, P(slip > t) / (P(slip > t) + P(other > t)) of the
pairs above t would be duplicates.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Float32, Float64

from likewise.applications.duplicates.features import Alikeness, Features, alikeness
from likewise.applications.duplicates.perturbations import other_texts, slips
from likewise.applications.duplicates.space import Space

__all__ = ["GRID", "Calibration", "Curve", "ParetoTail", "calibrated", "curve_of", "pareto_tail"]


GRID = np.linspace(0.0, 1.0, 513)  # likenesses at which precision is estimated
TAIL = 0.002  # of the random pairs that the tail is fitted to
LEAST_TAIL = 20  # pairs
SHORTEST = 1e-3  # shape of a tail: that of random pairs that are all alike
HIGHEST = 1e-6  # nearer to 1 than float32 tells


@dataclass(frozen=True)
class ParetoTail:
    """How often a likeness of random pairs is above a level.

    Attributes:
        start: where the tail begins.
        share: of the pairs that are in it.
        shape: minus that of the generalised Pareto distribution, which ends at 1: of the tail, a share of
            `((1 - t) / (1 - start)) ** (1 / shape)` is above `t`.
    """

    start: float
    share: float
    shape: float

    def above(self, levels: Float[np.ndarray, " levels"]) -> Float64[np.ndarray, " levels"]:
        """The probability of being above each level; below `start` that of being in the tail."""
        left = (1.0 - np.asarray(levels, np.float64)) / (1.0 - self.start)
        return np.asarray(self.share * np.clip(left, 0.0, 1.0) ** (1.0 / max(self.shape, SHORTEST)))


def pareto_tail(likenesses: Float[np.ndarray, " pairs"]) -> ParetoTail:
    """Fit the tail of the likenesses of random pairs, by maximum likelihood.

    Of a generalised Pareto distribution that ends at 1, `-log((1 - s) / (1 - start))` is exponential with mean `shape`.

    Args:
        likenesses: below 1.
    """
    ordered = np.sort(np.asarray(likenesses, np.float64))
    count = min(len(ordered), max(LEAST_TAIL, int(TAIL * len(ordered))))
    if count == 0:
        return ParetoTail(0.0, 0.0, 0.0)
    start = float(ordered[-count - 1]) if count < len(ordered) else 0.0
    beyond = np.log((1.0 - start) / np.maximum(1.0 - ordered[-count:], HIGHEST))
    return ParetoTail(start, count / len(ordered), float(beyond.mean()))


@dataclass(frozen=True)
class Curve:
    """What a likeness is worth.

    Attributes:
        precision: for each of `GRID`, the share of duplicates among pairs at least so alike; it never falls.
        recall: the share of slips that are at least so alike.
    """

    precision: Float64[np.ndarray, " levels"]
    recall: Float64[np.ndarray, " levels"]

    def threshold(self, precision: float) -> float:
        """The lowest likeness that has a precision; 2, which nothing reaches, where none has."""
        enough = np.flatnonzero(self.precision >= precision)
        return float(GRID[enough[0]]) if len(enough) else 2.0

    def precisions(self, likenesses: Float[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
        """The precision of each likeness."""
        at = np.searchsorted(GRID, np.asarray(likenesses, np.float64) + 1e-7, side="right") - 1
        found: np.ndarray = self.precision[np.clip(at, 0, len(GRID) - 1)]
        return found

    def recall_at(self, threshold: float) -> float:
        """The share of slips that a threshold finds."""
        at = int(np.searchsorted(GRID, threshold))
        return float(self.recall[at]) if at < len(GRID) else 0.0


def curve_of(
    found: Float[np.ndarray, " pairs"],
    random: Float[np.ndarray, " random"],
    slipped: Float[np.ndarray, " views"],
    other: Float[np.ndarray, " views"],
    possible: float,
) -> Curve:
    """Estimate the precision of every likeness.

    Args:
        found: of the candidates.
        random: of pairs drawn at random.
        slipped: of texts with their slips.
        other: of texts with the sentences about something else.
        possible: how many pairs there are.
    """
    accidents = possible * pareto_tail(random).above(GRID)
    chance = 1.0 - np.minimum(1.0, accidents / np.maximum(_at_least(found), 1))
    same, others = _at_least(slipped), _at_least(other)
    # One half more of what is not wanted: none seen among some hundred is not none at all.
    subject = same / np.maximum(same + others + 0.5, 1.0)
    precision = np.maximum.accumulate(np.minimum(chance, subject))
    return Curve(precision, same / max(len(slipped), 1))


def _at_least(values: Float[np.ndarray, " values"]) -> Float64[np.ndarray, " levels"]:
    ordered = np.sort(np.asarray(values, np.float64) + 1e-7)
    return (len(ordered) - np.searchsorted(ordered, GRID)).astype(np.float64)


RANDOM_PAIRS = 1 << 18
VIEWS = 1 << 11  # texts that views are made of, drawn again and again where there are fewer
DUPLICATES_ALREADY = 0.1  # a random pair more alike than this share of the slips is no accident but a duplicate
LONGEST = 2_000  # characters of a text that views are made of


@dataclass(frozen=True)
class Calibration:
    """What each likeness is worth in a corpus.

    Attributes:
        letters: the likeness of letters.
        meaning: that of meaning.
    """

    letters: Curve
    meaning: Curve

    def precisions(self, pairs: Alikeness) -> Float64[np.ndarray, " pairs"]:
        """Of pairs: that of the likeness which is worth more."""
        surer: np.ndarray = np.maximum(self.letters.precisions(pairs.letters), self.meaning.precisions(pairs.meaning))
        return surer

    def by_letters(self, pairs: Alikeness) -> Bool[np.ndarray, " pairs"]:
        """Whether it is that of letters."""
        better: np.ndarray = self.letters.precisions(pairs.letters) >= self.meaning.precisions(pairs.meaning)
        return better

    def scores(self, pairs: Alikeness) -> Float32[np.ndarray, " pairs"]:
        """The likeness that is worth more."""
        scores: np.ndarray = np.where(self.by_letters(pairs), pairs.letters, pairs.meaning)
        return scores


def calibrated(
    texts: pa.Array,
    features: Features,
    space: Space | None,
    found: Alikeness,
    possible: float,
    rng: np.random.Generator,
) -> Calibration:
    """Calibrate on views of the texts and on pairs of them.

    Args:
        texts: distinct, at least one.
        features: of them.
        space: in which they are compared.
        found: how alike the candidates are.
        possible: how many pairs there are.
        rng: draws texts, pairs and what is done to them.
    """
    count = len(texts)
    chosen = np.sort(rng.choice(count, VIEWS, replace=count < VIEWS))
    sample = [text[:LONGEST] for text in texts.take(pa.array(chosen)).to_pylist()]
    own, every = Features.of(pa.array(sample, pa.large_string()), space), np.arange(VIEWS)

    def likenesses(made: list[str]) -> Alikeness:
        return alikeness(own, Features.of(pa.array(made, pa.large_string()), space), every, every, space)

    slipped, other = likenesses(slips(sample, rng)), likenesses(other_texts(sample, rng))
    drawn = min(RANDOM_PAIRS, 20 * count * count)
    ones, twos = rng.integers(0, count, drawn), rng.integers(1, max(count, 2), drawn)
    random = alikeness(features, features, ones, (ones + twos) % count, space)

    def curve(name: str) -> Curve:
        noised, others = getattr(slipped, name), getattr(other, name)
        accidents = getattr(random, name)
        accidents = accidents[accidents < np.quantile(noised, DUPLICATES_ALREADY)]
        return curve_of(getattr(found, name), accidents, noised, others, possible)

    return Calibration(curve("letters"), curve("meaning"))
