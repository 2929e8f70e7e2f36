"""The list of hits at every width, and as JSON."""

import datetime
import io
import json
import math
import sys
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds
from rich.cells import cell_len
from rich.console import Console

from likewise.cli.search import as_json, show_hits
from likewise.index.hybrid import Hit

LONG = Hit(
    "an id that is much longer than it should be", "東京 " * 40 + "\x1b[31mred\u202e", 0.5, {"price": 3.5, "name": ""}
)
SHORT = Hit("7", "a short\ntext", 12.25, {"price": None, "name": "x" * 500})


def _shown(hits: list[Hit], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, soft_wrap=True)
    show_hits(hits, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 133, 200])
def test_hits_fit_the_terminal(width: int) -> None:
    lines = _shown([LONG, SHORT], width)
    assert len(lines) == 4  # each hit has columns
    assert max(map(cell_len, lines)) <= width
    assert not any(sign in line for line in lines for sign in ("\x1b", "\u202e"))
    assert "a short text" in lines[2] and "12.250" in lines[2]
    assert "price 3.5" in lines[1] and "name" not in lines[1]
    assert lines[3].strip().startswith("name xxx") and lines[3].endswith("…")


def test_a_very_narrow_terminal_still_shows_some_of_the_text() -> None:
    lines = _shown([LONG], 10)
    assert "東京" in lines[0]


def test_no_hits_are_shown() -> None:
    assert _shown([], 80) == ["no hits"]


def test_json_holds_any_value(monkeypatch: pytest.MonkeyPatch) -> None:
    day = datetime.date(2024, 2, 29)
    hit = Hit("ü", "東京\n\x1b", 0.25, {"day": day, "no": math.nan, "far": math.inf, "yes": True})
    line = as_json("q", 1, hit, "京")
    assert "\n" not in line and "\x1b" not in line
    assert json.loads(line) == {
        "query": "q", "rank": 1, "id": "ü", "score": 0.25, "snippet": "京", "text": "東京\n\x1b",
        "columns": {"day": "2024-02-29", "no": None, "far": None, "yes": True},
    }  # fmt: skip
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "latin-1"))
    assert as_json("q", 1, hit, "京").isascii()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert "東京" in as_json("q", 1, hit, "")


def test_several_queries_each_have_their_heading(shelf: Shelf) -> None:
    shown = succeeds("search", shelf.index, "cancel a task", "open a socket", "-k", "2")
    assert shown.startswith("cancel a task\n 1  ")
    assert "\n\nopen a socket\n 1  " in shown
    assert succeeds("search", shelf.index, "-", "-k", "2", stdin="cancel a task\n\n \nopen a socket\r\n") == shown


def test_json_has_a_line_a_hit(shelf: Shelf) -> None:
    shown = succeeds("search", shelf.index, "cancel a task", "open a socket", "-k", "3", "--json")
    found = [json.loads(line) for line in shown.splitlines()]
    assert [(hit["query"], hit["rank"]) for hit in found] == [
        (query, rank) for query in ("cancel a task", "open a socket") for rank in (1, 2, 3)
    ]
    assert all(hit["text"] in shelf.texts for hit in found)


def test_nothing_found_is_no_error(shelf: Shelf) -> None:
    assert succeeds("search", shelf.index, "qqzzyx", "--mode", "text") == "no hits\n"
    assert succeeds("search", shelf.index, "qqzzyx", "--mode", "text", "--json") == ""
    assert succeeds("search", shelf.index, "task", "--where", "price < -1") == "no hits\n"
    assert succeeds("search", shelf.index, "-", stdin="") == ""


def test_similar_texts_need_no_query(shelf: Shelf) -> None:
    shown = succeeds("search", shelf.index, "--like", "d7", "-k", "3", "--json")
    found = [json.loads(line) for line in shown.splitlines()]
    assert len(found) == 3 and all(hit["id"] != "d7" and hit["query"] == shelf.texts[7] for hit in found)
    assert succeeds("search", shelf.index, "--like", "d7", "-k", "1").startswith(" 1  ")
    assert "no text with the id 'nope'" in fails("search", shelf.index, "--like", "nope")


def test_queries_are_read_from_a_file(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "queries.csv").write_text("number,words\n1,cancel a task\n2,open a socket\n", encoding="utf-8")
    shown = succeeds("search", shelf.index, "--queries", tmp_path / "queries.csv", "--text", "words", "-k", "2")
    assert shown == succeeds("search", shelf.index, "cancel a task", "open a socket", "-k", "2")
    assert "no column 'nothing'" in fails(
        "search", shelf.index, "--queries", tmp_path / "queries.csv", "--text", "nothing"
    )


def test_there_is_one_kind_of_query(shelf: Shelf) -> None:
    for words in ((), ("a task", "--like", "d7"), ("--like", "d7", "--queries", "x.txt")):
        assert "expected exactly one of" in fails("search", shelf.index, *words)


def test_a_long_text_is_shown_by_the_sentence_that_answers(shelf: Shelf) -> None:
    row, text = max(enumerate(shelf.texts), key=lambda pair: len(pair[1]))
    words = " ".join(text.split()[-8:])
    hits = [json.loads(line) for line in succeeds("search", shelf.index, words, "-k", "5", "--json").splitlines()]
    hit = next(hit for hit in hits if hit["id"] == f"d{row}")
    assert hit["snippet"].startswith("… ")
