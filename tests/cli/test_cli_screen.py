"""What reaches a terminal: one line, of a bounded width, that commands nothing."""

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from likewise.cli.screen import Meter, counted, lines_of, one_line, results, shortened


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
def test_the_meter_shows_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", "xterm")
    with Meter() as progress_bar:
        progress_bar.reach(1000)
        progress_bar.stage("building")
        summary = progress_bar.summary(2)
    assert "texts/s; 2 unreadable rows left out" in summary
    written = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert ("1,000 texts" in written and "building" in written) if terminal else written == ""
