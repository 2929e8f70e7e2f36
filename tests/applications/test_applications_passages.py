"""Texts in passages."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.sentences import Passages, passages, sentences
from likewise.corpus.read import read
from likewise.errors import InputError

TEXT = " ".join(f"This is sentence {number:02d}." for number in range(20))  # 20 characters each, and spaces


def test_passages_are_of_about_one_length_and_whole_sentences():
    parts = passages(TEXT, 110)
    assert " ".join(parts) == TEXT
    assert [part.count("sentence") for part in parts] == [5, 5, 5, 5]
    assert passages(TEXT, 10_000) == [TEXT]
    assert passages("", 5) == [""]
    assert passages("One. " + "x" * 50 + ". Two.", 20) == ["One.", "x" * 50 + ".", "Two."]


@given(st.text(max_size=200) | st.text(st.sampled_from("ab. \n"), max_size=200), st.integers(1, 80))
def test_nothing_of_a_text_is_lost(text, length):
    parts = passages(text, length)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(part.strip() == part for part in parts) or not text.strip()
    assert all(len(part) <= length or len(sentences(part)) == 1 for part in parts if part.strip())


def test_a_corpus_of_passages_names_their_texts(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"id": "p", "text": "One is here. Two is there.", "n": 1}\n{"id": "q", "text": "", "n": 2}\n'
    )
    cut = Passages(read(str(tmp_path / "a.jsonl"), text="text", id="id", columns=True), 13)
    (batch,) = cut
    assert batch.ids.to_pylist() == ["p.1", "p.2", "q.1"]
    assert batch.texts.to_pylist() == ["One is here.", "Two is there.", ""]
    assert batch.columns.to_pydict() == {"n": [1, 1, 2], "document": ["p", "p", "q"]}
    assert (cut.skipped, cut.numbered) == (0, False)
    (bare,) = Passages(read(["One. Two."]), 4)
    assert bare.columns.to_pydict() == {"document": ["0", "0"]}
    assert bare.texts.type == pa.large_string()


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least 1"):
        Passages(read(["a"]), 0)
    (tmp_path / "a.jsonl").write_text('{"text": "One.", "document": 1}\n')
    with pytest.raises(InputError, match="has a column 'document', in which"):
        list(Passages(read(str(tmp_path / "a.jsonl"), text="text", columns=True), 9))
