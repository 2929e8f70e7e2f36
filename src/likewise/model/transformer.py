"""A transformer as a model, in a folder of sentence-transformers."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from likewise.atomic import replacing_folder
from likewise.encoders.transformer.pooling import FLAGS
from likewise.model.card import Card, readme
from likewise.model.concatenated import COMPANION, Companion, ConcatenatedModel, companion_in
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

if TYPE_CHECKING:
    from likewise.encoders.transformer.encoder import TransformerEncoder
    from likewise.encoders.transformer.loading import Pretrained

__all__ = ["CONFIG", "FIELDS", "TransformerModel"]

CONFIG = "config.json"  # of transformers
FIELDS = {"companion": dict}  # of the record, besides those of all models


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
    ) -> None:
        super().__init__(pretrained.tokenizer, encoder, card, sample, companion)
        self.pretrained = pretrained

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what determines the vectors: weights, tokenizer, pooling, length, companion."""
        digest = hashlib.sha256(f"{self.encoder.pooling} {self.encoder.special_tokens}".encode())
        digest.update(self.tokenizer.reference.to_str().encode())
        for name, tensor in sorted(self.encoder.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
        if self.companion:
            digest.update(f"{self.companion.model.fingerprint} {self.companion.weight}".encode())
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
            counts = vocabulary.counts.tolist()
            record = new_record(folder, TRANSFORMER, (WEIGHTS, TOKENIZER, CONFIG), self.card, self.sample, counts)
            companion = {"weight": self.companion.weight} if self.companion else {}
            write_json(folder / RECORD, record | {"companion": companion})

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
        from likewise.encoders.transformer.encoder import TransformerEncoder
        from likewise.encoders.transformer.loading import load_pretrained

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
        return cls(pretrained, encoder, card, sample, companion_in(folder, record))
