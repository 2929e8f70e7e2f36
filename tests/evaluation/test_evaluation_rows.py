"""Files of rows: columns by their usual names or the user's, splits, and unusable rows."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation_data import write_lines
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.evaluation.data import Data, Duplicates, Labelled, Similarity
from likewise.evaluation.loading import load_data
from likewise.evaluation.rows import ReadOptions

PAIRS = "text1\ttext2\tscore\na b\tc\t0.5\nd\te\t4\nf\tg\t3.2\n"
LABELS = "id,text,label\n1,a b,x\n2,c,y\n3,d,x\n4,e,y\n"


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def _load(given: Any, task: str | None = None, **options: Any) -> Data:
    return load_data(given, task, ReadOptions(**options))


def _refused(given: Any, task: str | None = None, **options: Any) -> str:
    with pytest.raises(InputError) as error:
        _load(given, task, **options)
    return str(error.value)


def test_pairs_with_scores(tmp_path: Path) -> None:
    data = _load(_write(tmp_path / "some.tsv", PAIRS))
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
    data = _load(_write(tmp_path / "some.csv", rows))
    assert isinstance(data, Duplicates) and data.labels == [1, 0]


def test_labelled_texts(tmp_path: Path) -> None:
    data = _load(_write(tmp_path / "some.csv", LABELS))
    assert isinstance(data, Labelled) and data.test is None
    assert (data.texts, data.labels) == (["a b", "c", "d", "e"], ["x", "y", "x", "y"])


def test_named_columns(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.csv", "a,b,how,kind\nx,y,1,k\nu,v,0,l\nw,z,0,k\nt,t,1,l\n")
    pairs = _load(path, text1="a", text2="b", score="how")
    assert isinstance(pairs, Similarity) and pairs.scores == [1, 0, 0, 1]
    same = _load(path, text1="b", text2="a", label="how")
    assert isinstance(same, Duplicates) and same.first == ["y", "v", "z", "t"]
    texts = _load(path, text=("a", "b"), label="kind")
    assert isinstance(texts, Labelled) and texts.texts == ["x. y", "u. v", "w. z", "t. t"]
    assert "--text" in _refused(path, label="kind")


def test_the_text_is_the_only_column_besides_the_label(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.csv", "utterance,intent,split\na,x,train\nb,y,train\nc,x,test\nd,y,test\n")
    data = _load(path, label="intent")
    assert isinstance(data, Labelled) and data.texts == ["a", "b", "c", "d"]


def test_name_or_task_decide_between_scores_and_labels(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.tsv", "text1\ttext2\tscore\tlabel\na\tb\t3\t1\nc\td\t2\t0\ne\tf\t1\t0\n")
    assert isinstance(_load(path), Similarity)
    assert isinstance(_load(path, task="duplicates"), Duplicates)
    assert isinstance(_load(path, label="label"), Duplicates)
    labelled = _write(tmp_path / "other.tsv", "text1\ttext2\tlabel\na\tb\t3.5\nc\td\t2\ne\tf\t1\n")
    data = _load(labelled, task="similarity")
    assert isinstance(data, Similarity) and data.scores == [3.5, 2, 1]
    assert "--score label" in _refused(labelled)


def test_splits(tmp_path: Path) -> None:
    rows = [{"split": "train" if n % 3 else "test", "text1": f"a{n}", "text2": f"b{n}", "score": n} for n in range(12)]
    path = write_lines(tmp_path / "some.jsonl", *rows)
    data = _load(path)
    assert isinstance(data, Similarity) and len(data.scores) == 4 and "b1" in data.background
    assert data.notes == ("evaluated on split test; 8 pairs of train are not used",)
    assert len(_load(path, split="train").scores) == 8
    whole = _load(path, split="all")
    assert len(whole.scores) == 12 and not whole.notes and not whole.background
    assert _refused(path, split="dev") == "some has no split 'dev': use 'test', 'train', or 'all'"


def test_splits_of_labelled_texts(tmp_path: Path) -> None:
    splits = ["train", "train", "dev", "dev", "test", "test", "more", "more"]
    rows = [{"split": split, "text": f"t{n}", "label": n % 2} for n, split in enumerate(splits)]
    path = write_lines(tmp_path / "some.jsonl", *rows)
    data = _load(path)
    assert data.texts == ["t0", "t1", "t4", "t5"] and data.test == [False, False, True, True]
    assert data.labels == ["0", "1", "0", "1"] and data.background == ["t2", "t3", "t6", "t7"]
    assert data.notes == ("trained on split train, tested on split test",)
    assert _load(path, split="dev").texts == ["t0", "t1", "t2", "t3"]
    assert _load(path, split="all").test is None and len(_load(path, split="all").texts) == 8
    assert "'dev', 'test'" in _refused(path, split="eval").replace("'train', ", "")
    without = write_lines(tmp_path / "other.jsonl", *[row | {"split": "all"} for row in rows])
    assert _load(without).test is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("text1,text2,score\na,b,1\nc,d,high\n", "row 2: column 'score' holds 'high', a score is a number"),
        ("text1,text2,score\na,b,1\nc,d,\n", "row 2: column 'score' holds '', a score is a number"),
        ("text1,text2,score\na,b,1\nc,d,inf\n", "row 2: column 'score' holds 'inf', a score is a finite number"),
        ("text1,text2,label\na,b,1\nc,d,2\n", "row 2: column 'label' holds '2', 1 for duplicates or 0 for others"),
        ("text,label\na,x\nb,\n", "row 2: it has no label in column 'label'"),
        ("text1,text2\na,b\n", "no scores or labels of the pairs"),
        ("text,kind\na,b\n", "no labels to evaluate with: there is no column label"),
        ("text,label\n", "holds no rows"),
    ],
)
def test_unusable_rows(tmp_path: Path, rows: str, message: str) -> None:
    error = _refused(_write(tmp_path / "some.csv", rows))
    assert message in error and "some" in error and "\n" not in error


def test_skipped_rows_are_counted(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.tsv", PAIRS + "h\ti\tmany\nj\tk\t2\textra\n")
    data = _load(path, skip=True)
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


def test_missing_columns(tmp_path: Path) -> None:
    path = _write(tmp_path / "some.csv", "text,label\na,x\n")
    assert "did you mean 'label'" in _refused(path, label="labell")
    assert "no pairs of texts" in _refused(path, task="similarity")
    with pytest.raises(InputError, match="both --text1 and --text2"):
        ReadOptions(text1="a")
    with pytest.raises(InputError, match="not both"):
        ReadOptions(text=("a",), text1="a", text2="b")


def test_frames_rows_and_parquet(tmp_path: Path) -> None:
    columns = {"text": ["a", "b", "c", "d"], "label": [1, 2, 1, 2]}
    pq.write_table(pa.table(columns), tmp_path / "some.parquet")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for held in (pd.DataFrame(columns), rows, tmp_path / "some.parquet", pa.table(columns)):
        data = _load(held)
        assert isinstance(data, Labelled) and (data.texts, data.labels) == (["a", "b", "c", "d"], ["1", "2", "1", "2"])
    missing = pd.DataFrame({"text": ["a", "b"], "label": [1.0, float("nan")]})
    assert "row 2: it has no label" in _refused(missing)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), st.floats(0, 5)), min_size=3, max_size=9))
def test_texts_come_back_unchanged(tmp_path_factory: pytest.TempPathFactory, drawn: list) -> None:
    if len({score for _, _, score in drawn}) < 2:
        return
    path = tmp_path_factory.mktemp("rows") / "some.jsonl"
    rows = [json.dumps({"text1": one, "text2": two, "score": score}) for one, two, score in drawn]
    try:
        path.write_text("\n".join(rows), encoding="utf-8")
        data = _load(path)
    except InputError as error:
        assert "surrogate" in str(error)
        return
    assert [*zip(data.first, data.second, data.scores, strict=True)] == drawn
