"""`likewise views`: words come back whole, and what was cut is seen."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from cli_shelf import Shelf, succeeds
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from likewise.cli.show_views import Cut, draw_cuts, kept_words, show_cuts, words_of
from likewise.corpus.read import read
from likewise.tokens.vocabulary import Vocabulary


def test_pieces_become_words() -> None:
    subwords = ("[UNK]", "foot", "##ball", "##s", "a")
    vocabulary = Vocabulary(
        subwords, np.array([subword.startswith("##") for subword in subwords]), np.ones(5, np.int64)
    )
    assert words_of(np.array([4, 1, 2, 3, 1], np.int32), vocabulary) == ("a", "footballs", "foot")
    assert words_of(np.array([3, 4], np.int32), vocabulary) == ("s", "a")


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.data())
def test_what_was_kept_of_a_text_is_found(text: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    view = [word for word, whether in zip(text, chosen, strict=True) if whether]
    kept = kept_words(text, view)
    assert kept is not None
    assert [word for word, whether in zip(text, kept, strict=True) if whether] == view


def test_words_in_another_order_are_not_matched() -> None:
    assert kept_words(["a", "b", "c"], ["c", "a"]) is None


def _shown(cut: Cut, *, colour: bool = False, width: int = 80) -> str:
    file = io.StringIO()
    show_cuts(
        [cut], Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    )
    return file.getvalue()


def test_cut_words_are_an_ellipsis_or_struck_through() -> None:
    cut = Cut(("a", "b", "c", "d"), (("b", "c"), ("d", "a")))
    assert _shown(cut) == "text    a b c d\nview 1  … b c …\nview 2  d a\n"
    assert re.search("\x1b\\[2;9m", _shown(cut, colour=True))


def test_long_texts_are_shown_by_their_ends() -> None:
    words = tuple(f"w{n}" for n in range(1000))
    shown = _shown(Cut(words, (words[:500], words[500:])), width=40)
    assert "[… 960 words …]" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 40 and shown == "".join(
        f"{line.rstrip()}\n" for line in shown.splitlines()
    )


def test_views_are_of_the_texts_and_follow_the_seed(shelf: Shelf) -> None:
    corpus = read(shelf.file, text="body")
    cuts = draw_cuts(corpus, "crop", 7, 3)
    assert len(cuts) == 7 and cuts == draw_cuts(corpus, "crop", 7, 3) != draw_cuts(corpus, "crop", 7, 4)
    for cut in cuts:
        for view in cut.views:
            assert " ".join(view) in " ".join(cut.text)


def test_the_command_prints_them(shelf: Shelf) -> None:
    told = succeeds("views", shelf.file, "--text", "body", "-n", "2", "--views", "delete:0.5")
    assert [line[:6] for line in told.splitlines() if line[:1].strip()] == ["text  ", "view 1", "view 2"] * 2
    assert "…" in told


def test_a_large_corpus_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likewise.cli.show_views.MOST_TEXTS", 50)
    file = tmp_path / "a.jsonl"
    file.write_text("".join(f'{{"text": "word{n} and more"}}\n' for n in range(9000)) + "broken\n")
    assert len(draw_cuts(read(file), None, 100, 0)) == 50
