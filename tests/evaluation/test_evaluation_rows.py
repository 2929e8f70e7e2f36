"""Files of rows: columns by their usual names or the user's, splits, and rows that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation_judged import write_lines
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.evaluation.data import Duplicates, Labelled, Similarity
from likewise.evaluation.loading import data_of
from likewise.evaluation.rows import Columns

PAIRS = "text1\ttext2\tscore\na b\tc\t0.5\nd\te\t4\nf\tg\t3.2\n"
LABELS = "id,text,label\n1,a b,x\n2,c,y\n3,d,x\n4,e,y\n"


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def _refused(given: Any, **options: Any) -> str:
    with pytest.raises(InputError) as error:
        data_of(given, **options)
    return str(error.value)


def test_pairs_with_scores(tmp_path: Path) -> None:
    data = data_of(_write(tmp_path / "some.tsv", PAIRS))
    assert isinstance(data, Similarity)
    assert (data.name, data.first, data.second, data.scores) == (
        "some",
        ["a b", "d", "f"],
        ["c", "e", "g"],
        [0.5, 4, 3.2],
    )


@pytest.mark.parametrize("labels", [("1", "0"), ("true", "False"), ("1.0", "0.0")])
def test_pairs_with_labels(tmp_path: Path, labels: tuple[str, str]) -> None:
    rows = f"question1,question2,label\na,b,{labels[0]}\nc,d,{labels[1]}\n"
    data = data_of(_write(tmp_path / "some.csv", rows))
    assert isinstance(data, Duplicates) and data.labels == [1, 0]


def test_labelled_texts(tmp_path: Path) -> None:
    data = data_of(_write(tmp_path / "some.csv", LABELS))
    assert isinstance(data, Labelled) and data.test is None
    assert (data.texts, data.labels) == (["a b", "c", "d", "e"], ["x", "y", "x", "y"])


def test_columns_that_the_user_names(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.csv", "a,b,how,kind\nx,y,1,k\nu,v,0,l\nw,z,0,k\nt,t,1,l\n")
    pairs = data_of(path, columns=Columns(text1="a", text2="b", score="how"))
    assert isinstance(pairs, Similarity) and pairs.scores == [1, 0, 0, 1]
    same = data_of(path, columns=Columns(text1="b", text2="a", label="how"))
    assert isinstance(same, Duplicates) and same.first == ["y", "v", "z", "t"]
    texts = data_of(path, columns=Columns(text=("a", "b"), label="kind"))
    assert isinstance(texts, Labelled) and texts.texts == ["x. y", "u. v", "w. z", "t. t"]
    assert "--text" in _refused(path, columns=Columns(label="kind"))


def test_text_is_the_only_column_beside_the_label(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.csv", "utterance,intent,split\na,x,train\nb,y,train\nc,x,test\nd,y,test\n")
    data = data_of(path, columns=Columns(label="intent"))
    assert isinstance(data, Labelled) and data.texts == ["a", "b", "c", "d"]


def test_a_score_column_may_be_taken_for_labels_by_name_or_by_task(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.tsv", "text1\ttext2\tscore\tlabel\na\tb\t3\t1\nc\td\t2\t0\ne\tf\t1\t0\n")
    assert isinstance(data_of(path), Similarity)
    assert isinstance(data_of(path, task="duplicates"), Duplicates)
    assert isinstance(data_of(path, columns=Columns(label="label")), Duplicates)
    labelled = _write(tmp_path / "other.tsv", "text1\ttext2\tlabel\na\tb\t3.5\nc\td\t2\ne\tf\t1\n")
    data = data_of(labelled, task="similarity")
    assert isinstance(data, Similarity) and data.scores == [3.5, 2, 1]
    assert "--score label" in _refused(labelled)


def test_splits(tmp_path: Path) -> None:
    rows = [{"split": "train" if n % 3 else "test", "text1": f"a{n}", "text2": f"b{n}", "score": n} for n in range(12)]
    path = write_lines(tmp_path / "some.jsonl", *rows)
    data = data_of(path)
    assert isinstance(data, Similarity) and len(data.scores) == 4 and "b1" in data.background
    assert data.notes == ("judged: split test; 8 pairs of train were left aside",)
    assert len(data_of(path, split="train").scores) == 8
    whole = data_of(path, split="all")
    assert len(whole.scores) == 12 and not whole.notes and not whole.background
    assert _refused(path, split="dev") == "some has no split 'dev': there are 'test', 'train', and 'all' for them all"


def test_splits_of_labelled_texts(tmp_path: Path) -> None:
    splits = ["train", "train", "dev", "dev", "test", "test", "more", "more"]
    rows = [{"split": split, "text": f"t{n}", "label": n % 2} for n, split in enumerate(splits)]
    path = write_lines(tmp_path / "some.jsonl", *rows)
    data = data_of(path)
    assert data.texts == ["t0", "t1", "t4", "t5"] and data.test == [False, False, True, True]
    assert data.labels == ["0", "1", "0", "1"] and data.background == ["t2", "t3", "t6", "t7"]
    assert data.notes == ("learned from split train, tested on split test",)
    assert data_of(path, split="dev").texts == ["t0", "t1", "t2", "t3"]
    assert data_of(path, split="all").test is None and len(data_of(path, split="all").texts) == 8
    assert "'dev', 'test'" in _refused(path, split="eval").replace("'train', ", "")
    without = write_lines(tmp_path / "other.jsonl", *[row | {"split": "all"} for row in rows])
    assert data_of(without).test is None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("text1,text2,score\na,b,1\nc,d,high\n", "row 2: column 'score' holds 'high', a score is a number"),
        ("text1,text2,score\na,b,1\nc,d,\n", "row 2: column 'score' holds '', a score is a number"),
        ("text1,text2,score\na,b,1\nc,d,inf\n", "row 2: column 'score' holds 'inf', a score is a finite number"),
        ("text1,text2,label\na,b,1\nc,d,2\n", "row 2: column 'label' holds '2', 1 for a duplicate or 0 for none"),
        ("text,label\na,x\nb,\n", "row 2: it has no label in column 'label'"),
        ("text1,text2\na,b\n", "no scores or labels of the pairs"),
        ("text,kind\na,b\n", "no labels to judge by: there is no column label"),
        ("text,label\n", "holds no rows"),
    ],
)
def test_rows_that_cannot_be_used(tmp_path: Path, rows: str, says: str) -> None:
    said = _refused(_write(tmp_path / "some.csv", rows))
    assert says in said and "some" in said and "\n" not in said


def test_rows_that_cannot_be_used_are_counted_when_skipped(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.tsv", PAIRS + "h\ti\tmany\nj\tk\t2\textra\n")
    data = data_of(path, skip=True)
    assert len(data.scores) == 3 and data.notes == ("some: 2 unusable rows were left out",)


def test_objects_of_json_that_are_no_values(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": ["x"]}, {"text": "b", "label": ["y"]}]
    assert "a string or a number" in _refused(write_lines(tmp_path / "a.jsonl", *rows))
    assert "row 1: it has no label" in _refused(write_lines(tmp_path / "b.jsonl", {"text": "a", "label": None}))
    true = [{"text1": "a", "text2": "b", "score": True}]
    assert "holds True" in _refused(write_lines(tmp_path / "c.jsonl", *true))
    long = [{"text1": "a", "text2": "b", "score": "x" * 99}]
    assert "xxx..." in _refused(write_lines(tmp_path / "d.jsonl", *long))


def test_a_batch_of_json_may_lack_the_column(tmp_path: Path) -> None:
    rows = [{"text": f"t{n}", "label": n % 2} for n in range(8192)] + [{"text": "more"}]
    assert "row 8193: it has no label" in _refused(write_lines(tmp_path / "a.jsonl", *rows))


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.csv", "text,label\na,x\n")
    assert "did you mean 'label'" in _refused(path, columns=Columns(label="labell"))
    assert "no pairs of texts" in _refused(path, task="similarity")
    with pytest.raises(InputError, match="both --text1 and --text2"):
        Columns(text1="a")
    with pytest.raises(InputError, match="not both"):
        Columns(text=("a",), text1="a", text2="b")


def test_frames_rows_and_parquet(tmp_path: Path) -> None:
    columns = {"text": ["a", "b", "c", "d"], "label": [1, 2, 1, 2]}
    pq.write_table(pa.table(columns), tmp_path / "some.parquet")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for held in (pd.DataFrame(columns), rows, tmp_path / "some.parquet", pa.table(columns)):
        data = data_of(held)
        assert isinstance(data, Labelled) and (data.texts, data.labels) == (["a", "b", "c", "d"], ["1", "2", "1", "2"])
    missing = pd.DataFrame({"text": ["a", "b"], "label": [1.0, float("nan")]})
    assert "row 2: it has no label" in _refused(missing)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), st.floats(0, 5)), min_size=3, max_size=9))
def test_whatever_texts_hold_they_come_back(tmp_path_factory: pytest.TempPathFactory, drawn: list) -> None:
    if len({score for _, _, score in drawn}) < 2:
        return
    path = tmp_path_factory.mktemp("rows") / "some.jsonl"
    rows = [json.dumps({"text1": one, "text2": two, "score": score}) for one, two, score in drawn]
    try:
        path.write_text("\n".join(rows), encoding="utf-8")
        data = data_of(path)
    except InputError as error:
        assert "surrogate" in str(error)
        return
    assert [*zip(data.first, data.second, data.scores, strict=True)] == drawn
