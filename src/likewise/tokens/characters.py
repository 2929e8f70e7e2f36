"""A table of the normal form of each character, filled once with the normaliser of `tokenizers`.

NFKC, cleaning and lower-casing change a text character by character except where marks combine. A table of single
characters and the quick check of Unicode (UAX 15, section 9) therefore suffice for almost every text; the others are
detected and left to `tokenizers` itself.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Int32, UInt8
from tokenizers import Tokenizer as Reference

__all__ = ["ISOLATED", "KEEPS", "MARK", "SLOW", "SPACE", "WORD", "Characters", "characters"]

# The class of a character in the pre-tokenizer.
WORD, SPACE, ISOLATED = 0, 1, 2
# How a character can be normalised.
SLOW, KEEPS, MARK = 1, 2, 4

LAST_PAIR = 0x1D200  # canonical compositions are below it, and none is below U+00C0
_DAGGER = "†"  # no other character has it as its normal form, and none composes with it


@dataclass(frozen=True)
class Characters:
    """The normal form of every character below a limit.

    Attributes:
        kind: SLOW (only `tokenizers` can normalise it), KEEPS (NFKC does not change it), MARK (combining, NFKC does not
            change it unless its neighbours do), or 0 (NFKC changes it independently of its neighbours).
        order: its canonical combining class.
        start: its normal form is `form[start[c]:start[c + 1]]`.
        form: normal forms as UTF-8, end to end.
        role: for each byte of `form`, the class of its character in the pre-tokenizer: WORD, SPACE or ISOLATED.
    """

    kind: UInt8[np.ndarray, " characters"]
    order: UInt8[np.ndarray, " characters"]
    start: Int32[np.ndarray, " characters_and_1"]
    form: UInt8[np.ndarray, " bytes"]
    role: UInt8[np.ndarray, " bytes"]


def characters(reference: Reference, limit: int) -> Characters:
    """Build the table of all characters below `limit` with the normaliser and pre-tokenizer of `reference`."""
    everyone = [chr(code) for code in range(limit) if not 0xD800 <= code < 0xE000]
    forms = dict(zip(everyone, _normal_forms(reference, everyone), strict=True))
    roles = _roles(reference, sorted({character for form in forms.values() for character in form}))
    kind = np.full(limit, SLOW, np.uint8)
    order = np.zeros(limit, np.uint8)
    lengths = np.zeros(limit, np.int64)
    form_bytes, role_bytes = bytearray(), bytearray()
    for character in everyone:
        code = ord(character)
        kind[code] = _kind(character)
        order[code] = unicodedata.combining(character)
        before = len(form_bytes)
        for part in forms[character]:
            encoded = part.encode()
            form_bytes += encoded
            role_bytes += bytes([roles[part]]) * len(encoded)
        lengths[code] = len(form_bytes) - before
    start = np.zeros(limit + 1, np.int32)
    np.cumsum(lengths, out=start[1:])
    return Characters(
        kind, order, start, np.frombuffer(bytes(form_bytes), np.uint8), np.frombuffer(bytes(role_bytes), np.uint8)
    )


def _normal_forms(reference: Reference, everyone: list[str]) -> list[str]:
    # One call for all characters, with a dagger between them.
    joined = reference.normalizer.normalize_str(_DAGGER.join("x" if c == _DAGGER else c for c in everyone))
    forms = joined.split(_DAGGER)
    return [_DAGGER if c == _DAGGER else form for c, form in zip(everyone, forms, strict=True)]


def _roles(reference: Reference, parts: list[str]) -> dict[str, int]:
    # In "aXaYaZ" a word character joins its neighbours, punctuation is a token by itself, white space is dropped.
    subwords = reference.pre_tokenizer.pre_tokenize_str("".join("a" + part for part in parts))
    role = np.full(2 * len(parts), SPACE, np.uint8)
    for subword, (first, last) in subwords:
        role[first:last] = WORD if last - first > 1 or subword == "a" else ISOLATED
    return {part: int(role[2 * index + 1]) for index, part in enumerate(parts)}


def _kind(character: str) -> int:
    if unicodedata.category(character) == "Cn" or character in _composes_backwards():
        return SLOW  # newer than the Unicode of this Python, or it may compose with the character before it
    keeps = unicodedata.is_normalized("NFKC", character)
    if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]):
        return MARK if keeps else SLOW
    if unicodedata.normalize("NFKD", character)[0] in _composes_backwards():
        return SLOW
    return KEEPS if keeps else 0


@lru_cache(maxsize=1)
def _composes_backwards() -> frozenset[str]:
    """The second characters of canonical compositions, and the vowels and finals of Hangul."""
    return frozenset(_seconds()) | {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}


def _seconds() -> Iterator[str]:
    for code in range(0xC0, LAST_PAIR):
        decomposition = unicodedata.decomposition(chr(code))
        if decomposition and not decomposition.startswith("<"):
            parts = decomposition.split()
            if len(parts) == 2:
                yield chr(int(parts[1], 16))
