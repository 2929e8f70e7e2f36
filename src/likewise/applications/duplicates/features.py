"""What is compared of texts, and how alike pairs of them are."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float16, Float32, Int, Int64

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.minhash import SKETCH, Letters, read_letters
from likewise.applications.duplicates.space import Space
from likewise.tokens.ragged import Ragged

__all__ = ["Alikeness", "Features", "alikeness"]


# What is taken from a likeness where every number of a text is another one than those of the other: less by meaning,
# where a number that the other text has not is a piece without a match already.
CONTRADICTION, IN_MEANING = 0.5, 0.25
COSINE = np.float32(0.75)  # what a transformer's cosine counts, where there is a static encoder beside it
MOST_PIECES = 64  # of a text that are laid upon those of another, the rarest
CHUNK = 1 << 15  # texts at once
COSINES = 1 << 14  # pairs at once


@dataclass(frozen=True)
class Features:
    """What is compared of some texts.

    Attributes:
        letters: hashes, shingles and numbers.
        vectors: unit vectors in the space; no columns where there is no encoder.
        pieces: those of each text, rising, as `Pieces.of` numbers them; none where there is no static encoder.
    """

    letters: Letters
    vectors: Float16[np.ndarray, "texts kept"]
    pieces: Ragged

    def __len__(self) -> int:
        return len(self.letters)

    @classmethod
    def of(cls, texts: pa.Array, space: Space | None, letters: Letters | None = None) -> "Features":
        """Of texts, some thousand at a time.

        Args:
            texts: an Arrow array.
            space: where they are compared by meaning; None compares words alone.
            letters: theirs, where they are known.
        """
        vectors = np.empty((len(texts), space.dim if space else 0), np.float16)
        nothing = Ragged(np.zeros(0, np.int32), np.zeros(len(texts) + 1, np.int64))
        pieces = [] if space and space.pieces and len(texts) else [nothing]
        for first in range(0, len(texts), CHUNK):
            some = texts.slice(first, CHUNK)
            if space:
                vectors[first : first + CHUNK] = space.vectors(some)
            if space and space.pieces:
                pieces.append(space.pieces.of(some))
        return cls(letters or read_letters(texts), vectors, Ragged.concatenate(pieces))

    def take(self, rows: Int[np.ndarray, " some"]) -> "Features":
        """Those of some texts, in that order."""
        return Features(self.letters.take(rows), self.vectors[rows], self.pieces.take(rows))

    def joined(self, others: "Features") -> "Features":
        """These, and then those of other texts."""
        return Features(
            Letters.joined([self.letters, others.letters]),
            np.concatenate([self.vectors, others.vectors]),
            Ragged.concatenate([self.pieces, others.pieces]),
        )


@dataclass(frozen=True)
class Alikeness:
    """How alike pairs of texts are, in two ways; both are between 0 and 1.

    Attributes:
        letters: the share of their shingles that both have.
        meaning: of what they mean; 0 where there is no encoder.
    """

    letters: Float32[np.ndarray, " pairs"]
    meaning: Float32[np.ndarray, " pairs"]


def alikeness(
    features: Features,
    others: Features,
    ones: Int64[np.ndarray, " pairs"],
    twos: Int64[np.ndarray, " pairs"],
    space: Space | None,
) -> Alikeness:
    """Compare pairs of texts.

    By meaning, two texts are laid upon one another: each piece of either is as good as the nearest piece of the other,
    and a rare piece counts more, and so does one that is repeated, or a code. It is stricter than the cosine of means,
    which a shared subject makes high however the texts differ. An encoder whose vector of a text is not a mean of
    pieces is asked for cosines; one that has a static encoder beside it gives both, the cosine counting three times as
    much.

    Args:
        features: of the first texts.
        others: of the second texts.
        ones: numbers of the first.
        twos: numbers of the second.
        space: of both.
    """
    letters, meaning = np.empty(len(ones), np.float32), np.zeros(len(ones), np.float32)
    one, other = features.letters, others.letters
    kernels.resemblances_of(
        one.sketches, one.sketch_offsets, other.sketches, other.sketch_offsets, SKETCH, ones, twos, letters
    )
    pieces = space.pieces if space else None
    for first in range(0, len(ones) if space and not space.is_static else 0, COSINES):
        some = slice(first, first + COSINES)
        pair = features.vectors[ones[some]].astype(np.float32), others.vectors[twos[some]].astype(np.float32)
        meaning[some] = np.einsum("pd,pd->p", *pair)
    if pieces is not None:
        laid = np.empty(len(ones), np.float32)
        mine, theirs = features.pieces, others.pieces
        kernels.alignments_of(
            pieces.rows, pieces.weights, mine.ids, mine.offsets, theirs.ids, theirs.offsets, ones, twos, MOST_PIECES,
            laid,
        )  # fmt: skip
        meaning = laid if space and space.is_static else laid + COSINE * (meaning - laid)
    contradicting = _contradicting(one, other, ones, twos)
    return Alikeness(
        letters * (1 - np.float32(CONTRADICTION) * contradicting),
        np.clip(meaning, 0.0, 1.0) * (1 - np.float32(IN_MEANING) * contradicting),
    )


def _contradicting(
    letters: Letters, others: Letters, ones: Int64[np.ndarray, " pairs"], twos: Int64[np.ndarray, " pairs"]
) -> Float32[np.ndarray, " pairs"]:
    """The share of the numbers of each pair that contradict."""
    contradictions = np.empty(len(ones), np.float32)
    kernels.contradictions_of(
        letters.numbers, letters.offsets, others.numbers, others.offsets, ones, twos, contradictions
    )
    return contradictions
