"""Which task a folder is for, and what is said of one that is for none."""

from pathlib import Path

import pytest
from evaluation_judged import retrieval, write_lines, write_retrieval

from likewise.errors import InputError
from likewise.evaluation.data import Duplicates, Labelled, Retrieval, Similarity
from likewise.evaluation.loading import data_of, task_of

ROWS = [{"text": f"t{n}", "label": "xy"[n % 2]} for n in range(4)]
SAME = [{"text1": "a", "text2": f"b{n}", "label": n % 2} for n in range(4)]


def _refused(given, **options) -> str:
    with pytest.raises(InputError) as error:
        data_of(given, **options)
    return str(error.value)


def test_what_a_folder_holds_says_the_task(tmp_path: Path) -> None:
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
        data = data_of(tmp_path / name)
        assert isinstance(data, kind) and task_of(data, None) == task and data.name == name
    assert task_of(data_of(tmp_path / "a", task="clustering"), "clustering") == "clustering"


def test_a_folder_with_several_tasks(tmp_path: Path) -> None:
    folder = write_retrieval(tmp_path / "d", retrieval())
    assert isinstance(data_of(folder, task="duplicates"), Retrieval)
    write_lines(folder / "pairs.jsonl", *SAME)
    write_lines(folder / "data.jsonl", *ROWS)
    assert "also holds pairs.jsonl" in data_of(folder).notes[-1]
    assert isinstance(data_of(folder, task="duplicates"), Duplicates)
    assert isinstance(data_of(folder, task="classification"), Labelled)
    assert not data_of(folder, task="retrieval").notes


def test_a_folder_with_a_file_a_split(tmp_path: Path) -> None:
    write_lines(tmp_path / "train.jsonl", *ROWS)
    write_lines(tmp_path / "test.jsonl", *ROWS)
    data = data_of(tmp_path)
    assert data.test == [False] * 4 + [True] * 4
    pairs = tmp_path / "pairs"
    write_lines(pairs / "test.jsonl", *SAME)
    write_lines(pairs / "dev.jsonl", *SAME[:3])
    assert len(data_of(pairs).labels) == 4


def test_of_two_files_of_one_name_the_plain_one_is_read(tmp_path: Path) -> None:
    write_lines(tmp_path / "data.jsonl", *ROWS)
    (tmp_path / "data.jsonl.gz").write_bytes(b"broken")
    assert len(data_of(tmp_path).texts) == 4


def test_folders_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds nothing for any task (but nothing)" in _refused(tmp_path / "empty")
    write_lines(tmp_path / "texts" / "text.txt", "one")
    assert "(but text.txt)" in _refused(tmp_path / "texts")
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
    assert data_of(data) is data and data_of(data, task="similarity") is data
