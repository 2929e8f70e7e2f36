"""Parquet and Arrow files: typed columns, damaged files, rows whose bytes are no text."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from corpus_reading import columns, complaint, ids, skipping, texts, written

from likewise.corpus.arrow import parquet_batches
from likewise.corpus.batch import Reading
from likewise.corpus.columns import Wanted
from likewise.corpus.read import read

NAMES = ["x.parquet", "x.pq", "x.arrow", "x.feather", "x.ipc", "stream.arrow"]


def saved(folder: Path, name: str, table: pa.Table, **settings: Any) -> Path:
    path = folder / name
    if path.suffix in (".parquet", ".pq"):
        pq.write_table(table, path, **settings)
    elif name == "stream.arrow":
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table)
    else:
        feather.write_feather(table, path, **settings)
    return path


@pytest.fixture
def table() -> pa.Table:
    return pa.table(
        {
            "id": pa.array([3, 1, 2]),
            "text": ["first é", None, "third"],
            "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
            "price": [1.5, None, 2.5],
        }
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_the_same(tmp_path: Path, table: pa.Table, name: str) -> None:
    path = saved(tmp_path, name, table)
    assert texts(path) == ["first é", "", "third"]
    assert ids(path) == ["3", "1", "2"]
    assert columns(path) == {"kind": ["a", "b", "a"], "price": [1.5, None, 2.5]}
    assert texts(path, text=["kind", "text"]) == ["a. first é", "b", "a. third"]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_table_is_an_empty_corpus(tmp_path: Path, table: pa.Table, name: str) -> None:
    path = saved(tmp_path, name, table.slice(0, 0))
    assert texts(path) == []
    assert "no column 'body'" in complaint(path, text="body")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.null()])
def test_every_kind_of_string(tmp_path: Path, kind: pa.DataType) -> None:
    values = [None, None] if pa.types.is_null(kind) else ["a", None]
    path = saved(tmp_path, "stream.arrow", pa.table({"text": pa.array(values, kind), "s": ["x", "y"]}))
    assert texts(path) == [value or "" for value in values]


def test_large_batches_are_cut(tmp_path: Path) -> None:
    table = pa.table({"text": [f"text {row}" for row in range(20_000)]})
    for name in NAMES:
        batches = list(read(saved(tmp_path, name, table)))
        assert max(map(len, batches)) == 8192
        assert batches[-1].ids.to_pylist()[-1] == "19999"


def test_long_texts_make_small_batches(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"text": [rng.bytes(500).hex() for _ in range(100)]})
    path = saved(tmp_path, "x.parquet", table, compression="none", use_dictionary=False)
    batches = list(parquet_batches(path, Reading(Wanted()), max_characters=10_000))
    assert max(map(len, batches)) < 20
    assert pa.chunked_array([batch.texts for batch in batches]).to_pylist() == table["text"].to_pylist()


def test_without_strings(tmp_path: Path) -> None:
    path = saved(tmp_path, "x.parquet", pa.table({"a": [1], "b": [1.5]}))
    assert "has no column of strings, and texts are needed; its columns are 'a', 'b'" in complaint(path)
    assert "column 'a' holds int64, texts have to be strings" in complaint(path, text="a")
    assert "column 'b' holds double" in complaint(
        saved(tmp_path, "y.parquet", pa.table({"a": ["x"], "b": [1.5]})), pair=("a", "b")
    )


def test_what_is_no_id(tmp_path: Path) -> None:
    path = saved(tmp_path, "x.parquet", pa.table({"id": ["a", None, ""], "text": ["x", "y", "z"]}))
    assert "row 2: it has no id in column 'id'" in complaint(path)
    assert skipping(path) == (["x"], 2)
    assert skipping(saved(tmp_path, "z.parquet", pa.table({"id": [None, ""], "text": ["x", "y"]}))) == ([], 2)
    nested = saved(tmp_path, "y.parquet", pa.table({"id": [[1]], "text": ["x"]}))
    assert "which is no id" in complaint(nested)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_is_not_utf_8(tmp_path: Path, name: str) -> None:
    valid, offsets, data = pa.array([b"one", b"caf\xe9", None, b"four"], pa.binary()).buffers()
    broken = pa.StringArray.from_buffers(4, offsets, data, valid)
    path = saved(tmp_path, name, pa.table({"id": list("abcd"), "text": broken}))
    assert "row 2: column 'text' holds byte 0xe9, which is not UTF-8" in complaint(path)
    assert skipping(path) == (["one", "", "four"], 1)
    assert ids(path, on_error="skip") == ["a", "c", "d"]
    path = saved(tmp_path, name, pa.table({"id": ["a", "b", "c", None], "text": broken}))
    assert skipping(path) == (["one", ""], 2)


def test_names_that_come_again(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array([1]), pa.array([2])], names=["text", "n", "n"])
    for name in NAMES:
        assert columns(saved(tmp_path, name, table)) == {"n": [1], "n.1": [2]}


def test_columns_below_one_name(tmp_path: Path) -> None:
    table = pa.table({"a.b": ["x"], "a": [{"b": 1, "c": "y"}], "text": ["t"], "z": [1]})
    for name in NAMES:
        path = saved(tmp_path, name, table)
        assert texts(path, text="a.b") == ["x"]
        assert columns(path, text="text") == {"a.b": ["x"], "a": [{"b": 1, "c": "y"}], "z": [1]}


def test_an_extension_type_is_read_as_what_it_stores(tmp_path: Path) -> None:
    table = pa.table({"text": pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}']))})
    assert texts(saved(tmp_path, "x.arrow", table)) == ['{"a": 1}']


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.99])
def test_a_file_cut_short(tmp_path: Path, table: pa.Table, name: str, share: float) -> None:
    path = saved(tmp_path, name, table)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    message = complaint(path)
    assert str(path) in message
    assert any(word in message for word in ("damaged", "empty"))


@pytest.mark.parametrize("name", NAMES)
def test_text_that_claims_to_be_a_table(tmp_path: Path, name: str) -> None:
    assert "damaged" in complaint(written(tmp_path, name, "id,text\n1,a\n" * 10))


def test_broken_offsets_are_not_followed(tmp_path: Path) -> None:
    """Arrow files are mapped, not parsed: an offset that leads out of the file would end the process."""
    table = pa.table({"text": ["some text here"] * 50})
    out = io.BytesIO()
    feather.write_feather(table, out, compression="uncompressed")
    data = bytearray(out.getvalue())
    place = data.index(np.arange(0, 14 * 20, 14, dtype=np.int32).tobytes())
    data[place + 40 : place + 44] = (2**31 - 1).to_bytes(4, "little")
    assert "damaged" in complaint(written(tmp_path, "x.feather", bytes(data)))
