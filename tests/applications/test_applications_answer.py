"""Answers from an index: the right sentence, and none where there is none."""

import json
import string

import numpy as np
import pytest

from likewise.applications import answer as module
from likewise.applications.answer import FILE, Answerer, answer
from likewise.errors import InputError
from likewise.index.collection import Collection

PLACES = ("Oslo", "Lima", "Cairo", "Perth", "Quito", "Hanoi", "Tunis", "Porto", "Basel", "Dover")
THINGS = ("bridge", "tower", "market", "harbour", "museum")


class Letters:
    """How often each pair of letters stands in a text."""

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
    answerer = Answerer(cities, certainty=0.5)
    for row, place in enumerate(PLACES):
        for at, thing in enumerate(THINGS):
            reply = answerer.reply(f"How many gates has the {thing} of {place}?")
            best = reply.evidence[0]
            assert reply.found
            assert reply.answer == best.sentence == f"The {thing} of {place} has {10 * row + at} gates."
            assert best.hit.text[best.start : best.end] == best.sentence
            assert best.hit.columns == {"row": row}
            assert [one.score for one in reply.evidence] == sorted((one.score for one in reply.evidence), reverse=True)


def test_what_no_passage_says_is_not_answered(cities):
    answerer = Answerer(cities, certainty=0.6)
    asked = [answerer.reply(f"Which {word} did they invent?") for word in ("vaccine", "engine", "opera", "sonnet")]
    assert not any(reply.found for reply in asked)
    assert all(reply.answer is None and reply.evidence for reply in asked)
    known = answerer.reply("How many gates has the tower of Lima?")
    assert known.certainty > max(reply.certainty for reply in asked)


def test_certainty_is_the_share_of_unanswered_questions_that_score_lower(cities):
    answerer = Answerer(cities)
    reply = answerer.reply("How many gates has the tower of Lima?")
    kept = json.loads((cities.path / FILE).read_text())
    scores = np.array(kept["scores"])
    assert 1 <= len(scores) <= len(PLACES)
    assert reply.certainty in (float((scores < reply.evidence[0].score).mean()), 1.0, 0.0)
    # Written down for this state of the index and this number of passages alone.
    (cities.path / FILE).write_text(json.dumps(kept | {"scores": [2.0] * 50}))
    assert Answerer(cities).reply("How many gates has the tower of Lima?").certainty == 0.0
    assert Answerer(cities, passages=2, certainty=0.5).reply("How many gates has the tower of Lima?").certainty > 0
    cities.add(["A new one."])
    Answerer(cities).reply("What is new?")
    assert json.loads((cities.path / FILE).read_text())["generation"] == cities.generation


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"generation": 1}'])
def test_a_damaged_file_of_scores_is_made_anew(cities, kept):
    (cities.path / FILE).write_text(kept)
    assert Answerer(cities).reply("How many gates has the tower of Lima?").evidence
    assert json.loads((cities.path / FILE).read_text())["scores"]


def test_where_nothing_can_be_written_nothing_is(cities, monkeypatch):
    def refused(path):
        raise PermissionError(path)

    monkeypatch.setattr(module, "replacing_file", refused)
    assert Answerer(cities).reply("How many gates has the tower of Lima?").evidence
    assert not (cities.path / FILE).exists()


def test_few_passages_decide_by_the_score_itself(tmp_path):
    with Collection.create(tmp_path / "one.index", Letters()) as one:
        one.add(["The bridge has four gates. It is old."])
        assert answer(one, "the bridge has four gates").answer == "The bridge has four gates."
        assert not answer(one, "who wrote a sonnet").found
    with Collection.create(tmp_path / "same.index", Letters()) as same:
        same.add(["The bridge has four gates. It is old."] * 30)  # nothing is left out of which to ask
        assert answer(same, "the bridge has four gates").found


def test_texts_without_words_answer_nothing(tmp_path):
    with Collection.create(tmp_path / "blank.index", Letters()) as blank:
        blank.add(["", "the bridge"], kind=["a", "b"])
        assert answer(blank, "which bridge?").evidence[0].hit.text == "the bridge"
        nothing = answer(blank, "which bridge?", where='kind = "a"')
        assert (nothing.found, nothing.certainty, nothing.evidence, nothing.answer) == (False, 0.0, (), None)


def test_what_cannot_be_asked_is_refused(tmp_path, cities):
    for asked, said in ((" ", "question is empty"), ("", "question is empty")):
        with pytest.raises(InputError, match=said):
            answer(cities, asked)
    with pytest.raises(InputError, match="from 0 to 1"):
        answer(cities, "where?", certainty=1.5)
    with pytest.raises(InputError, match="at least 1"):
        answer(cities, "where?", passages=0)
    with Collection.create(tmp_path / "none.index", Letters()), pytest.raises(InputError, match="holds no texts"):
        answer(tmp_path / "none.index", "where?", model=Letters())
    with pytest.raises(InputError, match="does not exist"):
        answer(tmp_path / "nowhere.index", "where?")
