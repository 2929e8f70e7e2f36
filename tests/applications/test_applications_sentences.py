"""Sentences of texts."""

from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.sentences import sentences


@given(st.text() | st.text(st.sampled_from("aB. !?。\n\r\t 1é😀\u00a0")))
def test_every_character_that_is_no_space_is_in_one_sentence(text):
    found = sentences(text)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(one.text and one.text == one.text.strip() for one in found)
    places = [place for one in found for place in range(one.start, one.end)]
    assert places == sorted(set(places))
    assert not {place for place in range(len(text)) if not text[place].isspace()} - set(places)


@given(st.text(st.sampled_from("ab .\n,。ก\u0e49"), max_size=300), st.integers(1, 40))
def test_no_sentence_is_longer_than_the_longest(text, longest):
    found = sentences(text, longest)
    assert all(0 < len(one.text) <= longest and text[one.start : one.end] == one.text for one in found)
    assert "".join("".join(one.text for one in found).split()) == "".join(text.split())


def test_a_line_of_what_is_no_sentence_is_one():
    lines = [f"anna: the {number} key of the shed is lost again" for number in range(100)]
    assert [one.text for one in sentences("\n".join(lines))] == lines
    assert max(len(one.text) for one in sentences("word " * 100_000)) <= 1_000
    assert [one.text for one in sentences("a\n  \n" + " " * 3_000 + "b" * 1_500)] == ["a", "b" * 750, "b" * 750]


def test_sentences_end_where_readers_end_them():
    text = "Dr. Smith paid $3.50 in Washington, D.C. on Monday. Why? 東京は雨です。明日は晴れます。\n\nA heading\n"
    assert [one.text for one in sentences(text)] == [
        "Dr. Smith paid $3.50 in Washington, D.C. on Monday.",
        "Why?",
        "東京は雨です。",
        "明日は晴れます。",
        "A heading",
    ]
    assert sentences(" \n ") == []
