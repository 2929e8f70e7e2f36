"""A transformer as a model, in a folder of sentence-transformers, and its companion, a static model of the same corpus.

What a transformer knows of all texts, and which words the texts of one corpus are made of, fail in different places. So
vectors of queries and documents are those of both models, end to end; texts that are compared with one another have the
transformer's vectors alone. Where a static student of the transformer encodes queries, they have its vector in place of
the transformer's, in the same space.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from likewise.arrays import Float32
from likewise.atomic import replacing_folder
from likewise.encoders.transformer.pooling import FLAGS
from likewise.model.card import Card, readme, sample_of
from likewise.model.embedder import Component, Texts
from likewise.model.folder import (
    RECORD,
    SAMPLE,
    TOKENIZER,
    TRANSFORMER,
    WEIGHTS,
    card_in,
    check_file,
    new_record,
    read_record,
    refuse_other,
    sample_in,
    write_json,
    write_settings,
)
from likewise.model.model import Model, encode_chunks
from likewise.tokens.pretrained import PretrainedTokenizer

if TYPE_CHECKING:
    from likewise.encoders.transformer.encoder import TransformerEncoder
    from likewise.encoders.transformer.loading import Pretrained

CONFIG = "config.json"  # of transformers
FIELDS = {"companion": dict, "queries": dict}  # of the record, besides those of all models
COMPANION, QUERIES = "companion", "queries"  # their folders within that of the transformer
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
        """Write the static model."""
        save_part(self.model, path)


class ConcatenatedModel:
    """A transformer, whatever runs it, and its companion.

    Attributes:
        tokenizer: texts to token ids, of the transformer.
        encoder: token ids to unit vectors, of the transformer.
        card: where the model comes from and how good it is known to be.
        sample: some texts of the corpus, for the report; may be empty.
        companion: the static model; None for the transformer alone.
        queries: a static model that encodes queries in the transformer's space; None where the transformer does.
        stems: those of the companion.
    """

    def __init__(
        self,
        tokenizer: PretrainedTokenizer,
        encoder: Any,
        card: Card | None = None,
        sample: Sequence[str] = (),
        companion: Companion | None = None,
        queries: Model | None = None,
    ) -> None:
        self.tokenizer, self.encoder = tokenizer, encoder
        self._set_parts(card, sample, companion, queries)

    def _set_parts(
        self, card: Card | None, sample: Sequence[str], companion: Companion | None, queries: Model | None
    ) -> None:
        """Set what does not need the transformer."""
        self.card = card or Card()
        self.sample = sample_of(sample)
        self.stems = dict(companion.model.stems) if companion else {}
        self.companion, self.queries = companion, queries

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        return self.card.as_html("transformer", self.dim)

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
        """Vectors of queries: the transformer's, or its student's, and the companion's, end to end."""
        own = self.encode(texts) if self.queries is None else self.queries.encode(texts)
        if self.companion is None:
            return own
        return self.companion.concatenate(own, self.companion.model.encode_query(texts))

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts both"]:
        """Vectors of texts to be found by queries; the dot product with a query's is the relevance.

        The transformer reads the beginning of a long text, the companion all of it.
        """
        if self.companion is None:
            return self.encode(texts)
        return self.companion.concatenate(self.encode(texts), self.companion.model.encode_document(texts))


class TransformerModel(ConcatenatedModel):
    """A pretrained encoder, adapted or as it was, with its tokenizer.

    Attributes:
        encoder: token ids to unit vectors.
        pretrained: the encoder as it was loaded, with what is saved besides its weights.
    """

    encoder: "TransformerEncoder"

    def __init__(
        self,
        pretrained: "Pretrained",
        encoder: "TransformerEncoder",
        card: Card | None = None,
        sample: Sequence[str] = (),
        companion: Companion | None = None,
        queries: Model | None = None,
    ) -> None:
        super().__init__(pretrained.tokenizer, encoder, card, sample, companion, queries)
        self.pretrained = pretrained

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what determines the vectors: weights, tokenizer, pooling, length, parts."""
        digest = hashlib.sha256(f"{self.encoder.pooling} {self.encoder.special_tokens}".encode())
        digest.update(self.tokenizer.reference.to_str().encode())
        for name, tensor in sorted(self.encoder.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
        if self.companion:
            digest.update(f"{self.companion.model.fingerprint} {self.companion.weight}".encode())
        if self.queries:
            digest.update(f"queries {self.queries.fingerprint}".encode())
        return digest.hexdigest()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder, which sentence-transformers loads too; it is written whole or not at all.

        Raises:
            InputError: `path` exists and `overwrite` is false, or it is no model folder, or cannot be written.
            LikewiseError: the disk is full.
        """
        path = Path(path)
        refuse_other(path)
        encoder, vocabulary = self.encoder, self.tokenizer.vocabulary
        modes = {f"pooling_mode_{flag}": name == encoder.pooling for name, flag in FLAGS.items()}
        length = {"max_seq_length": encoder.special_tokens.longest, "do_lower_case": False}
        with replacing_folder(path, overwrite=overwrite) as folder:
            self._write_weights(folder / WEIGHTS)
            encoder.model.config.save_pretrained(str(folder))
            self.pretrained.transformers_tokenizer.save_pretrained(str(folder))
            pooling = {"word_embedding_dimension": encoder.dim, **modes}
            write_settings(folder, {"Transformer": {}, "Pooling": pooling, "Normalize": {}})
            write_json(folder / "sentence_bert_config.json", length)
            text = readme(self.card, dim=encoder.dim, vocab=len(vocabulary), kind=encoder.model.config.model_type)
            (folder / "README.md").write_text(text, encoding="utf-8", errors="backslashreplace")
            if self.companion:
                self.companion.save(folder / COMPANION)
            if self.queries:
                save_part(self.queries, folder / QUERIES)
            counts = vocabulary.counts.tolist()
            record = new_record(folder, TRANSFORMER, (WEIGHTS, TOKENIZER, CONFIG), self.card, self.sample, counts)
            companion = {"weight": self.companion.weight} if self.companion else {}
            # With its fingerprint in the record, the transformer need not be read to know whose queries these are.
            queries = {"fingerprint": self.fingerprint} if self.queries else {}
            write_json(folder / RECORD, record | {"companion": companion, "queries": queries})

    def _write_weights(self, path: Path) -> None:
        from safetensors.torch import save

        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.encoder.model.state_dict().items()}
        # safetensors' own save_file would make the file readable by its owner alone, whatever the umask
        path.write_bytes(save(weights | dict(self.pretrained.unused_weights), {"format": "pt"}))

    @classmethod
    def load(cls, path: str | Path, *, device: str | None = None) -> "TransformerModel":
        """Read a folder of this package or of sentence-transformers, or one with a bare encoder of transformers.

        Args:
            path: the folder.
            device: of torch; None for the fastest available.

        Raises:
            InputError: it is no such folder, or a file of it is missing or damaged.
            LikewiseError: transformers is not installed.
        """
        from likewise.encoders.transformer.loading import load_pretrained, open_transformers

        open_transformers()
        from likewise.encoders.transformer.encoder import TransformerEncoder

        folder = Path(path)
        record = read_record(folder, TRANSFORMER, FIELDS) if (folder / RECORD).is_file() else None
        for name, expected in record["sha256"].items() if record else ():
            if name != SAMPLE:
                check_file(folder, name, expected)
        pretrained = load_pretrained(str(folder))
        encoder = TransformerEncoder(pretrained.model, pretrained.special_tokens, pretrained.pooling, device=device)
        if record is None:
            return cls(pretrained, encoder)
        counts: Any = np.array(record["counts"], np.int64)
        if len(counts) == len(pretrained.tokenizer.vocabulary):
            pretrained.tokenizer.vocabulary.counts[:] = counts
        card, sample = card_in(record), sample_in(folder, record)
        return cls(pretrained, encoder, card, sample, companion_in(folder, record), queries_in(folder, record))


def save_part(static: Model, path: Path) -> None:
    """Write a static model into the folder of a transformer, without the sample, which that one holds already."""
    Model(static.tokenizer, static.encoder, static.card, (), static.stems).save(path)


def companion_in(folder: Path, record: Mapping[str, Any]) -> Companion | None:
    """The companion in the folder of a transformer, if there is one.

    Raises:
        InputError: it is damaged.
    """
    if not record["companion"]:
        return None
    return Companion(Model.load(folder / COMPANION), float(record["companion"]["weight"]))


def queries_in(folder: Path, record: Mapping[str, Any]) -> Model | None:
    """The student that encodes queries in the folder of a transformer, if there is one.

    Raises:
        InputError: it is damaged.
    """
    return Model.load(folder / QUERIES) if record["queries"] else None
