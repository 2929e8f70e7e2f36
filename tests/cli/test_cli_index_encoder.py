"""`likewise index --encoder`: a model and an index of a file in one command."""

import json
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds

import likewise


def test_an_index_of_a_file_alone_is_that_of_its_two_commands(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in shelf.texts[:30]), encoding="utf-8")
    shown = succeeds("index", file, "--encoder", "static", "--out", tmp_path / "a.index", "--no-progress")
    assert "30 texts" in shown and "likewise search" in shown
    succeeds("train", file, "--out", tmp_path / "a.model", "--no-progress")
    succeeds("index", tmp_path / "a.model", file, "--out", tmp_path / "b.index", "--no-progress")
    found = [succeeds("search", tmp_path / name, "event loop", "--json") for name in ("a.index", "b.index")]
    assert found[0] == found[1] and found[0]


@pytest.mark.slow
def test_an_index_with_a_transformer_and_static_queries(shelf: Shelf, tmp_path: Path) -> None:
    settings = ("--encoder", "bert", "--dim", 32, "--layers", 1, "--steps", 2, "--static-weight", 0, "--no-progress")
    small = tmp_path / "small.model"
    succeeds("train", shelf.file, "--text", "body", "--out", small, *settings)
    out = tmp_path / "a.index"
    options = ("--text", "body", "--encoder", small, "--queries", "static", "--no-progress")
    succeeds("index", shelf.file, *options, "--out", out)
    assert len(succeeds("search", out, "event loop", "-k", 3, "--json").splitlines()) == 3
    with likewise.Collection.open(out) as index:
        assert len(index) == 400 and index.model.queries is not None and index.model.companion is not None


def test_what_is_missing_or_too_much_is_named(shelf: Shelf, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.index")
    assert "expected MODEL FILE; without a model, FILE --encoder static" in fails("index", shelf.file, *out)
    assert "expected one FILE" in fails("index", shelf.model, shelf.file, "--encoder", "static", *out)
    assert "--queries goes with --encoder" in fails("index", shelf.model, shelf.file, "--queries", "static", *out)
    given = ("index", shelf.file, "--encoder", "static", *out)
    assert "--backend is of a model folder" in fails(*given, "--backend", "onnx")
    assert "queries is a setting of a transformer" in fails(*given, "--queries", "static")
    assert "standard input can be read only once" in fails("index", "-", "--encoder", "static", *out)
    assert not (tmp_path / "x.index").exists()
