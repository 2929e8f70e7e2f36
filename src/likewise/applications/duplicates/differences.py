"""Where two texts differ: word by word, and by characters in scripts that put no spaces between words."""

import difflib
import re
from dataclasses import dataclass
from unicodedata import normalize

MOST_WORDS = 1_000  # between the first and the last difference that are compared: the time grows with their square
# Thai, Lao, Tibetan, Burmese, Khmer, kana and Han put no spaces between words; a mark stays with its letter.
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3"
    "\u3099\u309a"
)
_WORD = rf"(?:(?![{_UNSPACED}])[\w\u0300-\u036f\u0900-\u0dff])+"
TOKENS = re.compile(rf"[{_UNSPACED}][{_MARKS}]*|{_WORD}|\s+|[^\w\s]")


@dataclass(frozen=True)
class Differences:
    """What of each of two texts is not in the other, in order.

    Attributes:
        first: start and end of each part of the first text, in Unicode code points.
        second: of the second text.
    """

    first: tuple[tuple[int, int], ...]
    second: tuple[tuple[int, int], ...]


def differences(first: str, second: str) -> Differences:
    """Find the words of two texts that differ in more than case, amounts of white space and compatibility forms."""
    ones, others = ([(match.start(), match.group()) for match in TOKENS.finditer(text)] for text in (first, second))
    plain = [
        [" " if word.isspace() else normalize("NFKC", word).lower() for _, word in each] for each in (ones, others)
    ]
    before = _alike(*plain)
    behind = min(_alike(plain[0][::-1], plain[1][::-1]), min(map(len, plain)) - before)
    middle = [each[before : len(each) - behind] for each in plain]
    known = max(map(len, middle)) <= MOST_WORDS
    changes: list[tuple[str, int, int, int, int]] = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    if known:
        changes = list(difflib.SequenceMatcher(None, middle[0], middle[1]).get_opcodes())
    parts: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
    for kind, one, one_end, other, other_end in changes:
        for side, tokens, begin, end in ((0, ones, one, one_end), (1, others, other, other_end)):
            if kind != "equal" and begin < end:
                start, word = tokens[before + end - 1]
                parts[side].append((tokens[before + begin][0], start + len(word)))
    return Differences(*(_joined(text, each) for text, each in zip((first, second), parts, strict=True)))


def _alike(ones: list[str], others: list[str]) -> int:
    """How many words at the beginning are the same."""
    length = min(len(ones), len(others))
    return next((at for at in range(length) if ones[at] != others[at]), length)


def _joined(text: str, parts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Parts without white space at their ends, and with those joined that only white space divides."""
    found: list[tuple[int, int]] = []
    for start, end in parts:
        part = text[start:end]
        start, end = start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))  # noqa: PLW2901
        if start < end and found and not text[found[-1][1] : start].strip():
            found[-1] = found[-1][0], end
        elif start < end:
            found.append((start, end))
    return tuple(found)
