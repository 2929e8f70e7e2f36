"""`likewise views`: words come back whole, and what was cut is seen."""

import io
import re
from pathlib import Path

import numpy as np
from cli_shelf import Shelf, succeeds
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from likewise.cli.views import TextViews, kept_words, print_views, sample_views, words_of
from likewise.corpus.read import read
from likewise.tokens.vocabulary import Vocabulary


def test_subwords_become_words() -> None:
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


def _printed(text: TextViews, *, colour: bool = False, width: int = 80) -> str:
    file = io.StringIO()
    print_views(
        [text], Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    )
    return file.getvalue()


def test_dropped_words_are_an_ellipsis_or_struck_through() -> None:
    text = TextViews(("a", "b", "c", "d"), (("b", "c"), ("d", "a")))
    assert _printed(text) == "text    a b c d\nview 1  … b c …\nview 2  d a\n"
    assert re.search("\x1b\\[2;9m", _printed(text, colour=True))


def test_long_texts_are_shown_by_their_ends() -> None:
    words = tuple(f"w{n}" for n in range(1000))
    shown = _printed(TextViews(words, (words[:500], words[500:])), width=40)
    assert "[… 960 words …]" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 40 and shown == "".join(
        f"{line.rstrip()}\n" for line in shown.splitlines()
    )


def test_views_are_of_the_texts_and_follow_the_seed(shelf: Shelf) -> None:
    corpus = read(shelf.file, text="body")
    sample = sample_views(corpus, "crop", 7, 3)
    assert len(sample) == 7 and sample == sample_views(corpus, "crop", 7, 3) != sample_views(corpus, "crop", 7, 4)
    for text in sample:
        for view in text.views:
            assert " ".join(view) in " ".join(text.text)


def test_the_command_prints_them(shelf: Shelf) -> None:
    printed = succeeds("views", shelf.file, "--text", "body", "-n", "2", "--views", "delete:0.5")
    assert [line[:6] for line in printed.splitlines() if line[:1].strip()] == ["text  ", "view 1", "view 2"] * 2
    assert "…" in printed


def test_a_large_corpus_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("".join(f'{{"text": "word{n} and more"}}\n' for n in range(9000)) + "broken\n")
    assert len(sample_views(read(file), None, 100, 0, max_texts=50)) == 50
