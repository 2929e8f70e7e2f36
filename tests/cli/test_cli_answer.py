"""Questions on the command line."""

import json
from pathlib import Path

from cli_shelf import Shelf, fails, run_likewise, succeeds


def test_a_question_is_answered_in_its_passage(shelf: Shelf) -> None:
    text = next(text for text in shelf.texts if 200 < len(text) < 500)
    words = " ".join(text.split()[:8])
    shown = succeeds("answer", shelf.index, words, "--confidence", "0")
    assert "» " in shown and " «" in shown
    assert "confidence" in shown.splitlines()[-1] and "module " in shown
    found = json.loads(succeeds("answer", shelf.index, words, "--confidence", "0", "--json"))
    assert found["found"] and found["answer"] == found["evidence"][0]["sentence"]
    best = found["evidence"][0]
    assert best["text"][best["start"] : best["end"]] == best["sentence"]
    assert set(best["columns"]) == {"module", "price"}


def test_no_answer_is_shown(shelf: Shelf) -> None:
    shown = succeeds("answer", shelf.index, "who painted the ceiling of the chapel", "--confidence", "1")
    assert shown.startswith("no answer found; the nearest sentence is:\n")
    assert "no text of the index" in succeeds("answer", shelf.index, "a task", "--where", "price < 0")


def test_several_questions_have_a_heading_each(shelf: Shelf) -> None:
    shown = succeeds("answer", shelf.index, "-", stdin="what is a task\n\nwho runs the loop\n")
    assert shown.startswith("what is a task\n") and "\nwho runs the loop\n" in shown
    assert len(succeeds("answer", shelf.index, "a task", "a loop", "--json").splitlines()) == 2


def test_long_passages_are_cut_at_words(shelf: Shelf) -> None:
    text = max(shelf.texts, key=len)
    sentence = text.split(". ")[len(text.split(". ")) // 2]
    shown = succeeds("answer", shelf.index, sentence[:120], "--confidence", "0")
    assert shown.count("»") == 1


def test_an_excerpt_is_shown_of_a_text_without_full_stops(shelf: Shelf, tmp_path: Path) -> None:
    words = [f"word{number % 97}" for number in range(40_000)]
    words[30_000:30_003] = ["the", "missing", "umbrella"]
    thai = "ร้านกาแฟเปิดตอนเช้าทุกวัน" * 2_000
    rows = [{"text": " ".join(words), "note": "n" * 5_000}, {"text": thai, "note": ""}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    index = tmp_path / "a.index"
    succeeds("index", shelf.model, tmp_path / "a.jsonl", "--text", "text", "--out", index, "--no-progress")
    shown = succeeds("answer", index, "missing umbrella", "--confidence", "0")
    assert "the missing umbrella" in " ".join(shown.split()) and "…" in shown and len(shown) < 1_500
    found = json.loads(succeeds("answer", index, "missing umbrella", "--confidence", "0", "--json"))
    best = found["evidence"][0]
    assert best["text"] == rows[0]["text"] and best["text"][best["start"] : best["end"]] == best["sentence"]
    shown = succeeds("search", index, "-", stdin=thai + "\n")
    assert len(shown) < 1_500


def test_wrong_arguments_are_one_line(shelf: Shelf) -> None:
    assert "question is empty" in fails("answer", shelf.index, " ")
    assert "does not exist" in fails("answer", "nowhere.index", "who?")
    assert run_likewise("answer", shelf.index, "who?", "--confidence", "2").exit_code == 2


def test_an_index_of_passages_names_the_texts(shelf: Shelf, tmp_path: Path) -> None:
    cut = ("--text", "body", "--id", "id", "--passages", "120")
    shown = succeeds("index", shelf.model, shelf.file, *cut, "--out", tmp_path / "cut.index", "--no-progress")
    count = int(shown.split(": ")[1].split()[0].replace(",", ""))
    assert count > len(shelf.texts)
    found = json.loads(succeeds("search", tmp_path / "cut.index", "cancel a task", "-k", "1", "--json"))
    document, _, number = found["id"].rpartition(".")
    assert found["columns"]["document"] == document and int(number) >= 1
    assert "".join(found["text"].split()) in "".join(shelf.texts[int(document[1:])].split())
    again = succeeds("add", tmp_path / "cut.index", shelf.file, *cut, "--no-progress")
    assert f"{count:,} before, {count:,} now" in again
