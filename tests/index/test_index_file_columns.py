"""What an index is given of a file: ids, and columns as a filter needs them."""

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from likewise.corpus.read import read
from likewise.index.columns import are_numbers, rows_of_corpus


def _columns(file: Path, text: str = "body") -> dict[str, list[object]]:
    (rows,) = rows_of_corpus(read(file, text=text, columns=True), empty=True)
    return rows.columns


def test_numbers_of_a_delimited_file_are_numbers_and_names_stay_names(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("body,price,code,phone,size,none\nx y,9.5,007,+49,1e3,\nz w,,12,3,-4,\n")
    assert _columns(file) == {
        "price": [9.5, None], "code": ["007", "12"], "phone": ["+49", "3"], "size": [1000.0, -4], "none": ["", ""],
    }  # fmt: skip
    (tmp_path / "folder").mkdir()
    file.rename(tmp_path / "folder" / "b.csv")
    assert _columns(tmp_path / "folder")["price"] == [9.5, None]


def test_what_begins_as_numbers_keeps_what_is_none(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("body\tn\n" + "some words\t3\n" * 9000 + "some words\tmany\n")
    values = [
        value
        for rows in rows_of_corpus(read(file, text="body", columns=True), empty=True)
        for value in rows.columns["n"]
    ]
    assert values == [3] * 9000 + ["many"]


@pytest.mark.parametrize("text", ["0", "-1", "12.50", "1e9", "999999999999999999"])
def test_numbers(text: str) -> None:
    assert are_numbers([text, ""])


@pytest.mark.parametrize("text", ["00", "1,5", "1.", ".5", "nan", "inf", "٣", "1 ", "0x1", "9" * 19, "1\n"])
def test_no_numbers(text: str) -> None:
    assert not are_numbers(["1", text])


def test_types_of_a_file_that_has_them_are_kept(tmp_path: Path) -> None:
    table = pa.table(
        {
            "body": ["x", "y"],
            "number_as_text": ["1", "2"],
            "nested": [{"a": [1]}, None],
            "raw": [b"1", b"2"],
            "kind": pa.array(["k", None]).dictionary_encode(),
            "took": [datetime.timedelta(seconds=3), None],
            "day": [datetime.date(2024, 1, 2), None],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert _columns(tmp_path / "a.parquet") == {
        "number_as_text": ["1", "2"],
        "nested": ['{"a": [1]}', None],
        "kind": ["k", None],
        "took": [3.0, None],
        "day": [datetime.date(2024, 1, 2), None],
    }


def test_row_numbers_are_ids_only_where_they_may(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "a"}\n{\n{"text": "b"}\n')
    for empty, ids in ((True, ["0", "2"]), (False, None)):
        (rows,) = rows_of_corpus(read(file, columns=True, on_error="skip"), empty=empty)
        assert rows.ids == ids
        assert rows.columns == {}


@pytest.mark.parametrize("ids", [["5", "6"], ["1", "0"], ["a", "b"], ["00", "1"]])
def test_ids_of_a_column_are_ids(tmp_path: Path, ids: list[str]) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,body\n" + "".join(f"{id},words\n" for id in ids))
    (rows,) = rows_of_corpus(read(file, columns=True), empty=False)
    assert rows.ids == ids
