"""What each character is to a word, in any script: asked of Unicode once."""

import unicodedata
from functools import lru_cache

import numpy as np
from jaxtyping import UInt8

from likewise.applications.duplicates.likeness.kernels import ALONE, DIGIT, DROPPED, LETTER, SEPARATOR, SYMBOL

__all__ = ["kinds_of_characters"]

LIMIT = 0x3100  # what is above is Chinese, Japanese, Korean, an emoji or rare
HANGUL = (0xAC00, 0xD7A4)
# Scripts that write no space between words: every character is taken for a word, as in Chinese.
UNSPACED = ((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x30FF))


@lru_cache(maxsize=1)
def kinds_of_characters() -> UInt8[np.ndarray, " characters"]:
    """One of the kinds of `kernels.py` for each character up to the end of Hangul; those beyond stand alone."""
    kinds = np.full(HANGUL[1], ALONE, np.uint8)
    kinds[HANGUL[0] : HANGUL[1]] = LETTER  # Korean has spaces
    for code in range(LIMIT):
        kinds[code] = _kind(chr(code))
    for first, last in UNSPACED:
        part = kinds[first : last + 1]
        part[part == LETTER] = ALONE
    return kinds


def _kind(character: str) -> int:
    if character in "'’`´\u00ad":
        return DROPPED  # don't and dont are one word
    if character in "+#":
        return SYMBOL  # C++ and C# are words, a lone + is none
    category = unicodedata.category(character)
    if category[0] == "N":
        return DIGIT
    if category[0] in "LM":
        return LETTER
    return LETTER if category == "So" else SEPARATOR
