"""Interactions from every kind of source, histories, and one line for bad input."""

import gzip
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from likewise.applications.recommend.interactions import Histories, build_histories, read_interactions
from likewise.errors import InputError

ROWS = [
    {"user": 1, "item": 30, "rating": 5.0, "timestamp": 20},
    {"user": 2, "item": 10, "rating": 3.5, "timestamp": 30},
    {"user": 1, "item": 20, "rating": 4.0, "timestamp": 10},
]


def test_every_source_gives_the_same(tmp_path):
    """Two paths that agree: typed or not, in files or in memory; in order of time."""
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "a.csv", index=False)
    pyarrow.parquet.write_table(pa.Table.from_pandas(frame), tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    sources = [ROWS, frame, pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)]
    sources += [tmp_path / name for name in ("a.csv", "a.parquet", "a.jsonl")]
    for source in sources:
        found = read_interactions(source, min_rating=4)
        assert (found.users, found.items) == (["1", "1", "2"], ["20", "30", "10"])
        assert found.liked.tolist() == [True, True, False]
    assert read_interactions(ROWS).liked.all()


def test_times_are_numbers_dates_or_the_order_of_rows():
    rows = [{"user": "a", "item": "x", "when": "2024-05-02"}, {"user": "a", "item": "y", "when": "2024-05-01"}]
    assert read_interactions(rows).items == ["x", "y"]
    assert read_interactions(rows, time="when").items == ["y", "x"]
    named = [{"wer": "a", "was": "x", "extra": {"deep": [1]}}]
    assert read_interactions(named, user="wer", item="was").users == ["a"]


@pytest.mark.parametrize(
    ("rows", "given", "message"),
    [
        (ROWS, {"user": "who"}, "has no column 'who'"),
        (ROWS, {"rating": "rating"}, "need min_rating"),
        (ROWS, {"rating": "stars", "min_rating": 4}, "has no column 'stars'"),
        ([{"user": "a", "item": "b"}], {"min_rating": 4}, "no others"),
        (ROWS, {"time": "day"}, "has no column 'day'"),
        ([{"user": "a", "item": "b", "rating": "good"}], {"min_rating": 4}, "holds 'good'"),
        ([{"user": "a", "item": "b", "time": "soon"}], {}, r"the list, row 1: column 'time' holds 'soon'"),
        ([{"user": "a", "item": [1]}], {}, r"row 1: column 'item' holds \[1\] \(list\), an id is a string or a number"),
        ([{"user": "a", "item": ""}], {}, "row 1: it has no id in column 'item'"),
        (pa.table({"user": [[1]], "item": ["a"]}), {}, "which is no id"),
    ],
)
def test_bad_columns(rows, given, message):
    with pytest.raises(InputError, match=message):
        read_interactions(rows, **given)


STAMPS = ["1970-01-01T00:00:20Z", "1970-01-01 00:00:30", "1970-01-01T02:00:10+02:00"]


def test_every_file_gives_the_same(tmp_path):
    """Two paths that agree: other names of files, whole numbers as ids, times with an offset, columns not needed."""
    stamped = [{**row, "timestamp": stamp} for row, stamp in zip(ROWS, STAMPS, strict=True)]
    odd = [{**row, "price": price} for row, price in zip(ROWS, ["free", 5, [1]], strict=True)]
    spaced = [{**row, "rating": f" {row['rating']} ", "user": float(row["user"])} for row in ROWS]
    frame = pd.DataFrame(ROWS)
    for name in ("a.feather", "b.arrow"):
        frame.to_feather(tmp_path / name, compression="uncompressed")
    frame.to_parquet(tmp_path / "a.pq")
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.pq").read_bytes()))
    for name, rows in (("a.json", ROWS), ("b.jsonl", odd), ("c.jsonl", stamped), ("d.jsonl", spaced)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
    pd.DataFrame(stamped).to_csv(tmp_path / "e.csv", index=False)
    sources = [stamped, odd, spaced, pd.DataFrame(stamped), pd.DataFrame(spaced), *sorted(tmp_path.iterdir())]
    assert len(sources) == 14
    for source in sources:
        found = read_interactions(source, min_rating=4)
        assert (found.users, found.items) == (["1", "1", "2"], ["20", "30", "10"]), source
        assert found.liked.tolist() == [True, True, False]


@pytest.mark.parametrize("missing", [None, "", "NULL", float("nan")])
def test_missing_ratings_and_times(missing, caplog):
    rows = [{**ROWS[0], "timestamp": missing}, ROWS[1], {**ROWS[2], "rating": missing}]
    found = read_interactions(rows, min_rating=4)
    assert found.items == ["30", "20", "10"] and found.liked.tolist() == [True, False, False]
    assert "a row without a value in column 'timestamp' counts as the oldest of its user (1 in all)" in caplog.text
    assert "a row without a value in column 'rating' counts as not liked (1 in all)" in caplog.text


def test_bad_rows_are_skipped_and_counted(tmp_path, caplog):
    file = tmp_path / "a.csv"
    file.write_text("user,item,rating\na,x,5\na,,5\n,y,5\nb,y,good\nb,z,4\n")
    found = read_interactions(file, min_rating=4, on_error="skip")
    assert (found.users, found.items) == (["a", "b"], ["x", "z"])
    assert "rows that cannot be read were skipped, 3 in all" in caplog.text
    with pytest.raises(InputError, match=r"a\.csv, row 2: it has no id in column 'item'"):
        read_interactions(file, min_rating=4)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"user,item\n", "no interactions|holds no"),
        ("a.parquet", b"PAR1 no", "damaged"),
        ("a.jsonl", b'{"user": ', "row 1: it is not JSON"),
        ("none.csv", None, r"none\.csv"),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_interactions(tmp_path / name)


def test_histories():
    """Laws of the ragged rows: a repeated item keeps its latest place, ages count later items, the latest can go."""
    rows = [{"user": "u", "item": each, "rating": 5 - (each == "b")} for each in ("a", "b", "c", "a", "z")]
    read = read_interactions([*rows, {"user": "v", "item": "b", "rating": 5}], min_rating=5)
    users, liked, seen = build_histories(read, {"a": 0, "b": 1, "c": 2})
    assert users == ["u", "v"] and [liked[0].tolist(), seen[0].tolist()] == [[2, 0], [1, 2, 0]]
    histories = Histories.of([np.array(each, np.int32) for each in ([0, 3, 2], [], [4], [5, 0])])
    assert histories.ages.tolist() == [2, 1, 0, 0, 1, 0] and histories.lengths.tolist() == [3, 0, 1, 2]
    shorter = histories.without_last(np.array([0, 3]))
    assert [shorter[user].tolist() for user in range(4)] == [[0, 3], [], [4], [5]]
    assert histories.take(np.array([3, 0])).items.tolist() == [5, 0, 0, 3, 2]
    assert histories.matrix(6).toarray().sum(axis=1).tolist() == [3, 0, 1, 2]
    assert len(Histories.of([])) == 0
