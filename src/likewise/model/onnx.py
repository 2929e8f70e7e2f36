"""A transformer that was exported, as a model: it needs neither torch nor transformers.

The folder `onnx/` of a model has all that is needed, and is written whole or not at all: the graphs, by the names that
sentence-transformers looks for; the tokenizer; and a record of pooling, special ids and checksums.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from likewise.atomic import replacing_folder
from likewise.encoders.transformer.onnx import OnnxEncoder
from likewise.encoders.transformer.pooling import check_pooling
from likewise.errors import InputError
from likewise.model.card import Card
from likewise.model.concatenated import COMPANION, Companion, ConcatenatedModel, companion_of
from likewise.model.folder import RECORD, SAMPLE, TOKENIZER, refuse_other, sha256_of, write_json
from likewise.model.transformer import FORMAT, KIND, card_of, sample_of, transformer_record
from likewise.tokens.pretrained import PretrainedTokenizer, SpecialTokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Reference

__all__ = ["BACKENDS", "FOLDER", "GRAPHS", "OnnxModel", "Serving", "backend_of", "read_serving"]

FOLDER = "onnx"
GRAPHS = {"onnx": "model.onnx", "onnx-int8": "model_qint8_avx512_vnni.onnx"}  # named as in sentence-transformers
BACKENDS = ("torch", *GRAPHS)
CARRIED = (
    "config.json", "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json", TOKENIZER,
    "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "README.md", SAMPLE,
)  # fmt: skip
CARRIED_FOLDERS = ("*_Pooling", "*_Normalize", COMPANION)


@dataclass(frozen=True)
class Serving:
    """What is needed to run a graph.

    Attributes:
        special_tokens: what goes around the ids of a text.
        pooling: how a text's vector comes about.
        dim: length of a vector.
        sha256: checksums of the files in `onnx/`.
    """

    special_tokens: SpecialTokens
    pooling: str
    dim: int
    sha256: dict[str, str]

    def write(self, folder: Path) -> None:
        """Put it beside the graphs."""
        write_json(folder / RECORD, {"format": FORMAT, "kind": FOLDER, **asdict(self)})


class OnnxModel(ConcatenatedModel):
    """A transformer on onnxruntime.

    Attributes:
        encoder: ids to unit vectors.
        backend: which of the graphs it runs on.
        folder: where it was read from.
    """

    encoder: OnnxEncoder  # type: ignore[assignment]

    def __init__(
        self,
        folder: Path,
        backend: str,
        reference: "Reference",
        serving: Serving,
        card: Card | None = None,
        sample: Sequence[str] = (),
        companion: Companion | None = None,
    ) -> None:
        self.folder, self.backend, self._serving = folder, backend, serving
        self.encoder = OnnxEncoder(
            folder / FOLDER / GRAPHS[backend], serving.special_tokens, serving.pooling, serving.dim
        )
        self.tokenizer = PretrainedTokenizer(reference, serving.special_tokens.mask_token)
        self._describe(card, sample, companion)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what decides its vectors: graph, tokenizer, pooling, special ids, length."""
        sums = self._serving.sha256
        told = f"{sums[GRAPHS[self.backend]]} {sums[TOKENIZER]} {self._serving.pooling} {self._serving.special_tokens}"
        if self.companion:
            told += f" {self.companion.model.fingerprint} {self.companion.share}"
        return hashlib.sha256(told.encode()).hexdigest()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the folder of this model alone: its graph, without the weights that torch would read.

        Raises:
            InputError: `path` exists and `overwrite` is false, or cannot be written.
            LikewiseError: the disk is full; nothing is left half-written.
        """
        refuse_other(Path(path))
        with replacing_folder(Path(path), overwrite=overwrite) as companion:
            carry(self.folder, companion, {self.backend: self.folder / FOLDER / GRAPHS[self.backend]}, self._serving)

    @classmethod
    def load(cls, path: str | Path, *, backend: str | None = None) -> "OnnxModel":
        """Read the exported form of a model folder.

        Raises:
            InputError: it was not exported, or a file of it is missing or damaged.
            LikewiseError: onnxruntime is not installed.
        """
        from tokenizers import Tokenizer as Reference

        folder, chosen = Path(path), backend or "onnx"
        record, serving = transformer_record(folder), read_serving(folder)
        for name in (GRAPHS[chosen], TOKENIZER):
            file = folder / FOLDER / name
            if name not in serving.sha256:
                raise InputError(f"{path} has no {name}: likewise export {path} --int8 --overwrite writes it")
            if not file.is_file() or sha256_of(file) != serving.sha256[name]:
                raise InputError(f"{path}: {FOLDER}/{name} is missing or damaged; export the model again")
        try:
            reference = Reference.from_file(str(folder / FOLDER / TOKENIZER))
        except Exception as error:  # tokenizers raises the class itself
            raise InputError(f"{path}: {FOLDER}/{TOKENIZER} cannot be read; export the model again") from error
        told = card_of(record), sample_of(folder, record), companion_of(folder, record)
        return cls(folder, chosen, reference, serving, *told)


def backend_of(folder: Path, backend: str | None) -> str:
    """What a transformer is to run on.

    What was asked for; else what the folder was saved for; else torch; where torch or transformers is not installed, an
    exported graph.

    Raises:
        InputError: there is no such backend.
    """
    stated = backend or transformer_record(folder).get("backend")
    if stated is not None:
        if stated not in BACKENDS:
            raise InputError(f"backend {stated!r} is not known: expected one of {', '.join(BACKENDS)}")
        return str(stated)
    missing = any(find_spec(name) is None for name in ("torch", "transformers"))
    if missing and (folder / FOLDER / RECORD).is_file():
        sums = read_serving(folder).sha256
        return next((name for name, graph in GRAPHS.items() if graph in sums), "torch")
    return "torch"


def read_serving(folder: Path) -> Serving:
    """What stands beside the graphs of a model folder.

    Raises:
        InputError: the model was not exported, or the record is damaged.
    """
    path = folder / FOLDER / RECORD
    if not path.is_file():
        raise InputError(f"{folder} was not exported to ONNX: likewise export {folder} does it")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = record["frame"]
        special_tokens = SpecialTokens(
            tuple(map(int, told["first"])), tuple(map(int, told["last"])),
            *(int(told[name]) for name in ("longest", "padding", "blank")),
        )  # fmt: skip
        sums = {str(name): str(expected) for name, expected in record["sha256"].items()}
        return Serving(special_tokens, check_pooling(record["pooling"]), int(record["dim"]), sums)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({error}); export the model again") from error


def carry(source: Path, target: Path, graphs: dict[str, Path], serving: Serving) -> None:
    """Fill a folder with a model that runs on its graphs alone, for here and for sentence-transformers.

    Args:
        source: the model folder.
        target: an empty folder.
        graphs: the files to take, by backend; the tokenizer lies beside the first.
        serving: what is needed to run them.
    """
    for name in CARRIED:
        if (source / name).is_file():
            shutil.copy(source / name, target / name)
    for inner in (path for pattern in CARRIED_FOLDERS for path in source.glob(pattern)):
        shutil.copytree(inner, target / inner.name)
    companion = target / FOLDER
    companion.mkdir()
    for file in (*graphs.values(), next(iter(graphs.values())).parent / TOKENIZER):
        shutil.copy(file, companion / file.name)
    kept = {name: expected for name, expected in serving.sha256.items() if (companion / name).is_file()}
    Serving(serving.special_tokens, serving.pooling, serving.dim, kept).write(companion)
    record = transformer_record(source) or {"format": FORMAT, "kind": KIND}
    sums = {name: sha256_of(target / name) for name in (TOKENIZER, "config.json", SAMPLE) if (target / name).is_file()}
    write_json(target / RECORD, record | {"sha256": sums, "backend": next(iter(graphs))})
