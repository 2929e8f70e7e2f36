"""The pieces of words that two texts are laid upon one another by, and how much each counts.

A word with a digit in it is one piece, however the tokenizer cuts it, and has no meaning but itself: one number is no
synonym of another, however alike their neighbours are, and half of an article's code is no part of the article. It
counts more the longer it is, as a code of eight characters names one thing where two digits name a great many.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float32, Int64

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.minhash import packed
from likewise.model.model import Model
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import CONTINUATION

__all__ = ["COARSE", "KEPT", "Pieces", "principal_axes"]

KEPT = 256  # numbers of a vector that are kept
COARSE = 96  # of these, the first, by which candidates are found


def principal_axes(vectors: Float32[np.ndarray, "texts dim"], most: int) -> Float32[np.ndarray, "dim kept"]:
    """The directions in which uncentred vectors are longest, the longest first; dot products keep their meaning."""
    dim = vectors.shape[1]
    if dim <= COARSE:
        return np.eye(dim, dtype=np.float32)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)


# A piece counts the square of the logarithm of how rare it is: of STS-B, AskUbuntu and Quora the powers 1.5 and 3 are a
# little worse.
LONGEST = 8  # a word with a digit counts as often as it has characters but one, up to so many times
LEVELS = 256  # of the weights of such words
SMALLEST = 1e-12


@dataclass(frozen=True)
class Pieces:
    """The pieces of words of a static encoder, to lay two texts upon one another.

    Attributes:
        model: whose tokenizer makes them.
        rows: a unit vector a piece, of the part that was trained.
        weights: how much each counts, and after these how much a word with a digit counts, by its level.
        rarities: the logarithm of how rare each is, as the model knows it.
        most: that of a piece which is seen once.
        digits: whether it has a digit.
        lengths: its characters.
    """

    model: Model
    rows: Float32[np.ndarray, "vocab dim"]
    weights: Float32[np.ndarray, " vocab_and_levels"]
    rarities: Float32[np.ndarray, " vocab"]
    most: np.float32
    digits: Bool[np.ndarray, " vocab"]
    lengths: Int64[np.ndarray, " vocab"]

    @classmethod
    def of_model(cls, model: Model) -> "Pieces":
        """Those of a static model."""
        vocabulary = model.tokenizer.vocabulary
        rarities, most = _rarities(model)
        roots = np.linspace(0.0, float(most) * LONGEST**0.5, LEVELS, dtype=np.float32)
        spelt = [piece.removeprefix(CONTINUATION) for piece in vocabulary.subwords]
        return cls(
            model, _trained_rows(model), np.concatenate([rarities, roots]) ** 2, rarities, most,
            np.array([any(map(str.isdigit, piece)) for piece in spelt], np.bool_), np.array(list(map(len, spelt))),
        )  # fmt: skip

    def of(self, texts: pa.Array) -> Ragged:
        """What each text is compared by, rising; what stands there twice is there twice."""
        ids = self.model.tokenizer.encode(texts)
        offsets = ids.offsets - ids.offsets[0]
        laid, counts = np.empty(len(ids.ids), np.int32), np.empty(len(texts), np.int64)
        kernels.lay_out(
            ids.ids, offsets, self.model.tokenizer.vocabulary.continues, self.digits, self.lengths, self.rarities,
            self.most, LONGEST, LEVELS, laid, counts,
        )  # fmt: skip
        return Ragged(*packed(laid, offsets[:-1], counts))


def _trained_rows(static: Model) -> Float32[np.ndarray, "vocab kept"]:
    """Unit rows of what was learned, without what only says which words there are: that is compared by itself."""
    parts = static.encoder.documents
    rows = static.encoder.weights[:, : parts.dims[0]] if parts else static.encoder.weights
    often = np.sqrt(static.tokenizer.vocabulary.counts.astype(np.float32) + 1.0)[:, None]
    rows = rows @ principal_axes(rows * often, KEPT)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), SMALLEST)
    return np.ascontiguousarray(rows, np.float32)


def _rarities(static: Model) -> tuple[Float32[np.ndarray, " vocab"], np.float32]:
    """Of each piece, and of one that is seen once."""
    counts = static.tokenizer.vocabulary.counts.astype(np.float64)
    texts = float(static.card.corpus.get("texts") or max(counts.max(initial=1.0), 1.0))
    rarities: np.ndarray = np.log(1.0 + texts / (1.0 + np.minimum(counts, texts))).astype(np.float32)
    rarities[static.tokenizer.vocabulary.mask_token] = 0.0
    return rarities, np.float32(np.log(1.0 + texts / 2.0))
