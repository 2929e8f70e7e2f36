"""How relevant sentences and texts are to a question."""

import string

import numpy as np
import pytest

from likewise.applications.relevance import ENCODED, Relevance
from likewise.applications.sentences import Sentence
from likewise.encoders.static import StaticEncoder
from likewise.index.collection import Collection
from likewise.model.model import Model
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import reference_of

TEXTS = ["the lamp is red", "the lamp is blue", "the dog"]


class Letters:
    """Counts each letter of a text, and the texts that were encoded."""

    def __init__(self):
        self.encoded = 0

    def encode(self, texts):
        self.encoded += len(texts)
        return np.array(
            [[text.lower().count(letter) for letter in string.ascii_lowercase] for text in texts], np.float32
        )


def some(*texts):
    return [Sentence(text, 0, len(text)) for text in texts]


def weight(containing, texts=3):
    return np.log1p((texts - containing + 0.5) / (containing + 0.5))


@pytest.fixture
def collection(tmp_path):
    with Collection.create(tmp_path / "a.index", Letters()) as made:
        made.add(TEXTS)
        yield made


def test_terms_and_the_cosine_by_hand(collection):
    (found,) = Relevance(collection, "the blue lamp").of([some("The lamp!", "A BLUE one.", "zzz")])
    weights = {"the": weight(3), "lamp": weight(2), "blue": weight(1)}
    total = sum(weights.values())
    vectors = Letters().encode(["the blue lamp", "The lamp!", "A BLUE one."]).astype(float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first, second = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    expected = [((weights["the"] + weights["lamp"]) / total + first) / 2, (weights["blue"] / total + second) / 2, 0.0]
    assert found.sentences == pytest.approx(expected, abs=1e-6)
    assert found.text == pytest.approx((1.0 + max(first, second)) / 2, abs=1e-6)  # together they have all terms


def test_similar_tokens_by_hand(tmp_path):
    subwords = ["[UNK]", "the", "lamp", "dog", "is", "red", "blue"]
    rows = np.zeros((len(subwords), 2), np.float32)
    rows[1:4] = (0.5, 0.0), (0.0, 2.0), (3.0, 4.0)
    model = Model(Tokenizer(reference_of(subwords)), StaticEncoder(rows))
    with Collection.create(tmp_path / "s.index", model) as index:
        index.add(TEXTS)
        (found,) = Relevance(index, "the lamp").of([some("dog", "the")])
    terms = {"the": weight(3), "lamp": weight(2)}
    share = terms["the"] / sum(terms.values())
    # The cosine of lamp and dog is 4/5, that of the and dog 3/5; the norms 2 and 1/2 are the weights.
    dog, the = (2 * 0.8 + 0.5 * 0.6) / 2.5, 0.5 / 2.5
    assert found.sentences == pytest.approx([dog / 2, (share + the) / 2], abs=1e-3)
    assert found.text == pytest.approx((share + (2 * 0.8 + 0.5) / 2.5) / 2, abs=1e-3)


def test_a_slow_model_reads_the_best_sentences_only(collection):
    before = collection.model.encoded
    found = Relevance(collection, "the blue lamp", encode=False).of([some("the blue lamp", "none")])
    assert found[0].sentences.tolist() == [1.0, 0.0] and collection.model.encoded == before
    Relevance(collection, "the blue lamp").of([some(*["the lamp"] * 10), some("blue")])
    assert collection.model.encoded == before + 1 + 1 + ENCODED


def test_blank_questions_and_no_sentences(collection):
    assert Relevance(collection, " ").of([some("the lamp")])[0].sentences.tolist() == [0.0]
    relevance = Relevance(collection, "lamp")
    assert relevance.of([]) == [] and relevance.best_of_each([]) == []
    assert [(len(each.sentences), each.text) for each in relevance.of([[], []])] == [(0, 0.0), (0, 0.0)]
    one = some("lamp")
    assert relevance.best_of_each([[], one, some("dog", "lamp")]) == [None, one[0], some("lamp")[0]]


def test_rare_terms(collection):
    assert Relevance(collection, "the blue lamp").rare_terms in ({"blue"}, {"the", "blue", "lamp"})
    assert Relevance(collection, "the").rare_terms == {"the"}
