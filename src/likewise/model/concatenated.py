"""Concatenation of two models: a transformer, and a static encoder of the same corpus, its companion.

What a transformer knows of all texts, and which words the texts of one corpus are made of, fail in different places. So
vectors of queries and documents are those of both models, end to end; texts that are compared with one another have the
transformer's vectors alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.model.card import Card, sample_of
from likewise.model.embedder import Component, Texts
from likewise.model.model import Model, encode_chunks
from likewise.tokens.pretrained import PretrainedTokenizer

__all__ = ["COMPANION", "Companion", "ConcatenatedModel", "companion_in"]

COMPANION = "companion"  # its folder within that of the transformer
# Weights in hybrid search; BM25 has the rest.
TRANSFORMER_ALONE = 2 / 3
TRANSFORMER_WEIGHT, COMPANION_WEIGHT = 0.5, 0.25


@dataclass(frozen=True)
class Companion:
    """A static model whose vectors are concatenated with those of a transformer.

    Attributes:
        model: the static one.
        weight: length of its vectors, where the transformer's have length 1.
    """

    model: Model
    weight: float

    def concatenate(
        self, of_transformer: Float32[np.ndarray, "texts dim"], of_static: Float32[np.ndarray, "texts static"]
    ) -> Float32[np.ndarray, "texts both"]:
        """The vectors of both models, end to end, scaled to length 1 or less."""
        length = np.float32(np.sqrt(1 + self.weight**2))
        return np.concatenate([of_transformer / length, of_static * np.float32(self.weight) / length], axis=1)

    def save(self, path: Path) -> None:
        """Write the static model, without the sample, which the transformer's folder holds already."""
        static = self.model
        Model(static.tokenizer, static.encoder, static.card, (), static.stems).save(path)


class ConcatenatedModel:
    """A transformer, whatever runs it, and its companion.

    Attributes:
        tokenizer: texts to token ids, of the transformer.
        encoder: token ids to unit vectors, of the transformer.
        card: where the model comes from and how good it is known to be.
        sample: some texts of the corpus, for the report; may be empty.
        companion: the static model; None for the transformer alone.
        stems: those of the companion.
    """

    def __init__(
        self,
        tokenizer: PretrainedTokenizer,
        encoder: Any,
        card: Card | None = None,
        sample: Sequence[str] = (),
        companion: Companion | None = None,
    ) -> None:
        self.tokenizer, self.encoder = tokenizer, encoder
        self.card = card or Card()
        self.sample = sample_of(sample)
        self.stems = dict(companion.model.stems) if companion else {}
        self.companion = companion

    @property
    def dim(self) -> int:
        """Length of a vector of `encode`."""
        return int(self.encoder.dim)

    @property
    def components(self) -> tuple[Component, ...]:
        """The transformer's columns, then the components of the companion's.

        The companion knows of a text mostly which words it has, as BM25 does: in hybrid search both together count as
        much as the transformer.
        """
        if self.companion is None:
            return (Component("transformer", self.dim, TRANSFORMER_ALONE),)
        companion = self.companion.model.components
        scale = COMPANION_WEIGHT / sum(each.hybrid_weight for each in companion)
        scaled = (replace(each, hybrid_weight=scale * each.hybrid_weight) for each in companion)
        return (Component("transformer", self.dim, TRANSFORMER_WEIGHT), *scaled)

    def for_search(self) -> "ConcatenatedModel":
        """Return the model itself: an index stores it whole."""
        return self

    def encode(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector per text, to compare texts of one kind by: the transformer's.

        Args:
            texts: strings, or an Arrow array of them.

        Raises:
            InputError: something in it is not a string.
        """
        return encode_chunks(self, texts, self.encoder.encode)

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts both"]:
        """Vectors of queries: the transformer's and the companion's, end to end."""
        if self.companion is None:
            return self.encode(texts)
        return self.companion.concatenate(self.encode(texts), self.companion.model.encode_query(texts))

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts both"]:
        """Vectors of texts to be found by queries; the dot product with a query's is the relevance.

        The transformer reads the beginning of a long text, the companion all of it.
        """
        if self.companion is None:
            return self.encode(texts)
        return self.companion.concatenate(self.encode(texts), self.companion.model.encode_document(texts))


def companion_in(folder: Path, record: Mapping[str, Any]) -> Companion | None:
    """The companion in the folder of a transformer, if there is one.

    Raises:
        InputError: it is damaged.
    """
    if not record["companion"]:
        return None
    return Companion(Model.load(folder / COMPANION), float(record["companion"]["weight"]))
