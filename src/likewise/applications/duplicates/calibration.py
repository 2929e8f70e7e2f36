"""The precision of a similarity, estimated without labels: the share of duplicates among pairs at least so similar.

Two things make pairs similar that are no duplicates. Each gives an estimate, and the lower of the two counts.

The first is chance. Nearly none of all pairs of a corpus are duplicates, so pairs drawn at random show how often
unrelated texts are so similar. Draws cannot show what happens once in a million pairs; the generalised Pareto
distribution can, fitted to the largest of them (Pickands 1975, "Statistical inference using extreme order statistics").
As no similarity is above 1, the distribution ends there, and only its shape is fitted. With N texts,
N (N - 1) / 2 P(s > t) pairs are above t by chance, among the pairs that were found there.

The second is the subject of a corpus: "how do I learn Java" and "how do I learn Python" are similar for a reason. So
texts are perturbed in two ways: some of their rarest words are replaced, which changes the meaning, or typos are made,
which do not. With as many of either among all pairs, P(typo > t) / (P(typo > t) + P(perturbed > t)) of the pairs above
t would be duplicates.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Float64

from likewise.applications.duplicates.similarity import Features, Similarities, Space, similarities

GRID = np.linspace(0.0, 1.0, 513)  # similarities at which precision is estimated
TAIL = 0.002  # of the random pairs that the tail is fitted to
LEAST_TAIL = 20  # pairs
SHORTEST = 1e-3  # shape of a tail: that of random pairs that are all similar
HIGHEST = 1e-6  # nearer to 1 than float32 resolves

RANDOM_PAIRS = 1 << 18
VIEWS = 1 << 11  # texts that views are made of, drawn again and again where there are fewer
DUPLICATES_ALREADY = 0.1  # a random pair more similar than this share of the typos is no accident but a duplicate
LONGEST = 2_000  # characters of a text that views are made of

DELETED = 0.05  # of the words
MISTYPED = 0.5  # of the texts
LEAST = 6  # words of a text that any is deleted of, or characters of one without spaces
REPLACED = 0.125  # of the words, of the rarer half, and one at least


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
class Calibration:
    """The calibration of both similarities in a corpus.

    Attributes:
        lexical: curve of the lexical similarity.
        semantic: curve of the semantic similarity.
    """

    lexical: Curve
    semantic: Curve


def calibrated(
    texts: pa.Array,
    features: Features,
    space: Space | None,
    found: Similarities,
    possible: float,
    rng: np.random.Generator,
) -> Calibration:
    """Calibrate on views of distinct texts and on pairs of them.

    Args:
        texts: at least one.
        features: of them.
        space: in which they are compared.
        found: how similar the candidates are, of all `possible` pairs.
        possible: how many there are.
        rng: draws texts, pairs, typos and perturbations.
    """
    count = len(texts)
    chosen = np.sort(rng.choice(count, VIEWS, replace=count < VIEWS))
    sample = [text[:LONGEST] for text in texts.take(pa.array(chosen)).to_pylist()]
    own, every = Features.of(pa.array(sample, pa.large_string()), space), np.arange(VIEWS)

    def similarities_of(made: list[str]) -> Similarities:
        return similarities(own, Features.of(pa.array(made, pa.large_string()), space), every, every, space)

    with_typos, other = similarities_of(typos(sample, rng)), similarities_of(perturbations(sample, rng))
    drawn = min(RANDOM_PAIRS, 20 * count * count)
    ones, twos = rng.integers(0, count, drawn), rng.integers(1, max(count, 2), drawn)
    random = similarities(features, features, ones, (ones + twos) % count, space)

    def curve(name: str) -> Curve:
        noised, others = getattr(with_typos, name), getattr(other, name)
        accidents = getattr(random, name)
        accidents = accidents[accidents < np.quantile(noised, DUPLICATES_ALREADY)]
        return curve_of(getattr(found, name), accidents, noised, others, possible)

    return Calibration(curve("lexical"), curve("semantic"))


def typos(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each text with a twentieth of its words left out, half of them with two letters of one word swapped too."""
    return [_with_typos(_parts(text), rng) for text in texts]


def perturbations(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each text with some of its rarer words replaced by such of others: the same sentence about something else."""
    parts = [_parts(text) for text in texts]
    often = Counter(word.lower() for words, _ in parts for word in set(words))
    places = [_rarer(words, often) for words, _ in parts]
    made = []
    for number, (words, between) in enumerate(parts):
        changed = list(words)
        count = max(1, int(REPLACED * len(words)))
        for place in rng.permutation(places[number])[:count]:
            other = int(rng.integers(len(parts)))
            candidates = [parts[other][0][at] for at in places[other]] or [""]
            drawn = candidates[int(rng.integers(len(candidates)))]
            changed[place] = drawn if drawn.lower() != words[place].lower() else words[place][::-1]
        made.append(between.join(changed))
    return made


def _parts(text: str) -> tuple[list[str], str]:
    """The words of a text, and what stood between them; characters where it has no spaces, as Chinese has none."""
    words = text.split()
    if len(words) > 1 or len(text) < LEAST or text.isascii():
        return words, " "
    return list(text), ""


def _rarer(words: list[str], often: Counter[str]) -> list[int]:
    """Where the rarer half of the words stand."""
    order = sorted(range(len(words)), key=lambda at: (often[words[at].lower()], -len(words[at]), at))
    return order[: (len(words) + 1) // 2]


def _with_typos(parts: tuple[list[str], str], rng: np.random.Generator) -> str:
    words, between = list(parts[0]), parts[1]
    if len(words) >= LEAST:
        staying = rng.random(len(words)) >= DELETED
        words = [word for word, stays in zip(words, staying, strict=True) if stays]
    long = [at for at, word in enumerate(words) if len(word) > 2]
    if long and rng.random() < MISTYPED:
        at = long[int(rng.integers(len(long)))]
        place = int(rng.integers(len(words[at]) - 1))
        word = words[at]
        words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return between.join(words)
