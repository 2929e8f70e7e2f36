"""Which words can stand for a word, by a WordNet of a few words, and by the real one where there is one."""

import numpy as np
import pytest

from likewise.errors import InputError
from likewise.paraphrase.thesaurus import FUNCTION_WORDS, Alternatives, Thesaurus, open_wordnet

WORDS = ["purchased", "automobiles", "begin", "questions", "the", "better", "left", "found", "data", "run"]


@pytest.fixture(scope="module")
def english(nltk_path, tmp_path_factory):
    """Of some words, the synonyms by the WordNet that is on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nltk.data.path", nltk_path)
        try:
            thesaurus = Thesaurus(open_wordnet(cache=tmp_path_factory.mktemp("cache")))
        except InputError as error:
            pytest.skip(str(error))
        return {word: thesaurus.alternatives(word) for word in WORDS}


def test_chances_go_by_how_often_a_word_has_the_sense(thesaurus):
    """A closed form: counts of 10, 3 and 2, each with a half for what was not seen; `machine` means others first."""
    found = thesaurus.alternatives("car")
    assert found.words == ("auto", "automobile", "motorcar")
    np.testing.assert_allclose(np.diff(found.cumulative, prepend=0), np.array([2.5, 10.5, 3.5]) / 16.5)


def test_alternatives_have_the_form_of_the_word(thesaurus):
    words = {
        word: thesaurus.alternatives(word) for word in ("cars", "bought", "children", "stopping", "bigger", "films")
    }
    assert {word: found.words for word, found in words.items()} == {
        "cars": ("autos", "automobiles", "motorcars"),
        "bought": ("purchased",),
        "children": ("kids",),
        "stopping": ("halting", "ceasing"),
        "bigger": ("larger",),
        "films": ("movies", "motion pictures"),
    }


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("about", "holds the sentence together"),
        ("xyzzy", "is in no dictionary"),
        ("year", "has a synonym too rare to be understood"),
        ("bank", "is as often something else"),
        ("server", "has senses of which none was counted"),
        ("help", "is as often a verb as a noun"),
        ("saw", "is far more often another verb, of which the form has no regular partner"),
        ("put", "has one form for present and past"),
        ("wakeful", "has a synonym that stands before no noun"),
        ("hour", "has a synonym that is no single word, and was never counted"),
        ("end", "has a synonym that takes an object where it takes none"),
    ],
)
def test_a_word_is_left_alone_if_it(thesaurus, word, why):
    if why == "is far more often another verb, of which the form has no regular partner":
        assert thesaurus.alternatives(word).words == ("perceived",)
    else:
        assert thesaurus.alternatives(word) is None


def test_a_verb_stands_for_one_with_fewer_frames(thesaurus):
    assert thesaurus.alternatives("finish").words == ("end",)


def test_the_word_before_restricts_what_a_word_can_be(thesaurus):
    """`help` is as often the one as the other; a form that only a verb has stands where an adjective does."""
    found = {
        (word, expected): thesaurus.alternatives(word, expected)
        for word in ("help", "stopped", "car")
        for expected in ("noun", "verb")
    }
    assert found["help", "noun"].words == ("aid",)
    assert found["help", "verb"].words == ("assist",)
    assert found["stopped", "noun"].words == found["stopped", "verb"].words == ("halted", "ceased", "quit")
    assert found["car", "noun"] is not None
    assert found["car", "verb"] is None


def test_capitals_and_function_words_stand_for_nothing(thesaurus):
    assert thesaurus.alternatives("story").words == ("tale",)
    assert {"the", "not", "about"} <= FUNCTION_WORDS


def test_synonyms_are_cached_up_to_a_bound(wordnet, monkeypatch):
    thesaurus = Thesaurus(wordnet)
    first = thesaurus.alternatives("car")
    assert thesaurus.alternatives("car") is first
    thesaurus._known.update({(str(number), "any"): None for number in range(1 << 18)})
    assert thesaurus.alternatives("child").words == ("kid",)
    assert len(thesaurus._known) == 1


def test_a_pick_is_where_its_chance_is():
    found = Alternatives(("a", "b"), np.array([0.25, 1 - 1e-16]))
    assert [found.pick(chance) for chance in (0.0, 0.2499, 0.25, 0.9, 1 - 1e-17)] == ["a", "a", "b", "b", "b"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("purchased", {"bought"}), ("automobiles", {"cars"}), ("begin", {"start"}), ("questions", {"inquiries"})],
)
def test_english_synonyms(english, word, expected):
    assert expected <= set(english[word].words)


@pytest.mark.parametrize("word", ["the", "better", "left", "found", "data", "run"])
def test_english_words_that_are_left_alone(english, word):
    assert english[word] is None
