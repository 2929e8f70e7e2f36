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

import likewise
from likewise.encoders.transformer.encoder import TransformerEncoder
from likewise.encoders.transformer.onnx import OnnxEncoder
from likewise.encoders.transformer.scratch import small_encoder
from likewise.errors import InputError, LikewiseError
from likewise.model.export import export_onnx
from likewise.model.model import Model
from likewise.model.onnx import OnnxModel
from likewise.model.transformer import TransformerModel
from likewise.tokens.vocabulary import learn_reference

TEXTS = (
    "Returns the absolute value of a number, which may be an integer or a floating point number.",
    "Open a file and return a stream",
    "sort",
    "",
    "A list of all the names that are defined by a module, sorted alphabetically, without those that begin with an "
    "underscore, and without those that were imported from elsewhere",
    "The tuple is immutable; lists are not.",
    "sort",
    "Raised when a file [MASK] or directory is requested but does not exist",
)


def made(architecture: str, folder: Path, dim: int = 64) -> TransformerModel:
    """A small model with random weights, saved."""
    reference = learn_reference([list(TEXTS)], 300)
    found = small_encoder(architecture, reference, layers=2, dim=dim, length=48, seed=3)
    encoder = TransformerEncoder(found.model, found.special_tokens, found.pooling, device="cpu", half=False)
    model = TransformerModel(found, encoder, sample=TEXTS)
    model.save(folder)
    return model


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TransformerModel]:
    """A model that was exported in both forms."""
    folder = tmp_path_factory.mktemp("shelf") / "small.model"
    model = made("bert", folder)
    export_onnx(model, folder, int8=True)
    return folder, model


@pytest.fixture
def copy(shelf: tuple[Path, TransformerModel], tmp_path: Path) -> Path:
    """The same to be damaged."""
    return Path(shutil.copytree(shelf[0], tmp_path / "copy.model"))


def test_the_vectors_are_those_of_torch(shelf: tuple[Path, TransformerModel]) -> None:
    folder, model = shelf
    expected = model.encode(TEXTS)
    found = Model.load(folder, backend="onnx")
    assert isinstance(found, OnnxModel)
    np.testing.assert_allclose(found.encode(TEXTS), expected, atol=2e-6)  # 3e-7 measured
    np.testing.assert_array_equal(found.encode_document(TEXTS), found.encode_query(TEXTS))
    assert found.sample == model.sample and found.dim == model.dim
    for text, vector in zip(TEXTS, expected, strict=True):
        np.testing.assert_allclose(found.encode([text])[0], vector, atol=2e-6)
    one = OnnxEncoder(folder / "onnx" / "model.onnx", model.encoder.special_tokens, "cls", threads=1)
    several = OnnxEncoder(folder / "onnx" / "model.onnx", model.encoder.special_tokens, "cls", threads=3)
    ids = model.tokenizer.encode(TEXTS)
    np.testing.assert_allclose(one.encode(ids), several.encode_documents(ids), atol=1e-6)
    assert found.encode([]).shape == (0, model.dim)


def test_eight_bits_are_near(shelf: tuple[Path, TransformerModel]) -> None:
    """A random model of 64 dimensions: 1 - cosine of 2e-4 measured."""
    folder, model = shelf
    found = likewise.load(folder, backend="onnx-int8")
    cosine = (found.encode(TEXTS) * model.encode(TEXTS)).sum(1)
    assert cosine.min() > 0.99 and cosine.max() < 1 - 1e-7
    graphs = folder / "onnx"
    assert (graphs / "model_qint8_avx512_vnni.onnx").stat().st_size < 0.6 * (graphs / "model.onnx").stat().st_size
    others = {found.fingerprint, likewise.load(folder, backend="onnx").fingerprint, model.fingerprint}
    assert len(others) == 3


def test_nothing_of_the_machine_is_in_a_graph(shelf: tuple[Path, TransformerModel]) -> None:
    for path in (shelf[0] / "onnx").iterdir():
        data = path.read_bytes()
        assert b"site-packages" not in data and str(Path(__file__).parent).encode() not in data, path.name


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["roberta", "electra", "distilbert", "mpnet", "modernbert"])
def test_every_architecture_is_exported(architecture: str, tmp_path: Path) -> None:
    """Two ways: torch and the graph. 1 - cosine in 8 bits is at most 4e-4 as measured."""
    model = made(architecture, tmp_path / "small.model")
    done = export_onnx(model, tmp_path / "small.model", int8=True)
    plain, small = done.graphs
    assert plain.largest < 1e-5 and plain.worst < 1e-6
    assert small.worst < 0.02
    found = likewise.load(tmp_path / "small.model", backend="onnx")
    for count in (1, 3, len(TEXTS)):
        np.testing.assert_allclose(found.encode(TEXTS[:count]), model.encode(TEXTS[:count]), atol=1e-5)


def test_a_folder_is_served_where_there_is_no_torch(shelf: tuple[Path, TransformerModel], tmp_path: Path) -> None:
    """Three processes' worth in one: the same vectors, an index made, saved and opened, with torch out of reach."""
    folder, model = shelf
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
    shelf: tuple[Path, TransformerModel], copy: Path, tmp_path: Path
) -> None:
    folder, model = shelf
    small = likewise.load(folder, backend="onnx-int8")
    small.save(tmp_path / "served.model")
    served = likewise.load(tmp_path / "served.model")
    assert isinstance(served, OnnxModel) and served.backend == "onnx-int8"
    assert served.fingerprint == small.fingerprint and served.sample == small.sample
    np.testing.assert_array_equal(served.encode(TEXTS), small.encode(TEXTS))
    assert not list((tmp_path / "served.model").rglob("*.safetensors"))
    served.save(tmp_path / "again.model")
    assert likewise.load(tmp_path / "again.model").fingerprint == small.fingerprint
    with pytest.raises(InputError, match="no model\\.onnx"):
        likewise.load(tmp_path / "served.model", backend="onnx")
    with pytest.raises(InputError, match="exists already"):
        small.save(tmp_path / "served.model")
    shutil.rmtree(copy / "onnx")  # torch does without
    np.testing.assert_array_equal(likewise.load(copy).encode(TEXTS), model.encode(TEXTS))


def test_what_is_given_is_refused_in_one_line(shelf: tuple[Path, TransformerModel], copy: Path, tmp_path: Path) -> None:
    _, model = shelf
    with pytest.raises(InputError, match="'fast' is not known: expected one of torch, onnx"):
        likewise.load(copy, backend="fast")
    with pytest.raises(InputError, match=r"likewise\.load\(.*backend='onnx'\)"):
        TransformerModel.load(copy, backend="onnx")
    with pytest.raises(InputError, match="exists already"):
        export_onnx(model, copy)
    with pytest.raises(InputError, match="OnnxModel cannot be exported"):
        export_onnx(likewise.load(copy, backend="onnx"), copy, overwrite=True)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is no model folder"):
        export_onnx(model, copy, Path(__file__).parent, overwrite=True)
    record = copy / "onnx" / "likewise.json"
    told = json.loads(record.read_text(encoding="utf-8"))
    for wrong in ("{", json.dumps(told | {"frame": {}}), json.dumps(told | {"pooling": "sum"}), "[]"):
        record.write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match="likewise\\.json is damaged"):
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


def test_a_file_that_is_no_graph_is_refused(shelf: tuple[Path, TransformerModel], tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(InputError, match="cannot be run"):
        OnnxEncoder(tmp_path / "model.onnx", shelf[1].encoder.special_tokens)


@pytest.mark.parametrize("package", ["onnxruntime", "onnx", "onnxscript"])
def test_what_is_not_installed_is_named_with_the_command(
    shelf: tuple[Path, TransformerModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    given = builtins.__import__

    def without(name: str, *words: object, **more: object) -> object:
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return given(name, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LikewiseError, match=f"needs {package}: pip install 'likewise\\[onnx\\]'"):
        export_onnx(shelf[1], shelf[0], tmp_path / "new.model")


def test_what_the_exporter_cannot_do_is_told(
    shelf: tuple[Path, TransformerModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.onnx.export", lambda *_, **__: 1 / 0)
    with pytest.raises(LikewiseError, match="this bert cannot be exported: division by zero"):
        export_onnx(shelf[1], shelf[0], tmp_path / "new.model")
    assert not (tmp_path / "new.model").exists()
