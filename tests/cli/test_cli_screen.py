"""What reaches a terminal: lines of a bounded width without control codes, lists, JSON and progress."""

import io
import json
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from likewise.cli.screen import (
    ProgressCounter,
    Row,
    column_values,
    counted,
    json_line,
    lines_of,
    one_line,
    results,
    shortened,
    show_list,
)


@given(st.text(max_size=300), st.integers(5, 120))
def test_any_text_becomes_a_line_of_the_width(text: str, width: int) -> None:
    line = shortened(text, width)
    assert cell_len(line) <= width
    assert "\n" not in line and "\x1b" not in line
    assert all(unicodedata.category(character) not in {"Cc", "Cs"} for character in line)
    if cell_len(one_line(text)) <= width:
        assert line == one_line(text)
    else:
        assert line.endswith("…")


def test_words_keep_their_joiners_and_lose_what_moves_the_cursor() -> None:
    assert one_line("می\u200cخواهم \U0001f468\u200d\U0001f469") == "می\u200cخواهم \U0001f468\u200d\U0001f469"
    assert one_line("a\tb\r\n c\u2028d\x1b[2J\u202ee\u00a0f\x00") == "a b c d[2Je f"


def test_a_megabyte_is_shortened_at_once() -> None:
    assert shortened("word " * 1_000_000, 20) == "word word word word…"
    assert shortened(" " * 1_000_000 + "end", 20) == "…"


def test_counts() -> None:
    assert [counted(number, "text") for number in (0, 1, 2, 12345)] == ["0 texts", "1 text", "2 texts", "12,345 texts"]


def test_a_dash_stands_for_the_lines_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("b\n\n  \nc d\r\n"))
    assert list(lines_of(["a", "-", "e"])) == ["a", "b", "c d", "e"]


def test_results_have_no_colour_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    results().print("[bold]kept[/] as it is " + "x" * 200, style="red")
    assert capsys.readouterr().out == "[bold]kept[/] as it is " + "x" * 200 + "\n"


def test_a_broken_pipe_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(BrokenPipeError):
        results().print("x")


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", "xterm")
    with ProgressCounter() as counter:
        counter.reach(1000)
        summary = counter.summary(2)
        counter.zero = 3
    assert summary.endswith("texts/s; 2 unreadable rows skipped")
    assert counter.summary(0).endswith("texts/s; 3 texts without a known word: zero vectors")
    written = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "1,000 texts" in written if terminal else written == ""


def test_a_list_has_numbers_ids_marks_and_what_stands_below() -> None:
    console = Console(file=io.StringIO(), width=60, markup=False, highlight=False, soft_wrap=True)
    show_list([Row(0.5, "a", "one"), Row(-1.25, "long", "two", "new", "price 3")], console, digits=7)
    show_list([], console)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        " 1    0.500  a     one",
        " 2   -1.250  long  new  two",
        "                        price 3",
    ]


def test_columns_without_a_value_are_left_out() -> None:
    assert column_values({"price": 0, "name": "", "size": None, "made": True}) == ["price 0", "made True"]


def test_a_line_of_json_fits_where_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"id": "ü", "score": np.float64(0.5), "text": "東京\n"}
    for encoding, plain in (("latin-1", False), ("utf-8", True)):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
        line = json_line(fields)
        assert ("東京" in line) is plain
        assert "\n" not in line
        assert json.loads(line) == {"id": "ü", "score": 0.5, "text": "東京\n"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_line({"score": float("nan")})
