"""A table of the normal form of each character, filled once with the normaliser of `tokenizers`.

NFKC, cleaning and lower-casing change a text character by character except where marks combine. A table of single
characters and the quick check of Unicode (UAX 15, section 9) therefore suffice for almost every text; the others are
detected and left to `tokenizers` itself.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from tokenizers import Tokenizer as Reference

from likewise.arrays import Int32, UInt8, UInt32
from likewise.tokens.scripts import by_run

# The class of a character in the pre-tokenizer; the runs of `scripts.RUNS` have the numbers from RUN on.
WORD, SPACE, ISOLATED, RUN = 0, 1, 2, 3
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
        code: for each byte of `form`, its character.
    """

    kind: UInt8[np.ndarray, " characters"]
    order: UInt8[np.ndarray, " characters"]
    start: Int32[np.ndarray, " characters_and_1"]
    form: UInt8[np.ndarray, " bytes"]
    role: UInt8[np.ndarray, " bytes"]
    code: UInt32[np.ndarray, " bytes"]

    def roles(self, known: Iterable[str]) -> UInt8[np.ndarray, " bytes"]:
        """Return `role` where runs of scripts without spaces consist of the characters of a vocabulary."""
        role = self.role.copy()
        for number, run in enumerate(by_run(known)):
            role[np.isin(self.code, [ord(character) for character in run])] = RUN + number
        return role


def characters(reference: Reference, limit: int) -> Characters:
    """Build the table of all characters below `limit` with the normaliser and pre-tokenizer of `reference`."""
    everyone = [chr(code) for code in range(limit) if not 0xD800 <= code < 0xE000]
    codes = np.array([ord(character) for character in everyone])
    kind, order = np.full(limit, SLOW, np.uint8), np.zeros(limit, np.uint8)
    kind[codes] = [_kind(character) for character in everyone]
    order[codes] = [unicodedata.combining(character) for character in everyone]
    forms = _normal_forms(reference, everyone)
    joined = "".join(forms)
    parts, which = np.unique(np.frombuffer(joined.encode("utf-32-le"), np.uint32), return_inverse=True)
    roles = _roles(reference, [chr(part) for part in parts])
    sizes = (1 + (parts >= 0x80) + (parts >= 0x800) + (parts >= 0x10000))[which]  # bytes of each character in UTF-8
    ends = np.concatenate([[0], np.cumsum(sizes)])[np.cumsum([len(form) for form in forms])]
    start = np.zeros(limit + 1, np.int32)
    start[codes + 1] = np.diff(ends, prepend=0)
    np.cumsum(start, out=start)
    role, code = np.repeat(roles[which], sizes), np.repeat(parts[which], sizes)
    return Characters(kind, order, start, np.frombuffer(joined.encode(), np.uint8), role, code)


def _normal_forms(reference: Reference, everyone: list[str]) -> list[str]:
    # One call for all characters, with a dagger between them.
    joined = reference.normalizer.normalize_str(_DAGGER.join("x" if c == _DAGGER else c for c in everyone))
    forms = joined.split(_DAGGER)
    return [_DAGGER if c == _DAGGER else form for c, form in zip(everyone, forms, strict=True)]


def _roles(reference: Reference, parts: list[str]) -> UInt8[np.ndarray, " parts"]:
    # In "aXa aYa" a word character joins its neighbours, punctuation is a token by itself, white space is dropped.
    subwords = reference.pre_tokenizer.pre_tokenize_str(" ".join(f"a{part}a" for part in parts))
    role = np.full(4 * len(parts), SPACE, np.uint8)
    for subword, (first, last) in subwords:
        role[first:last] = WORD if last - first > 1 or subword == "a" else ISOLATED
    return role[1::4]


def _kind(character: str) -> int:
    if unicodedata.category(character) == "Cn" or character in _composes_backwards():
        return SLOW  # newer than the Unicode of this Python, or it may compose with the character before it
    if not unicodedata.decomposition(character):  # most characters
        return MARK if unicodedata.combining(character) else KEEPS
    keeps = unicodedata.is_normalized("NFKC", character)
    if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]):
        return MARK if keeps else SLOW
    if unicodedata.normalize("NFKD", character)[0] in _composes_backwards():
        return SLOW
    return KEEPS if keeps else 0


@lru_cache(maxsize=1)
def _composes_backwards() -> frozenset[str]:
    """The second characters of canonical compositions, and the vowels and finals of Hangul."""
    decompositions = [unicodedata.decomposition(chr(code)).split() for code in range(0xC0, LAST_PAIR)]
    seconds = {int(parts[1], 16) for parts in decompositions if len(parts) == 2 and not parts[0].startswith("<")}
    return frozenset(map(chr, seconds | {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}))
