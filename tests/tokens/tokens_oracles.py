"""Texts that tokenizers find hard, and what `tokenizers` itself makes of them."""

from collections.abc import Iterable

from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference

from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, reference_of

# What the normaliser, the pre-tokenizer and WordPiece treat differently from a plain letter.
RANGES = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0x24F),  # accents, composed
    (0x300, 0x36F),  # combining marks
    (0x370, 0x52F),  # Greek, Cyrillic
    (0x590, 0x5FF), (0x600, 0x6FF),  # right to left
    (0x900, 0x97F), (0xE00, 0xE7F),  # vowel signs, nukta
    (0x1100, 0x11FF), (0xAC00, 0xAC80), (0xD788, 0xD7A3),  # Hangul: jamo and syllables
    (0x1E00, 0x1FFF),  # Vietnamese, Greek with many marks
    (0x2000, 0x206F), (0x2070, 0x218F),  # spaces, joiners, directions; fractions and Roman numerals
    (0x2460, 0x24FF), (0x3000, 0x33FF),  # circled, kana, squared: expanded by NFKC
    (0x4E00, 0x4E80), (0xF900, 0xFAFF), (0x20000, 0x20020), (0x2F800, 0x2F820),  # CJK, compatibility forms
    (0xFB00, 0xFDFF), (0xFE00, 0xFEFF), (0xFF00, 0xFFEF),  # ligatures, variation selectors, full and half width
    (0x1D150, 0x1D1D0), (0x1D400, 0x1D480),  # music that decomposes, mathematical letters
    (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF), (0x1F440, 0x1F64F),  # flags, skin tones, emoji
    (0x00, 0x1F), (0x7F, 0x9F), (0xD7FB, 0xD7FF), (0xE000, 0xE010), (0xFFF0, 0xFFFF), (0x10FFF0, 0x10FFFF),
)  # fmt: skip
CODES = [code for first, last in RANGES for code in range(first, last + 1)]
ANY = st.sampled_from([chr(code) for code in CODES])
CHUNKS = (
    "e\u0301", "é", "o\u0302\u0323", "o\u0323\u0302", "각", "\u1100\u1161\u11a8",
    "ب\u0651\u064b", "\ufc5e\u064b", "ﷺ", "½", "①②", "ﬃ", "㎏", "ｶﾞ",
    "👨‍👩‍👧", "👍🏽", "🇩🇪", "❤\ufe0f", "İ", "ΣΑΣ", "ß", "[UNK]", "##", "\u200d", "\u00ad", "\ufeff", "\ufffd", "\x00",
    "\r\n", "\t", "\u2028", "\u3000", "中文", "שלום", "سلام", "\u202e", "the quick", "x" * 99, "é" * 100, "y" * 101,
)  # fmt: skip
TEXTS = st.lists(st.text(ANY, max_size=12) | st.sampled_from(CHUNKS), max_size=8).map("".join)


def compiled_only(reference: Reference) -> Tokenizer:
    """A tokenizer whose compiled loops take small batches too."""
    return Tokenizer(reference, small_texts=0)


def expected(tokenizer: Tokenizer, texts: list[str]) -> Ragged:
    encodings = tokenizer.reference.encode_batch(texts, add_special_tokens=False)
    return Ragged.of([encoding.ids for encoding in encodings])


def assert_same(found: Ragged, wanted: Ragged) -> None:
    assert found.offsets.tolist() == wanted.offsets.tolist()
    assert found.ids.tolist() == wanted.ids.tolist()


def assert_agrees(tokenizer: Tokenizer, texts: list[str]) -> None:
    assert_same(tokenizer.encode(texts), expected(tokenizer, texts))


def of_characters(codes: Iterable[int]) -> Tokenizer:
    """A vocabulary of all characters that any of `codes` becomes, so that none hides in the unknown token."""
    plain = reference_of([UNKNOWN])
    normal = plain.normalizer.normalize_str(" ".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000))
    characters = sorted(set(normal) | set("ab"))
    return compiled_only(reference_of([UNKNOWN, *characters, *("##" + character for character in characters)]))
