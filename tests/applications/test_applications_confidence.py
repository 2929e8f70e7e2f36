"""The probability that an answer is right, measured on questions made of the index."""

import json
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications import confidence as module
from likewise.applications.answer import Answerer
from likewise.applications.confidence import FILE, Confidence, made_questions, words_of
from likewise.applications.evidence import OTHERS, Evidence, strength
from likewise.index.collection import Collection

PLACES = ("Oslo", "Lima", "Cairo", "Perth", "Quito", "Hanoi", "Tunis", "Porto", "Basel", "Dover")
THINGS = ("bridge", "tower", "market", "harbour", "museum")


class Letters:
    """Counts each pair of letters of a text."""

    def encode(self, texts):
        pairs = [first + second for first in string.ascii_lowercase for second in string.ascii_lowercase]
        return np.array([[text.lower().count(pair) for pair in pairs] for text in texts], np.float32)


@pytest.fixture
def cities(tmp_path):
    with Collection.create(tmp_path / "cities.index", Letters()) as made:
        made.add(
            [
                f"{place} is a city. " + " ".join(f"The {thing} of {place} has {row} gates." for thing in THINGS)
                for row, place in enumerate(PLACES)
            ],
            ids=PLACES,
        )
        yield made


def test_strong_evidence_is_right_more_often(cities):
    measured = Confidence.measured(cities, 4)
    assert measured.questions > 50 and measured.texts == len(PLACES) and measured.slope > 0
    likely = [measured.probability(strength, 0.0) for strength in np.linspace(0, 1, 5).tolist()]
    assert likely == sorted(likely) and likely[0] < 0.2 and likely[-1] > 0.8
    assert Confidence.measured(cities, 4) == measured  # the same index, the same questions


def test_it_is_stored_until_the_index_has_changed_much(cities, monkeypatch):
    found = Answerer(cities, passages=4).answer("How many gates has the tower of Lima?")
    stored = json.loads((cities.path / FILE).read_text())
    assert stored["passages"] == 4 and stored["texts"] == len(PLACES)
    measured = Confidence(**stored)
    assert found.confidence == measured.probability(strength(found.evidence), found.evidence[0].score)
    with monkeypatch.context() as changed:
        changed.setattr(Confidence, "measured", None)
        assert Confidence.of(cities, 4) == measured
        cities.add(["Bern is a city. The bridge of Bern has 4 gates."])  # one in ten
        assert Confidence.of(cities, 4) == measured
    cities.add(["Rome is a city. The bridge of Rome has 5 gates."])
    assert Confidence.of(cities, 4).texts == len(PLACES) + 2
    assert Confidence.of(cities, 3).passages == 3


@pytest.mark.parametrize("stored", ["", "[]", "{}", '{"slope": 1}', '{"intercept": "a"}'])
def test_a_damaged_file_is_replaced(cities, stored):
    (cities.path / FILE).write_text(stored)
    assert Answerer(cities, passages=4).answer("How many gates has the tower of Lima?").evidence
    assert json.loads((cities.path / FILE).read_text())["questions"]


def test_where_nothing_can_be_written_nothing_is(cities, monkeypatch):
    def refused(path):
        raise PermissionError(path)

    monkeypatch.setattr(module, "replacing_file", refused)
    assert Answerer(cities).answer("How many gates has the tower of Lima?").evidence
    assert not (cities.path / FILE).exists()


def test_one_question_has_words_of_other_texts_and_the_other_has_none(cities):
    made = list(made_questions(cities, 200, np.random.default_rng(0)))
    assert len(made) > 100
    for each in made:
        assert each.unanswered in each.sentence and len(each.unanswered.split()) >= 3
        assert len(each.answered.split()) >= 3
    assert any(set(each.answered.split()) - set(each.sentence.split()) for each in made)
    shares = [len(each.unanswered.split()) / len(each.sentence.split()) for each in made]
    assert min(shares) < 0.5 and max(shares) == 1.0


def test_of_few_texts_the_score_is_the_confidence(cities):
    found = Answerer(cities).answer("How many gates has the tower of Lima?")  # eight of ten texts are read
    assert found.confidence == found.evidence[0].score
    assert json.loads((cities.path / FILE).read_text())["questions"] == 0


@given(st.text(st.sampled_from("ab .。東京雨は"), max_size=80))
def test_words_are_all_of_a_text_and_short_where_nothing_separates_them(text):
    found = list(words_of(text, np.random.default_rng(0)))
    assert "".join(found) == "".join(text.split())
    assert all(len(word) <= 5 or word.isascii() for word in found if not set(word) & set("ab"))


def test_strength_is_the_best_score_less_half_the_mean_of_the_others():
    def scored(score):
        return Evidence("", 0, 0, score, None)

    assert OTHERS == 0.5
    assert strength([scored(0.8), scored(0.5), scored(0.3)]) == pytest.approx(0.6)
    assert strength([scored(0.8)]) == 0.8 and strength([]) == 0.0
