"""Scripts written without spaces between words, and Korean: their runs are cut into overlapping pairs of characters.

FTS5 would take a whole phrase of theirs for one word. 東京都 becomes 東京, 京都 and 都, so that a query finds it by its
own pairs, and a single character by the beginning of a pair.
"""

import re
from itertools import pairwise

__all__ = ["RUN", "cut", "pairs"]

# Characters of scripts without spaces, with the marks that stand on them. What a text becomes must never change within
# one format of the record, as its words are taken out again by the same cut: so ranges, not Python's Unicode tables.
_BASES = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"  # Lao
    "\u1000-\u102a\u103f\u1050-\u1055"  # Burmese
    "\u1780-\u17b3"  # Khmer
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7a3"  # Hangul
)
_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u17dd\u3099\u309a"
)
_CHARACTER = re.compile(f"[{_BASES}][{_MARKS}]*")
RUN = re.compile(f"(?:[{_BASES}][{_MARKS}]*)+")


def cut(text: str) -> str:
    """The text with every run cut into its pairs and its last character."""
    return text if text.isascii() else RUN.sub(lambda run: f" {' '.join(pairs(run[0], last=True))} ", text)


def pairs(run: str, *, last: bool) -> list[str]:
    """The overlapping pairs of characters of a run, and its last character alone where it is wanted."""
    characters = _CHARACTER.findall(run)
    found = [first + second for first, second in pairwise(characters)]
    return [*found, characters[-1]] if last else found
