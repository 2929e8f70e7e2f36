"""Data from folders and files: which task it fits, qrels with and without a header, compressed, split, broken."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import zstandard
from evaluation_data import retrieval, write_lines, write_retrieval

from likewise.errors import InputError
from likewise.evaluation.data import Data, Duplicates, Labelled, Retrieval, Similarity
from likewise.evaluation.loading import load_data, read_qrels, read_texts, task_of
from likewise.evaluation.rows import ReadOptions

QRELS = {"q1": {"d1": 2, "d 2": 0}, "q2": {"d1": 1}}
ROWS = [{"text": f"t{n}", "label": "xy"[n % 2]} for n in range(4)]
SAME = [{"text1": "a", "text2": f"b{n}", "label": n % 2} for n in range(4)]


def _load(given: Any, task: str | None = None, **options: Any) -> Data:
    return load_data(given, task, ReadOptions(**options))


def _refused(given: Any, task: str | None = None) -> str:
    with pytest.raises(InputError) as error:
        load_data(given, task)
    return str(error.value)


def test_the_contents_of_a_folder_decide_the_task(tmp_path: Path) -> None:
    write_lines(tmp_path / "a" / "data.jsonl", *ROWS)
    write_lines(tmp_path / "b" / "pairs.jsonl", *SAME)
    write_lines(tmp_path / "c" / "anything.jsonl", *SAME)
    write_retrieval(tmp_path / "d", retrieval())
    for name, kind, task in (
        ("a", Labelled, "classification"),
        ("b", Duplicates, "duplicates"),
        ("c", Duplicates, "duplicates"),
        ("d", Retrieval, "retrieval"),
    ):
        data = _load(tmp_path / name)
        assert isinstance(data, kind) and task_of(data) == task and data.name == name


def test_a_folder_with_several_tasks(tmp_path: Path) -> None:
    folder = write_retrieval(tmp_path / "d", retrieval())
    assert isinstance(_load(folder, task="duplicates"), Retrieval)
    write_lines(folder / "pairs.jsonl", *SAME)
    write_lines(folder / "data.jsonl", *ROWS)
    assert "also holds pairs.jsonl" in _load(folder).notes[-1]
    assert isinstance(_load(folder, task="duplicates"), Duplicates)
    assert isinstance(_load(folder, task="classification"), Labelled)
    assert not _load(folder, task="retrieval").notes


def test_a_folder_with_a_file_a_split(tmp_path: Path) -> None:
    write_lines(tmp_path / "train.jsonl", *ROWS)
    write_lines(tmp_path / "test.jsonl", *ROWS)
    data = _load(tmp_path)
    assert data.test == [False] * 4 + [True] * 4
    pairs = tmp_path / "pairs"
    write_lines(pairs / "test.jsonl", *SAME)
    write_lines(pairs / "dev.jsonl", *SAME[:3])
    assert len(_load(pairs).labels) == 4


def test_of_two_files_of_one_name_the_plain_one_is_read(tmp_path: Path) -> None:
    write_lines(tmp_path / "data.jsonl", *ROWS)
    (tmp_path / "data.jsonl.gz").write_bytes(b"broken")
    assert len(_load(tmp_path).texts) == 4


def test_folders_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no data for any task (found: nothing)" in _refused(tmp_path / "empty")
    write_lines(tmp_path / "texts" / "text.txt", "one")
    assert "(found: text.txt)" in _refused(tmp_path / "texts")
    folder = write_retrieval(tmp_path / "d", retrieval())
    (folder / "qrels.tsv").unlink()
    (folder / "queries.jsonl").unlink()
    assert "lacks queries and qrels" in _refused(folder, task="retrieval")
    assert "is a file, and retrieval takes a folder" in _refused(folder / "corpus.jsonl", task="retrieval")


def test_a_task_that_does_not_fit(tmp_path: Path) -> None:
    assert "fits retrieval and duplicates, not similarity" in _refused(retrieval(), task="similarity")
    assert "there is no task 'ranking'" in _refused(retrieval(), task="ranking")
    assert "there is no file" in _refused(tmp_path / "nothing")
    data = Similarity(["a"] * 3, ["b"] * 3, [1.0, 2.0, 3.0])
    assert _load(data) is data and _load(data, task="similarity") is data


def _qrels(path: Path, content: str, log: list[str] | None = None, **options: Any) -> dict[str, dict[str, int]]:
    path.write_text(content, encoding="utf-8")
    return read_qrels([path], options=ReadOptions(**options), log=[].append if log is None else log.append)


def _texts(path: Path, *, titles: bool, log: list[str] | None = None, **options: Any) -> dict[str, str]:
    return read_texts(path, titles=titles, options=ReadOptions(**options), log=[].append if log is None else log.append)


@pytest.mark.parametrize(
    "content",
    [
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td 2\t0\nq2\td1\t1\n",
        "query_id\tdoc_id\trelevance\tsplit\nq1\td1\t2\ta\nq1\td 2\t0\tb\nq2\td1\t1\ta\n",
        "q1\td1\t2\nq1\td 2\t0\nq2\td1\t1\n",
        "q1\t0\td1\t2\nq1\t0\td 2\t0\n\nq2\t0\td1\t1\n",
        "qid\tscore\tdocid\nq1\t2.0\td1\nq1\t1\td1\nq1\t-0\td 2\nq2\t1\td1\n",
    ],
)
def test_layouts_of_qrels(tmp_path: Path, content: str) -> None:
    assert _qrels(tmp_path / "qrels.tsv", content) == QRELS


def test_trec_between_white_space_and_rows_of_json(tmp_path: Path) -> None:
    assert _qrels(tmp_path / "qrels.txt", "q1 0 d1 2\nq2 Q0  d1 1\n") == {"q1": {"d1": 2}, "q2": {"d1": 1}}
    path = write_lines(tmp_path / "qrels.jsonl", {"query-id": 1, "corpus-id": "d1", "score": 1})
    assert read_qrels([path], options=ReadOptions(), log=print) == {"1": {"d1": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("query-id\tcorpus-id\tscore\nq1\td1\tvery\n", "row 1: its relevance is 'very', an integer is expected"),
        ("query-id\tcorpus-id\tscore\nq1\td1\t0.5\n", "row 1: its relevance is '0.5'"),
        ("query-id\tcorpus-id\tscore\nq1\td1\tnan\n", "row 1: its relevance is 'nan'"),
        ("query-id\tcorpus-id\tscore\nq1\t\t1\n", "row 1: it names no query or no document"),
        ("q1\td1\t2\nq1\td1\n", "row 2: it has 2 fields, 3 or 4 are expected"),
        ("query\tdoc\trank\nq1\td1\t1\n", "no column 'query-id'"),
        ("query-id\tdoc\tscore\nq1\td1\t1\n", "no column 'corpus-id'"),
        ("query-id\tcorpus-id\tscore\n", "holds no judgement"),
    ],
)
def test_unusable_qrels(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _qrels(tmp_path / "qrels.tsv", content)


def test_skipped_rows_are_counted(tmp_path: Path) -> None:
    notes: list[str] = []
    found = _qrels(tmp_path / "qrels.tsv", "q1\td1\t2\nq1\td1\n", skip=True, log=notes)
    assert found == {"q1": {"d1": 2}} and notes == ["qrels.tsv: 1 unusable rows were left out"]
    headed = "query-id\tcorpus-id\tscore\nq1\td1\tmany\nq1\td1\t1\n"
    assert _qrels(tmp_path / "other.tsv", headed, skip=True) == {"q1": {"d1": 1}}
    rows = write_lines(tmp_path / "corpus.jsonl", {"_id": "a", "text": "one"}, {"_id": "b", "text": 3})
    assert _texts(rows, titles=True, skip=True, log=notes) == {"a": "one"}
    assert notes[1:] == ["corpus.jsonl: 1 unusable rows were left out"]


def test_a_text_is_its_title_and_its_text(tmp_path: Path) -> None:
    rows = [
        {"_id": "a", "title": "T", "text": "x"},
        {"_id": "b", "title": "", "text": "y"},
        {"_id": "c", "title": "T", "text": ""},
    ]
    path = write_lines(tmp_path / "corpus.jsonl", *rows)
    assert _texts(path, titles=True) == {"a": "T. x", "b": "y", "c": "T"}
    assert _texts(path, titles=False) == {"a": "x", "b": "y", "c": ""}
    queries = write_lines(tmp_path / "queries.jsonl", {"id": 1, "question": "why", "answers": ["a"]})
    assert _texts(queries, titles=False) == {"1": "why"}
    other = write_lines(tmp_path / "other.jsonl", {"id": 1, "utterance": "why"})
    assert _texts(other, titles=True) == {"1": "why"}


def test_ids_are_unique(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="id 'a' comes twice"):
        _texts(write_lines(tmp_path / "corpus.jsonl", *[{"_id": "a", "text": "x"}] * 2), titles=True)
    with pytest.raises(InputError, match="has no ids: a column '_id' or 'id'"):
        _texts(write_lines(tmp_path / "other.jsonl", {"text": "x"}), titles=True)


def test_the_layout_of_beir(tmp_path: Path) -> None:
    data = retrieval()
    folder = write_retrieval(tmp_path / "topics", data)
    assert _load(folder) == data
    for path in list(folder.iterdir()):
        packed = path.with_name(path.name + (".zst" if path.stem == "corpus" else ".gz"))
        squeeze = zstandard.compress if path.stem == "corpus" else gzip.compress
        packed.write_bytes(squeeze(path.read_bytes()))
        path.unlink()
    assert _load(folder, task="retrieval") == data


def test_qrels_in_a_folder_are_splits(tmp_path: Path) -> None:
    folder = write_retrieval(tmp_path / "topics", retrieval())
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nsea0\td0\t1\n")
    (folder / "qrels" / ".hidden.tsv").write_text("")
    found = _load(folder)
    assert isinstance(found, Retrieval) and found.qrels == retrieval().qrels
    assert found.notes == ("evaluated on split test; 1 judgements of dev are not used",)
    assert _load(folder, split="dev").qrels == {"sea0": {"d0": 1}}
    (folder / "qrels" / "dev.tsv").unlink()
    assert _load(folder, split="test").qrels == retrieval().qrels
