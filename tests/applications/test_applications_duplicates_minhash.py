"""Hashes of texts. Oracles: slow loops in plain Python."""

import re
import unicodedata
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.duplicates import evidence_kernels
from likewise.applications.duplicates.evidence import COUNTED
from likewise.applications.duplicates.idf import gram_weights
from likewise.applications.duplicates.kernels import ALONE, DIGIT, DROPPED, LETTER, SEPARATOR, SYMBOL
from likewise.applications.duplicates.minhash import (
    BANDS,
    GRAMS,
    ROWS,
    TextHashes,
    hash_texts,
    kinds_of_characters,
)


def shingles(text):
    """Slow: the shingles of a text of ASCII hashes, digits and spaces."""
    joined = " ".join(re.findall(r"[a-z0-9]+", text.lower())) + " "
    return {joined[at : at + 4] for at in range(max(1, len(joined) - 3))}


def trigrams(text):
    """Slow: how often each trigram of the words of a text of ASCII letters and digits occurs."""
    words = [f" {word} " for word in re.findall(r"[a-z0-9]+", text.lower())]
    return Counter(word[at : at + 3] for word in words for at in range(len(word) - 2))


def cosines(hashes, one, other):
    """With IDF of these texts, and with its square."""
    out = [np.empty(1, np.float32) for _ in range(2)]
    mine = hashes.grams, hashes.gram_offsets
    weights = gram_weights(hashes)
    evidence_kernels.cosines_of(*mine, *mine, weights, COUNTED, GRAMS, np.array([one]), np.array([other]), *out)
    return [float(each[0]) for each in out]


def words_of(hashes, text):
    return set(hashes.words[hashes.word_offsets[text] : hashes.word_offsets[text + 1]].tolist())


def test_exact_is_blind_to_case_width_and_white_space():
    """Closed forms."""
    same = ["Some text, here", "  some\ttext,\n HERE ", "Ｓｏｍｅ text, here", "some\u00a0text, here"]
    other = ["some text here", "sometext, here", "some text, her"]
    exact = hash_texts([*same, *other, "", " \n\t"]).exact
    assert len(set(exact[:4].tolist())) == 1
    assert len(set(exact[3:7].tolist())) == 4
    assert exact[7] == exact[8] == 0


def test_words_of_a_text():
    """Closed forms: which words there are, as rising sets; punctuation, case and apostrophes do not count."""
    found = hash_texts(
        ["The kettle broke; it's done, done", "the kettle, broke: its done!", "C++ or C", "C or c", "猫と犬"]
    )
    assert np.diff(found.word_offsets).tolist() == [5, 5, 3, 2, 3]
    assert words_of(found, 0) == words_of(found, 1) and words_of(found, 2) > words_of(found, 3)
    assert found.words[:5].tolist() == sorted(found.words[:5].tolist())


def test_cosines_of_trigrams():
    """Two ways that must agree: the compiled loop, and TF-IDF by counters, with IDF and with its square."""
    texts = ["the lamp is a lamp is a lamp", "the red lamp", "a lamp, a red one", "dscw120p", "dscw130"]
    hashes, counts = hash_texts(texts), [trigrams(text) for text in texts]
    with_it = Counter(gram for each in counts for gram in each)
    for one, other in ((0, 1), (1, 2), (3, 4), (0, 3)):
        for power, found in zip((1, 2), cosines(hashes, one, other), strict=True):
            weights = [
                {
                    gram: (1 + np.log(times)) * (1 + np.log(6 / (1 + with_it[gram]))) ** power
                    for gram, times in counts[text].items()
                }
                for text in (one, other)
            ]
            product = sum(weight * weights[1].get(gram, 0.0) for gram, weight in weights[0].items())
            lengths = [np.sqrt(sum(weight**2 for weight in each.values())) for each in weights]
            assert abs(found - product / (lengths[0] * lengths[1])) < 1e-5


@pytest.mark.parametrize(
    "text", ["東京の天気は晴れです", "สวัสดีครับผม", "Где находится вокзал", "مرحبا بالعالم", "🙂🙃 x"]
)
def test_any_script_has_words(text):
    found = hash_texts([text, text + " zz", "completely different words"])
    assert len(words_of(found, 1) - words_of(found, 0)) == 1 and not words_of(found, 0) & words_of(found, 2)


def test_kinds_of_characters():
    kinds = kinds_of_characters()
    expected = {"a": LETTER, "é": LETTER, "7": DIGIT, " ": SEPARATOR, ",": SEPARATOR, "'": DROPPED, "+": SYMBOL}
    assert {character: kinds[ord(character)] for character in expected} == expected
    assert kinds[ord("東")] == kinds[ord("ก")] == ALONE and kinds[ord("한")] == LETTER
    different = hash_texts(["C++ or C", "C# or C", "C or C"])
    assert words_of(different, 0) != words_of(different, 1) and len(words_of(different, 2)) == 2


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_texts(texts):
    """Laws: a text has the same hashes alone and among others; exact agrees with normal forms in Python."""
    found = hash_texts(pa.array(texts, pa.large_string()))
    assert len(found) == len(texts)
    for row, text in enumerate(texts):
        alone = hash_texts([text])
        assert alone.exact[0] == found.exact[row] and np.array_equal(alone.bands[:, 0], found.bands[:, row])
        plain = " ".join(unicodedata.normalize("NFKC", text).split(" "))
        if not plain.strip():
            assert found.exact[row] == 0 or text.strip()


def test_parts_and_joins():
    """Two ways that must agree: chunks and the whole, taken and read."""
    texts = [f"text {row} of {row % 7} " + "long " * (row % 5) for row in range(50)]
    whole = hash_texts(texts)
    parts = hash_texts(texts, chunk_texts=7, chunk_bytes=100)
    rows = np.array([4, 4, 49, 0])
    for one, other in ((whole, parts), (whole.take(rows), hash_texts([texts[row] for row in rows]))):
        for name in TextHashes.__dataclass_fields__:
            assert np.array_equal(getattr(one, name), getattr(other, name))
    assert len(TextHashes.joined([])) == 0


def test_bands():
    """Laws: equal texts share all bands; of 300 pairs that share J of their shingles, 1 - (1 - J^4)^16 share one."""
    rng = np.random.default_rng(1)
    words = [f"{a}{b}{c}" for a in "bdfgklm" for b in ("an", "er", "il", "op") for c in "stz"]
    texts = [" ".join(rng.choice(words, 12, replace=False)) for _ in range(300)]
    changed = [" ".join([*text.split()[:8], *rng.choice(words, 3)]) for text in texts]
    found = hash_texts([*texts, *changed, texts[0].upper()])
    assert found.bands.shape == (BANDS, 601) and np.array_equal(found.bands[:, 0], found.bands[:, 600])
    sets = [(shingles(text), shingles(other)) for text, other in zip(texts, changed, strict=True)]
    expected = [1 - (1 - (len(one & other) / len(one | other)) ** ROWS) ** BANDS for one, other in sets]
    meeting = [np.any(found.bands[:, row] == found.bands[:, 300 + row]) for row in range(300)]
    # The standard deviation of a share of 300 is 0.029 at the most.
    assert abs(np.mean(meeting) - np.mean(expected)) < 0.1
