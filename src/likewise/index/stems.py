"""Scripts written without spaces between words, and Korean: their runs are cut into overlapping pairs of characters.

FTS5 would take a whole phrase of theirs for one word. 東京都 becomes 東京, 京都 and 都, so that a query finds it by its
own pairs, and a single character by the beginning of a pair.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from likewise.errors import InputError

__all__ = ["RUN", "Stems", "cut", "folded", "pairs"]


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
_COMBINING = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u17dd\u3099\u309a"
)
_CHARACTER = re.compile(f"[{_BASES}][{_COMBINING}]*")
RUN = re.compile(f"(?:[{_BASES}][{_COMBINING}]*)+")


def cut(text: str) -> str:
    """The text with every run cut into its pairs and its last character."""
    return text if text.isascii() else RUN.sub(lambda run: f" {' '.join(pairs(run[0], last=True))} ", text)


def pairs(run: str, *, last: bool) -> list[str]:
    """The overlapping pairs of characters of a run, and its last character alone where it is wanted."""
    characters = _CHARACTER.findall(run)
    found = [first + second for first, second in pairwise(characters)]
    return [*found, characters[-1]] if last else found


_FROZEN = unicodedata.ucd_3_2_0
_MARKS = re.compile("[\u0300-\u036f]")
# Of UTF-8: letters of ASCII in lower case, its other signs as spaces; what is beyond ASCII stays.
_LOWERED = bytes(code if code > 127 else ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(256))

# Between the two stand only letters: Han, Yi, Hangul, private use.
_LOOKED_AT = (range(0x3400), range(0xF900, 0x10000))
# Signs of all kinds, of which later versions of Unicode brought more.
_SIGNS = ((0x2000, 0x2BFF), (0x2E00, 0x2E7F), (0x1F000, 0x1FAFF))
_MOST_KNOWN, _LONGEST_KNOWN = 1 << 17, 64  # outcomes that are remembered, some 20 MB, and their characters


class Stems:
    """Which word stands for which.

    Attributes:
        table: of each word that has a stem, the stem; both as FTS5 folds them.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = dict(table)
        # A stem is looked up like its forms: written in another way (ﬁsh for fish) it still becomes the same word.
        every = self.table | {stem: stem for stem in self.table.values()}
        self._of_ascii = every.get
        self._outcome = _Outcomes(every).__getitem__

    @classmethod
    def of(cls, model: Any) -> "Stems":
        """The stems of a model; none if it knows of none.

        Words of scripts without spaces are left out: an index cuts them into pairs.

        Raises:
            InputError: the `stems` of the model are no mapping of words to words.
        """
        given = getattr(model, "stems", None) or {}
        if not isinstance(given, Mapping) or not all(isinstance(word, str) for pair in given.items() for word in pair):
            raise InputError(
                f"the stems of the {type(model).__name__} are no mapping of words to words: an index needs"
                " stems[word] to be the word that stands for it, or no stems at all"
            )
        pairs = sorted((folded(form), folded(stem)) for form, stem in given.items())
        return cls(_joined([pair for pair in pairs if all(map(_is_word, pair))]))

    @classmethod
    def read(cls, kept: str | None) -> "Stems":
        """What `kept` made; None, of an index from before there were stems, is none."""
        return cls(json.loads(kept) if kept else {})

    def kept(self) -> str:
        """The form in which a record keeps them."""
        return json.dumps(self.table, ensure_ascii=False, separators=(",", ":"))

    def __len__(self) -> int:
        return len(self.table)

    def replaced(self, text: str) -> str:
        """The words of a text, each as the one that stands for it; what is no word is left out."""
        lowered = text.encode().translate(_LOWERED).decode()
        if text.isascii():
            words = lowered.split()
            return " ".join(map(self._of_ascii, words, words))
        return " ".join(map(self._outcome, lowered.split(" ")))


class _Outcomes(dict[str, str]):
    """What becomes of what stands between two spaces, remembered: words beyond ASCII are looked up slowly."""

    def __init__(self, table: dict[str, str]) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, part: str) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        # FTS5 folds a word without stem itself, as it does in an index without stems.
        words = (self._table.get(folded(word), word) for word in _word().findall(part))
        outcome = " ".join(words)
        if len(part) <= _LONGEST_KNOWN:
            self[part] = outcome
        return outcome


def folded(word: str) -> str:
    """A word as FTS5 folds it: in lower case and, where its letters are Latin, without accents; and in NFKC before."""
    if word.isascii():
        return word.lower()
    lowered = _FROZEN.normalize("NFKC", word).lower().replace("ς", "σ")
    return "".join(map(_without_accent, _MARKS.sub("", lowered)))


def _without_accent(character: str) -> str:
    first = _FROZEN.normalize("NFD", character)[0]
    return first if first.isascii() else character


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Of each word the one that stands for all that the pairs join."""
    above: dict[str, str] = {}

    def top(word: str) -> str:
        while word in above:
            word = above[word]
        return word

    for form, stem in pairs:
        if top(form) != top(stem):
            above[top(form)] = top(stem)
    return {word: top(word) for word in above}


def _is_word(word: str) -> bool:
    return bool(_word().fullmatch(word)) and not RUN.search(word)


@cache
def _word() -> re.Pattern[str]:
    """A run of letters, digits and their marks, as FTS5 is told to take them."""
    separators = [chr(code) for part in _LOOKED_AT for code in part if _separates(code)]
    signs = (f"{chr(first)}-{chr(last)}" for first, last in _SIGNS if first > _LOOKED_AT[-1][-1])
    return re.compile(f"[^{re.escape(''.join(separators))}{''.join(signs)}]+")


def _separates(code: int) -> bool:
    category = _FROZEN.category(chr(code))
    if category == "Cn":  # not known then
        return any(first <= code <= last for first, last in _SIGNS)
    return category[0] not in "LNM" and category != "Co"
