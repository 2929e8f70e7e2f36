"""Hashes of texts. Oracles: slow loops in plain Python."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.kernels import ALONE, DIGIT, DROPPED, LETTER, SEPARATOR, SYMBOL
from likewise.applications.duplicates.minhash import BANDS, ROWS, SKETCH, TextHashes, hash_texts, kinds_of_characters


def shingles(text):
    """Slow: the shingles of a text of ASCII hashes, digits and spaces."""
    joined = " ".join(re.findall(r"[a-z0-9]+", text.lower())) + " "
    return {joined[at : at + 4] for at in range(max(1, len(joined) - 3))}


def resemblance(hashes, one, other):
    out = np.empty(1, np.float32)
    mine = hashes.sketches, hashes.sketch_offsets
    kernels.jaccard_of(*mine, *mine, SKETCH, np.array([one]), np.array([other]), out)
    return float(out[0])


def test_exact_is_blind_to_case_width_and_white_space():
    """Closed forms."""
    same = ["Some text, here", "  some\ttext,\n HERE ", "Ｓｏｍｅ text, here", "some\u00a0text, here"]
    other = ["some text here", "sometext, here", "some text, her"]
    exact = hash_texts([*same, *other, "", " \n\t"]).exact
    assert len(set(exact[:4].tolist())) == 1
    assert len(set(exact[3:7].tolist())) == 4
    assert exact[7] == exact[8] == 0


def test_numbers_of_a_text():
    """Closed forms: which words have digits, as sets."""
    found = hash_texts(["iPhone 6 and iPhone 7, 7", "no number", "MP3 x 6", "½ ٣"])
    assert np.diff(found.offsets).tolist() == [2, 0, 2, 3]
    first, third = found.numbers[:2].tolist(), found.numbers[2:4].tolist()
    assert len(set(first) & set(third)) == 1 and first == sorted(first)


def test_resemblance():
    """Witnesses: equal sets (closed form), the Jaccard index of a slow loop, punctuation and case do not count."""
    rng = np.random.default_rng(0)
    words = ["kettle", "broke", "after", "week", "lid", "closes", "happy", "light", "cable", "short", "sound", "ears"]
    texts = [" ".join(rng.choice(words, 8)) for _ in range(120)]
    found = hash_texts(texts)
    sets = [shingles(text) for text in texts]
    for one in range(0, 120, 2):
        jaccard = len(sets[one] & sets[one + 1]) / len(sets[one] | sets[one + 1])
        assert abs(resemblance(found, one, one + 1) - jaccard) < 1e-6
    long = [" ".join(f"{word}{row % 90}" for row, word in enumerate(rng.choice(words, 400))) for _ in range(2)]
    long.append(long[0][: len(long[0]) // 2] + long[1][len(long[1]) // 2 :])
    several, sets = hash_texts(long), [shingles(text) for text in long]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        jaccard = len(sets[one] & sets[other]) / len(sets[one] | sets[other])
        # The standard deviation of an estimate is sqrt(J (1 - J) / 256), at most 0.031.
        assert abs(resemblance(several, one, other) - jaccard) < 0.1
    assert resemblance(several, 0, 0) == 1.0
    punctuated = hash_texts(["The kettle broke; it's done", "the kettle, broke: its done!"])
    assert resemblance(punctuated, 0, 1) == 1.0


@pytest.mark.parametrize(
    "text", ["東京の天気は晴れです", "สวัสดีครับผม", "Где находится вокзал", "مرحبا بالعالم", "🙂🙃 x"]
)
def test_any_script_has_shingles(text):
    found = hash_texts([text, text + " zz", "completely different words"])
    assert resemblance(found, 0, 1) > resemblance(found, 0, 2)
    assert resemblance(found, 0, 1) > 0.2


def test_kinds_of_characters():
    kinds = kinds_of_characters()
    expected = {"a": LETTER, "é": LETTER, "7": DIGIT, " ": SEPARATOR, ",": SEPARATOR, "'": DROPPED, "+": SYMBOL}
    assert {character: kinds[ord(character)] for character in expected} == expected
    assert kinds[ord("東")] == kinds[ord("ก")] == ALONE and kinds[ord("한")] == LETTER
    different = hash_texts(["C++ or C", "C# or C", "C or C"])
    assert resemblance(different, 0, 1) < 1 and resemblance(different, 0, 2) < 1


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
    expected = [1 - (1 - resemblance(found, row, 300 + row) ** ROWS) ** BANDS for row in range(300)]
    meeting = [np.any(found.bands[:, row] == found.bands[:, 300 + row]) for row in range(300)]
    # The standard deviation of a share of 300 is 0.029 at the most.
    assert abs(np.mean(meeting) - np.mean(expected)) < 0.1
