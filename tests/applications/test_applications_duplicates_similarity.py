"""Similarities. Oracles: slow loops, closed forms, laws."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from likewise.applications.duplicates.similarity import (
    KEPT,
    LEVELS,
    Features,
    Space,
    compare,
    principal_axes,
    similarities,
)
from likewise.errors import InputError
from likewise.model.transformer import Companion, ConcatenatedModel

TEXTS = (
    "The file is opened and read line by line.", "Open the file and read every line of it.", "A socket is closed.",
    "", "Sockets are closed when the loop ends, in version 3.11", "sockets are closed when the loop ends in 3.12",
)  # fmt: skip


def strings(texts=TEXTS):
    return pa.array(list(texts), pa.large_string())


def slow_alignment(tokens, one, other):
    """What either accounts for of the other by the best cosines, and the geometric mean of both ways."""

    known = len(tokens.rows)

    def cosine(a, b):
        if a == b or max(a, b) >= known:  # a word with a digit is no other
            return float(a == b)
        return max(0.0, float(tokens.rows[a] @ tokens.rows[b]))

    def weight(a):
        return float(tokens.weights[a if a < known else known + (a - known) % LEVELS])

    ways = []
    for mine, theirs in ((one, other), (other, one)):
        weights = [weight(a) for a in mine]
        best = [max(cosine(a, b) for b in theirs) ** 1.5 for a in mine]
        ways.append(np.dot(weights, best) / np.sum(weights))
    return float(np.sqrt(ways[0] * ways[1]))


def without_numbers(found):
    """The same features of texts whose numbers are not known."""
    nowhere = np.zeros(len(found) + 1, np.int64)
    plain = dataclasses.replace(found.hashes, numbers=found.hashes.numbers[:0], offsets=nowhere)
    return Features(plain, found.vectors, found.tokens)


def test_alignment(docs_model):
    """Witnesses: a slow loop in float64, equal texts (closed form), symmetry."""
    space = Space.of(docs_model, TEXTS[:3])
    found = without_numbers(Features.of(strings(), space))  # contradicting numbers lower the similarity
    ones, twos = np.array([0, 1, 0, 4, 4, 3, 0]), np.array([1, 0, 0, 2, 5, 0, 4])
    meaning = similarities(found, found, ones, twos, space).semantic
    for at, (one, other) in enumerate(zip(ones[:5].tolist(), twos[:5].tolist(), strict=True)):
        slow = slow_alignment(space.tokens, found.tokens[one].tolist(), found.tokens[other].tolist())
        assert abs(meaning[at] - slow) < 1e-5  # float32 sums
    assert abs(meaning[2] - 1) < 1e-6 and abs(meaning[0] - meaning[1]) < 1e-6 and meaning[5] == 0
    assert meaning[0] > meaning[6]


def test_repeated_tokens_count_as_often(docs_model):
    """A law: what both have weighs more where one of them repeats it."""
    space = Space.of(docs_model, TEXTS[:3])
    found = Features.of(strings(["list files", "list files list", "list"]), space)
    assert len(found.tokens[1]) == len(found.tokens[0]) + len(found.tokens[2])
    assert np.all(np.diff(found.tokens[1]) >= 0)
    once, twice = similarities(found, found, np.array([0, 1]), np.array([2, 2]), space).semantic
    assert twice > once


def test_numbers_that_contradict(docs_model):
    """Closed form: of three numbers two contradict, which takes a third of the similarity."""
    found = Features.of(strings(["of 3.11", "of 3.12", "of 3", "of"]), None)
    ones, twos = np.array([0, 0, 0]), np.array([1, 2, 3])
    without = without_numbers(found)
    resemblances = similarities(without, without, ones, twos, None).lexical
    hashes = similarities(found, found, ones, twos, None).lexical
    assert np.allclose(hashes, resemblances * [2 / 3, 1, 1], atol=1e-6)


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
    space = Space.of(docs_model, TEXTS)
    plain = docs_model.encode(strings(TEXTS)) @ space.axes
    plain /= np.maximum(np.linalg.norm(plain, axis=1, keepdims=True), 1e-12)
    assert np.allclose(space.vectors(strings()), plain, atol=1e-5)
    whole = Features.of(strings(), space)
    parts = Features.of(strings(), space, chunk=2)
    assert np.array_equal(whole.tokens.ids, parts.tokens.ids) and np.array_equal(whole.vectors, parts.vectors)
    joined = whole.take(np.array([1, 4])).joined(whole.take(np.array([0])))
    assert len(joined) == 3 and np.array_equal(joined.tokens[2], whole.tokens[0])


class Joined(ConcatenatedModel):
    """Stands for a transformer with a static companion."""

    def __init__(self, model, other):
        self.companion, self.other = Companion(model, 1.0), other

    @property
    def dim(self):
        return 3

    def encode(self, texts):
        return np.array([[1.0, len(text), 0.0] for text in (t.as_py() if hasattr(t, "as_py") else t for t in texts)])


def test_a_transformer_gives_cosines_and_its_companion_tokens(docs_model):
    """Two ways that must agree: both by hand, the cosine counting three times as much."""
    space, static = Space(Joined(docs_model, None), np.eye(3, dtype=np.float32)), Space.of(docs_model, TEXTS)
    some = strings(TEXTS[:3])
    found, ones, twos = Features.of(some, space), np.array([0, 0]), np.array([1, 2])
    cosines = np.einsum("pd,pd->p", found.vectors[ones].astype(float), found.vectors[twos].astype(float))
    laid = similarities(Features.of(some, static), Features.of(some, static), ones, twos, static).semantic
    assert np.allclose(similarities(found, found, ones, twos, space).semantic, 0.75 * cosines + 0.25 * laid, atol=2e-3)


def test_given_pairs(docs_model, python_docs):
    """Witnesses: equal texts (closed form), symmetry, and that unlike texts are less alike."""
    texts = python_docs[:40]
    same = compare(texts, [f"{text} !" for text in texts], docs_model)
    assert np.all(same.lexical == 1) and np.allclose(same.semantic, 1, atol=0.2)
    other = compare(texts, texts[::-1], docs_model)
    assert np.allclose(other.semantic, compare(texts[::-1], texts, docs_model).semantic, atol=1e-5)
    assert other.semantic.mean() < same.semantic.mean() - 0.3 and other.lexical.mean() < 0.2
    assert len(compare([], [], docs_model).semantic) == 0
    with pytest.raises(InputError, match="2 texts were given with 1"):
        compare(["a", "b"], ["c"], docs_model)
