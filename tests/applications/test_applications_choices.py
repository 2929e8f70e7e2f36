"""Interactions from every kind of source, and one line for what cannot be used."""

import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from likewise.applications.recommend.interactions import read_choices
from likewise.errors import InputError

ROWS = [
    {"user": 1, "item": 30, "rating": 5.0, "timestamp": 20},
    {"user": 2, "item": 10, "rating": 3.5, "timestamp": 30},
    {"user": 1, "item": 20, "rating": 4.0, "timestamp": 10},
]


def test_every_source_gives_the_same(tmp_path):
    """Two ways that must meet: typed or not, in files or in memory; in the order of time."""
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "a.csv", index=False)
    pyarrow.parquet.write_table(pa.Table.from_pandas(frame), tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    sources = [ROWS, frame, pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)]
    sources += [tmp_path / name for name in ("a.csv", "a.parquet", "a.jsonl")]
    for source in sources:
        found = read_choices(source, least=4)
        assert (found.users, found.items) == (["1", "1", "2"], ["20", "30", "10"])
        assert found.liked.tolist() == [True, True, False]
    assert read_choices(ROWS).liked.all()


def test_times_are_numbers_dates_or_the_order_of_rows():
    rows = [{"user": "a", "item": "x", "when": "2024-05-02"}, {"user": "a", "item": "y", "when": "2024-05-01"}]
    assert read_choices(rows).items == ["x", "y"]
    assert read_choices(rows, time="when").items == ["y", "x"]
    named = [{"wer": "a", "was": "x", "extra": {"deep": [1]}}]
    assert read_choices(named, user="wer", item="was").users == ["a"]


@pytest.mark.parametrize(
    ("rows", "given", "said"),
    [
        (ROWS, {"user": "who"}, "has no column 'who'"),
        (ROWS, {"rating": "rating"}, "no least"),
        (ROWS, {"rating": "stars", "least": 4}, "has no column 'stars'"),
        ([{"user": "a", "item": "b"}], {"least": 4}, "no others"),
        (ROWS, {"time": "day"}, "has no column 'day'"),
        ([{"user": "a", "item": "b", "rating": "good"}], {"least": 4}, "holds 'good'"),
        ([{"user": "a", "item": "b", "time": None}], {}, "holds None"),
        ([{"user": "a", "item": [1]}], {"item": "item"}, "0 others|item"),
    ],
)
def test_what_cannot_be_used(rows, given, said):
    if said == "0 others|item":
        assert read_choices(rows, **given).items == ["[1]"]
        return
    with pytest.raises(InputError, match=said):
        read_choices(rows, **given)


def test_files_that_cannot_be_used(tmp_path):
    (tmp_path / "a.csv").write_text("user,item\n")
    with pytest.raises(InputError, match=r"no interactions|holds no"):
        read_choices(tmp_path / "a.csv")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="cannot be read"):
        read_choices(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text('{"user": ')
    with pytest.raises(InputError, match="cannot be read"):
        read_choices(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match="names nothing"):
        read_choices(pa.table({"user": [[1]], "item": ["a"]}))
    with pytest.raises(InputError, match=r"none\.csv"):
        read_choices(tmp_path / "none.csv")
