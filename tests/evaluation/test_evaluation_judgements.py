"""The files of retrieval data: with and without a header, compressed, split, broken."""

import gzip
from pathlib import Path

import pytest
import zstandard
from evaluation_judged import retrieval, write_lines, write_retrieval

from likewise.errors import InputError
from likewise.evaluation.data import Retrieval
from likewise.evaluation.loading import data_of, read_judgements, texts_by_id

EXPECTED = {"q1": {"d1": 2, "d 2": 0}, "q2": {"d1": 1}}


def _judged(path: Path, content: str, **options) -> dict[str, dict[str, int]]:
    path.write_text(content, encoding="utf-8")
    return read_judgements(path, [path], **options)


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
def test_layouts(tmp_path: Path, content: str) -> None:
    assert _judged(tmp_path / "qrels.tsv", content) == EXPECTED


def test_trec_between_white_space_and_rows_of_json(tmp_path: Path) -> None:
    assert _judged(tmp_path / "qrels.txt", "q1 0 d1 2\nq2 Q0  d1 1\n") == {"q1": {"d1": 2}, "q2": {"d1": 1}}
    path = write_lines(tmp_path / "qrels.jsonl", {"query-id": 1, "corpus-id": "d1", "score": 1})
    assert read_judgements(path, [path]) == {"1": {"d1": 1}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("query-id\tcorpus-id\tscore\nq1\td1\tvery\n", "row 1: its relevance is 'very', a whole number is expected"),
        ("query-id\tcorpus-id\tscore\nq1\td1\t0.5\n", "row 1: its relevance is '0.5'"),
        ("query-id\tcorpus-id\tscore\nq1\td1\tnan\n", "row 1: its relevance is 'nan'"),
        ("query-id\tcorpus-id\tscore\nq1\t\t1\n", "row 1: it names no query or no document"),
        ("q1\td1\t2\nq1\td1\n", "row 2: it has 2 fields, 3 or 4 are expected"),
        ("query\tdoc\trank\nq1\td1\t1\n", "no column 'query-id'"),
        ("query-id\tdoc\tscore\nq1\td1\t1\n", "no column 'corpus-id'"),
        ("query-id\tcorpus-id\tscore\n", "holds no judgement"),
    ],
)
def test_judgements_that_cannot_be_used(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        _judged(tmp_path / "qrels.tsv", content)


def test_skipped_rows_are_told(tmp_path: Path) -> None:
    told: list[str] = []
    found = _judged(tmp_path / "qrels.tsv", "q1\td1\t2\nq1\td1\n", skip=True, log=told.append)
    assert found == {"q1": {"d1": 2}} and told == ["qrels.tsv: 1 unusable rows were left out"]
    headed = "query-id\tcorpus-id\tscore\nq1\td1\tmany\nq1\td1\t1\n"
    assert _judged(tmp_path / "other.tsv", headed, skip=True) == {"q1": {"d1": 1}}
    rows = write_lines(tmp_path / "corpus.jsonl", {"_id": "a", "text": "one"}, {"_id": "b", "text": 3})
    assert texts_by_id(rows, titles=True, skip=True, log=told.append) == {"a": "one"}
    assert told[1:] == ["corpus.jsonl: 1 unusable rows were left out"]


def test_a_text_is_its_title_and_its_text(tmp_path: Path) -> None:
    rows = [
        {"_id": "a", "title": "T", "text": "x"},
        {"_id": "b", "title": "", "text": "y"},
        {"_id": "c", "title": "T", "text": ""},
    ]
    path = write_lines(tmp_path / "corpus.jsonl", *rows)
    assert texts_by_id(path, titles=True) == {"a": "T. x", "b": "y", "c": "T"}
    assert texts_by_id(path, titles=False) == {"a": "x", "b": "y", "c": ""}
    queries = write_lines(tmp_path / "queries.jsonl", {"id": 1, "question": "why", "answers": ["a"]})
    assert texts_by_id(queries, titles=False) == {"1": "why"}
    said = write_lines(tmp_path / "said.jsonl", {"id": 1, "utterance": "why"})
    assert texts_by_id(said, titles=True) == {"1": "why"}


def test_ids_tell_rows_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="id 'a' comes twice"):
        texts_by_id(write_lines(tmp_path / "corpus.jsonl", *[{"_id": "a", "text": "x"}] * 2), titles=True)
    with pytest.raises(InputError, match="has no ids: a column '_id' or 'id'"):
        texts_by_id(write_lines(tmp_path / "other.jsonl", {"text": "x"}), titles=True)


def test_the_layout_of_beir(tmp_path: Path) -> None:
    data = retrieval()
    folder = write_retrieval(tmp_path / "topics", data)
    assert data_of(folder) == data
    for path in list(folder.iterdir()):
        packed = path.with_name(path.name + (".zst" if path.stem == "corpus" else ".gz"))
        squeeze = zstandard.compress if path.stem == "corpus" else gzip.compress
        packed.write_bytes(squeeze(path.read_bytes()))
        path.unlink()
    assert data_of(folder, task="retrieval") == data


def test_judgements_in_a_folder_are_splits(tmp_path: Path) -> None:
    folder = write_retrieval(tmp_path / "topics", retrieval())
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nsea0\td0\t1\n")
    (folder / "qrels" / ".hidden.tsv").write_text("")
    found = data_of(folder)
    assert isinstance(found, Retrieval) and found.judged == retrieval().judged
    assert found.notes == ("judged: split test; 1 judgements of dev were left aside",)
    assert data_of(folder, split="dev").judged == {"sea0": {"d0": 1}}
    (folder / "qrels" / "dev.tsv").unlink()
    assert data_of(folder, split="test").judged == retrieval().judged
