"""Answers from an index: the right sentence, or none if there is none."""

import string

import numpy as np
import pytest

from likewise.applications.answer import Answerer, answer
from likewise.errors import InputError
from likewise.index.collection import Collection

PLACES = ("Oslo", "Lima", "Cairo", "Perth", "Quito", "Hanoi", "Tunis", "Porto", "Basel", "Dover")
THINGS = ("bridge", "tower", "market", "harbour", "museum")


class Letters:
    """Counts each pair of letters of a text."""

    def encode(self, texts):
        pairs = [first + second for first in string.ascii_lowercase for second in string.ascii_lowercase]
        return np.array([[text.lower().count(pair) for pair in pairs] for text in texts], np.float32)


def passage(place, number):
    parts = [f"The {thing} of {place} has {number + row} gates." for row, thing in enumerate(THINGS)]
    return f"{place} is a city. " + " ".join(parts)


@pytest.fixture
def cities(tmp_path):
    with Collection.create(tmp_path / "cities.index", Letters()) as made:
        made.add([passage(place, 10 * row) for row, place in enumerate(PLACES)], ids=PLACES, row=range(len(PLACES)))
        yield made


def test_the_sentence_that_answers_is_found_in_its_passage(cities):
    answerer = Answerer(cities, confidence=0.0)
    for row, place in enumerate(PLACES):
        for at, thing in enumerate(THINGS):
            found = answerer.answer(f"How many gates has the {thing} of {place}?")
            best = found.evidence[0]
            assert found.found
            assert found.text == best.sentence == f"The {thing} of {place} has {10 * row + at} gates."
            assert best.hit.text[best.start : best.end] == best.sentence
            assert best.hit.columns == {"row": row}
            assert [one.score for one in found.evidence] == sorted((one.score for one in found.evidence), reverse=True)


def test_a_question_without_an_answer_gets_none(cities):
    answerer = Answerer(cities)
    none = [answerer.answer(f"Which {word} did they invent?") for word in ("vaccine", "engine", "opera", "sonnet")]
    assert not any(found.found for found in none)
    assert all(found.text is None and found.evidence for found in none)
    known = answerer.answer("How many gates has the tower of Lima?")
    assert known.confidence > max(found.confidence for found in none)


def test_few_passages_decide_by_the_score_itself(tmp_path):
    with Collection.create(tmp_path / "one.index", Letters()) as one:
        one.add(["The bridge has four gates. It is old."])
        assert answer(one, "the bridge has four gates").text == "The bridge has four gates."
        assert not answer(one, "who wrote a sonnet").found
    with Collection.create(tmp_path / "same.index", Letters()) as same:
        same.add(["The bridge has four gates. It is old."] * 30)  # there are no other passages
        assert answer(same, "the bridge has four gates").found


def test_headings_and_questions_are_no_answers(tmp_path):
    with Collection.create(tmp_path / "faq.index", Letters()) as faq:
        faq.add(["# How do I reset the clock?\nHold the left button.", "Why?", "Is the clock waterproof? It is."])
        assert answer(faq, "How do I reset the clock?", confidence=0).text == "Hold the left button."
        assert answer(faq, "Is the clock waterproof?", confidence=0).text == "It is."
        assert answer(faq, "Why?", confidence=0, where={"id": "1"}).evidence[0].sentence == "Why?"  # there is no other


def test_texts_without_words_answer_nothing(tmp_path):
    with Collection.create(tmp_path / "blank.index", Letters()) as blank:
        blank.add(["", "the bridge"], kind=["a", "b"])
        assert answer(blank, "which bridge?").evidence[0].hit.text == "the bridge"
        nothing = answer(blank, "which bridge?", where='kind = "a"')
        assert (nothing.found, nothing.confidence, nothing.evidence, nothing.text) == (False, 0.0, (), None)


def test_wrong_arguments_are_refused(tmp_path, cities):
    for question in (" ", ""):
        with pytest.raises(InputError, match="question is empty"):
            answer(cities, question)
    with pytest.raises(InputError, match="from 0 to 1"):
        answer(cities, "where?", confidence=1.5)
    with pytest.raises(InputError, match="at least 1"):
        answer(cities, "where?", passages=0)
    with Collection.create(tmp_path / "none.index", Letters()), pytest.raises(InputError, match="has no texts"):
        answer(tmp_path / "none.index", "where?", model=Letters())
    with pytest.raises(InputError, match="does not exist"):
        answer(tmp_path / "nowhere.index", "where?")
