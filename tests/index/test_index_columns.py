"""What a column may hold, and that it comes back as it was."""

import datetime
import decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.index.columns import restored, stored, well_formed

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(scalars)
def test_comes_back_with_its_type(value):
    """Law: restored after stored is the value, and true is not 1."""
    again = restored(stored(value, "x"))
    assert again == value and type(again) is type(value)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (float("nan"), None),
        (decimal.Decimal("1.25"), 1.25),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 12, 30), "2024-02-29T12:30:00"),
        (datetime.time(12, 30), "12:30:00"),
    ],
)
def test_is_made_what_a_column_holds(given_, kept):
    assert restored(stored(given_, "x")) == kept


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"raw", object(), 2**63, 1j])
def test_refuses_what_is_no_scalar(value):
    with pytest.raises(InputError, match=r"column 'tags', row 3") as refused:
        stored(value, "column 'tags', row 3")
    assert "\n" not in str(refused.value)


@given(st.text())
def test_text_becomes_utf8(text):
    """Law: the result can be encoded; text that could be is untouched."""
    made = well_formed(text)
    made.encode()
    if not any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        assert made == text


def test_a_surrogate_pair_becomes_its_character():
    assert well_formed("\ud83d\ude00 \ud83d") == "😀 \ufffd"
