"""A transformer exported to ONNX, as a model: it needs neither torch nor transformers, and is faster than with them.

The folder `onnx/` of a model has all that is needed, and is written whole or not at all: the graphs, by the names that
sentence-transformers expects; the tokenizer; and a record of pooling, special tokens and checksums.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Float32
from likewise.atomic import replacing_folder
from likewise.encoders.transformer.batching import Padded, encode_padded
from likewise.encoders.transformer.pooling import check_pooling, pooled
from likewise.errors import InputError, LikewiseError
from likewise.model.card import Card
from likewise.model.folder import (
    FORMATS,
    RECORD,
    SAMPLE,
    TOKENIZER,
    TRANSFORMER,
    card_in,
    new_record,
    read_record,
    refuse_other,
    sample_in,
    sha256_of,
    write_json,
)
from likewise.model.model import Model
from likewise.model.transformer import (
    COMPANION,
    CONFIG,
    FIELDS,
    QUERIES,
    Companion,
    ConcatenatedModel,
    companion_in,
    queries_in,
)
from likewise.tokens.pretrained import PretrainedTokenizer, SpecialTokens
from likewise.tokens.ragged import Ragged

FOLDER = "onnx"
GRAPHS = {"onnx": "model.onnx", "onnx-int8": "model_qint8_avx512_vnni.onnx"}  # named as in sentence-transformers
COPIED = (
    CONFIG, "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json", TOKENIZER,
    "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "README.md", SAMPLE,
)  # fmt: skip
COPIED_FOLDERS = ("*_Pooling", "*_Normalize", COMPANION, QUERIES)
EXTRA = "pip install 'likewise[onnx]'"
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "last_hidden_state"  # names that sentence-transformers expects
BUCKET_TOKENS = 1024  # the states of a bucket stay in the cache
SMALLEST_NORM = 1e-12
# Fusions that are slower than their parts: a layer norm fused with the sum before it takes six times as long.
SLOW_FUSIONS = ["SkipLayerNormFusion", "BiasGeluFusion"]
FATAL = 4  # log level of onnxruntime: what fails raises as well


class OnnxEncoder:
    """Ids to unit vectors by a graph that returns the last hidden states.

    Each thread runs buckets by itself, one operator after the other: nothing waits within a bucket.

    Attributes:
        special_tokens: added around the ids of a text.
        pooling: one of `pooling.POOLINGS`.
        dim: length of a vector.
    """

    def __init__(
        self,
        path: str | Path,
        special_tokens: SpecialTokens,
        pooling: str,
        dim: int,
        *,
        threads: int | None = None,
    ) -> None:
        """Opens a graph.

        Args:
            path: of the graph, with the inputs `INPUTS` and the output `OUTPUT`.
            special_tokens: added around the ids of a text.
            pooling: one of `pooling.POOLINGS`.
            dim: length of a vector.
            threads: number of buckets encoded at once; None for one per processor.

        Raises:
            InputError: it is no such graph.
            LikewiseError: onnxruntime is not installed.
        """
        runtime = open_onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        self.special_tokens, self.pooling, self.dim = special_tokens, pooling, dim
        try:
            self._session: Any = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW_FUSIONS
            )
            outputs = [each.name for each in self._session.get_outputs()]
            inputs = {each.name for each in self._session.get_inputs()}
            if OUTPUT not in outputs or inputs != set(INPUTS):
                raise ValueError(f"it turns {', '.join(sorted(inputs))} into {', '.join(outputs)}")
        except Exception as error:  # whatever a damaged file makes onnxruntime raise
            reason = " ".join(str(error).split())[:160]
            raise InputError(
                f"{path} cannot be run ({reason}): export the model again, with likewise export"
            ) from error
        self.threads = threads or _processors()

    def encode(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` if given; of equal texts one is encoded."""
        vectors = np.empty((len(texts), self.dim), np.float32) if out is None else out
        settings: dict[str, Any] = {"tokens": BUCKET_TOKENS, "out": vectors}
        if self.threads == 1 or len(texts) == 1:
            return encode_padded(texts, self.special_tokens, self._encode_padded, **settings)
        with ThreadPoolExecutor(self.threads) as pool:
            settings |= {"map_buckets": pool.map, "threads": self.threads}
            return encode_padded(texts, self.special_tokens, self._encode_padded, **settings)

    def _encode_padded(self, batch: Padded) -> Float32[np.ndarray, "texts dim"]:
        mask = batch.mask.astype(np.int64)
        (states,) = self._session.run([OUTPUT], dict(zip(INPUTS, (batch.ids, mask), strict=True)))
        vectors = pooled(states, mask, self.pooling)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: np.ndarray = (vectors / np.maximum(lengths, SMALLEST_NORM)).astype(np.float32, copy=False)
        return units


@dataclass(frozen=True)
class Serving:
    """What is needed to run a graph.

    Attributes:
        special_tokens: added around the ids of a text.
        pooling: one of `pooling.POOLINGS`.
        dim: length of a vector.
        sha256: checksums of the files in `onnx/`.
    """

    special_tokens: SpecialTokens
    pooling: str
    dim: int
    sha256: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write the record of the graphs in a folder."""
        write_json(folder / RECORD, {"format": FORMATS[TRANSFORMER], "kind": FOLDER, **asdict(self)})


class OnnxModel(ConcatenatedModel):
    """A transformer on onnxruntime.

    Attributes:
        encoder: token ids to unit vectors.
        backend: the graph that it runs on: `onnx` or `onnx-int8`.
        folder: where it was read from.
    """

    encoder: OnnxEncoder

    def __init__(
        self,
        folder: Path,
        backend: str,
        reference: Any,
        serving: Serving,
        card: Card | None = None,
        sample: Sequence[str] = (),
        companion: Companion | None = None,
        *,
        queries: Model | None = None,
    ) -> None:
        tokenizer = PretrainedTokenizer(reference, serving.special_tokens.mask_token)
        graph = folder / FOLDER / GRAPHS[backend]
        encoder = OnnxEncoder(graph, serving.special_tokens, serving.pooling, serving.dim)
        super().__init__(tokenizer, encoder, card, sample, companion, queries)
        self.folder, self.backend, self._serving = folder, backend, serving

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what determines the vectors: graph, tokenizer, pooling, companion, student."""
        return _fingerprint(self._serving, self.backend, self.companion, self.queries)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a folder with this graph, without the weights that torch would read.

        Raises:
            InputError: `path` exists and `overwrite` is false, or it is no model folder, or cannot be written.
            LikewiseError: the disk is full.
        """
        refuse_other(Path(path))
        graph = self.folder / FOLDER / GRAPHS[self.backend]
        with replacing_folder(Path(path), overwrite=overwrite) as folder:
            copy_for_serving(self.folder, folder, {self.backend: graph}, self._serving)

    @classmethod
    def load(cls, path: str | Path, *, backend: str = "onnx") -> "OnnxModel":
        """Read the exported form of a model folder.

        Raises:
            InputError: it was not exported, or a file of it is missing or damaged.
            LikewiseError: onnxruntime is not installed.
        """
        from tokenizers import Tokenizer as Reference

        folder = Path(path)
        record = read_record(folder, TRANSFORMER, FIELDS) if (folder / RECORD).is_file() else None
        serving = read_serving(folder)
        for name in (GRAPHS[backend], TOKENIZER):
            file = folder / FOLDER / name
            if name not in serving.sha256:
                raise InputError(f"{path} has no {name}: likewise export {path} --int8 --overwrite writes it")
            if not file.is_file() or sha256_of(file) != serving.sha256[name]:
                raise InputError(f"{path}: {FOLDER}/{name} is missing or damaged; export the model again")
        try:
            reference = Reference.from_file(str(folder / FOLDER / TOKENIZER))
        except Exception as error:  # tokenizers raises the class itself
            raise InputError(f"{path}: {FOLDER}/{TOKENIZER} cannot be read; export the model again") from error
        if record is None:
            return cls(folder, backend, reference, serving)
        card, sample = card_in(record), sample_in(folder, record)
        parts = companion_in(folder, record), queries_in(folder, record)
        return cls(folder, backend, reference, serving, card, sample, parts[0], queries=parts[1])


def _fingerprint(serving: Serving, backend: str, companion: Companion | None, queries: Model | None) -> str:
    parts = [serving.sha256[GRAPHS[backend]], serving.sha256[TOKENIZER], serving.pooling]
    key = f"{' '.join(parts)} {serving.special_tokens}"
    if companion:
        key += f" {companion.model.fingerprint} {companion.weight}"
    if queries:
        key += f" queries {queries.fingerprint}"
    return hashlib.sha256(key.encode()).hexdigest()


def read_serving(folder: Path) -> Serving:
    """Read the record of the graphs of a model folder.

    Raises:
        InputError: the model was not exported, or the record is damaged or of another format.
    """
    path = folder / FOLDER / RECORD
    if not path.is_file():
        raise InputError(f"{folder} was not exported to ONNX: likewise export {folder} does it")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] == FORMATS[TRANSFORMER]:
            return _serving_in(record)
        number = int(record["format"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({error}); export the model again") from error
    raise InputError(f"{path} has format {number}, this version reads format {FORMATS[TRANSFORMER]}: export again")


def _serving_in(record: Mapping[str, Any]) -> Serving:
    fields = record["special_tokens"]
    special_tokens = SpecialTokens(
        tuple(map(int, fields["first"])), tuple(map(int, fields["last"])),
        *(int(fields[name]) for name in ("longest", "padding", "mask_token")),
    )  # fmt: skip
    sums = {str(name): str(expected) for name, expected in record["sha256"].items()}
    return Serving(special_tokens, check_pooling(record["pooling"]), int(record["dim"]), sums)


def copy_for_serving(source: Path, target: Path, graphs: Mapping[str, Path], serving: Serving) -> None:
    """Fill a folder with a model that runs on its graphs alone, here and in sentence-transformers.

    Args:
        source: the model folder.
        target: an empty folder.
        graphs: the files to copy, by backend; the tokenizer is in the folder of the first.
        serving: what is needed to run them.
    """
    for name in COPIED:
        if (source / name).is_file():
            shutil.copy(source / name, target / name)
    for inner in (path for pattern in COPIED_FOLDERS for path in source.glob(pattern)):
        shutil.copytree(inner, target / inner.name)
    onnx = target / FOLDER
    onnx.mkdir()
    for file in (*graphs.values(), next(iter(graphs.values())).parent / TOKENIZER):
        shutil.copy(file, onnx / file.name)
    sums = {name: expected for name, expected in serving.sha256.items() if (onnx / name).is_file()}
    Serving(serving.special_tokens, serving.pooling, serving.dim, sums).write(onnx)
    if (source / RECORD).is_file():
        record = read_record(source, TRANSFORMER, FIELDS)
        files = [name for name in (TOKENIZER, CONFIG, SAMPLE) if (target / name).is_file()]
        record["sha256"] = {name: sha256_of(target / name) for name in files}
        if queries := queries_in(target, record):
            known = _fingerprint(serving, next(iter(graphs)), companion_in(target, record), queries)
            record["queries"] = {"fingerprint": known}
    else:
        record = new_record(target, TRANSFORMER, (TOKENIZER, CONFIG), Card(), (), ()) | {"companion": {}, "queries": {}}
    write_json(target / RECORD, record | {"backend": next(iter(graphs))})


def open_onnxruntime() -> Any:
    """Import onnxruntime.

    Raises:
        LikewiseError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise LikewiseError(f"encoding with ONNX needs {error.name or 'onnxruntime'}: {EXTRA}") from error
    return onnxruntime


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
