"""A transformer as a model: the same surface as a static one, in a folder that is one of sentence-transformers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from likewise.atomic import replacing_folder
from likewise.encoders.pooling import FLAGS
from likewise.errors import InputError
from likewise.model.card import Card, readme
from likewise.model.folder import RECORD, SAMPLE, refuse_other, sha256_of, write_json
from likewise.model.model import Model, Texts
from likewise.model.sample import SAMPLE_CHARACTERS, SAMPLE_TEXTS, read_sample, write_sample

if TYPE_CHECKING:
    from likewise.encoders.pretrained import Pretrained
    from likewise.encoders.transformer import TransformerEncoder
    from likewise.tokens.pretrained import PretrainedTokenizer

__all__ = ["KIND", "Beside", "TransformerModel", "is_transformer"]

KIND = "transformer"
FORMAT = 2  # of likewise.json: the first one knew static encoders only
POOLING, NORMALIZE = "1_Pooling", "2_Normalize"
BESIDE = "beside"  # the folder of the static model that stands beside
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": POOLING, "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": NORMALIZE, "type": "sentence_transformers.models.Normalize"},
]
SETTINGS: dict[str, Any] = {
    "model_type": "SentenceTransformer", "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "cosine",
}  # fmt: skip
HASHED = ("model.safetensors", "tokenizer.json", "config.json")


@dataclass(frozen=True)
class Beside:
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


class TransformerModel(Model):
    """A pretrained encoder, or one that was adapted, with its tokenizer.

    Attributes:
        encoder: ids to unit vectors.
        beside: a static model whose vectors stand beside where texts are searched for; None for none.
        found: the encoder as it was loaded, with what goes into the folder beside its weights.
    """

    tokenizer: "PretrainedTokenizer"  # type: ignore[assignment]
    encoder: "TransformerEncoder"  # type: ignore[assignment]

    def __init__(
        self,
        found: "Pretrained",
        encoder: "TransformerEncoder",
        card: Card | None = None,
        sample: Sequence[str] = (),
        beside: Beside | None = None,
    ) -> None:
        self.tokenizer, self.encoder, self.found = found.tokenizer, encoder, found
        self.card = card or Card()
        self.sample = tuple(text[:SAMPLE_CHARACTERS] for text in sample[:SAMPLE_TEXTS])
        self.stems = dict(beside.model.stems) if beside else {}
        self.beside = beside

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts that look for others: the transformer's and the static model's, end to end."""
        if self.beside is None:
            return self.encode(texts)
        return self.beside.joined(self.encode(texts), self.beside.model.encode_query(texts))

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts to be found by queries; the product with a query's says how well a document answers.

        The transformer reads the beginning of a long text, the static model all of it.
        """
        if self.beside is None:
            return self.encode(texts)
        return self.beside.joined(self.encode(texts), self.beside.model.encode_document(texts))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what decides its vectors: weights, tokenizer, pooling, length."""
        told = hashlib.sha256(f"{self.encoder.pooling} {self.encoder.frame}".encode())
        told.update(self.tokenizer.reference.to_str().encode())
        for name, tensor in sorted(self.encoder.model.state_dict().items()):
            told.update(name.encode())
            told.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
        if self.beside:
            told.update(f"{self.beside.model.fingerprint} {self.beside.share}".encode())
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
                ("sentence_bert_config.json", {"max_seq_length": encoder.frame.longest, "do_lower_case": False}),
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
            beside = {"share": self.beside.share} if self.beside else {}
            if self.beside:
                static = self.beside.model
                Model(static.tokenizer, static.encoder, static.card, (), static.stems).save(folder / BESIDE)
            sums = {name: sha256_of(folder / name) for name in (*HASHED, *([SAMPLE] if self.sample else []))}
            counts = self.tokenizer.vocabulary.counts.tolist()
            record = {"format": FORMAT, "kind": KIND, "sha256": sums, **asdict(self.card), "beside": beside}
            write_json(folder / RECORD, record | {"counts": counts})

    def _write_weights(self, path: Path) -> None:
        from safetensors.torch import save

        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.encoder.model.state_dict().items()}
        # save_file would make the file readable by its owner alone, whatever the umask says
        path.write_bytes(save(weights | dict(self.found.aside), {"format": "pt"}))

    @classmethod
    def load(cls, path: str | Path, *, device: str | None = None) -> "TransformerModel":
        """Read a folder of this package or of sentence-transformers, or one with a bare encoder of transformers.

        Args:
            path: the folder.
            device: of torch; the fastest there is if None.

        Raises:
            InputError: it is no such folder, or a file of it is missing or damaged.
            LikewiseError: transformers is not installed.
        """
        from likewise.encoders.pretrained import load_pretrained
        from likewise.encoders.transformer import TransformerEncoder

        folder = Path(path)
        record = _record(folder)
        for name, expected in record.get("sha256", {}).items():
            if not (folder / name).is_file() and name == SAMPLE:
                continue  # whoever passes a model on may take its texts out: no vector depends on them
            if not (folder / name).is_file() or sha256_of(folder / name) != expected:
                raise InputError(f"{path}: {name} is missing or damaged; restore it from a copy or train again")
        found = load_pretrained(str(folder))
        counts = np.array(record.get("counts") or [], np.int64)
        if len(counts) == len(found.tokenizer.vocabulary):
            found.tokenizer.vocabulary.counts[:] = counts
        names = ("recipe", "corpus", "scores", "versions", "tuning", "pairs")
        card = Card(
            **{name: record.get(name, {}) for name in names},
            history=tuple(record.get("history", ())), warnings=tuple(record.get("warnings", ())),
        )  # fmt: skip
        sample = read_sample(folder / SAMPLE) if (folder / SAMPLE).is_file() else ()
        encoder = TransformerEncoder(found.model, found.frame, found.pooling, device=device)
        beside = None
        if share := record.get("beside", {}).get("share"):
            beside = Beside(Model.load(folder / BESIDE), float(share))
        return cls(found, encoder, card, sample, beside)


def is_transformer(folder: Path) -> bool:
    """Whether a folder is to be loaded as a transformer rather than as a static encoder."""
    if (folder / RECORD).is_file():
        return bool(_record(folder).get("kind") == KIND)
    return (folder / "config.json").is_file() or (folder / "modules.json").is_file()


def _record(folder: Path) -> dict[str, Any]:
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
