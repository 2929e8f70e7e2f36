"""Tables of texts in which the candidates of one more text are found: by its hash, its bands and its vector."""

from dataclasses import dataclass

import numpy as np

from likewise.applications.duplicates.candidates import Lists, lists_of
from likewise.applications.duplicates.minhash import BANDS
from likewise.applications.duplicates.space import COARSE, Features
from likewise.arrays import Float32, Int64, UInt64

MOST_OF_BUCKET = 32  # texts of a full bucket that are compared
PROBES = 4  # lists
NEAREST = 32


@dataclass(frozen=True)
class Table:
    """Some texts.

    Attributes:
        features: of them.
        first: the number of the first of them in the store; the others follow.
        exact: their hashes, rising.
        by_exact: whose they are.
        bands: the hashes of each band, rising; of records those of their texts, and then of the cells of each column.
        by_band: whose they are.
        lists: of their vectors.
    """

    features: Features
    first: int
    exact: UInt64[np.ndarray, " texts"]
    by_exact: Int64[np.ndarray, " texts"]
    bands: UInt64[np.ndarray, "bands texts"]
    by_band: Int64[np.ndarray, "bands texts"]
    lists: Lists

    def __len__(self) -> int:
        return len(self.features)

    @classmethod
    def of(cls, features: Features, first: int, rng: np.random.Generator) -> "Table":
        """Put texts in order, of which the first has the number `first`."""
        by_exact = np.argsort(features.hashes.exact, kind="stable")
        bands = np.concatenate([part.bands for part in features.parts])
        by_band = np.argsort(bands, axis=1, kind="stable")
        lists = lists_of(features.vectors[:, :COARSE].astype(np.float32), rng)
        exact = features.hashes.exact[by_exact]
        return cls(features, first, exact, by_exact, np.take_along_axis(bands, by_band, 1), by_band, lists)

    def candidates(self, one: Features) -> Int64[np.ndarray, " candidates"]:
        """Which of the texts are worth comparing with a single one, rising."""
        found = [self._within(self.exact, self.by_exact, one.hashes.exact[0])]
        for number, part in enumerate(one.parts if one.hashes.exact[0] else ()):
            its = range(number * BANDS, (number + 1) * BANDS if part.word_offsets[-1] else 0)  # none without a word
            found += [self._within(self.bands[at], self.by_band[at], part.bands[at % BANDS, 0]) for at in its]
        if one.vectors.shape[1]:
            found.append(self._near(one.vectors[0, :COARSE].astype(np.float32)))
        return np.unique(np.concatenate(found))

    def _within(
        self, hashes: UInt64[np.ndarray, " texts"], places: Int64[np.ndarray, " texts"], wanted: np.uint64
    ) -> Int64[np.ndarray, " some"]:
        first, last = np.searchsorted(hashes, wanted, side="left"), np.searchsorted(hashes, wanted, side="right")
        return places[first : min(last, first + MOST_OF_BUCKET)]

    def _near(self, query: Float32[np.ndarray, " coarse"]) -> Int64[np.ndarray, " some"]:
        order = np.argsort(-(self.lists.centroids @ query), kind="stable")[:PROBES]
        rows = np.concatenate([np.zeros(0, np.int64), *(self.lists.of(int(number)) for number in order)])
        some = self.features.vectors[rows, :COARSE].astype(np.float32)
        lengths = np.maximum(np.linalg.norm(some, axis=1), 1e-12)
        cosines = (some @ query) / lengths
        best: np.ndarray = rows[np.argsort(-cosines, kind="stable")[:NEAREST]]
        return best
