"""The evidence of a pair of texts, and what each part of it is worth.

That one text is a copy of the other is seen in the share of their words that both have, by weight, however they are
spelt. Beyond that, evidence for a pair is the cosine of their vectors, and that of the TF-IDF of the trigrams of their
words, once with IDF and once with its square, which counts codes and names more. Each is worth its size in units of
its spread among unrelated texts: a cosine that they rarely come near says more than one that they often reach. No
weight was chosen by labels. Of records each column is worth its size in the same units, beside that of the whole
record, and a column that one of both has no value in is no evidence either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likewise.applications.duplicates import evidence_kernels as kernels
from likewise.applications.duplicates.columns import NUMBER, TEXT, Columns
from likewise.applications.duplicates.minhash import GRAMS, WORDS, TextHashes
from likewise.applications.duplicates.space import Features, Space
from likewise.arrays import Float32, Float64, Int64

COUNTED = (1.0 + np.log(np.maximum(np.arange(64), 1.0))).astype(np.float32)  # by how often it occurs
COSINES = 1 << 14  # pairs of embeddings at once
SMALLEST_SPREAD = 1e-3
LEAST_SPREAD = 0.01  # of a column: what happens less than once in ten thousand random pairs is not known any better


@dataclass(frozen=True)
class Evidence:
    """What speaks for pairs of texts.

    Attributes:
        words: the share of their words, by weight, that both have; a misspelt word is had.
        meaning: cosine of the vectors; 0 where there is no encoder.
        letters: cosine of the TF-IDF of trigrams.
        rare_letters: the same with IDF squared.
        columns: of records what speaks for each pair in each column, NaN where one has no value: two cosines of letters
            for text, closeness and equality for numbers, equality for dates; None where texts are compared.
    """

    words: Float32[np.ndarray, " pairs"]
    meaning: Float32[np.ndarray, " pairs"]
    letters: Float32[np.ndarray, " pairs"]
    rare_letters: Float32[np.ndarray, " pairs"]
    columns: Float32[np.ndarray, "pairs parts"] | None = None

    @classmethod
    def joined(cls, parts: "Sequence[Evidence]") -> "Evidence":
        """That of all parts."""
        every = [[getattr(each, name) for each in parts] for name in cls.__dataclass_fields__]
        joined: list[Any] = [None if values[0] is None else np.concatenate(values) for values in every]
        return cls(*joined)


def without_letters(evidence: Evidence, pairs: Int64[np.ndarray, " some"]) -> Evidence:
    """The same, but the letters of some pairs are no evidence."""
    names = ("words", "letters", "rare_letters")
    fewer = {name: getattr(evidence, name).copy() for name in names}
    for values in fewer.values():
        values[pairs] = 0.0
    return replace(evidence, **fewer)


@dataclass(frozen=True)
class Weights:
    """What each cosine is worth; together 1.

    Attributes:
        meaning: of the cosine of the vectors.
        letters: of the cosine of letters.
        rare_letters: of that of rare letters.
        columns: of what speaks for a pair in the columns of records; none where texts are compared.
    """

    meaning: float
    letters: float
    rare_letters: float
    columns: tuple[float, ...] = ()

    @classmethod
    def of(cls, random: Evidence) -> "Weights":
        """One divided by the spread of each among pairs drawn at random; nothing for texts without an encoder."""
        if not random.meaning.any() and random.columns is None:
            return cls(0.0, 0.0, 0.0)
        worth = [
            1.0 / max(float(values.std()), SMALLEST_SPREAD) if values.any() else 0.0
            for values in (random.meaning, random.letters, random.rare_letters)
        ]
        for part in () if random.columns is None else random.columns.T:
            values = part[~np.isnan(part)]
            # What nearly all records share is no evidence: what counts is how far equal cells are above random ones.
            above = 1.0 - float(values.mean()) if len(values) else 0.0
            worth.append(above / max(float(values.std()), LEAST_SPREAD) if len(values) else 0.0)
        meaning, letters, rare_letters, *rest = (float(each / max(sum(worth), SMALLEST_SPREAD)) for each in worth)
        return cls(meaning, letters, rare_letters, tuple(rest))

    def scores(self, evidence: Evidence) -> Float32[np.ndarray, " pairs"]:
        """The sum of the evidence, from 0 to 1; of records the mean of what both have."""
        total = self.meaning * evidence.meaning + self.letters * evidence.letters
        total += self.rare_letters * evidence.rare_letters
        if evidence.columns is not None:
            known, worth = ~np.isnan(evidence.columns), np.array(self.columns, np.float32)
            total += np.where(known, evidence.columns, 0.0) @ worth
            total /= np.maximum(self.meaning + self.letters + self.rare_letters + known @ worth, SMALLEST_SPREAD)
        found: np.ndarray = np.minimum(total, 1.0).astype(np.float32)
        return found


def evidence_of(
    features: Features,
    others: Features,
    ones: Int64[np.ndarray, " pairs"],
    twos: Int64[np.ndarray, " pairs"],
    space: Space,
) -> Evidence:
    """Compare pairs of texts: pair `i` is text `ones[i]` of `features` with text `twos[i]` of `others`."""
    count, one, other = len(ones), features.hashes, others.hashes
    words, meaning = np.zeros((2, count), np.float32)
    kernels.overlaps_of(
        one.words, one.word_offsets, other.words, other.word_offsets, space.word_weights, WORDS, ones, twos, words
    )
    letters, rare_letters = _letters_of(one, other, space.gram_weights, ones, twos)
    for first in range(0, count if space.dim else 0, COSINES):
        some = slice(first, first + COSINES)
        pair = features.vectors[ones[some]].astype(np.float32), others.vectors[twos[some]].astype(np.float32)
        meaning[some] = np.einsum("pd,pd->p", *pair)
    columns = _of_columns(features, others, ones, twos, space.columns) if space.columns else None
    return Evidence(words, np.clip(meaning, 0.0, 1.0), letters, rare_letters, columns)


def _letters_of(
    one: TextHashes,
    other: TextHashes,
    weights: Float32[np.ndarray, " hashes"],
    ones: Int64[np.ndarray, " pairs"],
    twos: Int64[np.ndarray, " pairs"],
) -> Float32[np.ndarray, "2 pairs"]:
    """The cosines of the TF-IDF of trigrams, with IDF and with its square."""
    cosines = np.zeros((2, len(ones)), np.float32)
    kernels.cosines_of(
        one.grams, one.gram_offsets, other.grams, other.gram_offsets, weights, COUNTED, GRAMS, ones, twos, *cosines
    )
    return cosines


def _of_columns(
    features: Features,
    others: Features,
    ones: Int64[np.ndarray, " pairs"],
    twos: Int64[np.ndarray, " pairs"],
    columns: Columns,
) -> Float32[np.ndarray, "pairs parts"]:
    """What speaks for each pair of records in each column, NaN where one has no value."""
    assert features.cells and others.cells  # noqa: S101  the space has columns
    parts: list[np.ndarray] = []
    for place, kind in enumerate(columns.kinds):
        one, other = features.cells.hashes[place], others.cells.hashes[place]
        first, second = features.cells.numbers[place][ones], others.cells.numbers[place][twos]
        if kind != TEXT:
            # Numbers may be amounts, of which near ones are alike, or codes and years, of which only equal ones are.
            parts += [closeness(first, second)] if kind == NUMBER else []
            parts.append(np.where(np.isnan(first - second), np.nan, first == second))
        else:
            missing = (one.exact[ones] == 0) | (other.exact[twos] == 0)
            parts += list(np.where(missing, np.nan, _letters_of(one, other, columns.gram_weights[place], ones, twos)))
    return np.stack(parts, axis=1).astype(np.float32)


def closeness(
    first: Float64[np.ndarray, " pairs"], second: Float64[np.ndarray, " pairs"]
) -> Float64[np.ndarray, " pairs"]:
    """1 less the difference of numbers as a share of the larger one, from 0 to 1; NaN where one is missing."""
    larger = np.maximum(np.abs(first), np.abs(second))
    found: np.ndarray = 1.0 - np.minimum(np.abs(first - second) / np.where(larger == 0, 1.0, larger), 1.0)
    return found
