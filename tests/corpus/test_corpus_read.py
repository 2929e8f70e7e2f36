"""The door: arguments, corpora that are read again, and what a corpus says of itself."""

from pathlib import Path

import pytest
from corpus_reading import skipping, texts, written

from likewise.corpus.read import read
from likewise.errors import InputError


def test_arguments_are_checked_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "x.txt", "a\n")
    with pytest.raises(InputError, match="on_error is 'ignore', and has to be one of raise, skip"):
        read(path, on_error="ignore")
    with pytest.raises(InputError, match="no text encoding 'utf9'"):
        read(path, encoding="utf9")
    with pytest.raises(InputError, match="no text encoding"):
        read(path, encoding=str(tmp_path))
    with pytest.raises(InputError, match="not both"):
        read(path, text="a", pair=("a", "b"))
    with pytest.raises(InputError, match="there is no file"):
        read(tmp_path / "missing.txt")


def test_a_corpus_is_a_source_too(tmp_path: Path) -> None:
    corpus = read(written(tmp_path, "x.csv", "id,body\n1,a\n"), text="body")
    assert read(corpus) is corpus
    with pytest.raises(InputError, match="has its columns already"):
        read(corpus, text="body")


def test_skipped_counts_the_latest_pass(tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", '{"text": "a"}\n5\n{"text": "b"}\n')
    corpus = read(path, on_error="skip")
    assert corpus.skipped == 0
    assert corpus.numbered is None
    assert texts(corpus) == texts(corpus) == ["a", "b"]
    assert corpus.skipped == 1
    assert corpus.numbered is True
    assert skipping(path) == (["a", "b"], 1)


@pytest.mark.parametrize(("content", "numbered"), [("id,text\n7,a\n", False), ("text\na\n", True)])
def test_whether_ids_are_numbers_of_rows(tmp_path: Path, content: str, numbered: bool) -> None:
    corpus = read(written(tmp_path, "x.csv", content))
    assert texts(corpus) == ["a"]
    assert corpus.numbered is numbered
