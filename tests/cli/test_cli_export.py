"""`likewise export`, and what its graphs are good for on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_shelf import Shelf, fails, succeeds


@pytest.mark.slow
def test_a_transformer_is_exported_and_searched(shelf: Shelf, tmp_path: Path) -> None:
    model, file = tmp_path / "small.model", tmp_path / "few.csv"
    file.write_text("".join(shelf.file.read_text(encoding="utf-8").splitlines(keepends=True)[:40]), encoding="utf-8")
    settings = ("--encoder", "bert", "--dim", 32, "--layers", 1, "--steps", 2, "--no-progress")
    succeeds("train", file, "--text", "body", "--out", model, *settings)
    output = succeeds("export", model, "--int8")
    assert "model.onnx: " in output and "model_qint8_avx512_vnni.onnx: " in output and "1 - cosine" in output
    assert "exists already" in fails("export", model)
    vectors = {}
    for backend in ("torch", "onnx", "onnx-int8"):
        out = tmp_path / f"{backend}.npy"
        succeeds("embed", model, file, "--text", "body", "--backend", backend, "--out", out)
        vectors[backend] = np.load(out)
    np.testing.assert_allclose(vectors["onnx"], vectors["torch"], atol=1e-5)
    assert (vectors["onnx-int8"] * vectors["torch"]).sum(1).min() > 0.98
    documents = tmp_path / "documents.npy"
    output = succeeds("embed", model, file, "--text", "body", "--role", "document", "--out", documents)
    assert f"of {np.load(documents).shape[1]} dimensions" in output and np.load(documents).shape[1] > 32
    index = tmp_path / "few.index"
    succeeds("index", model, file, "--text", "body", "--out", index, "--backend", "onnx-int8")
    assert json.loads((index / "model" / "likewise.json").read_text(encoding="utf-8"))["backend"] == "onnx-int8"
    assert len(succeeds("search", index, "event loop", "-k", 2, "--json").splitlines()) == 2
    succeeds("export", model, "--out", tmp_path / "served.model")
    succeeds("embed", tmp_path / "served.model", file, "--text", "body", "--out", tmp_path / "served.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "served.npy"), vectors["onnx"])


def test_a_static_model_has_no_backend_and_no_export(shelf: Shelf, tmp_path: Path) -> None:
    assert "static models need no export" in fails("export", shelf.model)
    given = ("embed", shelf.model, shelf.file, "--text", "body", "--out", tmp_path / "vectors.npy")
    assert "is a static model, which needs no backend" in fails(*given, "--backend", "onnx")
    assert "onnx-int8" in fails(*given, "--backend", "fast")
