"""Differences between two texts: which words are marked, in any script."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.duplicates.differences import MOST_WORDS, differences


def marked(first, second):
    found = differences(first, second)
    return [first[start:end] for start, end in found.first], [second[start:end] for start, end in found.second]


@pytest.mark.parametrize(
    ("first", "second", "ones", "others"),
    [
        ("The red kettle, two litres", "The blue kettle,  2 litres", ["red", "two"], ["blue", "2"]),
        ("a b", "A   Ｂ", [], []),
        ("the same", "the same", [], []),
        ("it broke after a week", "it broke", ["after a week"], []),
        ("我喜欢吃苹果", "我不喜欢吃梨", ["苹果"], ["不", "梨"]),
        ("ฉันชอบกินข้าว", "ฉันไม่ชอบกินข้าว", [], ["ไม่"]),
        ("कमरा अच्छा है", "कमरा बुरा है", ["अच्छा"], ["बुरा"]),
        ("cafe\u0301 bar", "cafe bar", ["cafe\u0301"], ["cafe"]),
        ("\U0001f600 good", "\U0001f600 bad", ["good"], ["bad"]),
        ("", "new", [], ["new"]),
        ("Version 3!", "Version 4?", ["3!"], ["4?"]),
    ],
)
def test_words_that_differ(first, second, ones, others):
    assert marked(first, second) == (ones, others)


@given(st.text(), st.text())
def test_without_what_is_marked_texts_are_the_same(first, second):
    """Laws: what is not marked is the same in both, parts rise and hold more than white space."""
    found = differences(first, second)
    rest = []
    for text, parts in ((first, found.first), (second, found.second)):
        kept, end = "", 0
        for start, stop in parts:
            assert end <= start < stop <= len(text) and text[start:stop].strip() == text[start:stop] != ""
            kept, end = kept + text[end:start], stop
        rest.append("".join(normalize("NFKC", kept + text[end:]).lower().split()))
    assert rest[0] == rest[1]


def test_long_texts_are_compared_where_they_differ():
    long = "word " * 50_000
    assert marked(f"{long}red {long}", f"{long}blue {long}") == (["red"], ["blue"])
    ones, others = marked("a " * MOST_WORDS + "x", "b " * MOST_WORDS + "y")
    assert len(ones) == len(others) == 1
