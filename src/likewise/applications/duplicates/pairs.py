"""Pairs of texts with what speaks for each, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likewise.applications.duplicates.calibration import Calibration
from likewise.applications.duplicates.evidence import Evidence
from likewise.arrays import Bool, Float32, Float64, Int64, UInt8

REASONS = ("exact", "near", "semantic", "decided")
EXACT, NEAR, SEMANTIC, DECIDED = range(4)


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts, by the number of their row, and what speaks for each.

    Attributes:
        first: the text that is preferred.
        second: the other one.
        score: the weighted share of words of `near` pairs, the sum of the evidence of `semantic` ones.
        precision: estimated share of duplicates among pairs at least so alike.
        reason: number of one of `REASONS`.
    """

    first: Int64[np.ndarray, " pairs"]
    second: Int64[np.ndarray, " pairs"]
    score: Float32[np.ndarray, " pairs"]
    precision: Float64[np.ndarray, " pairs"]
    reason: UInt8[np.ndarray, " pairs"]

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def of(
        cls,
        first: Int64[np.ndarray, " pairs"],
        second: Int64[np.ndarray, " pairs"],
        evidence: Evidence,
        exact: Bool[np.ndarray, " pairs"],
        calibration: Calibration,
    ) -> "Pairs":
        """Score pairs by what gives the higher precision; those that are exact copies have 1."""
        scores = calibration.weights.scores(evidence)
        near, semantic = calibration.near.precisions(evidence.words), calibration.semantic.precisions(scores)
        score = np.where(exact, 1.0, np.where(near >= semantic, evidence.words, scores)).astype(np.float32)
        reason = np.where(exact, EXACT, np.where(near >= semantic, NEAR, SEMANTIC)).astype(np.uint8)
        return cls(first, second, score, np.where(exact, 1.0, np.maximum(near, semantic)), reason)

    def keys(self, texts: int) -> Int64[np.ndarray, " pairs"]:
        """One number for each pair of rows, whichever comes first; there are `texts` rows."""
        found: np.ndarray = np.minimum(self.first, self.second) * texts + np.maximum(self.first, self.second)
        return found

    def take(self, chosen: np.ndarray) -> "Pairs":
        """Some of them."""
        return Pairs(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def ranked(self) -> "Pairs":
        """The same, the surest first."""
        less_sure, less_alike = np.diff(self.precision) < 0, np.diff(self.score) < 0
        if np.all(less_sure | ((np.diff(self.precision) == 0) & (less_alike | (np.diff(self.score) == 0)))):
            return self
        return self.take(np.lexsort((self.second, self.first, -self.score, -self.precision)))

    @classmethod
    def joined(cls, parts: "Sequence[Pairs]") -> "Pairs":
        """Those of all parts."""
        return cls(*(np.concatenate([getattr(each, name) for each in parts]) for name in cls.__dataclass_fields__))


CERTAIN = Pairs(
    np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1, np.float32), np.ones(1), np.full(1, DECIDED, np.uint8)
)  # of no two texts: what a text that was not compared is dropped by
