import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokens_oracles import TEXTS, assert_same, expected

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer, as_arrow

ROWS = ["the quick", None, "", "déçu e\u0301", "数据", "😀", "never", None]


@pytest.mark.parametrize(
    "given_as",
    [
        pa.array(ROWS),
        pa.array(ROWS, pa.large_string()),
        pa.array(ROWS, pa.string_view()),
        pa.array(ROWS).dictionary_encode(),
        pa.array(["left", "out", *ROWS, "too"]).slice(2, len(ROWS)),
        pa.array(["left", "out", *ROWS, "too"], pa.large_string()).slice(2, len(ROWS)),
        pa.chunked_array([ROWS[:3], [], ROWS[3:]]),
        pa.chunked_array([ROWS[:3], ROWS[3:]], pa.large_string()),
        pa.chunked_array([pa.array(ROWS[:3]).dictionary_encode(), pa.array(ROWS[3:]).dictionary_encode()]),
        [*ROWS],
        tuple(ROWS),
    ],
    ids=lambda texts: f"{type(texts).__name__} {getattr(texts, 'type', '')}",
)
def test_every_way_to_give_texts(tokenizer: Tokenizer, given_as: object) -> None:
    """Two paths that must agree: Arrow's memory in any layout, and a list of the same strings."""
    assert_same(tokenizer.encode(as_arrow(given_as)), expected(tokenizer, [text or "" for text in ROWS]))


@given(st.lists(TEXTS | st.none(), max_size=8), st.integers(0, 8), st.integers(0, 8), st.booleans())
def test_slices_of_arrow_arrays(
    tokenizer: Tokenizer, texts: list[str | None], first: int, length: int, large: bool
) -> None:
    """A law: the ids of a slice are the slice of the ids."""
    array = pa.array(texts, pa.large_string() if large else pa.string()).slice(first, length)
    assert_same(tokenizer.encode(array), expected(tokenizer, [text or "" for text in texts[first : first + length]]))


def test_what_lies_under_a_null_is_no_text(tokenizer: Tokenizer) -> None:
    """A closed form: an Arrow null may cover bytes, here a letter and a combining mark; it has no ids all the same."""
    validity, offsets = pa.py_buffer(bytes([0b101])), np.array([0, 3, 6, 9], np.int64)
    data = pa.py_buffer("thee\u0301dog".encode())
    array = pa.Array.from_buffers(pa.large_string(), 3, [validity, pa.py_buffer(offsets.tobytes()), data])
    assert_same(tokenizer.encode(array), expected(tokenizer, ["the", "", "dog"]))


@pytest.mark.parametrize(
    "nothing", [[], (), pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.array([], pa.null())]
)
def test_no_texts(tokenizer: Tokenizer, nothing: object) -> None:
    """A closed form: no text, no ids, one offset."""
    assert_same(tokenizer.encode(nothing), Ragged.of([]))


@pytest.mark.parametrize("nothing", [["", ""], [None, None], pa.nulls(2), pa.array(["", ""], pa.large_string())])
def test_only_empty_texts(tokenizer: Tokenizer, nothing: object) -> None:
    """A closed form: texts without bytes have no ids."""
    assert_same(tokenizer.encode(as_arrow(nothing)), Ragged.of([[], []]))


def test_lone_surrogates_become_the_replacement_character() -> None:
    """A closed form: one U+FFFD a lone surrogate, one character a pair of them, all else as it was."""
    array = as_arrow(["a\ud800b", None, "\ud83d\ude00", "\udcff\ufeffc"])
    assert array.to_pylist() == ["a\ufffdb", "", "😀", "\ufffd\ufeffc"]


@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=8), max_size=5))
def test_lone_surrogates_in_any_text(tokenizer: Tokenizer, texts: list[str]) -> None:
    """Two paths that must agree: a text with lone surrogates, and the same with U+FFFD in their place."""
    clean = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    assert_same(tokenizer.encode(texts), expected(tokenizer, clean))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("a text", "write \\[text\\]"),
        (["a", 7], "text 1 is a int, expected a string"),
        (["\ud800", 7], "text 1 is a int, expected a string"),
        (["a", None, b"b\xff"], "text 2 is a bytes, expected a string"),
        ([float("nan")], "text 0 is a float, expected a string"),
        (pa.array([1, 2]), "array of int64, expected one of strings"),
        (pa.array([b"a"]), "array of binary, expected one of strings"),
        (pa.array([["a"]]), "expected one of strings"),
        (pa.chunked_array([[1.5]]), "array of double, expected one of strings"),
        (pa.array([1, 2]).dictionary_encode(), "expected one of strings"),
    ],
)
def test_what_is_no_list_of_strings_is_refused(wrong: object, message: str) -> None:
    """Bad input: one line that says what was given and what was expected."""
    with pytest.raises(InputError, match=message):
        as_arrow(wrong)
