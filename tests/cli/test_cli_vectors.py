"""Tables whose columns turn out wider than they began, and vectors in every kind of file."""

from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.cli.vectors import (
    GrowingTable,
    fitted,
    wider,
    write_numpy,
    write_table,
    writer_for,
)
from likewise.corpus.batch import TextBatch
from likewise.errors import InputError


def _read(path: Path) -> list[dict[str, object]]:
    table = pq.read_table(path) if path.suffix == ".parquet" else pa.ipc.open_file(path).read_all()
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_columns_come_late_widen_and_turn_into_text(tmp_path: Path, name: Literal["parquet", "arrow"]) -> None:
    path = tmp_path / f"t.{name}"
    with GrowingTable(path, name) as table:
        for batch in (
            {"id": [1], "price": [3], "tags": [["a", "b"]], "empty": [None]},
            {"id": [2], "price": [3.5], "tags": [["c"]], "empty": ["full"]},
            {"id": [3], "price": [4], "tags": ["no list"], "late": [True]},
            {"id": [4], "price": ["much"], "late": [None]},
        ):
            table.write(pa.RecordBatch.from_pydict(batch))
    assert _read(path) == [
        {"id": 1, "price": "3", "tags": '["a", "b"]', "empty": None, "late": None},
        {"id": 2, "price": "3.5", "tags": '["c"]', "empty": "full", "late": None},
        {"id": 3, "price": "4", "tags": "no list", "empty": None, "late": True},
        {"id": 4, "price": "much", "tags": None, "empty": None, "late": None},
    ]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


VALUES = st.lists(st.none() | st.integers(-5, 5), min_size=1, max_size=3) | st.lists(
    st.none() | st.booleans(), min_size=1, max_size=3
) | st.lists(st.none() | st.text("ab", max_size=2), min_size=1, max_size=3) | st.lists(
    st.lists(st.integers(0, 3), max_size=2), min_size=1, max_size=3
)  # fmt: skip


@given(VALUES, VALUES)
def test_any_two_columns_fit_one_schema(one: list[object], other: list[object]) -> None:
    batches = [pa.RecordBatch.from_pydict({"a": values}) for values in (one, other)]
    schema = wider(batches[0].schema, batches[1].schema)
    for batch in batches:
        made = fitted(batch, schema)
        assert made.schema == schema
        assert made.column(0).null_count == batch.column(0).null_count
    assert wider(schema, batches[1].schema) == schema


def test_a_table_without_rows_is_not_begun(tmp_path: Path) -> None:
    with GrowingTable(tmp_path / "t.parquet", "parquet"):
        pass
    assert not (tmp_path / "t.parquet").exists()


def _batch(**columns: list[object]) -> TextBatch:
    ids, texts = pa.array(["a", "b"]), pa.array(["x", "y"], pa.large_string())
    return TextBatch(ids, texts, None, pa.RecordBatch.from_pydict(columns) if columns else None)


def test_columns_of_the_same_name_as_ours_are_renamed(tmp_path: Path) -> None:
    vectors = np.eye(2, dtype=np.float32)
    batch = _batch(id=[1, 2], text=[3, 4], vector=[5, 6], text_=[7, 8])
    write_table("parquet", tmp_path / "v.parquet", [(batch, vectors)], True)
    assert pq.read_schema(tmp_path / "v.parquet").names == ["id", "text", "id_", "text_", "vector_", "text__", "vector"]


@pytest.mark.parametrize("batches", [1, 3])
def test_numpy_gets_the_vectors_in_order(tmp_path: Path, batches: int) -> None:
    vectors = [np.random.default_rng(seed).random((2, 5), np.float32) for seed in range(batches)]
    write_numpy(tmp_path / "v.npy", [(_batch(), some) for some in vectors], True)
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), np.concatenate(vectors))
    assert np.load(tmp_path / "v.npy", mmap_mode="r").shape == (2 * batches, 5)


def test_suffixes_decide_whatever_their_case() -> None:
    assert writer_for(Path("a.NPY")) is write_numpy
    assert writer_for(Path("a.b.PARQUET")).args == ("parquet",)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"\.npy"):
        writer_for(Path("vectors"))
