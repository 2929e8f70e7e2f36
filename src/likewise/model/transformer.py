"""A transformer as a model: the same surface as a static one, in a folder that is one of sentence-transformers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from likewise.atomic import replacing_folder
from likewise.encoders.transformer.pooling import FLAGS
from likewise.errors import InputError
from likewise.model.card import Card, read_sample, readme, write_sample
from likewise.model.concatenated import COMPANION, Companion, ConcatenatedModel, companion_of
from likewise.model.folder import RECORD, SAMPLE, refuse_other, sha256_of, write_json

if TYPE_CHECKING:
    from likewise.encoders.transformer.encoder import TransformerEncoder
    from likewise.encoders.transformer.loading import Pretrained

__all__ = [
    "FORMAT",
    "KIND",
    "TransformerModel",
    "card_of",
    "is_transformer",
    "sample_of",
    "transformer_record",
]

KIND = "transformer"
FORMAT = 2  # of likewise.json: the first one knew static encoders only
POOLING, NORMALIZE = "1_Pooling", "2_Normalize"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": POOLING, "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": NORMALIZE, "type": "sentence_transformers.models.Normalize"},
]
SETTINGS: dict[str, Any] = {
    "model_type": "SentenceTransformer", "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "cosine",
}  # fmt: skip
HASHED = ("model.safetensors", "tokenizer.json", "config.json")


class TransformerModel(ConcatenatedModel):
    """A pretrained encoder, or one that was adapted, with its tokenizer.

    Attributes:
        encoder: ids to unit vectors.
        found: the encoder as it was loaded, with what goes into the folder beside its weights.
    """

    encoder: "TransformerEncoder"  # type: ignore[assignment]

    def __init__(
        self,
        found: "Pretrained",
        encoder: "TransformerEncoder",
        card: Card | None = None,
        sample: Sequence[str] = (),
        companion: Companion | None = None,
    ) -> None:
        self.tokenizer, self.encoder, self.found = found.tokenizer, encoder, found
        self._describe(card, sample, companion)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what decides its vectors: weights, tokenizer, pooling, length."""
        told = hashlib.sha256(f"{self.encoder.pooling} {self.encoder.special_tokens}".encode())
        told.update(self.tokenizer.reference.to_str().encode())
        for name, tensor in sorted(self.encoder.model.state_dict().items()):
            told.update(name.encode())
            told.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
        if self.companion:
            told.update(f"{self.companion.model.fingerprint} {self.companion.share}".encode())
        return told.hexdigest()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder, which sentence-transformers loads too.

        Raises:
            InputError: `path` exists and `overwrite` is false, or cannot be written.
            LikewiseError: the disk is full; nothing is left half-written.
        """
        path = Path(path)
        refuse_other(path)
        encoder = self.encoder
        with replacing_folder(path, overwrite=overwrite) as folder:
            self._write_weights(folder / "model.safetensors")
            encoder.model.config.save_pretrained(str(folder))
            self.found.words.save_pretrained(str(folder))
            modes = {f"pooling_mode_{flag}": name == encoder.pooling for name, flag in FLAGS.items()}
            for name, settings in (
                ("modules.json", MODULES),
                ("config_sentence_transformers.json", SETTINGS),
                (
                    "sentence_bert_config.json",
                    {"max_seq_length": encoder.special_tokens.longest, "do_lower_case": False},
                ),
                (f"{POOLING}/config.json", {"word_embedding_dimension": encoder.dim, **modes}),
                (f"{NORMALIZE}/config.json", {}),
            ):
                (folder / name).parent.mkdir(exist_ok=True)
                write_json(folder / name, settings)
            text = readme(
                self.card, dim=encoder.dim, vocab=len(self.tokenizer.vocabulary), kind=encoder.model.config.model_type
            )
            (folder / "README.md").write_text(text, encoding="utf-8", errors="backslashreplace")
            if self.sample:
                write_sample(folder / SAMPLE, self.sample)
            companion = {"share": self.companion.share} if self.companion else {}
            if self.companion:
                self.companion.save(folder / COMPANION)
            sums = {name: sha256_of(folder / name) for name in (*HASHED, *([SAMPLE] if self.sample else []))}
            counts = self.tokenizer.vocabulary.counts.tolist()
            record = {"format": FORMAT, "kind": KIND, "sha256": sums, **asdict(self.card), "beside": companion}
            write_json(folder / RECORD, record | {"counts": counts})

    def _write_weights(self, path: Path) -> None:
        from safetensors.torch import save

        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.encoder.model.state_dict().items()}
        # save_file would make the file readable by its owner alone, whatever the umask says
        path.write_bytes(save(weights | dict(self.found.aside), {"format": "pt"}))

    @classmethod
    def load(cls, path: str | Path, *, backend: str | None = None, device: str | None = None) -> "TransformerModel":
        """Read a folder of this package or of sentence-transformers, or one with a bare encoder of transformers.

        Args:
            path: the folder.
            backend: `torch`, if anything: `Model.load` reads the others.
            device: of torch; the fastest there is if None.

        Raises:
            InputError: it is no such folder, or a file of it is missing or damaged.
            LikewiseError: transformers is not installed.
        """
        if backend not in (None, "torch"):
            raise InputError(f"a TransformerModel runs on torch: likewise.load({str(path)!r}, backend={backend!r})")
        from likewise.encoders.transformer.encoder import TransformerEncoder
        from likewise.encoders.transformer.loading import load_pretrained

        folder = Path(path)
        record = transformer_record(folder)
        for name, expected in record.get("sha256", {}).items():
            if name == SAMPLE:
                continue  # no vector depends on the texts, which may be gone: they are checked where they are read
            if not (folder / name).is_file() or sha256_of(folder / name) != expected:
                raise InputError(f"{path}: {name} is missing or damaged; restore it from a copy or train again")
        found = load_pretrained(str(folder))
        counts = np.array(record.get("counts") or [], np.int64)
        if len(counts) == len(found.tokenizer.vocabulary):
            found.tokenizer.vocabulary.counts[:] = counts
        encoder = TransformerEncoder(found.model, found.special_tokens, found.pooling, device=device)
        return cls(found, encoder, card_of(record), sample_of(folder, record), companion_of(folder, record))


def is_transformer(folder: Path) -> bool:
    """Whether a folder is to be loaded as a transformer rather than as a static encoder."""
    path = folder / RECORD
    if path.is_file():
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return False  # whoever reads it then says what is wrong
        return isinstance(record, dict) and record.get("kind") == KIND
    modules = folder / "modules.json"
    return (folder / "config.json").is_file() or (modules.is_file() and 'Transformer"' in modules.read_text("utf-8"))


def card_of(record: Mapping[str, Any]) -> Card:
    """The card, as far as the record of a folder has it."""
    names = ("recipe", "corpus", "scores", "versions", "pairs")
    return Card(
        **{name: record.get(name, {}) for name in names},
        history=tuple(record.get("history", ())), warnings=tuple(record.get("warnings", ())),
    )  # fmt: skip


def sample_of(folder: Path, record: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts that were kept with a model.

    Raises:
        InputError: their file is damaged.
    """
    path = folder / SAMPLE
    expected = record.get("sha256", {}).get(SAMPLE)
    if not path.is_file() or expected is None:
        return ()
    if sha256_of(path) != expected:
        raise InputError(f"{folder}: {SAMPLE} is damaged; restore it from a copy, or remove it")
    return tuple(read_sample(path))


def transformer_record(folder: Path) -> dict[str, Any]:
    """What `likewise.json` says of a transformer; nothing where there is none.

    Raises:
        InputError: it is damaged, or of a later version.
    """
    path = folder / RECORD
    if not path.is_file():
        return {}
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not isinstance(record.get("sha256"), dict):
            raise TypeError("wrong kind")
    except (ValueError, TypeError) as error:
        raise InputError(f"{folder}: {RECORD} is damaged ({error}); restore it from a copy or train again") from error
    if record.get("format", 0) > FORMAT:
        raise InputError(f"{folder} has format {record['format']}, this version reads up to {FORMAT}: update likewise")
    return record
