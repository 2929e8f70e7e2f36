"""Both likenesses of a corpus, calibrated on views and random pairs of its own."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float32, Float64

from likewise.applications.duplicates.calibration import Curve, curve_of
from likewise.applications.duplicates.likeness.features import Alikeness, Features, alikeness
from likewise.applications.duplicates.likeness.space import Space
from likewise.applications.duplicates.views import other_texts, slips

__all__ = ["Calibration", "calibrated"]

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
