"""The hashes of texts: of the whole text, its words, its character shingles, and bands of MinHashes."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.kernels import ALONE, DIGIT, DROPPED, LETTER, SEPARATOR, SYMBOL
from likewise.arrays import Int, Int32, Int64, UInt8, UInt32, UInt64
from likewise.tokens.kernels import gather
from likewise.tokens.tokenizer import BLOCKS, as_arrow, buffers

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


BANDS, ROWS = 16, 4  # of MinHashes: of two texts that share 70 % of their shingles 99 % meet in a band, of 30 % 12 %
WORDS, GRAMS = 256, 512  # words and trigrams that are kept of a text


@dataclass(frozen=True)
class TextHashes:
    """Hashes of some texts.

    Attributes:
        exact: a hash of the characters, without regard to case, compatibility forms and amounts of white space; 0 for a
            blank text.
        words: the spelling of each word as `kernels.spelling` has it, a rising set a text, all texts end to end: all of
            a short text, the 256 lowest of a long one (Broder 1997, "On the resemblance and containment of documents").
        word_offsets: those of text `i` are from `word_offsets[i]` to `word_offsets[i + 1]`.
        grams: the same of the trigrams of its words, hashed, with repeats, at most 512.
        gram_offsets: those of text `i` are from `gram_offsets[i]` to `gram_offsets[i + 1]`.
        bands: hashes of groups of MinHashes: texts that share one are worth comparing.
    """

    exact: UInt64[np.ndarray, " texts"]
    words: UInt64[np.ndarray, " words"]
    word_offsets: Int64[np.ndarray, " texts_and_1"]
    grams: UInt32[np.ndarray, " grams"]
    gram_offsets: Int64[np.ndarray, " texts_and_1"]
    bands: UInt64[np.ndarray, "bands texts"]

    def __len__(self) -> int:
        return len(self.exact)

    def take(self, rows: Int[np.ndarray, " some"]) -> "TextHashes":
        """Those of some texts, in that order."""
        words = packed(self.words, self.word_offsets[:-1][rows], np.diff(self.word_offsets)[rows])
        grams = packed(self.grams, self.gram_offsets[:-1][rows], np.diff(self.gram_offsets)[rows])
        return TextHashes(self.exact[rows], *words, *grams, np.ascontiguousarray(self.bands[:, rows]))

    @classmethod
    def joined(cls, parts: "list[TextHashes]") -> "TextHashes":
        """Those of all parts, one part after the other."""
        none, no_lengths = np.zeros(0, np.uint32), np.zeros(0, np.int64)
        return cls(
            np.concatenate([np.zeros(0, np.uint64), *(part.exact for part in parts)]),
            np.concatenate([np.zeros(0, np.uint64), *(part.words for part in parts)]),
            _offsets_of(np.concatenate([no_lengths, *(np.diff(part.word_offsets) for part in parts)])),
            np.concatenate([none, *(part.grams for part in parts)]),
            _offsets_of(np.concatenate([no_lengths, *(np.diff(part.gram_offsets) for part in parts)])),
            np.concatenate([np.zeros((BANDS, 0), np.uint64), *(part.bands for part in parts)], axis=1),
        )


def hash_texts(texts: pa.Array | list[str], *, chunk_texts: int = 1 << 15, chunk_bytes: int = 1 << 25) -> TextHashes:
    """Hash texts in chunks of at most so many texts and, unless one text alone is longer, bytes."""
    drawn = np.random.default_rng(0).integers(0, 1 << 32, (2, BANDS * ROWS), dtype=np.uint32)
    functions = (drawn[0] | np.uint32(1), drawn[1])
    return TextHashes.joined(
        [_read_chunk(chunk, functions) for chunk in _chunks(as_arrow(texts), chunk_texts, chunk_bytes)]
    )


def _read_chunk(chunk: pa.Array, functions: tuple[UInt32[np.ndarray, " hashes"], ...]) -> TextHashes:
    lower = pc.utf8_lower(pc.utf8_normalize(chunk, form="NFKC"))
    offsets, data = buffers(lower)
    offsets = np.ascontiguousarray(offsets, np.int64)
    texts = len(lower)
    size = int(offsets[-1] - offsets[0])
    words, counts = np.empty(size + texts + 1, np.uint64), np.empty(texts, np.int32)
    shingles, many = np.empty(size + texts + 1, np.uint32), np.empty(texts, np.int32)
    grams, how_many = np.empty_like(shingles), np.empty(texts, np.int32)
    exact = np.empty(texts, np.uint64)
    kernels.read_texts(
        data, offsets, kinds_of_characters(), words, counts, exact, shingles, many, grams, how_many
    )  # fmt: skip
    places = offsets[:-1] - offsets[0] + np.arange(texts)
    minhashes = np.empty((texts, BANDS * ROWS), np.uint32)
    kernels.minhashes_of(shingles, places, many, functions[0], functions[1], minhashes)
    bands = np.empty((BANDS, texts), np.uint64)
    kernels.band_hashes(minhashes, BANDS, ROWS, bands)
    kept = packed(words, places, np.minimum(counts, WORDS)), packed(grams, places, np.minimum(how_many, GRAMS))
    return TextHashes(exact, *kept[0], *kept[1], bands)


def packed(
    values: Int32[np.ndarray, " values"] | UInt32[np.ndarray, " values"] | UInt64[np.ndarray, " values"],
    begins: Int64[np.ndarray, " texts"],
    lengths: Int[np.ndarray, " texts"],
) -> tuple[np.ndarray, Int64[np.ndarray, " texts_and_1"]]:
    """What belongs to each text end to end, and where it begins then."""
    offsets = _offsets_of(lengths)
    out = np.empty(offsets[-1], values.dtype)
    gather(values, np.ascontiguousarray(begins), offsets, out, BLOCKS)
    return out, offsets


def _chunks(texts: pa.Array, most_texts: int, most_bytes: int) -> Iterator[pa.Array]:
    offsets, _ = buffers(texts)
    first = 0
    while first < len(texts):
        fitting = int(np.searchsorted(offsets, offsets[first] + most_bytes, side="right")) - 1 - first
        length = max(1, min(most_texts, fitting, len(texts) - first))
        yield texts.slice(first, length)
        first += length


def _offsets_of(lengths: Int[np.ndarray, " texts"]) -> Int64[np.ndarray, " texts_and_1"]:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
