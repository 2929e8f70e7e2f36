"""Signatures. Oracles: a slow loop over Python integers, laws of equality and order, Charikar's closed form."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.negatives.near_duplicates import signatures
from likewise.tokens.ragged import Ragged

VOCAB = 40
CONTINUES = np.arange(VOCAB) % 3 == 2
WEIGHTS = np.linspace(0, 5, VOCAB, dtype=np.float32)
WHOLE = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15

texts_of_subwords = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=30), max_size=12)


def mixed(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & WHOLE
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & WHOLE
    return x ^ (x >> 31)


def hash_of(ids):
    hashed = 0
    for id in ids:
        hashed = mixed((hashed + (id + 1) * GOLDEN) & WHOLE)
    return hashed


def slow_simhash(text):
    words: list[tuple[int, ...]] = []
    for subword in text:
        words = [*words[:-1], (*words[-1], subword)] if words and CONTINUES[subword] else [*words, (subword,)]
    sums = np.zeros(64, np.float32)
    for word in dict.fromkeys(words):
        weight = max(np.float32(1e-6), *(WEIGHTS[subword] for subword in word))
        for coordinate in range(64):
            drawn = mixed((hash_of(word) + (coordinate // 4 + 1) * GOLDEN) & WHOLE) >> 16 * (coordinate % 4)
            sums[coordinate] += weight * np.float32((drawn & 255) + (drawn >> 8 & 255) - 255)
    return sum(1 << bit for bit in range(64) if sums[bit] > 0), np.abs(sums).min(initial=np.inf, where=sums != 0)


@settings(max_examples=30)
@given(texts_of_subwords)
def test_signatures_are_those_of_the_slow_loop(texts):
    """A slow loop: the same hashes in Python integers; a sum that is nearly 0 may be rounded to either side."""
    got = signatures(Ragged.of(texts), WEIGHTS, CONTINUES)
    for text, simhash in zip(texts, got.tolist(), strict=True):
        expected, nearest = slow_simhash(text)
        assert (simhash ^ expected).bit_count() <= (0 if nearest > 1e-2 else 2)


@settings(max_examples=30)
@given(texts_of_subwords, st.integers(1, 5))
def test_chunks_and_slices_change_nothing(texts, chunk):
    """Two paths: all texts at once, and a slice of a read-only store in small chunks."""
    store = Ragged.of([[3, 5], *texts, [7]])
    store.ids.setflags(write=False)
    whole = signatures(Ragged.of(texts), WEIGHTS, CONTINUES)
    parts = signatures(store.slice(1, len(texts) + 1), WEIGHTS, CONTINUES, chunk=chunk)
    assert parts.tolist() == whole.tolist()


@settings(max_examples=30)
@given(st.lists(st.integers(0, VOCAB - 1).filter(lambda id: not CONTINUES[id]), min_size=2, unique=True))
def test_order_and_repetition_change_nothing(words):
    """A law: a SimHash is that of a set of words."""
    heavy = np.ones(VOCAB, np.float32)  # sums of whole numbers: the order of adding does not matter
    got = signatures(Ragged.of([words, words[::-1], [*words, words[0]]]), heavy, CONTINUES)
    assert len(set(got.tolist())) == 1


def test_the_bits_that_differ_are_the_angle():
    """A closed form (Charikar): sets of 50 words, 40 shared: cosine 0.8, so 64 acos(0.8) / pi = 13.1 bits differ."""
    rng = np.random.default_rng(0)
    drawn = np.stack([rng.choice(5000, 60, replace=False) for _ in range(2000)])
    texts = Ragged.of(np.concatenate([drawn[:, :50], drawn[:, 10:]]).tolist())
    got = signatures(texts, np.ones(5000, np.float32), np.zeros(5000, np.bool_))
    differing = np.bitwise_count(got[:2000] ^ got[2000:])
    assert abs(differing.mean() - 64 * np.arccos(0.8) / np.pi) < 0.4  # standard error 0.07; the rest is the byte sums'
    unrelated = np.bitwise_count(got[:2000] ^ np.roll(got[:2000], 1))
    assert abs(unrelated.mean() - 32) < 0.6


def test_a_heavy_word_does_not_decide_alone():
    """A law: texts that share one word heavier than all their others together still differ."""
    weights = np.ones(1000, np.float32)
    weights[0] = 5
    texts = [[0, *range(first, first + 4)] for first in range(1, 800, 4)]
    got = signatures(Ragged.of(texts), weights, np.zeros(1000, np.bool_))
    assert np.bitwise_count(got[1:] ^ got[:-1]).mean() > 5


def test_texts_of_words_without_weight_still_differ():
    got = signatures(Ragged.of([[0, 3], [4, 6]]), np.zeros(VOCAB, np.float32), CONTINUES)
    assert np.bitwise_count(got[0] ^ got[1]) > 10
