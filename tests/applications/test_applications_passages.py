"""Texts in passages."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.passages import Passages, passages
from likewise.corpus.read import read
from likewise.errors import InputError

TEXT = " ".join(f"This is sentence {number:02d}." for number in range(20))  # 20 characters each, and spaces


def test_passages_are_of_about_one_length_and_whole_sentences():
    parts = passages(TEXT, 110)
    assert " ".join(parts) == TEXT
    assert [part.count("sentence") for part in parts] == [5, 5, 5, 5]
    assert passages(TEXT, 10_000) == [TEXT]
    assert passages("", 5) == [""]
    assert passages("One. " + "x" * 50 + ". Two.", 20) == ["One.", "x" * 17, "x" * 17, "x" * 16 + ".", "Two."]


@pytest.mark.parametrize(
    ("piece", "between"),
    [
        ("[10:{0:02d}] anna: where is the {0} key of the shed", "\n"),
        ("and then number {0} came by and we went on", " "),
        ("ร้านกาแฟเปิดตอนเช้าทุกวัน{0}", ""),
        ("我们昨天去了城里第{0}家书店，", ""),
        ("ខ្ញុំបានទៅផ្សារ{0}។", ""),
        ("acgtaccgatta", ""),
    ],
    ids=["chat", "transcript", "Thai", "Chinese", "Khmer", "sequence"],
)
def test_texts_without_sentence_ends_give_passages_of_the_given_length(piece, between):
    text = between.join(piece.format(number) for number in range(600))
    parts = passages(text, 800)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert max(map(len, parts)) <= 800 <= 2 * sum(map(len, parts)) / len(parts)
    if piece[-1] in "，។":
        assert all(part.endswith(piece[-1]) for part in parts)
    if between:
        assert all(part.split(between)[0] in text.split(between) for part in parts)


@pytest.mark.parametrize("cluster", ["e\u0301\u0323", "👨‍👩‍👧", "👍🏽", "กำ", "❤\ufe0f"])
def test_no_grapheme_cluster_is_cut(cluster):
    parts = passages(cluster * 100, 20)
    assert all(part.replace(cluster, "") == "" and len(part) <= 20 for part in parts)


UNENDED = st.text(st.sampled_from("ab .\n,。ก\u0e49e\u0301\u200d👍"), max_size=300)


@given(st.text(max_size=200) | UNENDED, st.integers(1, 80))
def test_nothing_of_a_text_is_lost(text, length):
    parts = passages(text, length)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(part.strip() == part for part in parts) or not text.strip()
    assert all(len(part) <= length for part in parts if part.strip())


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
