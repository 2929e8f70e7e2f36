import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.tokens.learning import learn_reference
from likewise.tokens.scripts import is_run
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import CONTINUATION, UNKNOWN, Vocabulary, reference_of, vocabulary_size

# Many pairs are equally frequent: the order in which ties are broken shows.
LEARN = """
import hashlib, itertools
from likewise.tokens.learning import learn_reference
letters = "abcdefghiабвгдеж数据库検索システムκλμν"
words = ["".join(word) for word in itertools.product(letters, repeat=2)] * 2
texts = [" ".join(words[first::17]) for first in range(17)]
print(hashlib.sha256(learn_reference(iter(texts), 900).to_str().encode()).hexdigest())
"""


def test_the_same_corpus_gives_the_same_vocabulary_in_every_process() -> None:
    """Paths that must agree: other hash seeds and other numbers of threads, the same bytes."""
    found = set()
    for seed, threads in (("0", "1"), ("1", "2"), ("77", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads}
        ran = subprocess.run(
            [sys.executable, "-c", LEARN], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        found.add(ran.stdout)
    assert len(found) == 1


def test_texts_one_by_one_or_in_lists() -> None:
    """Two paths that must agree: an iterator of texts, and of lists of texts."""
    texts = ["the quick brown fox", "the lazy dog", "quick quick"] * 2
    assert learn_reference(iter(texts), 60).to_str() == learn_reference(iter([texts[:2], texts[2:]]), 60).to_str()


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["поиск документов", "поиск слов", "поиск"], "поиск"),
        (["δίκτυο και δίκτυο", "δίκτυο"], "δίκτυο"),
        (["데이터베이스 검색", "데이터베이스"], "데이터베이스"),
        (["खोज इंजन", "खोज"], "खोज"),
        (["بحث في النصوص", "بحث"], "بحث"),
    ],
)
def test_frequent_words_of_any_language_become_subwords(texts: list[str], word: str) -> None:
    """It learns: a word that occurs often is one subword, in whatever script."""
    tokenizer = Tokenizer(learn_reference(texts * 3, 200))
    assert [tokenizer.vocabulary.subwords[id] for id in tokenizer.encode([word])[0]] == [word]


@pytest.mark.parametrize(
    ("learned", "text", "expected"),
    [
        ("数据库 检", "数据库", "数据库"),
        ("数据库 检", "检数据库", "检 ##数据库"),  # the same word elsewhere in a run
        ("数据库检索", "数龙据库 龙", "数 [UNK] 据 ##库 [UNK]"),  # an unknown character alone is unknown
        ("数据库", "x数据库2024年", "[UNK] 数据库 2024 [UNK]"),  # Han letters and others are words of their own
        ("テレビを見ました", "テレビを見ました", "テレビ を 見 ました"),
        ("日本国憲法", "日本国憲法", "日本 ##国憲法"),  # four characters at most
        ("สวัสดีครับ", "สวัสดีครับ", "สวัสดีครับ"),
    ],
)
def test_scripts_without_spaces(learned: str, text: str, expected: str) -> None:
    """A closed form: runs of a script are words, of which frequent parts become subwords wherever they stand."""
    tokenizer = Tokenizer(learn_reference([f"{learned} 2024", learned] * 3, 60))
    assert tokenizer.vocabulary.subwords[0] == UNKNOWN
    assert [tokenizer.vocabulary.subwords[id] for id in tokenizer.encode([text])[0]] == expected.split()


@given(st.lists(st.text(max_size=20), max_size=8), st.integers(1, 60))
def test_every_word_of_the_corpus_falls_into_known_subwords(texts: list[str], size: int) -> None:
    """A law: no character of the corpus is unknown, however small the vocabulary; and a corpus may hold anything."""
    tokenizer = Tokenizer(learn_reference(texts, size))
    unknown = tokenizer.vocabulary.subwords.index(UNKNOWN)
    assert unknown not in tokenizer.encode(texts).ids
    alphabet = {c for text in texts for c in tokenizer.reference.normalizer.normalize_str(text) if not c.isspace()}
    runs = {subword for subword in tokenizer.vocabulary.subwords if is_run(subword)}
    assert {CONTINUATION + run for run in runs} <= {*tokenizer.vocabulary.subwords}
    assert len(tokenizer.vocabulary) <= max(size, 1 + 2 * len(alphabet)) + 2 * len(runs)


def test_the_mark_of_the_trainer_is_no_character_of_a_text() -> None:
    """A closed form: a block character in the corpus is learned like any other."""
    tokenizer = Tokenizer(learn_reference(["▁foo b▁ar ▁", "▁foo \ue000x"] * 3, 100))
    subwords = [tokenizer.vocabulary.subwords[id] for id in tokenizer.encode(["▁foo ▁ x"])[0]]
    assert subwords == ["▁foo", "▁", "x"]


def test_a_piece_needs_two_occurrences() -> None:
    """A closed form: a word that occurs once stays in subwords, one that occurs twice does not."""
    subwords = learn_reference(["twice once", "twice"], 1000).get_vocab()
    assert "twice" in subwords
    assert "once" not in subwords


def test_a_vocabulary_knows_what_continues_a_word() -> None:
    """A closed form, with ids in the order in which the subwords were given."""
    vocabulary = Vocabulary.of(reference_of([UNKNOWN, "play", "##ing", "#", "##"]))
    assert vocabulary.subwords == (UNKNOWN, "play", "##ing", "#", "##")
    assert vocabulary.continues.tolist() == [subword.startswith(CONTINUATION) for subword in vocabulary.subwords]
    assert vocabulary.counts.tolist() == [0] * 5
    assert len(vocabulary) == 5
    assert Vocabulary.of(reference_of([UNKNOWN]), np.array([7])).counts.tolist() == [7]


@pytest.mark.parametrize(("texts", "size"), [(0, 2000), (100, 2000), (500, 10_000), (1500, 30_000), (10**6, 30_000)])
def test_vocabulary_size(texts: int, size: int) -> None:
    """A closed form: twenty subwords a text, from 2,000 to 30,000."""
    assert vocabulary_size(texts) == size


def test_the_tokenizer_of_a_list_of_subwords_is_always_the_same() -> None:
    """Two paths that must agree: the same subwords make the same file."""
    digests = {hashlib.sha256(reference_of([UNKNOWN, "a", "##b"]).to_str().encode()).digest() for _ in range(3)}
    assert len(digests) == 1
