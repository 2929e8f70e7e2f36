"""How similar two texts are: what is kept of each text for that, and how pairs are scored.

Lexical similarity is the Jaccard index of the character shingles of both texts. Semantic similarity aligns the tokens
of a static encoder: each token of either text counts by its cosine with the most similar token of the other text. A
word with a digit is one token, however the tokenizer splits it, and matches only itself: one number is no synonym of
another, and half of an article's code is no part of the article. It weighs more the longer it is, as a code of eight
characters names one thing where two digits name a great many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float16, Float32, Int, Int64

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.minhash import SKETCH, TextHashes, hash_texts, packed
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.model.embedder import unit_vectors
from likewise.model.model import Model
from likewise.model.transformer import ConcatenatedModel
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import as_arrow
from likewise.tokens.vocabulary import CONTINUATION
from likewise.training.train import load_or_train

KEPT = 256  # principal axes of the embeddings that are kept
COARSE = 96  # of these, the first, by which candidates are found
# Of a similarity, lost where every number of a text contradicts the other text: less by meaning, where a number that
# the other text lacks is a token without a match already.
LEXICAL_CONTRADICTION, SEMANTIC_CONTRADICTION = 0.5, 0.25
COSINE = np.float32(0.75)  # weight of the cosine of a transformer that has a static companion
MOST_TOKENS = 64  # of a text that are aligned, the rarest
LONGEST = 8  # a word with a digit weighs its length less one, up to so much
LEVELS = 256  # of the weights of such words
SAMPLE = 1 << 13  # texts of either side of given pairs that the principal axes are computed from
ENCODED = 1 << 13  # texts encoded at once
COSINES = 1 << 14  # pairs of embeddings at once
SMALLEST = 1e-12


@dataclass(frozen=True)
class AlignmentTokens:
    """The tokens of a static encoder by which two texts are aligned.

    Attributes:
        model: a static model, whose tokenizer is used.
        rows: a unit vector for each subword, of the trained columns.
        weights: of each subword, followed by those of words with a digit, by level.
        rarities: IDF of each subword in the training corpus.
        most: IDF of a subword that occurs once.
        digits: whether a subword has a digit.
        lengths: of each subword, in characters.
    """

    model: Model
    rows: Float32[np.ndarray, "vocab dim"]
    weights: Float32[np.ndarray, " vocab_and_levels"]
    rarities: Float32[np.ndarray, " vocab"]
    most: np.float32
    digits: Bool[np.ndarray, " vocab"]
    lengths: Int64[np.ndarray, " vocab"]

    @classmethod
    def of_model(cls, model: Model) -> "AlignmentTokens":
        """The tokens of a static model."""
        vocabulary = model.tokenizer.vocabulary
        rarities, most = _rarities(model)
        roots = np.linspace(0.0, float(most) * LONGEST**0.5, LEVELS, dtype=np.float32)
        spelt = [piece.removeprefix(CONTINUATION) for piece in vocabulary.subwords]
        return cls(
            model, _token_vectors(model), np.concatenate([rarities, roots]) ** 2, rarities, most,
            np.array([any(map(str.isdigit, piece)) for piece in spelt], np.bool_), np.array(list(map(len, spelt))),
        )  # fmt: skip

    def of(self, texts: pa.Array) -> Ragged:
        """The token ids of each text in rising order, with repeats."""
        ids = self.model.tokenizer.encode(texts)
        offsets = ids.offsets - ids.offsets[0]
        ids_of_texts, counts = np.empty(len(ids.ids), np.int32), np.empty(len(texts), np.int64)
        kernels.alignment_tokens(
            ids.ids, offsets, self.model.tokenizer.vocabulary.continues, self.digits, self.lengths, self.rarities,
            self.most, LONGEST, LEVELS, ids_of_texts, counts,
        )  # fmt: skip
        return Ragged(*packed(ids_of_texts, offsets[:-1], counts))


def _token_vectors(static: Model) -> Float32[np.ndarray, "vocab kept"]:
    """Unit rows of the trained columns; the lexical columns are left out, as the other similarity compares words."""
    parts = static.encoder.documents
    rows = static.encoder.weights[:, : parts.dims[0]] if parts else static.encoder.weights
    often = np.sqrt(static.tokenizer.vocabulary.counts.astype(np.float32) + 1.0)[:, None]
    rows = rows @ principal_axes(rows * often, KEPT)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), SMALLEST)
    return np.ascontiguousarray(rows, np.float32)


def _rarities(static: Model) -> tuple[Float32[np.ndarray, " vocab"], np.float32]:
    """The IDF of each subword, and of one that occurs once."""
    counts = static.tokenizer.vocabulary.counts.astype(np.float64)
    texts = float(static.card.corpus.get("texts") or max(counts.max(initial=1.0), 1.0))
    rarities: np.ndarray = np.log(1.0 + texts / (1.0 + np.minimum(counts, texts))).astype(np.float32)
    rarities[static.tokenizer.vocabulary.mask_token] = 0.0
    return rarities, np.float32(np.log(1.0 + texts / 2.0))


class Space:
    """An encoder whose vectors are projected to the principal axes of a corpus.

    Attributes:
        encoder: anything with `encode`.
        axes: the principal axes, as columns.
        tokens: of a static encoder or a static companion; None otherwise.
    """

    def __init__(self, encoder: Any, axes: Float32[np.ndarray, "dim kept"]) -> None:
        self.encoder, self.axes = encoder, np.ascontiguousarray(axes, np.float32)
        self.tokens: AlignmentTokens | None = None
        self._projected: Any = None
        static = _static_of(encoder)
        if static is not None:
            self.tokens = AlignmentTokens.of_model(static)
        if static is not None and static is encoder:
            self._projected = Model(static.tokenizer, StaticEncoder(static.encoder.weights @ self.axes))

    @classmethod
    def of(cls, encoder: Any, sample: Sequence[str] | pa.Array) -> "Space":
        """Fit the principal axes to the uncentred vectors of a sample of texts."""
        vectors = unit_vectors(encoder, as_arrow(sample).to_pylist(), None)
        return cls(encoder, principal_axes(vectors, KEPT))

    @property
    def is_static(self) -> bool:
        """Whether the encoder itself is made of tokens."""
        return self._projected is not None

    @property
    def dim(self) -> int:
        """Length of a projected vector."""
        return int(self.axes.shape[1])

    def vectors(self, texts: pa.Array) -> Float32[np.ndarray, "texts kept"]:
        """Projected unit vectors of texts; zeros where the encoder gives zeros."""
        out = np.empty((len(texts), self.dim), np.float32)
        for first in range(0, len(texts), ENCODED):
            some = texts.slice(first, ENCODED)
            if self._projected is not None:
                out[first : first + ENCODED] = self._projected.encode(some)
                continue
            turned = unit_vectors(self.encoder, some.to_pylist(), len(self.axes)) @ self.axes
            out[first : first + ENCODED] = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), SMALLEST)
        return out


def _static_of(encoder: Any) -> Model | None:
    """The static model that an encoder is, or its static companion."""
    if isinstance(encoder, ConcatenatedModel):
        return encoder.companion.model if encoder.companion else None
    return encoder if isinstance(encoder, Model) and isinstance(encoder.encoder, StaticEncoder) else None


def principal_axes(vectors: Float32[np.ndarray, "texts dim"], most: int) -> Float32[np.ndarray, "dim kept"]:
    """The principal axes of uncentred vectors, the longest first; dot products are preserved."""
    dim = vectors.shape[1]
    if dim <= COARSE:
        return np.eye(dim, dtype=np.float32)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)


@dataclass(frozen=True)
class Features:
    """What is compared of some texts.

    Attributes:
        hashes: of the texts, their shingles and their numbers.
        vectors: unit vectors in the space; no columns where there is no encoder.
        tokens: those of each text, rising, as `AlignmentTokens.of` numbers them; none where there is no static encoder.
    """

    hashes: TextHashes
    vectors: Float16[np.ndarray, "texts kept"]
    tokens: Ragged

    def __len__(self) -> int:
        return len(self.hashes)

    @classmethod
    def of(
        cls, texts: pa.Array, space: Space | None, hashes: TextHashes | None = None, *, chunk: int = 1 << 15
    ) -> "Features":
        """Of texts.

        Args:
            texts: an Arrow array.
            space: where they are compared by meaning; None compares words alone.
            hashes: theirs, where they are known.
            chunk: texts that are encoded at once.
        """
        vectors = np.empty((len(texts), space.dim if space else 0), np.float16)
        nothing = Ragged(np.zeros(0, np.int32), np.zeros(len(texts) + 1, np.int64))
        tokens = [] if space and space.tokens and len(texts) else [nothing]
        for first in range(0, len(texts), chunk):
            some = texts.slice(first, chunk)
            if space:
                vectors[first : first + chunk] = space.vectors(some)
            if space and space.tokens:
                tokens.append(space.tokens.of(some))
        return cls(hashes or hash_texts(texts), vectors, Ragged.concatenate(tokens))

    def take(self, rows: Int[np.ndarray, " some"]) -> "Features":
        """Those of some texts, in that order."""
        return Features(self.hashes.take(rows), self.vectors[rows], self.tokens.take(rows))

    def joined(self, others: "Features") -> "Features":
        """These, and then those of other texts."""
        return Features(
            TextHashes.joined([self.hashes, others.hashes]),
            np.concatenate([self.vectors, others.vectors]),
            Ragged.concatenate([self.tokens, others.tokens]),
        )


@dataclass(frozen=True)
class Similarities:
    """Similarities of pairs of texts, between 0 and 1.

    Attributes:
        lexical: the share of their shingles that both have.
        semantic: of what they mean; 0 where there is no encoder.
    """

    lexical: Float32[np.ndarray, " pairs"]
    semantic: Float32[np.ndarray, " pairs"]


def similarities(
    features: Features,
    others: Features,
    ones: Int64[np.ndarray, " pairs"],
    twos: Int64[np.ndarray, " pairs"],
    space: Space | None,
) -> Similarities:
    """Score pairs of texts.

    The alignment of tokens is stricter than the cosine of mean vectors, which is high wherever two texts share a
    subject. Rare tokens weigh more, and so do repeated ones and codes. Encoders that are not static are compared by
    cosine; with a static companion the score is a weighted mean, the cosine counting three times as much. Pair `i` is
    text `ones[i]` of `features` with text `twos[i]` of `others`.
    """
    lexical, semantic = np.empty(len(ones), np.float32), np.zeros(len(ones), np.float32)
    one, other = features.hashes, others.hashes
    kernels.jaccard_of(
        one.sketches, one.sketch_offsets, other.sketches, other.sketch_offsets, SKETCH, ones, twos, lexical
    )
    tokens = space.tokens if space else None
    for first in range(0, len(ones) if space and not space.is_static else 0, COSINES):
        some = slice(first, first + COSINES)
        pair = features.vectors[ones[some]].astype(np.float32), others.vectors[twos[some]].astype(np.float32)
        semantic[some] = np.einsum("pd,pd->p", *pair)
    if tokens is not None:
        aligned = np.empty(len(ones), np.float32)
        mine, theirs = features.tokens, others.tokens
        kernels.alignments_of(
            tokens.rows, tokens.weights, mine.ids, mine.offsets, theirs.ids, theirs.offsets, ones, twos, MOST_TOKENS,
            aligned,
        )  # fmt: skip
        semantic = aligned if space and space.is_static else aligned + COSINE * (semantic - aligned)
    contradicting = np.empty(len(ones), np.float32)
    kernels.contradictions_of(one.numbers, one.offsets, other.numbers, other.offsets, ones, twos, contradicting)
    return Similarities(
        lexical * (1 - np.float32(LEXICAL_CONTRADICTION) * contradicting),
        np.clip(semantic, 0.0, 1.0) * (1 - np.float32(SEMANTIC_CONTRADICTION) * contradicting),
    )


def compare(first: Sequence[str], second: Sequence[str], model: Any) -> Similarities:
    """Compare each text with the one in the same place of the other list, as `duplicates` compares candidates.

    Args:
        first: texts.
        second: as many.
        model: anything with `encode`, or a model folder.

    Raises:
        InputError: the lists are not equally long, or `model` is no model.
    """
    if len(first) != len(second):
        raise InputError(f"{len(first)} texts were given with {len(second)}: give as many of each")
    every = np.arange(len(first))
    if not len(first):
        return Similarities(np.zeros(0, np.float32), np.zeros(0, np.float32))
    encoder = load_or_train(model, [*first, *second])
    space = Space.of(encoder, [*first[:SAMPLE], *second[:SAMPLE]])
    one, other = (Features.of(as_arrow(list(texts)), space) for texts in (first, second))
    return similarities(one, other, every, every, space)
