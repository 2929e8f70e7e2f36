"""The whole way on the command line: train, embed, index, search; each step as the Python call of the same name."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_shelf import Shelf, fails, succeeds

import likewise


def test_train_gives_the_model_that_python_gives(shelf: Shelf) -> None:
    """Two paths that agree: to the byte."""
    model = likewise.train(shelf.file, text="body", dim=32, epochs=3, progress=False)
    assert model.fingerprint == likewise.load(shelf.model).fingerprint


def test_train_prints_the_model_and_the_next_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two words.csv").write_text("key,title,body\n" + "".join(f"k{n},t {n},b {n % 7} c{n}\n" for n in range(12)))
    output = succeeds(
        "train",
        "two words.csv",
        "--pair",
        "title",
        "body",
        "--id",
        "key",
        "--encoding",
        "utf-8",
        "--out",
        "m.model",
        "--epochs",
        1,
    )
    assert "m.model" in output
    command = shlex.split(output.splitlines()[-1])
    assert command[0] == "likewise"
    succeeds(*command[1:])
    assert succeeds("search", "m.index", "t 3", "-k", 1, "--json").startswith("{")


def test_train_reads_standard_input_and_joins_columns(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"a": f"one {n}", "b": f"two {n * n}"}) + "\n" for n in range(12))
    output = succeeds("train", "-", "--text", "b", "--text", "a", "--out", tmp_path / "m", "--epochs", 1, stdin=lines)
    assert "FILE --text b --text a" in output
    assert likewise.load(tmp_path / "m").card.corpus["texts"] == 12


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
def test_embed_writes_tables(shelf: Shelf, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"vectors{suffix}"
    output = succeeds("embed", shelf.model, shelf.file, "--text", "body", "--out", out)
    assert "400 vectors of 32 dimensions" in output
    table = pq.read_table(out) if suffix == ".parquet" else pa.ipc.open_file(out).read_all()
    assert table.column_names == ["id", "text", "price", "module", "vector"]
    assert table.schema.field("vector").type.list_size == 32
    assert table["id"].to_pylist()[:2] == ["d0", "d1"]
    assert table["text"].to_pylist() == shelf.texts
    vectors = np.stack(table["vector"].to_numpy())
    np.testing.assert_array_equal(vectors, likewise.load(shelf.model).encode(shelf.texts))
    output = succeeds("embed", shelf.model, shelf.file, "--text", "body", "--out", out, "--dim", "9", "--overwrite")
    assert "400 vectors of 9 dimensions" in output


@pytest.mark.parametrize("role", ["text", "query", "document"])
def test_embed_as(shelf: Shelf, tmp_path: Path, role: str) -> None:
    """Two paths: the command, and the call of Python that encodes texts in the same role."""
    deep = likewise.train(shelf.texts[:120], dim=384, epochs=1, progress=False, out=tmp_path / "m")
    encode = {"text": deep.encode, "query": deep.encode_query, "document": deep.encode_document}[role]
    words = ("embed", tmp_path / "m", shelf.file, "--text", "body", "--role", role, "--out", tmp_path / "v.npy")
    succeeds(*words)
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), encode(shelf.texts))
    assert (role == "document") == bool((np.linalg.norm(encode(shelf.texts), axis=1) < 0.99).any())


def test_embed_without_texts(shelf: Shelf, tmp_path: Path) -> None:
    succeeds("embed", shelf.model, shelf.file, "--text", "body", "--no-text", "--out", tmp_path / "v.parquet")
    assert pq.read_table(tmp_path / "v.parquet").column_names == ["id", "price", "module", "vector"]


def test_embed_replaces_only_with_overwrite(shelf: Shelf, tmp_path: Path) -> None:
    words = ("embed", shelf.model, shelf.file, "--text", "body", "--out", tmp_path / "v.npy")
    succeeds(*words)
    assert "--overwrite" in fails(*words)
    succeeds(*words, "--overwrite")
    vectors = np.load(tmp_path / "v.npy")
    np.testing.assert_array_equal(vectors, likewise.load(shelf.model).encode(shelf.texts))


def test_search_finds_what_python_finds(shelf: Shelf) -> None:
    """Two paths that agree: every mode, with and without a filter."""
    model = likewise.load(shelf.model)
    prices = [round(row / 2, 2) for row in range(400)]
    ids = [f"d{row}" for row in range(400)]
    other = likewise.Collection.create(shelf.index.parent / "python.index", model)
    with other:
        other.add(shelf.texts, ids=ids, price=prices, module=[text.split(".")[0] for text in shelf.texts])
        for mode in ("hybrid", "vector", "text"):
            for where in (None, "price < 50"):
                options = ["--where", where] if where else []
                output = succeeds("search", shelf.index, "cancel the task", "--mode", mode, "-k", 5, "--json", *options)
                found = [json.loads(line) for line in output.splitlines()]
                hits = other.search("cancel the task", k=5, mode=mode, where=where)
                assert [(hit["id"], hit["text"], hit["columns"]) for hit in found] == [
                    (hit.id, hit.text, hit.columns) for hit in hits
                ]
                np.testing.assert_allclose([hit["score"] for hit in found], [hit.score for hit in hits], rtol=1e-6)
                assert [hit["rank"] for hit in found] == list(range(1, len(hits) + 1))


def test_index_prints_how_it_is_searched_and_the_next_command(shelf: Shelf, tmp_path: Path) -> None:
    output = succeeds("index", shelf.model, shelf.file, "--text", "body", "--out", tmp_path / "an index")
    assert "400 texts" in output and "exact" in output
    succeeds(*shlex.split(output.splitlines()[-1])[1:])


def test_an_index_that_fails_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"text": "sound"}\n' * 9000 + "{\n")
    assert "row 9001" in fails("index", shelf.model, broken, "--out", tmp_path / "x.index")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.jsonl"]
    output = succeeds("index", shelf.model, broken, "--out", tmp_path / "x.index", "--on-error", "skip")
    assert "1 unreadable row skipped" in output


def test_only_an_index_is_overwritten_by_an_index(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    words = ("index", shelf.model, shelf.file, "--text", "body", "--overwrite", "--out")
    assert "no index" in fails(*words, tmp_path / "photos")
    succeeds(*words, tmp_path / "new.index")
    succeeds(*words, tmp_path / "new.index")


def test_add_replaces_by_id_and_delete_removes(shelf: Shelf, tmp_path: Path) -> None:
    index, more = tmp_path / "x.index", tmp_path / "more.csv"
    succeeds("index", shelf.model, shelf.file, "--text", "body", "--out", index)
    more.write_text("id,body,price\nd0,an octopus sleeps,7\nnew,a second octopus wakes,8\n")
    assert "400 before, 401 now" in succeeds("add", index, more, "--text", "body")
    found = [json.loads(line) for line in succeeds("search", index, "octopus", "--mode", "text", "--json").splitlines()]
    assert {hit["id"]: hit["columns"]["price"] for hit in found} == {"d0": 7, "new": 8}
    assert "1 text deleted, 400 remain" in succeeds("delete", index, "new")
    assert "1 text deleted (1 id not found), 399 remain" in succeeds("delete", index, "-", stdin="d0\n\nnew\n")
    assert "no hits" in succeeds("search", index, "octopus", "--mode", "text")


def test_texts_without_ids_are_new_each_time(shelf: Shelf, tmp_path: Path) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("a red bird\na blue bird\n")
    second.write_text("a green bird\n")
    succeeds("index", shelf.model, first, "--out", tmp_path / "x.index")
    assert "2 before, 3 now" in succeeds("add", tmp_path / "x.index", second)
    assert "3 before, 4 now" in succeeds("add", tmp_path / "x.index", second)


def test_an_approximate_index_prints_its_recall(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    known = likewise.Collection.open(shelf.index).describe()
    monkeypatch.setattr(likewise.Collection, "describe", lambda _: replace(known, kind="approximate", recall=0.987))
    more = shelf.index.parent / "nothing.txt"
    more.write_text("")
    output = succeeds("add", shelf.index, more)
    assert "0 texts" in output and "vector search is approximate: recall at 10 is 98.7%" in output


def test_a_file_without_other_columns_has_only_ours(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a task\na socket\n")
    succeeds("embed", shelf.model, tmp_path / "a.txt", "--out", tmp_path / "v.parquet")
    assert pq.read_table(tmp_path / "v.parquet").drop_columns("vector").to_pydict() == {
        "id": ["0", "1"],
        "text": ["a task", "a socket"],
    }


def test_ids_that_cannot_be_used(shelf: Shelf, tmp_path: Path) -> None:
    """Training reads texts whose ids are empty or occur twice; an index numbers them with --no-id."""
    file, out = tmp_path / "twice.csv", tmp_path / "a.index"
    file.write_text("id,text\n7,red kettle\n7,blue lamp\n")
    line = fails("index", shelf.model, file, "--out", out)
    assert "twice.csv, row 2: the id '7' occurs twice" in line and "--no-id" in line and "--on-error skip" in line
    assert "1 unreadable row skipped" in succeeds("index", shelf.model, file, "--out", out, "--on-error", "skip")
    assert "2 texts" in succeeds("index", shelf.model, file, "--out", out, "--no-id", "--overwrite")
    assert "not both" in fails("index", shelf.model, file, "--out", out, "--no-id", "--id", "id", "--overwrite")
    found = json.loads(succeeds("search", out, "lamp", "--mode", "text", "--json"))
    assert found["id"] == "1" and found["columns"] == {"id": 7}
    file.write_text("id,text\n9.0,green bag\n")
    succeeds("index", shelf.model, file, "--out", out, "--overwrite")
    assert "1 text deleted" in succeeds("delete", out, "9")
