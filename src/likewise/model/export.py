"""Export to ONNX: a transformer becomes graphs, in single precision and in int8, and is compared with the original."""

import logging
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from likewise.atomic import locking, replacing_folder
from likewise.errors import InputError, LikewiseError
from likewise.model.embedder import TextModel
from likewise.model.folder import TOKENIZER, refuse_other, sha256_of
from likewise.model.load import loaded
from likewise.model.onnx import (
    EXTRA,
    FOLDER,
    GRAPHS,
    INPUTS,
    OUTPUT,
    OnnxEncoder,
    Serving,
    copy_for_serving,
    open_onnxruntime,
)
from likewise.model.transformer import TransformerModel

if TYPE_CHECKING:
    from likewise.encoders.transformer.encoder import TransformerEncoder

OPSET = 20  # the first with GELU as one operator; later ones are not read by every engine
COMPARED_TEXTS = 200  # unless others are given
QUANTISED = ["MatMul", "Gather"]  # products with weights, and embeddings
EXAMPLE_SHAPE = (2, 8)  # of the batch that is traced; the graph takes any shape


@dataclass(frozen=True)
class Graph:
    """An exported file, and how far its vectors are from those of torch.

    Attributes:
        backend: `onnx` or `onnx-int8`.
        path: of the file.
        size: of the file, in bytes.
        largest: difference of any component of a vector.
        mean: of 1 - cosine over the texts.
        worst: the largest 1 - cosine.
    """

    backend: str
    path: Path
    size: int
    largest: float
    mean: float
    worst: float


@dataclass(frozen=True)
class Export:
    """The result of an export.

    Attributes:
        graphs: the files.
        texts: number of texts compared.
    """

    graphs: tuple[Graph, ...]
    texts: int


def export_onnx(
    model: TextModel,
    source: str | Path,
    out: str | Path | None = None,
    *,
    int8: bool = False,
    texts: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Export:
    """Write the ONNX form of a model; it is written whole or not at all.

    The graph returns the last hidden states, as sentence-transformers expects of `onnx/model.onnx`; pooling and
    normalisation are outside of it. In int8 the weights of products have one scale per column and embeddings one in
    all, and activations are quantised as they come (dynamic quantisation of onnxruntime).

    Args:
        model: a transformer on torch.
        source: its folder.
        out: a new model folder, with the graphs instead of weights; `onnx/` within `source` if None.
        int8: whether the int8 form is written too.
        texts: to compare with torch by; the model's sample, or documentation of Python, if None.
        overwrite: replace what is there.

    Raises:
        InputError: the model does not run on torch, or the folder exists or cannot be written.
        LikewiseError: what the export needs is not installed, or the model cannot be exported.
    """
    model = _exportable(model)
    source = Path(source)
    target = source / FOLDER if out is None else Path(out)
    if out is not None:
        refuse_other(target)
    encoder = model.encoder
    compared = list(texts or model.sample[:COMPARED_TEXTS] or _documentation())
    with locking(target, overwrite=overwrite), TemporaryDirectory() as temporary:
        work = Path(temporary)
        graphs = {"onnx": work / GRAPHS["onnx"]}
        _trace(encoder, graphs["onnx"])
        if int8:
            graphs["onnx-int8"] = work / GRAPHS["onnx-int8"]
            _quantise(graphs["onnx"], graphs["onnx-int8"])
        model.tokenizer.reference.save(str(work / TOKENIZER))
        sums = {path.name: sha256_of(path) for path in (*graphs.values(), work / TOKENIZER)}
        serving = Serving(encoder.special_tokens, encoder.pooling, encoder.dim, sums)
        found = [_compare(model, serving, backend, path, compared) for backend, path in graphs.items()]
        with replacing_folder(target, overwrite=overwrite) as folder, TemporaryDirectory() as whole:
            copy_for_serving(source, Path(whole) if out is None else folder, graphs, serving)
            if out is None:
                for file in (Path(whole) / FOLDER).iterdir():
                    (folder / file.name).write_bytes(file.read_bytes())
    inner = target if out is None else target / FOLDER
    return Export(tuple(replace(graph, path=inner / graph.path.name) for graph in found), len(compared))


def _exportable(model: TextModel) -> TransformerModel:
    model = loaded(model)
    if not isinstance(model, TransformerModel):
        raise InputError(f"a {type(model).__name__} cannot be exported: expected a transformer, loaded with torch")
    open_onnxruntime()
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise LikewiseError(f"exporting needs {error.name or 'onnx'}: {EXTRA}") from error
    return model


def _trace(encoder: "TransformerEncoder", path: Path) -> None:
    import onnx
    import torch

    class States(torch.nn.Module):
        """Ids to last hidden states, with arguments by position."""

        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    states = States(encoder.model).eval()
    first = encoder.special_tokens.first
    ids = torch.full(EXAMPLE_SHAPE, first[0] if first else 0, device=encoder.device)
    mask = torch.ones_like(ids)
    mask[1, EXAMPLE_SHAPE[1] // 2 :] = 0
    free = torch.export.Dim.DYNAMIC
    with _quiet():
        try:
            program: Any = torch.onnx.export(
                states, (ids, mask), dynamo=True, verbose=False, opset_version=OPSET, input_names=list(INPUTS),
                output_names=[OUTPUT], dynamic_shapes=({0: free, 1: free},) * 2,
            )  # fmt: skip
            program.save(str(path))
        except Exception as error:  # whatever an unforeseen architecture makes the exporter raise
            reason = " ".join(str(error).split())[:200]
            raise LikewiseError(f"this {encoder.model.config.model_type} cannot be exported: {reason}") from error
    proto = onnx.load(str(path))
    _clean(proto.graph)
    onnx.save(proto, str(path))


def _clean(graph: Any) -> None:
    """Remove paths of this machine, and name the axes."""
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for each in (*graph.input, *graph.output, *graph.initializer):
        del each.metadata_props[:]
    for each in (*graph.input, *graph.output):
        for name, axis in zip(("batch", "sequence"), each.type.tensor_type.shape.dim, strict=False):
            axis.dim_param = name
    del graph.metadata_props[:]
    del graph.value_info[:]  # shapes by the names that the axes had


def _quantise(path: Path, out: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet():
        quantize_dynamic(
            str(path), str(out), op_types_to_quantize=QUANTISED, per_channel=True, weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip


def _compare(model: TransformerModel, serving: Serving, backend: str, path: Path, texts: Sequence[str]) -> Graph:
    expected = model.encode(texts)
    encoder = OnnxEncoder(path, serving.special_tokens, serving.pooling, serving.dim)
    found = encoder.encode(model.tokenizer.encode(texts))
    distances = np.maximum(0.0, 1.0 - (expected.astype(np.float64) * found).sum(1))
    largest = float(np.abs(expected - found).max(initial=0.0))
    return Graph(
        backend, path, path.stat().st_size, largest, float(distances.mean()), float(distances.max(initial=0.0))
    )


def _documentation() -> list[str]:
    from likewise.corpus.demo_corpus import pydocs

    return pydocs(Path(sysconfig.get_path("stdlib")) / "email")[:COMPARED_TEXTS]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the advice of the exporter and the quantiser about what is intended here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
