"""Texts, ids and columns that are added: what is accepted, and that values come back as they were."""

import datetime
import decimal
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.encoding import well_formed
from likewise.corpus.read import read
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.index.columns import (
    CHUNK,
    checked_ids,
    from_cell,
    number_decimals,
    rows_of_corpus,
    rows_of_texts,
    to_cell,
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(scalars)
def test_a_value_comes_back_with_its_type(value):
    """Law: the conversion is undone, and true is not 1."""
    again = from_cell(to_cell(value, "x"))
    assert again == value and type(again) is type(value)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (float("nan"), None),
        (decimal.Decimal("1.25"), 1.25),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 12, 30), "2024-02-29T12:30:00"),
        (datetime.time(12, 30), "12:30:00"),
    ],
)
def test_other_scalars_are_converted(value, cell):
    assert from_cell(to_cell(value, "x")) == cell


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"raw", object(), 2**63, 1j])
def test_values_that_are_no_scalars_are_refused(value):
    with pytest.raises(InputError, match=r"column 'tags', row 3") as refused:
        to_cell(value, "column 'tags', row 3")
    assert "\n" not in str(refused.value)


@given(st.text())
def test_text_becomes_utf8(text):
    """Law: the result can be encoded; text that could be is unchanged."""
    made = well_formed(text)
    made.encode()
    if not any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        assert made == text


def test_a_surrogate_pair_becomes_its_character():
    assert well_formed("\ud83d\ude00 \ud83d") == "😀 \ufffd"


@pytest.mark.parametrize(
    "made",
    [list, tuple, pd.Series, pa.array, np.array, lambda values: pa.chunked_array([values[:1], values[1:]]), iter],
)
def test_any_sequence_is_a_column(made):
    parts = list(rows_of_texts(made(["a", "b", "c"]), made(["1", "2", "3"]), {"price": made([1, 2, 3])}))
    assert len(parts) == 1 and len(parts[0]) == 3
    assert (parts[0].texts, parts[0].ids, parts[0].columns) == (["a", "b", "c"], ["1", "2", "3"], {"price": [1, 2, 3]})


def test_a_few_thousand_rows_at_a_time():
    parts = list(rows_of_texts(["a"] * (2 * CHUNK + 1), None, {"n": range(2 * CHUNK + 1)}))
    assert [len(part) for part in parts] == [CHUNK, CHUNK, 1]
    assert [part.columns["n"][0] for part in parts] == [0, CHUNK, 2 * CHUNK] and parts[0].ids is None
    assert list(rows_of_texts([], None, {})) == []


@pytest.mark.parametrize(
    ("texts", "ids", "columns", "message"),
    [
        ("one text", None, {}, "texts: expected a list with one value a text, a str was given"),
        (3, None, {}, "a int was given"),
        ({"a": 1}, None, {}, "a dict was given"),
        (["a", None], None, {}, "text 1 is a NoneType"),
        (["a", 3.5], None, {}, "text 1 is a float"),
        (["a"], ["1", "2"], {}, "1 texts and 2 ids"),
        (["a"], None, {"price": [1, 2]}, "1 texts and 2 values of column 'price'"),
        (["a"], None, {"price": 3}, "column 'price': expected a list"),
        (["a"], [2.0**53 + 2], {}, "the list of ids holds 9007199254740994.0, a float so large"),
        (["a"], [None], {}, "the list of ids holds nothing"),
        (["a"], [True], {}, "the list of ids holds True (bool), an id is a string or a number"),
    ],
)
def test_wrong_arguments_are_refused(texts, ids, columns, message):
    with pytest.raises(InputError, match=re.escape(message)):
        list(rows_of_texts(texts, ids, columns))


def test_ids():
    assert checked_ids(["a", 3, np.int32(4), 5.0, "6.0", " b "]) == ["a", "3", "4", "5", "6", "b"]


def test_a_corpus():
    batch = SimpleNamespace(
        ids=pa.array(["x", "y"]),
        texts=pa.array(["a", "b"], pa.large_string()),
        columns=pa.record_batch({"n": [1, None]}),
    )
    bare = SimpleNamespace(ids=None, texts=pa.array(["c"]), columns=None)
    first, second = rows_of_corpus([batch, bare])
    assert (first.texts, first.ids, first.columns) == (["a", "b"], ["x", "y"], {"n": [1, None]})
    assert (second.texts, second.ids, second.columns) == (["c"], None, {})
    with pytest.raises(InputError, match="text 3 is a int"):
        list(rows_of_corpus([batch, bare, SimpleNamespace(ids=None, texts=pa.array([5]), columns=None)]))


def columns_of(file: Path) -> dict[str, list[object]]:
    (rows,) = rows_of_corpus(read(file, text="body", columns=True))
    return rows.columns


def test_plain_numbers_of_a_delimited_file_are_numbers_and_others_stay_as_written(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("body,price,code,phone,size,none\nx y,9.5,007,+49,1e3,\nz w,,12,3,-4,\n")
    assert columns_of(file) == {
        "price": [9.5, None], "code": ["007", "12"], "phone": ["+49", "3"], "size": ["1e3", "-4"], "none": ["", ""],
    }  # fmt: skip
    (tmp_path / "folder").mkdir()
    file.rename(tmp_path / "folder" / "b.csv")
    assert columns_of(tmp_path / "folder")["price"] == [9.5, None]


def test_a_column_that_begins_as_numbers_keeps_later_text(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("body\tn\n" + "some words\t3\n" * 9000 + "some words\tmany\n")
    batches = rows_of_corpus(read(file, text="body", columns=True))
    assert [value for rows in batches for value in rows.columns["n"]] == [3] * 9000 + ["many"]


@pytest.mark.parametrize("text", ["0", "-1", "12.50", "0.001", "99999999999999999"])
def test_numbers(text: str) -> None:
    assert number_decimals([text, ""]) is not None


def test_prices_are_numbers_and_versions_stay_as_written() -> None:
    assert number_decimals(["9.90", "12.50", "7", ""]) == {2}
    assert number_decimals(["9.5", "12.25"]) == {1, 2}
    assert number_decimals(["1.10", "1.2"]) is None


@pytest.mark.parametrize("text", ["00", "1,5", "1e9", "1.", ".5", "nan", "inf", "٣", "1 ", "0x1", "9" * 19])
def test_no_numbers(text: str) -> None:
    assert number_decimals(["1", text]) is None


def test_types_of_a_typed_file_are_kept(tmp_path: Path) -> None:
    table = pa.table(
        {
            "body": ["x", "y"],
            "number_as_text": ["1", "2"],
            "nested": [{"a": [1]}, None],
            "raw": [b"1", b"2"],
            "kind": pa.array(["k", None]).dictionary_encode(),
            "took": [datetime.timedelta(seconds=3), None],
            "day": [datetime.date(2024, 1, 2), None],
            "hash": pa.array([2**63, 5], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert columns_of(tmp_path / "a.parquet") == {
        "number_as_text": ["1", "2"],
        "nested": ['{"a": [1]}', None],
        "kind": ["k", None],
        "took": [3.0, None],
        "day": [datetime.date(2024, 1, 2), None],
        "hash": [str(2**63), 5],
    }


def test_row_numbers_are_ids_only_in_an_empty_index(tmp_path: Path, index: Collection) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "a"}\n{\n{"text": "b"}\n')
    for ids in (["0", "2"], ["3", "4"]):
        (rows,) = rows_of_corpus(read(file, columns=True, on_error="skip"))
        assert rows.ids == ["0", "2"] and rows.numbered and rows.columns == {}
        index.add_corpus(read(file, columns=True, on_error="skip"))
        assert all(id in index for id in ids)
    assert len(index) == 4


@pytest.mark.parametrize("ids", [["5", "6"], ["1", "0"], ["a", "b"], ["00", "1"]])
def test_ids_of_a_column_are_ids(tmp_path: Path, ids: list[str]) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,body\n" + "".join(f"{id},words\n" for id in ids))
    (rows,) = rows_of_corpus(read(file, columns=True))
    assert rows.ids == ids
