"""Transformers as ONNX graphs: the same vectors, without torch."""

import builtins
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from model_transformers import TEXTS, random_transformer

import likewise
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError, LikewiseError
from likewise.model.card import Card
from likewise.model.export import export_onnx
from likewise.model.load import load_model
from likewise.model.model import Model
from likewise.model.onnx import OnnxEncoder, OnnxModel
from likewise.model.transformer import TransformerModel

pytestmark = pytest.mark.slow  # the exporter takes some ten seconds

EXPORTED = pytest.mark.parametrize(
    "architecture",
    ["roberta"]
    + [pytest.param(name, marks=pytest.mark.nightly) for name in ("electra", "distilbert", "mpnet", "modernbert")],
)


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """The same to be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "copy.model"))


def test_the_vectors_are_those_of_torch(exported: Path, transformer: TransformerModel) -> None:
    folder, model = exported, transformer
    expected = model.encode(TEXTS)
    found = load_model(folder, backend="onnx")
    assert isinstance(found, OnnxModel)
    np.testing.assert_allclose(found.encode_query(TEXTS), model.encode_query(TEXTS), atol=2e-6)
    np.testing.assert_allclose(found.encode_document(TEXTS), model.encode_document(TEXTS), atol=2e-6)
    np.testing.assert_allclose(found.encode(TEXTS), expected, atol=2e-6)  # 3e-7 measured
    assert found.sample == model.sample and found.dim == model.dim
    for text, vector in zip(TEXTS, expected, strict=True):
        np.testing.assert_allclose(found.encode([text])[0], vector, atol=2e-6)
    graph, special_tokens = folder / "onnx" / "model.onnx", model.encoder.special_tokens
    one, several = (OnnxEncoder(graph, special_tokens, "cls", model.dim, threads=threads) for threads in (1, 3))
    ids = model.tokenizer.encode(TEXTS)
    np.testing.assert_allclose(one.encode(ids), several.encode(ids), atol=1e-6)
    assert found.encode([]).shape == (0, model.dim)


def test_a_graph_keeps_the_student_of_queries(transformer: TransformerModel, model, tmp_path: Path) -> None:
    """The folder without torch's weights has a fingerprint of its own, by which an index knows it unloaded."""
    student = Model(model.tokenizer, StaticEncoder(np.tile(model.encoder.weights, 4)))
    parts = transformer.companion, student
    with_student = TransformerModel(transformer.pretrained, transformer.encoder, Card(), (), *parts)
    with_student.save(tmp_path / "a.model")
    export_onnx(likewise.load(tmp_path / "a.model"), tmp_path / "a.model", tmp_path / "b.model")
    unloaded, loaded = likewise.load(tmp_path / "b.model"), likewise.load(tmp_path / "b.model", backend="onnx")
    assert isinstance(loaded, OnnxModel) and unloaded.fingerprint == loaded.fingerprint != with_student.fingerprint
    np.testing.assert_array_equal(unloaded.encode_query(TEXTS), with_student.encode_query(TEXTS))
    np.testing.assert_array_equal(loaded.encode_query(TEXTS), with_student.encode_query(TEXTS))
    np.testing.assert_allclose(unloaded.encode_document(TEXTS), with_student.encode_document(TEXTS), atol=2e-6)
    with likewise.Collection.create(tmp_path / "b.index", loaded) as index:
        index.add(TEXTS[:3])
    with likewise.Collection.open(tmp_path / "b.index") as index:
        assert len(index.search("sort", k=3)) == 3


def test_eight_bits_are_near(exported: Path, transformer: TransformerModel) -> None:
    """A random model of 64 dimensions: 1 - cosine of 2e-4 measured."""
    folder, model = exported, transformer
    found = likewise.load(folder, backend="onnx-int8")
    cosine = (found.encode(TEXTS) * model.encode(TEXTS)).sum(1)
    assert cosine.min() > 0.99 and cosine.max() < 1 - 1e-7
    graphs = folder / "onnx"
    assert (graphs / "model_qint8_avx512_vnni.onnx").stat().st_size < 0.6 * (graphs / "model.onnx").stat().st_size
    others = {found.fingerprint, likewise.load(folder, backend="onnx").fingerprint, model.fingerprint}
    assert len(others) == 3


def test_nothing_of_the_machine_is_in_a_graph(exported: Path, transformer: TransformerModel) -> None:
    for path in (exported / "onnx").iterdir():
        data = path.read_bytes()
        assert b"site-packages" not in data and str(Path(__file__).parent).encode() not in data, path.name


@EXPORTED
def test_every_architecture_is_exported(architecture: str, tmp_path: Path) -> None:
    """Two paths that agree: torch and the graph."""
    model = random_transformer(architecture)
    model.save(tmp_path / "small.model")
    (graph,) = export_onnx(model, tmp_path / "small.model").graphs
    assert graph.largest < 1e-5 and graph.worst < 1e-6
    found = likewise.load(tmp_path / "small.model", backend="onnx")
    for count in (1, 3, len(TEXTS)):
        np.testing.assert_allclose(found.encode(TEXTS[:count]), model.encode(TEXTS[:count]), atol=1e-5)


def test_a_folder_runs_where_there_is_no_torch(exported: Path, transformer: TransformerModel, tmp_path: Path) -> None:
    """Two paths that agree: the same vectors, an index made, saved and opened, without torch."""
    folder, model = exported, transformer
    np.save(tmp_path / "expected.npy", model.encode(TEXTS))
    code = f"""
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "onnx", "onnxscript", "huggingface_hub"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import importlib.util
known = importlib.util.find_spec
importlib.util.find_spec = lambda name, *given: None if name in ("torch", "transformers") else known(name, *given)
import numpy as np, likewise
texts = {TEXTS!r}
model = likewise.load({str(folder)!r})
print(type(model).__name__, model.backend)
print(np.abs(model.encode(texts) - np.load({str(tmp_path / "expected.npy")!r})).max() < 1e-5)
small = likewise.load({str(folder)!r}, backend="onnx-int8")
with likewise.Collection.create({str(tmp_path / "texts.index")!r}, small) as made:
    made.add([text for text in texts if text])
with likewise.Collection.open({str(tmp_path / "texts.index")!r}) as opened:
    print(type(opened.model).__name__, opened.model.backend, len(opened.search("open a file", k=2)))
"""
    path = str(Path(likewise.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["OnnxModel", "onnx", "True", "OnnxModel", "onnx-int8", "2"]


def test_a_folder_of_its_own_has_the_graphs_and_no_weights(
    exported: Path, transformer: TransformerModel, copy: Path, tmp_path: Path
) -> None:
    folder, model = exported, transformer
    small = likewise.load(folder, backend="onnx-int8")
    small.save(tmp_path / "served.model")
    served = likewise.load(tmp_path / "served.model")
    assert isinstance(served, OnnxModel) and served.backend == "onnx-int8"
    assert served.fingerprint == small.fingerprint and served.sample == small.sample
    np.testing.assert_array_equal(served.encode(TEXTS), small.encode(TEXTS))
    assert not list((tmp_path / "served.model").glob("*.safetensors"))
    served.save(tmp_path / "again.model")
    assert likewise.load(tmp_path / "again.model").fingerprint == small.fingerprint
    with pytest.raises(InputError, match="no model\\.onnx"):
        likewise.load(tmp_path / "served.model", backend="onnx")
    with pytest.raises(InputError, match="exists already"):
        small.save(tmp_path / "served.model")
    shutil.rmtree(copy / "onnx")  # torch does without
    np.testing.assert_array_equal(likewise.load(copy).encode(TEXTS), model.encode(TEXTS))


def test_bad_input_is_refused_in_one_line(transformer: TransformerModel, copy: Path) -> None:
    model = transformer
    with pytest.raises(InputError, match="'fast' is not known: expected one of torch, onnx"):
        likewise.load(copy, backend="fast")
    with pytest.raises(InputError, match="exists already"):
        export_onnx(model, copy)
    with pytest.raises(InputError, match="OnnxModel cannot be exported"):
        export_onnx(likewise.load(copy, backend="onnx"), copy, overwrite=True)
    with pytest.raises(InputError, match="is no model folder"):
        export_onnx(model, copy, Path(__file__).parent, overwrite=True)
    record = copy / "onnx" / "likewise.json"
    values = json.loads(record.read_text(encoding="utf-8"))
    for wrong in ("{", json.dumps(values | {"special_tokens": {}}), json.dumps(values | {"pooling": "sum"}), "[]"):
        record.write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match="likewise\\.json is damaged"):
            likewise.load(copy, backend="onnx")
    record.write_text(json.dumps(values | {"format": 4}), encoding="utf-8")
    with pytest.raises(InputError, match="has format 4, this version reads format 5: export again"):
        likewise.load(copy, backend="onnx")
    record.unlink()
    with pytest.raises(InputError, match="was not exported to ONNX: likewise export"):
        likewise.load(copy, backend="onnx")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_damaged_file_is_named(copy: Path, name: str) -> None:
    path = copy / "onnx" / name
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=f"onnx/{name} is missing or damaged"):
        likewise.load(copy, backend="onnx")
    path.unlink()
    with pytest.raises(InputError, match=f"onnx/{name} is missing or damaged"):
        likewise.load(copy, backend="onnx")


def test_a_file_that_is_no_graph_is_refused(exported: Path, transformer: TransformerModel, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(InputError, match="cannot be run"):
        OnnxEncoder(tmp_path / "model.onnx", transformer.encoder.special_tokens, "mean", transformer.dim)


@pytest.mark.parametrize("package", ["onnxruntime", "onnx", "onnxscript"])
def test_what_is_not_installed_is_named_with_the_command(
    exported: Path, transformer: TransformerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    given = builtins.__import__

    def without(name: str, *words: object, **more: object) -> object:
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return given(name, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LikewiseError, match=f"needs {package}: pip install 'likewise\\[onnx\\]'"):
        export_onnx(transformer, exported, tmp_path / "new.model")


def test_what_the_exporter_cannot_do_is_refused(
    exported: Path, transformer: TransformerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.onnx.export", lambda *_, **__: 1 / 0)
    with pytest.raises(LikewiseError, match="this bert cannot be exported: division by zero"):
        export_onnx(transformer, exported, tmp_path / "new.model")
    assert not (tmp_path / "new.model").exists()
