"""`likewise duplicates`: groups and rows that remain in files, a store in a folder, and errors in one line."""

import json
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "goods.csv"
    path.write_text(
        'id,name,price\na,"Red kettle, two litres",20\nb,A desk lamp,9\nc,"red KETTLE, two  litres",21\nd,,3\n',
        encoding="utf-8",
    )
    return path


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_groups_and_what_remains(file: Path, tmp_path: Path) -> None:
    out, kept = tmp_path / "groups.jsonl", tmp_path / "kept.jsonl"
    command = ("duplicates", file, "--text", "name", "--out", out, "--output-kept", kept, "--keep", "newest")
    output = succeeds(*command)
    assert "4 texts, 1 duplicate (1 exact, 0 near, 0 semantic); 3 remain" in output
    member = {"id": "a", "reason": "exact", "score": 1.0, "precision": 1.0, "text": "Red kettle, two litres"}
    assert _lines(out) == [{"kept": "c", "text": "red KETTLE, two  litres", "members": [member]}]
    assert [row["id"] for row in _lines(kept)] == ["b", "c", "d"] and _lines(kept)[0]["price"] == "9"
    assert "exists already" in fails(*command)
    succeeds(*command, "--overwrite")


def test_a_model_a_store_and_another_file(shelf: Shelf, tmp_path: Path) -> None:
    out, store = tmp_path / "groups.jsonl", tmp_path / "docs.seen"
    found = ("duplicates", shelf.file, "--text", "body", "--model", shelf.model, "--out", out, "--save", store)
    assert "at precision 0.9: near from" in succeeds(*found, "--precision", "0.9")
    new = tmp_path / "new.txt"
    new.write_text(f"{' '.join(shelf.texts[3].split())}!\nnothing like it\n", encoding="utf-8")
    output = succeeds("duplicates", new, "--against", store, "--out", out, "--overwrite")
    assert "1 duplicate" in output and "1 are new" in output
    assert _lines(out)[0]["kept"] == "d3"


def test_what_cannot_be_used(file: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.jsonl")
    assert "no column 'body'" in fails("duplicates", file, "--text", "body", *out)
    assert "is no share" in fails("duplicates", file, "--text", "name", "--precision", "2", *out)
    assert "standard input cannot" in fails("duplicates", "-", "--output-kept", tmp_path / "k", *out)
    assert "leave --against out" in fails("duplicates", file, "--against", file, "--save", tmp_path / "s", *out)
    assert "is something else" in fails("duplicates", file, "--save", file, "--overwrite", *out)
    empty = tmp_path / "empty.txt"
    empty.write_text("", encoding="utf-8")
    assert "0 texts, 0 duplicates" in succeeds("duplicates", empty, *out)
