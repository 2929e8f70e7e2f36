import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokens_oracles import ANY, TEXTS, assert_agrees, assert_same, compiled_only, expected, of_characters

from likewise.tokens.tokenizer import LIMITS, Tokenizer, as_arrow


@given(st.lists(TEXTS, max_size=6))
def test_ids_of_any_text(tokenizer: Tokenizer, speller: Tokenizer, texts: list[str]) -> None:
    """Two paths that must agree: the compiled tokenizer and `tokenizers`, with learned subwords and with letters."""
    assert_agrees(tokenizer, texts)
    assert_agrees(speller, texts)


@pytest.mark.parametrize("before", ["", "ب", "½", "\ufc5e", "א", "ᄀ", "क", "😀"])
@pytest.mark.parametrize(
    "marks", ["\u0651\u064b", "\u064b\u0651", "\u064b", "\u0651\u0020\u064b", "\u0301\u064b", "\u094d\u093c"]
)
def test_marks_in_and_out_of_order(speller: Tokenizer, before: str, marks: str) -> None:
    """Two paths that must agree where Unicode sorts marks, those of a ligature's normal form too."""
    assert_agrees(speller, [before + marks, f"x{before}{marks}y {marks}{before}"])


@given(st.lists(st.text(max_size=30), max_size=6))
def test_ids_of_text_from_all_of_unicode(tokenizer: Tokenizer, texts: list[str]) -> None:
    """Two paths that must agree, over any code points that hypothesis thinks of."""
    assert_agrees(tokenizer, texts)


@given(st.text(ANY, min_size=85, max_size=115), st.integers(0, 3))
def test_words_about_the_longest_length(tokenizer: Tokenizer, word: str, cut: int) -> None:
    """Two paths that must agree where a word becomes too long, before or after its normal form is longer."""
    letters = "".join(character for character in word if character.isalnum())
    assert_agrees(tokenizer, [word, letters, "x" * (98 + cut), "é" * (98 + cut), "ﬃ" * (32 + cut), "😀" * (98 + cut)])


@pytest.mark.slow
def test_every_character_of_the_tables_between_letters() -> None:
    """Two paths that must agree, exhaustively: each code point that the tables hold, and some beyond."""
    codes = range(LIMITS[-1] + 0x100)
    texts = [f"a{chr(code)}b" for code in codes if not 0xD800 <= code < 0xE000]
    assert_agrees(of_characters(codes), texts)


@pytest.mark.nightly
def test_every_character_of_unicode_between_letters() -> None:
    """Two paths that must agree, exhaustively: each code point there is."""
    texts = [f"a{chr(code)}b" for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    assert_agrees(of_characters(range(0x32000)), texts)


@pytest.mark.nightly
@pytest.mark.parametrize("neighbour", ["\u0301", "\u11a8", "\u200d", "½"])
def test_every_character_next_to_one_that_may_change_it(neighbour: str) -> None:
    """Two paths that must agree: each code point of the tables before and after one that combines with some."""
    codes = range(LIMITS[-1])
    every = [chr(code) for code in codes if not 0xD800 <= code < 0xE000]
    texts = [c + neighbour for c in every] + [neighbour + c for c in every] + [f"a{c}{c}{neighbour}" for c in every]
    assert_agrees(of_characters(codes), texts)


@pytest.mark.parametrize(
    "line",
    [
        "the quick brown fox " * 50_000,
        "x" * 1_000_000,
        "ab, cd. " * 20_000,
        "数据库检索" * 20_000,
        "smile 😀 déçu " * 20_000,
        "e\u0301" * 350_000,
        "ﷺ " * 10_000,
        "\x00\u200b" * 250_000,
    ],
    ids=["words", "one word", "punctuation", "Chinese", "emoji", "marks", "expanded", "nothing"],
)
def test_megabyte_lines(tokenizer: Tokenizer, line: str) -> None:
    """Two paths that must agree on one line of up to a megabyte, between two short ones."""
    assert_agrees(tokenizer, ["before", line, "after"])


@pytest.mark.parametrize(
    "text",
    ["The 3.14!", "déçu ещё", "数据库 システム", "키스의", "ﬁne ｆｕｌｌ ½", "smile 😀 👍", "שלום بَحث", "\x00\u200b"],
)
def test_common_text_takes_the_compiled_way(tokenizer: Tokenizer, text: str) -> None:
    """Two paths that must agree, the slow one locked: text of this kind needs no other tokenizer."""
    compiled = compiled_only(tokenizer.reference)
    compiled.encode([text])
    compiled.reference = None
    assert_same(compiled.encode([text]), expected(tokenizer, [text]))


@pytest.mark.parametrize(("small_texts", "small_bytes"), [(16, 1 << 14), (3, 1 << 14), (16, 9)])
def test_small_batches_are_tokenised_by_the_reference(tokenizer: Tokenizer, small_texts: int, small_bytes: int) -> None:
    """Two paths that must agree: up to some texts or bytes by `tokenizers`, beyond compiled."""
    texts = ["the quick", "e\u0301", None, "", "数据 😀"]
    wanted = expected(tokenizer, [text or "" for text in texts])
    small = Tokenizer(tokenizer.reference, small_texts=small_texts, small_bytes=small_bytes)
    assert_same(small.encode(as_arrow(texts)), wanted)
    assert_same(small.encode(pa.array(["out", *texts]).slice(1)), wanted)


@pytest.mark.parametrize("chunk_bytes", [1, 7, 64])
def test_chunks_change_nothing(tokenizer: Tokenizer, chunk_bytes: int) -> None:
    """Two paths that must agree: all texts at once, and a few bytes at a time."""
    texts = ["", "the quick", "e\u0301 déçu", "", "数据库 " * 9, "", "", "x", "dog", "", "😀😀😀", "", ""]
    wanted = expected(tokenizer, texts)
    chunked = Tokenizer(tokenizer.reference, small_texts=0, chunk_bytes=chunk_bytes)
    assert_same(chunked.encode(texts), wanted)
    assert_same(chunked.encode(pa.array(["out", *texts, "out"]).slice(1, len(texts))), wanted)


def test_the_tables_grow_when_a_text_needs_it(tokenizer: Tokenizer) -> None:
    """Two paths that must agree at each size of the tables; what no table holds goes the slow way."""
    growing = compiled_only(tokenizer.reference)
    sizes = []
    for text in ("the quick", "数据库", "😀 smile", "\U00020000 x \U0010ffff"):
        assert_agrees(growing, ["quick", text, "dog"])
        sizes.append(growing._limit)
    assert sizes == [*LIMITS, LIMITS[-1]]


def test_the_tables_grow_past_a_size_at_once(tokenizer: Tokenizer) -> None:
    """Two paths that must agree when the first text already needs the largest table."""
    growing = compiled_only(tokenizer.reference)
    assert_agrees(growing, ["😀 smile", "数据库", "\U00020000"])
    assert growing._limit == LIMITS[-1]


@given(st.text(ANY, max_size=90), st.integers(1, 400), st.integers(0, 3))
def test_a_long_word_loses_nothing(speller: Tokenizer, letters: str, length: int, texts: int) -> None:
    """A law: the subwords of a word of any length spell it, whether the batch is compiled or not."""
    normal = speller.reference.normalizer.normalize_str(letters)
    word = ("".join(filter(str.isalnum, normal)) or "acgt") * 10
    word = speller.reference.normalizer.normalize_str(word[:length])
    for tokenizer in (speller, Tokenizer(speller.reference)):
        for ids in (tokenizer.encode([word] * (1 + texts))[row] for row in range(1 + texts)):
            spelt = [tokenizer.vocabulary.subwords[id].removeprefix("##") for id in ids]
            assert "".join(spelt) == word.replace(" ", "")
