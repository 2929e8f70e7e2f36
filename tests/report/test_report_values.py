import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.report.sample import number, readable, shown


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"a": 3}, 3.0), ({"a": 0.5}, 0.5), ({"a": True}, None), ({"a": "3"}, None), ({"a": None}, None), ({}, None),
        ({"a": math.nan}, None), ({"a": math.inf}, None), (None, None), ([3], None),
    ],
)  # fmt: skip
def test_a_number_or_none(values, found):
    assert number(values, "a") == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (True, "yes"), (False, "no"), (12345, "12,345"), (0.25, "0.25"), (12345.0, "12,345"), (0.0, "0"),
        (1.23456, "1.23"), ("a\nb", "a b"), ([1], "[1]"),
    ],
)  # fmt: skip
def test_values_as_a_person_reads_them(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a\n\tb\u2028c ", "a b c"), ("\x1b[31mred\x00", "[31mred"), ("\u202eleft", "left"), ("half \ud800", "half"),
        ("👩\u200d👧", "👩\u200d👧"), ("<b>&", "<b>&"), ("", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_left_out(text, line):
    assert readable(text) == line


@given(st.text(st.characters(exclude_categories=[]), max_size=50), st.integers(2, 30))
def test_a_line_is_short_and_can_be_written(text, most):
    """Laws: at most so many characters, one line, UTF-8, and the same when read again."""
    line = readable(text, most)
    assert len(line) <= most
    assert line.encode().decode() == line
    assert line.splitlines() in ([line], [])
    assert readable(line, most) == line
