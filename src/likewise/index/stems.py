"""Texts and queries as terms: forms of a word become their stem, scripts without spaces become bigrams.

The record removes the terms of a text by computing them again, so the same text must always give the same terms within
one format of the record: all rules use fixed character ranges and Unicode 3.2 instead of the tables of the running
Python. What Unicode writes in several ways becomes one (`normalised`); SQLite's FTS5 splits the result into terms
(tokenizer `unicode61`).
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cache, partial
from itertools import pairwise
from typing import Any, TypeVar

from likewise.corpus.encoding import well_formed
from likewise.errors import InputError
from likewise.tokens.scripts import HAN, HIRAGANA, KATAKANA, SOUTH_EAST_ASIAN, SOUTH_EAST_ASIAN_MARKS

# The marks (M*) belong to the word: without them Hindi or Bengali words fall apart at their vowel signs.
TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"

# Characters of scripts that are written without spaces, and of Korean, which joins particles to words.
_BASES = f"{SOUTH_EAST_ASIAN}{HIRAGANA}{KATAKANA}\uff66-\uff9f{HAN}\uac00-\ud7a3"  # with half-width kana and Hangul
_COMBINING = f"{SOUTH_EAST_ASIAN_MARKS}\u3099\u309a"
_CHARACTER = re.compile(f"[{_BASES}][{_COMBINING}]*")
UNSPACED = re.compile(f"(?:[{_BASES}][{_COMBINING}]*)+")

_FROZEN = unicodedata.ucd_3_2_0
# What a word may be written with or without: accents that compose with no letter; points of Hebrew and Arabic, and the
# lengthening of Arabic; variation selectors and other invisible characters that are not of category Cf in 3.2.
_OPTIONAL = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff"
    "\u00ad\u200b\u180b-\u180e\u061c\u2066-\u2069\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_QUOTES, _APOSTROPHE = re.compile("['\u2019]"), "\u02bc"
_APOSTROPHES = "\u02b9\u02bb\u02bc\u02bd"  # letters to Unicode, but a word is split at any other apostrophe
# Letters of later versions of Unicode that are another spelling of older ones, and two that casefold does not change.
_SAME = {
    "\u1e9e": "ss", "\u0131": "i", "\u09ce": "\u09a4\u09cd", "\u0d7a": "\u0d23\u0d4d", "\u0d7b": "\u0d28\u0d4d",
    "\u0d7c": "\u0d30\u0d4d", "\u0d7d": "\u0d32\u0d4d", "\u0d7e": "\u0d33\u0d4d", "\u0d7f": "\u0d15\u0d4d",
    **dict.fromkeys("\u0450\u0451\u0400\u0401", "\u0435"), "\u045d": "\u0438", "\u040d": "\u0438",
}  # fmt: skip
_LATIN, _GREEK = range(0x250), range(0x370, 0x400)
_SIGNS = re.compile("[\u2100-\u214f\u3200-\u33ff]")  # blocks with signs for whole words, such as ™, № and ㎏
_NON_JOINER = "\u200c"
_COMPOUND = re.compile("[\u0620-\u06ff]+(?:\u200c[\u0620-\u06ff]+)+")
# Bytes of UTF-8: ASCII letters in lower case, other ASCII signs as spaces, bytes above ASCII unchanged.
_LOWERED = bytes(code if code > 127 else ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(256))
_LOWERED_NAMES = bytes(code if code == ord("_") else to for code, to in enumerate(_LOWERED))
# Where separators occur; between the two ranges there are only letters (Han, Yi, Hangul) and private use.
_SCANNED = (range(0x3400), range(0xF900, 0x10000))
# Blocks of symbols, to which later versions of Unicode added more.
_SYMBOLS = ((0x2000, 0x2BFF), (0x2E00, 0x2E7F), (0x1F000, 0x1FAFF))
_MAX_CACHED, _MAX_CACHED_LENGTH = 1 << 17, 64  # words beyond ASCII, about 20 MB, and their characters
_MAX_TERMS = 1 << 15  # words whose terms are remembered, about 10 MB

T = TypeVar("T")


class Stems:
    """Which words count as forms of the same word.

    Args:
        table: the stem of each word that has one, both as FTS5 folds them.

    Attributes:
        table: the same.
        cache: the stems of words beyond ASCII, whose lookup is slow.
        terms: of each word that was shown in a result.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = dict(table)
        # A stem maps to itself, so that another spelling of it (ﬁsh for fish) becomes the same term.
        every = self.table | {stem: stem for stem in self.table.values()}
        self._of_ascii = every.get
        self.cache = _Cache(partial(_replaced, every), _MAX_CACHED)
        self.terms: dict[str, frozenset[str]] = _Cache(lambda word: frozenset(terms_of(word, self)), _MAX_TERMS)

    @classmethod
    def of(cls, model: Any) -> "Stems":
        """Return the stems that a model learned; none if it has no attribute `stems`.

        Words of scripts without spaces are left out, because the index splits them into bigrams.

        Raises:
            InputError: the `stems` of the model are no mapping of words to words.
        """
        given = getattr(model, "stems", None) or {}
        if not isinstance(given, Mapping) or not all(isinstance(word, str) for pair in given.items() for word in pair):
            raise InputError(
                f"the stems of the {type(model).__name__} are no mapping of words to words: an index needs"
                " stems[word] to be the stem of the word, or no stems at all"
            )
        pairs = sorted((fold(form), fold(stem)) for form, stem in given.items())
        return cls(_merged([pair for pair in pairs if all(map(_is_word, pair))]))

    @classmethod
    def from_json(cls, text: str) -> "Stems":
        """Read what `to_json` wrote."""
        return cls(json.loads(text))

    def to_json(self) -> str:
        """Return the table as JSON."""
        return json.dumps(self.table, ensure_ascii=False, separators=(",", ":"))

    def __len__(self) -> int:
        return len(self.table)

    def replace(self, text: str) -> str:
        """Return the words of a text, each replaced by its stem; characters between words become spaces."""
        lowered = text.encode().translate(_LOWERED).decode()
        if text.isascii():
            words = lowered.split()
            return " ".join(map(self._of_ascii, words, words))
        return " ".join(map(self.cache.__getitem__, lowered.split(" ")))


def _replaced(table: Mapping[str, str], part: str) -> str:
    """Return what is between two spaces with its stems. A word without one stays as it is: FTS5 folds it."""
    return " ".join(table.get(fold(word), word) for word in _word().findall(part))


class _Cache(dict[str, T]):
    """What a function makes of words, long ones apart; emptied when it is full."""

    def __init__(self, made_of: Callable[[str], T], max_size: int) -> None:
        super().__init__()
        self._made_of, self.max_size = made_of, max_size

    def __missing__(self, word: str) -> T:
        if len(self) >= self.max_size:
            self.clear()
        made = self._made_of(word)
        if len(word) <= _MAX_CACHED_LENGTH:
            self[word] = made
        return made


NO_STEMS = Stems({})


def indexed_text(text: str, stems: Stems = NO_STEMS) -> str:
    """Return the text that FTS5 indexes: bigrams of scripts without spaces, and stems of words."""
    if not text.isascii():
        text = normalised(text)
        text = UNSPACED.sub(lambda run: f" {' '.join(_bigrams(run[0], last=True))} ", text)
    return stems.replace(text) if stems else text


def query_terms(query: str, stems: Stems = NO_STEMS) -> list[str]:
    """Return the distinct terms of a query as FTS5 phrases: quoted, so that nothing a user types is FTS5 syntax.

    A single character of a script without spaces becomes a prefix search, which finds the bigrams that begin with it.
    """
    phrases: dict[str, None] = {}
    query, end = normalised(well_formed(query)), 0
    for run in UNSPACED.finditer(query):
        phrases |= dict.fromkeys(_spaced_terms(query[end : run.start()], stems))
        bigrams = _bigrams(run[0], last=False)
        phrases |= dict.fromkeys(f'"{bigram}"' for bigram in bigrams) if bigrams else {f'"{run[0]}" *': None}
        end = run.end()
    return list(phrases | dict.fromkeys(_spaced_terms(query[end:], stems)))


def terms_of(text: str, stems: Stems = NO_STEMS) -> set[str]:
    """Return the distinct terms of a text, folded."""
    return set(map(bare_term, query_terms(text, stems)))


def readable_words(text: str) -> list[str]:
    """Return the words of a text in lower case as they are written; bigrams of scripts without spaces."""
    text = _QUOTES.sub(_APOSTROPHE, text.lower())  # which is a letter to Unicode: don't stays one word
    found = [] if text.isascii() else [pair for run in UNSPACED.findall(text) for pair in _bigrams(run, last=False)]
    spaced = text if text.isascii() else UNSPACED.sub(" ", text)
    words = (word.strip(_APOSTROPHE).replace(_APOSTROPHE, "'") for word in _word().findall(spaced))
    return found + [word for word in words if word]


def spaced_words(text: str) -> str:
    """Return the words of a text as they are compared, with a space before each and one after the last.

    Nothing is replaced by its stem; names of programs such as `read_csv` are one word, and so are runs of a script
    without spaces.
    """
    if text.isascii():
        words = text.encode().translate(_LOWERED_NAMES).decode().split()
    else:
        text = UNSPACED.sub(r" \g<0> ", normalised(text))
        words = "_".join(part.translate(_SPACED) for part in text.split("_")).lower().split()
    return f" {' '.join(words)} "


def character_pairs(run: str) -> list[str]:
    """Return the overlapping pairs of a run of characters of a script without spaces; a single one is itself."""
    return _bigrams(run, last=False) or [run]


def matching(text: str, terms: Set[str], stems: Stems = NO_STEMS) -> list[tuple[int, int]]:
    """Return begin and end of the words of a text that are among some terms, in order; adjacent ones become one.

    Args:
        text: any.
        terms: as `terms_of` returns them.
        stems: of the index.
    """
    found: list[tuple[int, int]] = []
    for word in _word().finditer(text):
        for start, end in _pieces(word[0], word.start()):
            if not terms.isdisjoint(stems.terms[text[start:end]]):
                if found and found[-1][1] >= start:
                    found[-1] = found[-1][0], end
                else:
                    found.append((start, end))
    return found


def _pieces(word: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the places that can match by themselves: words, and pairs of characters of scripts without spaces."""
    end = 0
    for run in UNSPACED.finditer(word):
        if end < run.start():
            yield start + end, start + run.start()
        places = [start + run.start() + each.start() for each in _CHARACTER.finditer(run[0])] + [start + run.end()]
        yield from zip(places, places[2:] or places[1:], strict=False)
        end = run.end()
    if end < len(word):
        yield start + end, start + len(word)


def bare_term(phrase: str) -> str:
    """Return the term of an FTS5 phrase, folded."""
    return fold(phrase.strip('" *'))


def normalised(text: str) -> str:
    """Return the text with each word in one of the forms that Unicode has of it.

    As in the tokenizer of the vectors, this is NFKC without format characters (soft hyphen, zero-width space). Beyond
    it, case is folded (ß is ss), digits of all scripts are the same, and a word may be written with accents or points
    or without. Accents of Latin and Greek letters and ё count as such, й does not: it is a letter of its own. Parts of
    a word that are held apart by a zero-width non-joiner, as in Persian, are written joined or with a space elsewhere:
    they become all of it.
    """
    if text.isascii():
        return text
    text = _FROZEN.normalize("NFKC", _SIGNS.sub(_apart, text))
    if _NON_JOINER in text:
        text = _COMPOUND.sub(lambda word: f"{word[0]} {word[0].replace(_NON_JOINER, ' ')}", text)
    return text.translate(_FOLDED)


def fold(word: str) -> str:
    """Return a word as the index has it."""
    return normalised(word).lower()


class _Characters(dict[int, str]):
    """What a function makes of each character, filled as characters occur; for `str.translate`."""

    def __init__(self, made_of: Callable[[str], str]) -> None:
        super().__init__()
        self._made_of = made_of

    def __missing__(self, code: int) -> str:
        self[code] = self._made_of(chr(code))
        return self[code]


def _folded(character: str) -> str:
    if character.isascii():
        return character
    category = _FROZEN.category(character)
    if character in _SAME:
        return _SAME[character]
    if category == "Cf" or _OPTIONAL.match(character):
        return ""
    if character in _APOSTROPHES:
        return " "
    if category == "Nd":
        return str(_FROZEN.decimal(character))
    base = _FROZEN.normalize("NFD", character)[0]
    if ord(base) in _LATIN or ord(base) in _GREEK:
        character = base
    return character if category == "Cn" else character.casefold()


def _kept(character: str) -> str:
    """Return what FTS5 keeps of a character: itself or a space."""
    category = unicodedata.category(character)
    return character if category[0] in "LNM" or category == "Co" else " "


_FOLDED, _SPACED = _Characters(_folded), _Characters(_kept)


def _apart(sign: re.Match[str]) -> str:
    form = _FROZEN.normalize("NFKC", sign[0])
    return f" {form} " if len(form) > 1 and _FROZEN.category(sign[0]) == "So" else sign[0]


def _bigrams(run: str, *, last: bool) -> list[str]:
    """Return the overlapping character bigrams of a run, with `last` also its last character alone."""
    characters = _CHARACTER.findall(run)
    found = [first + second for first, second in pairwise(characters)]
    return [*found, characters[-1]] if last else found


def _spaced_terms(text: str, stems: Stems) -> list[str]:
    text = stems.replace(text) if stems else text
    return [f'"{word}"' for word in text.translate(_SPACED).split()]


def _merged(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Map every word to one representative of all words that the pairs connect."""
    parents: dict[str, str] = {}

    def root(word: str) -> str:
        while word in parents:
            word = parents[word]
        return word

    for form, stem in pairs:
        if root(form) != root(stem):
            parents[root(form)] = root(stem)
    return {word: root(word) for word in parents}


def _is_word(word: str) -> bool:
    return bool(_word().fullmatch(word)) and not UNSPACED.search(word)


@cache
def _word() -> re.Pattern[str]:
    """Match a run of letters, digits and their marks, as `TOKENIZER` does."""
    separators = [chr(code) for part in _SCANNED for code in part if _separates(code)]
    symbols = (f"{chr(first)}-{chr(last)}" for first, last in _SYMBOLS if first > _SCANNED[-1][-1])
    return re.compile(f"[^{re.escape(''.join(separators))}{''.join(symbols)}]+")


def _separates(code: int) -> bool:
    category = _FROZEN.category(chr(code))
    if category == "Cn":  # unassigned in Unicode 3.2
        return any(first <= code <= last for first, last in _SYMBOLS)
    return category[0] not in "LNM" and category != "Co"
