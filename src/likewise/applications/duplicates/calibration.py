"""The precision of a score, estimated without labels: the share of duplicates among pairs at least so similar.

Two things make pairs similar that are no duplicates. Each gives an estimate, and the lower of the two counts.

The first is chance. Nearly none of all pairs of a corpus are duplicates, so pairs drawn at random show how often
unrelated texts are so similar. Draws cannot show what happens once in a million pairs; the generalised Pareto
distribution can, fitted to the largest of them (Pickands 1975, "Statistical inference using extreme order statistics").
As no similarity is above 1, the distribution ends there, and only its shape is fitted. With N texts,
N (N - 1) / 2 P(s > t) pairs are above t by chance, among the pairs that were found there.

The second is the subject of a corpus: "how do I learn Java" and "how do I learn Python" are similar for a reason. So
pairs are made of its texts, some that say the same and some that do not (`made_pairs.py`). With as many of either among
all pairs, P(typo > t) / (P(typo > t) + P(perturbed > t)) of the pairs above t would be duplicates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import pyarrow as pa

from likewise.applications.duplicates.evidence import Evidence, Weights, evidence_of
from likewise.applications.duplicates.made_pairs import perturbations, record_exchanges, record_typos, typos
from likewise.applications.duplicates.space import Features, Space
from likewise.arrays import Float, Float64, Int64

GRID = np.linspace(0.0, 1.0, 513)  # scores at which precision is estimated
TAIL = 0.002  # of the random pairs that the tail is fitted to
LEAST_TAIL = 20  # pairs
SHORTEST = 1e-3  # shape of a tail: that of random pairs that are all similar
HIGHEST = 1e-6  # nearer to 1 than float32 resolves

RANDOM_PAIRS = 1 << 18
VIEWS = 1 << 11  # texts that views are made of, drawn again and again where there are fewer
DUPLICATES_ALREADY = 0.1  # a random pair more similar than this share of the typos is no accident but a duplicate
NEIGHBOURS, AROUND = 5, 32  # texts whose words a text is perturbed with, among the nearest of so many
COPIED = 0.5  # of the words, by weight, that a copy has at least
LONGEST = 2_000  # characters of a text that views are made of


@dataclass(frozen=True)
class ParetoTail:
    """The tail of the similarities of random pairs: how often one is above a level.

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


def pareto_tail(similarities_of: Float[np.ndarray, " pairs"]) -> ParetoTail:
    """Fit the tail of the similarities of random pairs, by maximum likelihood.

    Of a generalised Pareto distribution that ends at 1, `-log((1 - s) / (1 - start))` is exponential with mean `shape`.
    """
    ordered = np.sort(np.asarray(similarities_of, np.float64))
    count = min(len(ordered), max(LEAST_TAIL, int(TAIL * len(ordered))))
    if count == 0:
        return ParetoTail(0.0, 0.0, 0.0)
    start = float(ordered[-count - 1]) if count < len(ordered) else 0.0
    beyond = np.log((1.0 - start) / np.maximum(1.0 - ordered[-count:], HIGHEST))
    return ParetoTail(start, count / len(ordered), float(beyond.mean()))


@dataclass(frozen=True)
class Curve:
    """The precision and the recall of each similarity.

    Attributes:
        precision: for each of `GRID`, the share of duplicates among pairs at least so similar; it never falls.
        recall: the share of typos that are at least so similar.
    """

    precision: Float64[np.ndarray, " levels"]
    recall: Float64[np.ndarray, " levels"]

    def threshold(self, precision: float) -> float:
        """The lowest similarity with a precision; 2, which no pair reaches, where there is none."""
        enough = np.flatnonzero(self.precision >= precision)
        return float(GRID[enough[0]]) if len(enough) else 2.0

    def precisions(self, similarities_of: Float[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
        """The precision of each similarity."""
        at = np.searchsorted(GRID, np.asarray(similarities_of, np.float64) + 1e-7, side="right") - 1
        found: np.ndarray = self.precision[np.clip(at, 0, len(GRID) - 1)]
        return found


def curve_of(
    found: Float[np.ndarray, " pairs"],
    random: Float[np.ndarray, " random"],
    with_typos: Float[np.ndarray, " views"],
    other: Float[np.ndarray, " views"],
    possible: float,
) -> Curve:
    """Estimate the precision of every similarity.

    Args:
        found: of the candidates.
        random: of pairs drawn at random.
        with_typos: of texts with their typos.
        other: of texts with the sentences about something else.
        possible: how many pairs there are.
    """
    accidents = possible * pareto_tail(random).above(GRID)
    chance = 1.0 - np.minimum(1.0, accidents / np.maximum(_at_least(found), 1))
    same, others = _at_least(with_typos), _at_least(other)
    # One half more of what is not wanted: none seen among some hundred is not none at all.
    subject = same / np.maximum(same + others + 0.5, 1.0)
    precision = np.maximum.accumulate(np.minimum(chance, subject))
    return Curve(precision, same / max(len(with_typos), 1))


def _at_least(values: Float[np.ndarray, " values"]) -> Float64[np.ndarray, " levels"]:
    ordered = np.sort(np.asarray(values, np.float64) + 1e-7)
    return (len(ordered) - np.searchsorted(ordered, GRID)).astype(np.float64)


@dataclass(frozen=True)
class MadeEvidence:
    """The evidence of pairs that a corpus gives without labels.

    Attributes:
        with_typos: of texts and themselves with typos, which say the same.
        perturbed: of texts and themselves about something else.
        random: of pairs drawn at random, which have nothing to do with each other.
    """

    with_typos: Evidence
    perturbed: Evidence
    random: Evidence

    @classmethod
    def of(cls, texts: pa.Array, features: Features, space: Space, rng: np.random.Generator) -> "MadeEvidence":
        """Make pairs of texts.

        Args:
            texts: at least one.
            features: of them.
            space: in which they are compared.
            rng: draws texts, pairs, typos and perturbations.
        """
        count = len(texts)
        chosen = np.sort(rng.choice(count, min(count, VIEWS), replace=False))
        whole = texts.take(pa.array(chosen)).to_pylist()
        sample = [text[:LONGEST] for text in whole]
        if space.columns:  # each cell is cut, as a record has to keep its lines
            sample = ["\n".join(cell[:LONGEST] for cell in text.split("\n")) for text in whole]
        own = Features.of(pa.array(sample, pa.large_string()), space)
        near, again = _near(own, space, rng), np.arange(VIEWS) % len(sample)
        repeated, every = [sample[at] for at in again], np.arange(VIEWS)

        def with_made(made: list[str]) -> Evidence:
            return evidence_of(own, Features.of(pa.array(made, pa.large_string()), space), again, every, space)

        if space.columns:
            same, other = record_typos(repeated, space.columns.kinds, rng), record_exchanges(repeated, near[again], rng)
        else:
            same, other = typos(repeated, rng), perturbations(repeated, near[again], rng)
        with_typos, perturbed = with_made(same), with_made(other)
        drawn = min(RANDOM_PAIRS, 20 * count * count)
        ones, twos = rng.integers(0, count, drawn), rng.integers(1, max(count, 2), drawn)
        return cls(with_typos, perturbed, evidence_of(features, features, ones, (ones + twos) % count, space))


def _near(features: Features, space: Space, rng: np.random.Generator) -> Int64[np.ndarray, "texts some"]:
    """Of each text others that are near and no copies of it, or any where there are no vectors.

    Records without vectors are near by their letters, as they are matched by their cells then.
    """
    count = len(features)
    if space.dim:
        vectors = features.vectors.astype(np.float32)
        cosines = vectors @ vectors.T
    elif space.columns:
        every, of_texts = np.arange(count), Space(None, space.axes, space.gram_weights, space.word_weights)
        cosines = np.stack(
            [evidence_of(features, features, np.full(count, one), every, of_texts).letters for one in range(count)]
        )
    else:
        return rng.integers(count, size=(count, NEIGHBOURS))
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :AROUND]
    ones = np.repeat(np.arange(count), nearest.shape[1])
    copied = evidence_of(features, features, ones, nearest.ravel(), space).words >= COPIED
    order = np.argsort(copied.reshape(nearest.shape), axis=1, kind="stable")
    found: np.ndarray = np.take_along_axis(nearest, order, axis=1)[:, :NEIGHBOURS]
    return found


@dataclass(frozen=True)
class Calibration:
    """What evidence is worth in a corpus.

    Attributes:
        weights: of the evidence.
        near: curve of the share of words.
        semantic: curve of the weighed evidence; of nothing where there is no encoder.
    """

    weights: Weights
    near: Curve
    semantic: Curve


def calibrated(
    texts: pa.Array,
    features: Features,
    space: Space,
    found: Evidence,
    possible: float,
    rng: np.random.Generator,
) -> Calibration:
    """Calibrate on views of distinct texts and on pairs of them.

    Args:
        texts: at least one.
        features: of them.
        space: in which they are compared.
        found: evidence of the candidates, of all `possible` pairs.
        possible: how many there are.
        rng: draws texts, pairs, typos and perturbations.
    """
    made = MadeEvidence.of(texts, features, space, rng)
    weights = Weights.of(made.random)

    def curve(score: Callable[[Evidence], np.ndarray]) -> Curve:
        noised, accidents = score(made.with_typos), score(made.random)
        accidents = accidents[accidents < np.quantile(noised, DUPLICATES_ALREADY)]
        return curve_of(score(found), accidents, noised, score(made.perturbed), possible)

    # Of records that share most words the columns tell more: their words are no reason of their own.
    near = Curve(np.zeros(len(GRID)), np.zeros(len(GRID))) if space.columns else curve(attrgetter("words"))
    return Calibration(weights, near, curve(weights.scores))
