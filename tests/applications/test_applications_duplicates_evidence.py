"""Evidence of pairs. Oracles: slow loops, closed forms, laws."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from likewise.applications.duplicates.evidence import Evidence, Weights, evidence_of, without_letters
from likewise.applications.duplicates.minhash import hash_texts
from likewise.applications.duplicates.space import KEPT, Features, Space, principal_axes

TEXTS = (
    "The file is opened and read line by line.", "Open the file and read every line of it.", "A socket is closed.",
    "", "Sockets are closed when the loop ends, in version 3.11", "sockets are closed when the loop ends in 3.12",
)  # fmt: skip


def strings(texts=TEXTS):
    return pa.array(list(texts), pa.large_string())


def space_of(encoder, texts=TEXTS):
    return Space.of(encoder, texts, hash_texts(strings(texts)))


def slow_overlap(weights, one, other):
    """The share of words, by weight, that two sets have both."""
    return sum(weights[word] for word in one & other) / sum(weights[word] for word in one | other)


def test_words_that_both_have():
    """Witnesses: a slow loop of sets, equal texts (closed form), symmetry, and that nothing in common is nothing."""
    rng = np.random.default_rng(0)
    words = ["kettle", "broke", "week", "lid", "closes", "happy", "light", "cable", "short", "sound", "ears", "9", "东"]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(80)]
    space = space_of(None, texts)
    found = Features.of(strings(texts), space)
    with_it = {word: sum(word in text.split() for text in texts) for word in words}
    weights = {word: np.log(1 + 80 / max(with_it[word], 1)) for word in words}
    ones, twos = rng.integers(0, 80, (2, 300))
    shares = evidence_of(found, found, ones, twos, space).words
    for share, one, other in zip(shares.tolist(), ones.tolist(), twos.tolist(), strict=True):
        assert abs(share - slow_overlap(weights, set(texts[one].split()), set(texts[other].split()))) < 1e-5
    assert np.array_equal(shares, evidence_of(found, found, twos, ones, space).words)
    apart = Features.of(strings(["of kettles", "a lamp"]), space)
    assert evidence_of(apart, apart, np.array([0]), np.array([1]), space).words[0] == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("the kettle broke", "the kettel broke", True),  # two letters in another order
        ("the kettle broke", "the ketle broke", True),  # one left out
        ("the kettle broke", "the kettlf broke", True),  # another one
        ("the kettle broke", "the ettle broke", True),  # at either end
        ("the kettle broke", "the metal broke", False),
        ("the lid broke", "the lip broke", False),  # words of three letters are not misspelt
        ("room 1204 please", "room 1205 please", False),  # nor numbers
        ("the stop is here", "the host is here", False),  # other ends
    ],
)
def test_a_misspelt_word_is_had(one, other, same):
    """Closed forms: a typo counts as the word, and takes nothing from what both have."""
    space = space_of(None, [one, other])
    found = Features.of(strings([one, other]), space)
    share = evidence_of(found, found, np.array([0, 1]), np.array([1, 0]), space).words
    assert share[0] == share[1] and (abs(share[0] - 1) < 1e-6) == same


def test_words_of_long_texts():
    """A law: of long texts some words are read, and the share is near that of all."""
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(3000)]
    texts = [" ".join(rng.choice(words, 900, replace=False)) for _ in range(2)]
    texts += [texts[0] + " " + texts[1], texts[0][: len(texts[0]) // 2]]
    space = space_of(None, texts)
    uniform = Space(None, space.axes, space.gram_weights, np.ones_like(space.word_weights))
    found = Features.of(strings(texts), uniform)
    assert np.diff(found.hashes.word_offsets).max() == 256
    ones, twos = np.array([0, 0, 0, 1, 0]), np.array([1, 2, 3, 2, 0])
    shares = evidence_of(found, found, ones, twos, uniform).words
    for share, one, two in zip(shares, ones, twos, strict=True):
        mine, theirs = set(texts[one].split()), set(texts[two].split())
        # The standard deviation of an estimate is sqrt(J (1 - J) / 256), at most 0.031.
        assert abs(share - len(mine & theirs) / len(mine | theirs)) < 0.1


def test_letters_that_are_no_evidence():
    """Closed form: of some pairs letters and words are 0, the rest stays."""
    evidence = Evidence(*(np.full(3, value, np.float32) for value in (0.5, 0.6, 0.7, 0.8)))
    fewer = without_letters(evidence, np.array([1]))
    for name, value in (("words", 0.5), ("letters", 0.7), ("rare_letters", 0.8)):
        assert np.allclose(getattr(fewer, name), [value, 0, value])
    assert np.array_equal(fewer.meaning, evidence.meaning)


def test_weights_are_in_units_of_the_spread():
    """Closed form: half the spread is worth twice as much; together they weigh 1; without an encoder nothing."""
    rng = np.random.default_rng(0)
    draws = [rng.standard_normal(1000).astype(np.float32) * scale for scale in (3.0, 1.0, 0.1, 0.05)]
    weights = Weights.of(Evidence(*draws))
    assert abs(weights.meaning + weights.letters + weights.rare_letters - 1) < 1e-6
    assert abs(weights.letters / weights.meaning / 10 - 1) < 0.1
    assert abs(weights.rare_letters / weights.meaning / 20 - 1) < 0.1
    same = Evidence(*(np.ones(1, np.float32) for _ in range(4)))
    assert abs(weights.scores(same)[0] - 1) < 1e-6
    silent = dataclasses.replace(Evidence(*draws), meaning=np.zeros(1000, np.float32))
    assert Weights.of(silent).scores(same)[0] == 0


def test_axes_keep_products():
    """Laws: few dimensions stay as they are; of more, the axes hold as much as any, and products of such vectors."""
    assert np.array_equal(principal_axes(np.ones((3, 5), np.float32), KEPT), np.eye(5, dtype=np.float32))
    rng = np.random.default_rng(0)
    low = rng.standard_normal((400, 20)).astype(np.float32) @ rng.standard_normal((20, 150)).astype(np.float32)
    axes = principal_axes(low, 30)
    assert axes.shape == (150, 30)
    assert np.allclose((low @ axes) @ (low @ axes).T, low @ low.T, atol=0.2)  # of values up to 5,000


def test_turned_rows_are_turned_vectors(docs_model):
    """Two ways that must agree: turning the rows of a static encoder, and turning its vectors."""
    space = space_of(docs_model)
    plain = docs_model.encode(strings(TEXTS)) @ space.axes
    plain /= np.maximum(np.linalg.norm(plain, axis=1, keepdims=True), 1e-12)
    assert np.allclose(space.vectors(strings()), plain, atol=1e-5)
    whole, parts = Features.of(strings(), space), Features.of(strings(), space, chunk=2)
    assert np.array_equal(whole.vectors, parts.vectors)
    joined = whole.take(np.array([1, 4])).joined(whole.take(np.array([0])))
    assert len(joined) == 3 and np.array_equal(joined.vectors[2], whole.vectors[0])
