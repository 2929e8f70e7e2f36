"""Search with snippets."""

import re
import string

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.sentences import Sentence
from likewise.applications.snippets import best_part, snippet, with_snippets
from likewise.index.collection import Collection


class Letters:
    """Counts each letter of a text."""

    def encode(self, texts):
        return np.array(
            [[text.lower().count(letter) for letter in string.ascii_lowercase] for text in texts], np.float32
        )


def search(index, query):
    return with_snippets(index, query, index.search(query))


def test_results(tmp_path):
    with Collection.create(tmp_path / "a.index", Letters()) as index:
        index.add(["the battery\n  broke", "the screen cracked " + "and so on " * 50], ids=["x", "y"])
        results = search(index, "battery broke")
    assert (results[0].rank, results[0].hit.id, results[0].snippet) == (1, "x", "the battery broke")


def shown(text, query, length):
    """Return the snippet of a text that is one sentence."""
    bare = text.strip()
    first = text.index(bare)
    return snippet(text, best_part(Sentence(bare, first, first + len(bare)), query, length), length)


def test_snippets():
    """Closed forms."""
    text = "word " * 60 + "The Battery broke after a week, " + "word " * 60
    part = shown(text, "battery broke", 60)
    assert "Battery broke" in part and part.startswith("… word") and part.endswith(" …")
    assert shown("short  text\nin lines", "x", 160) == "short text in lines"
    assert shown("a" * 200, "zzz", 50) == "a" * 50 + " …"
    assert shown("start " + "b" * 200, "start", 50).startswith("start b")
    assert shown("b " * 200 + "end", "end", 50).endswith("b end")
    assert "猫" in shown("犬" * 300 + "猫" + "犬" * 300, "猫", 40)
    assert snippet("b " * 200, None, 20) == "b b b b b b b b b b …"


def test_a_snippet_begins_with_its_sentence():
    text = "One is first.  \nThe second is here. " + "More follows. " * 20
    second = Sentence("The second is here.", 16, 35)
    assert text[second.start : second.end] == second.text
    assert snippet(text, second, 40) == "… The second is here. More follows. More f …"
    last = Sentence("More follows.", len(text) - 14, len(text) - 1)
    assert snippet(text, last, 40) == "… follows. More follows. More follows."


def test_results_show_the_sentence_that_answers(tmp_path):
    text = "It came on Monday. " * 12 + "The battery lasted two days. " + "It came on Monday. " * 12
    with Collection.create(tmp_path / "a.index", Letters()) as index:
        index.add([text, "a battery"], ids=["x", "y"])
        (found,) = (one for one in search(index, "battery days") if one.hit.id == "x")
        assert found.snippet.startswith("… The battery lasted two days. It came")
        assert next(one for one in search(index, "battery") if one.hit.id == "y").snippet == "a battery"


@given(st.text(max_size=300), st.text(max_size=20), st.integers(20, 60))
def test_any_snippet(text, query, length):
    """Law: one line, at most the length without the ellipses, and a part of the text."""
    part = shown(text, query, length)
    assert "\n" not in part and len(part) <= length + 4
    assert re.sub(r"^… | …$", "", part).strip(" …") in " ".join(text.split()) or "…" in text
