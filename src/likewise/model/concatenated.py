"""A static model of the corpus that stands beside a transformer where texts are searched for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from likewise.model.card import SAMPLE_CHARACTERS, SAMPLE_TEXTS, Card
from likewise.model.embedder import Component
from likewise.model.model import Model, Texts

__all__ = ["COMPANION", "Companion", "ConcatenatedModel", "companion_of"]

if TYPE_CHECKING:
    from likewise.tokens.pretrained import PretrainedTokenizer


COMPANION = "beside"  # its folder within that of the transformer
# Weights in hybrid search; BM25 has the rest.
TRANSFORMER_ALONE = 2 / 3
TRANSFORMER_WEIGHT, COMPANION_WEIGHT = 0.5, 0.25


@dataclass(frozen=True)
class Companion:
    """A static model of the corpus that stands beside a transformer where texts are searched for.

    What a transformer knows of all texts, and which words these texts are made of, fail in different places. Queries
    and documents have both vectors end to end; texts that are compared with one another have the transformer's alone.

    Attributes:
        model: the static one.
        share: how long its vectors are, where the transformer's have length 1.
    """

    model: Model
    share: float

    def joined(self, own: np.ndarray, other: np.ndarray) -> Float32[np.ndarray, "texts dim"]:
        """Both vectors of each text, end to end; as long as the longer of them is, at most 1."""
        length = np.float32(np.sqrt(1 + self.share**2))
        return np.concatenate([own / length, other * np.float32(self.share) / length], axis=1)

    def save(self, path: Path) -> None:
        """Write the static model, without the texts that the transformer's folder has already."""
        static = self.model
        Model(static.tokenizer, static.encoder, static.card, (), static.stems).save(path)


class ConcatenatedModel(Model):
    """A transformer, whatever it runs on, and the static model beside it.

    Attributes:
        companion: a static model whose vectors stand beside where texts are searched for; None for none.
    """

    tokenizer: "PretrainedTokenizer"  # type: ignore[assignment]
    companion: Companion | None

    def _describe(self, card: Card | None, sample: Sequence[str], companion: Companion | None) -> None:
        self.card = card or Card()
        self.sample = tuple(text[:SAMPLE_CHARACTERS] for text in sample[:SAMPLE_TEXTS])
        self.stems = dict(companion.model.stems) if companion else {}
        self.companion = companion

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

    def for_search(self) -> "Model":
        """Return the model itself: an index stores it whole."""
        return self

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts that look for others: the transformer's and the static model's, end to end."""
        if self.companion is None:
            return self.encode(texts)
        return self.companion.joined(self.encode(texts), self.companion.model.encode_query(texts))

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts to be found by queries; the product with a query's says how well a document answers.

        The transformer reads the beginning of a long text, the static model all of it.
        """
        if self.companion is None:
            return self.encode(texts)
        return self.companion.joined(self.encode(texts), self.companion.model.encode_document(texts))


def companion_of(folder: Path, record: Mapping[str, Any]) -> Companion | None:
    """The static model in the folder of a transformer, if there is one.

    Raises:
        InputError: it is damaged.
    """
    share = record.get("beside", {}).get("share")
    return Companion(Model.load(folder / COMPANION), float(share)) if share else None
