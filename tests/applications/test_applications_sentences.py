"""Sentences of texts, and which of them fits a query."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.sentences import Sentence, SentenceScorer, sentences
from likewise.index.collection import Collection


class Letters:
    """Counts each letter of a text, and the texts that were encoded."""

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts):
        self.encoded += len(texts)
        return np.array([[text.lower().count(letter) for letter in string.ascii_lowercase] for text in texts])


@given(st.text() | st.text(st.sampled_from("aB. !?。\n\r\t 1é😀\u00a0")))
def test_every_character_that_is_no_space_is_in_one_sentence(text):
    found = sentences(text)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(one.text and one.text == one.text.strip() for one in found)
    places = [place for one in found for place in range(one.start, one.end)]
    assert places == sorted(set(places))
    assert not {place for place in range(len(text)) if not text[place].isspace()} - set(places)


@given(st.text(st.sampled_from("ab .\n,。ก\u0e49"), max_size=300), st.integers(1, 40))
def test_no_sentence_is_longer_than_the_longest(text, longest):
    found = sentences(text, longest)
    assert all(0 < len(one.text) <= longest and text[one.start : one.end] == one.text for one in found)
    assert "".join("".join(one.text for one in found).split()) == "".join(text.split())


def test_a_line_of_what_is_no_sentence_is_one():
    lines = [f"anna: the {number} key of the shed is lost again" for number in range(100)]
    assert [one.text for one in sentences("\n".join(lines))] == lines
    assert max(len(one.text) for one in sentences("word " * 100_000)) <= 1_000
    assert [one.text for one in sentences("a\n  \n" + " " * 3_000 + "b" * 1_500)] == ["a", "b" * 750, "b" * 750]


def test_sentences_end_where_readers_end_them():
    text = "Dr. Smith paid $3.50 in Washington, D.C. on Monday. Why? 東京は雨です。明日は晴れます。\n\nA heading\n"
    assert [one.text for one in sentences(text)] == [
        "Dr. Smith paid $3.50 in Washington, D.C. on Monday.",
        "Why?",
        "東京は雨です。",
        "明日は晴れます。",
        "A heading",
    ]
    assert sentences(" \n ") == []


@pytest.fixture
def collection(tmp_path):
    with Collection.create(tmp_path / "a.index", Letters()) as made:
        made.add(["the lamp is red", "the lamp is blue", "the dog"])
        yield made


def test_the_best_sentence_has_what_is_rare_in_the_query(collection):
    some = [Sentence("The lamp!", 0, 9), Sentence("A BLUE one.", 10, 21), Sentence("zzz", 22, 25)]
    scorer = SentenceScorer(collection, "the blue lamp")
    scores = scorer.scores([one.text for one in some])
    assert scorer.best(some) == some[1 if scores[1] > scores[0] else 0]
    assert (scores >= 0).all() and (scores <= 1).all() and scores[2] == 0.0
    # Both parts by hand: the weight of a term is log(1 + (N - n + 1/2) / (n + 1/2)).
    weight = {n: np.log1p((3 - n + 0.5) / (n + 0.5)) for n in (1, 2, 3)}
    words = (weight[3] + weight[2]) / (weight[3] + weight[2] + weight[1])
    vectors = Letters().encode(["the blue lamp", "The lamp!"]).astype(float)
    cosine = vectors[0] @ vectors[1] / np.prod(np.linalg.norm(vectors, axis=1))
    assert scores[0] == pytest.approx((words + cosine) / 2, abs=1e-6)


def test_a_slow_model_is_not_used_for_a_fast_score(collection):
    before = collection.model.encoded
    scorer = SentenceScorer(collection, "the blue lamp", fast=True)
    assert scorer.scores(["the blue lamp", "none"]).tolist() == [1.0, 0.0]
    assert collection.model.encoded == before


def test_blank_queries_and_no_sentences(collection):
    assert SentenceScorer(collection, " ").scores(["the lamp"]).tolist() == [0.0]
    scorer = SentenceScorer(collection, "lamp")
    assert scorer.best([]) is None
    assert scorer.scores([]).tolist() == []
