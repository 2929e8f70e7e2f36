"""What a value is, and one text for one id through every format."""

import datetime
import decimal
import json
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.read import read
from likewise.corpus.values import (
    date,
    decimal_sign,
    equal_but_for_case,
    id_text,
    is_missing,
    label_text,
    number,
    seconds,
    typed,
)
from likewise.errors import InputError

OID = "0a0a0a0a0a0a0a0a0a0a0a01"
UUID = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), (" 6100\u00a0", 6100), ("12.50", 12.5), ("1e5", 1e5), ("007", 7), ("+49", 49), ("-3", -3),
        ("\u22123", -3),
        ("$44.00", 44.0), ("-$44", -44), ("($44.00)", -44.0), ("44 EUR", 44), ("EUR 12,50", 12.5), ("12 %", 12),
        ("1,234", 1234), ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("1.234.567", 1234567), ("1 234,5", 1234.5),
        ("1'234.50", 1234.5), ("12,34,567", 1234567), ("9223372036854775808", 2.0**63),
        ("12 kg", None), ("1.2.3", None), ("10:30", None), ("(44)", None), ("", None), ("1e999", None), ("0x1", None),
        ("192.168.0.1", None), ("12.05.2024", None), ("\u00b2", None), ("1_000", None), ("9" * 100, None),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float | None) -> None:
    found = number(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("TRUE", True), ("false ", False), ("acme ", "acme"), ("NULL", None), ("\\N", None), ("", None), ("NA", "NA"),
        ("None", "None"), ("no", "no"), ("2024/01/05", "2024-01-05"), ("2024-02-31", "2024-02-31"), ("Nan", "Nan"),
        ("x" * 100, "x" * 100),
    ],
)  # fmt: skip
def test_meaning(text: str, value: object) -> None:
    assert typed(text) == value and type(typed(text)) is type(value)


def test_dates() -> None:
    assert date("2024-01-05T10:30:00.5+02:00") == "2024-01-05T08:30:00.500000"
    assert date("2024-01-05 10:30 UTC") == "2024-01-05T10:30:00" and date("05/03/2024") is None
    assert date("0001-01-01T00:00:00+10:00") is None
    day = datetime.datetime(2024, 1, 5, tzinfo=datetime.UTC)
    for value in (day, "2024-01-05", "2024-01-05T00:00:00Z", day.date(), day.timestamp(), str(day.timestamp())):
        assert seconds(value) == day.timestamp()
    assert seconds("soon") is None and seconds(True) is None and seconds([1]) is None and seconds(np.float32(2)) == 2
    assert seconds(float("inf")) is None


def test_missing() -> None:
    for value in (
        None,
        float("nan"),
        np.float32("nan"),
        decimal.Decimal("NaN"),
        pd.NA,
        pd.NaT,
        "",
        "  ",
        "NULL",
        " N/A ",
    ):
        assert is_missing(value)
    assert not is_missing("NA") and is_missing("NA", ambiguous=True) and not is_missing(0) and not is_missing("x")


def test_decimal_signs_and_case() -> None:
    signs = {
        text: decimal_sign(text) for text in ("1,5", "1.5", "1,234", "1.234", "0.234", "1,234.5", "1.234.567", "7")
    }
    assert list(signs.values()) == [",", ".", "?", "?", ".", ".", ",", None]
    assert equal_but_for_case(["a", "A", "b", "a", "b  c", "B c"]) == [("a", "A"), ("b  c", "B c")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"), (7.0, "7"), ("7.0", "7"), (np.float32(7), "7"), (np.int8(7), "7"), (b"7", "7"),
        (decimal.Decimal("7.00"), "7"),
        (-0.0, "0"), (-7.0, "-7"), (1.5, "1.5"), (decimal.Decimal("1.50"), "1.5"), (123456789012.0, "123456789012"),
        (2.0**53, "9007199254740992"), (2**70, str(2**70)), ("007", "007"), ("1.10", "1.10"), (" x ", "x"),
        ("1e5", "1e5"),
        (UUID, str(UUID)), (datetime.date(2024, 1, 5), "2024-01-05"), ({"$oid": OID}, OID), ({"$numberLong": "7"}, "7"),
        ({"$binary": {"base64": "AAAAAAAAAAAAAAAAAAAABw==", "subType": "04"}}, str(UUID)),
    ],
)  # fmt: skip
def test_ids(value: object, text: str) -> None:
    assert id_text(value) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2.0**53 + 2, "has lost digits"), (np.float32(123456789012), "has lost digits"),
        ("9007199254740994.0", "has lost digits"),
        ("1.2345678901234568e+17", "lost digits"),
        (True, "an id is a string or a number"), (None, "nothing"), ([1], "list"), ({"a": 1}, "dict"),
        (b"\xff", "UTF-8"),
        (float("inf"), "inf"), ({"$oid": None}, "dict"),
    ],
)  # fmt: skip
def test_no_ids(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        id_text(value)


def test_labels() -> None:
    assert [label_text(value) for value in (1.0, "1.0", np.True_, "TRUE", " a b ")] == ["1", "1", "True", "True", "a b"]
    with pytest.raises(ValueError, match="a label is a string or a number"):
        label_text([1])


def _ids(source: object, **reading: object) -> list[str]:
    return [id for batch in read(source, **reading) for id in batch.ids.to_pylist()]  # type: ignore[arg-type]


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, max_size=5, unique=True), st.booleans())
def test_an_id_is_the_same_through_every_format(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int], gap: bool
) -> None:
    """Law: a number is one id; pandas turns integers into floats as soon as one is missing."""
    folder = tmp_path_factory.mktemp("ids")
    frame = pd.DataFrame({"id": [*ids, *([None] if gap else [])]})
    frame["text"] = [f"words {row}" for row in range(len(frame))]
    rows = frame.to_dict("records")
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_csv(folder / "a.tsv", index=False, sep="\t")
    frame.to_parquet(folder / "a.parquet")
    pyarrow.feather.write_feather(frame, str(folder / "a.feather"), compression="uncompressed")
    (folder / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    strings = [{"id": f" {id} ", "text": "words"} for id in ids]
    decimals = pa.table({"id": pa.array([decimal.Decimal(id) for id in ids]), "text": ["words"] * len(ids)})
    for source in (frame, rows, strings, decimals, pa.Table.from_pandas(frame), *sorted(folder.iterdir())):
        assert _ids(source, on_error="skip") == [str(id) for id in ids]


def test_a_float_that_lost_digits_is_no_id() -> None:
    frame = pd.DataFrame({"id": [1.0, 2.0**60], "text": ["a", "b"]})
    narrow = pa.table({"id": pa.array([1152921504.0], pa.float32()), "text": ["a"]})
    for source in (frame, frame.to_dict("records"), narrow, [{"id": "1.152921504606847e+18", "text": "a"}]):
        with pytest.raises(InputError, match=r"row [12]: column 'id' holds 1.?15.*, a float so large.*--no-id"):
            _ids(source)


def test_ids_are_not_taken_unasked(tmp_path: Path) -> None:
    """What needs no ids reads rows whose ids cannot be used."""
    file = tmp_path / "a.csv"
    file.write_text("id,body\n7,red kettle\n,blue lamp\n7,green bag\n")
    assert _ids(file, ids=False) == ["0", "1", "2"]
    (batch,) = read(file, ids=False, columns=True)
    assert batch.texts.to_pylist()[1] == "blue lamp" and batch.columns["id"].to_pylist() == ["7", "", "7"]
    with pytest.raises(InputError, match=r"a\.csv, row 2: it has no id in column 'id'; fix it, or .* --no-id"):
        _ids(file)
    mongo = [{"_id": {"$oid": OID}, "text": "red kettle"}]
    assert _ids(mongo) == _ids(pd.DataFrame(mongo)) == [OID]


def test_only_some_columns(tmp_path: Path) -> None:
    rows = [{"user": 1, "item": 2.0, "odd": [1], "time": 3}, {"user": None, "item": 2, "odd": "x"}]
    wanted = {"pair": ("item", "user"), "columns": ("time", "rating"), "ids": False, "as_ids": True, "on_error": "skip"}
    (batch,) = read(rows, **wanted)
    assert (batch.texts.to_pylist(), batch.pairs.to_pylist(), batch.columns.to_pydict()) == (
        ["2"],
        ["1"],
        {"time": [3]},
    )
    assert batch.rows.tolist() == [0]


@given(st.integers(-(10**15), 10**15) | st.booleans(), st.sampled_from(["", " ", "\t", "\u00a0", "\r\n"]))
def test_one_value_is_one_label(value, blank):
    """Law: a value has one label, by its type, by its text, with blanks around it, and as its own label."""
    label = label_text(value)
    spellings = [str(value), f"{blank}{value}{blank}", np.array(value)[()], label]
    spellings += [str(value).upper()] if isinstance(value, bool) else [float(value), f"{value}.0"]
    assert {label_text(each) for each in spellings} == {label}


@given(st.text(max_size=20))
def test_a_label_is_one_line_without_outer_blanks(text):
    """Law: reading what was written changes nothing more."""
    label = label_text(text)
    assert label == label.strip() and label_text(label) == label
