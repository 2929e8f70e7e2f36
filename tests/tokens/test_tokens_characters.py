import sys
import unicodedata

import numpy as np
import pytest

from likewise.tokens.characters import (
    ISOLATED,
    KEEPS,
    LAST_PAIR,
    MARK,
    SLOW,
    SPACE,
    WORD,
    _composes_backwards,
    characters,
)
from likewise.tokens.vocabulary import UNKNOWN, reference_of

LIMIT = 0x3100


@pytest.fixture(scope="module")
def table():
    """The table of the first characters."""
    return characters(reference_of([UNKNOWN]), LIMIT)


def form(table, character: str) -> str:
    code = ord(character)
    return bytes(table.form[table.start[code] : table.start[code + 1]]).decode()


def roles(table, character: str) -> list[int]:
    code = ord(character)
    return table.role[table.start[code] : table.start[code + 1]].tolist()


def test_what_composes_backwards_is_found_by_a_scan_of_all_of_unicode() -> None:
    """A slow loop over every code point: the second halves of canonical pairs, and the vowels and finals of Hangul."""
    seconds = set()
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            assert 0xC0 <= code < LAST_PAIR
            seconds.add(chr(int(parts[1], 16)))
    hangul = {unicodedata.normalize("NFD", chr(code))[place] for code in range(0xAC00, 0xD7A4) for place in (1, -1)}
    assert _composes_backwards() == seconds | hangul


def test_no_other_character_composes_with_the_one_before_it() -> None:
    """A law of Unicode, tried: NFC joins no pair whose second character does not begin with one of the set."""
    begins = {chr(code): unicodedata.normalize("NFKD", chr(code))[0] for code in range(LIMIT)}
    others = [second for second, begin in begins.items() if begin not in _composes_backwards()]
    for first in ("a", "e", "\u0915", "\u1100", "\uac00", "\u304b"):
        assert all(unicodedata.normalize("NFC", first + second)[0] == first for second in others)


@pytest.mark.parametrize(
    ("character", "wanted"),
    [("A", "a"), ("é", "é"), ("İ", "i̇"), ("\x00", ""), ("\t", " "), ("½", "1⁄2"), ("²", "2"), ("†", "†")],
)
def test_normal_forms(table, character: str, wanted: str) -> None:
    """A closed form: lower case, NFKC, control characters gone, white space a space."""
    assert form(table, character) == wanted


@pytest.mark.parametrize(
    ("character", "wanted"),
    [("a", [WORD]), (" ", [SPACE]), ("!", [ISOLATED]), ("é", [WORD] * 2), ("†", [ISOLATED] * 3)],
)
def test_roles(table, character: str, wanted: list[int]) -> None:
    """A closed form: a role for each byte of the normal form."""
    assert roles(table, character) == wanted


@pytest.mark.parametrize(
    ("character", "wanted"),
    [
        ("a", KEEPS),
        ("é", KEEPS),
        ("½", 0),
        ("\u0301", SLOW),  # composes with the letter before it
        ("\u1161", SLOW),  # a vowel of Hangul
        ("\u0378", SLOW),  # not assigned
        ("\u064e", MARK),  # a vowel sign, composes with nothing
        ("\u0344", SLOW),  # a mark that NFKC changes
        ("\u0340", SLOW),
    ],
)
def test_kinds(table, character: str, wanted: int) -> None:
    """A closed form: how each kind of character may be taken."""
    assert table.kind[ord(character)] == wanted
    assert table.order[ord(character)] == unicodedata.combining(character)


def test_the_table_is_one_of_arrays_end_to_end(table) -> None:
    """A law: the forms tile the bytes, and every byte has a role."""
    assert table.start[0] == 0
    assert table.start[-1] == len(table.form) == len(table.role)
    assert (np.diff(table.start) >= 0).all()
    assert len(table.kind) == len(table.order) == LIMIT == len(table.start) - 1
