"""Word forms learned from a corpus, on languages of our own making: nothing here is a list of English endings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.tokens.stems import learn_stems, word_forms
from likewise.tokens.vocabulary import Vocabulary

ROOTS = [
    "malit",
    "korun",
    "sevap",
    "tildor",
    "hamek",
    "pradul",
    "vosin",
    "gerta",
    "lumbak",
    "rifone",
    "dasket",
    "wolme",
]


def language(roots: list[str], endings: list[str]) -> list[str]:
    return [root + ending for root in roots for ending in endings]


def groups(words: list[str]) -> list[list[str]]:
    return sorted(sorted(words[place] for place in group) for group in word_forms(words))


@pytest.mark.parametrize("endings", [["", "s"], ["a", "ina", "oler"], ["", "lar", "larda", "im"], ["", "是", "們"]])
def test_forms_of_a_word_are_found_by_the_endings_that_many_words_have(endings: list[str]) -> None:
    """A closed form: twelve unlike roots with the same endings are twelve groups."""
    assert groups(language(ROOTS, endings)) == sorted(sorted(language([root], endings)) for root in ROOTS)


def test_an_ending_that_few_words_have_is_no_rule() -> None:
    """A closed form: three pairs of words with one ending are none, four are."""
    others = ["zzz", "yyyyy", "qqqqqq"]
    assert groups(language(ROOTS[:3], ["", "x"]) + others) == []
    assert len(groups(language(ROOTS[:4], ["", "x"]) + others)) == 4


def test_words_that_share_few_letters_need_a_rule_of_many() -> None:
    """A closed form: with 3 letters in common a rule must have 16 times as many words behind it."""
    short = ["map", "maps"]
    assert ["map", "maps"] not in groups(language(ROOTS, ["", "s"]) + short)
    many = [f"{root}{letter}" for root in ROOTS for letter in "bdfgkl"]
    assert ["map", "maps"] in groups(language(many, ["", "s"]) + short)


def test_unlike_words_are_left_alone() -> None:
    """A closed form: no two of these begin alike."""
    assert groups(ROOTS) == []
    assert groups([]) == []


def test_a_crowd_of_names_is_no_language() -> None:
    """A law: where too many words begin alike none of them is joined, and others still are."""
    crowd = [f"abc{i:04}x".translate(str.maketrans("0123456789", "bcdfghjklm")) for i in range(600)]
    found = groups(crowd + language(ROOTS, ["", "en"]))
    assert len(found) == len(ROOTS)


@given(st.lists(st.text(alphabet="abcde", min_size=1, max_size=9), unique=True, max_size=60))
def test_groups_share_no_word_and_keep_to_their_beginnings(words: list[str]) -> None:
    """Laws: a word is in one group at most, forms begin with the same three letters, and the order changes nothing."""
    found = word_forms(words)
    places = [place for group in found for place in group]
    assert len(places) == len(set(places))
    assert all(len(group) > 1 and len({words[place][:3] for place in group}) == 1 for group in found)
    backwards = words[::-1]
    assert groups(words) == groups(backwards)


def test_the_commonest_form_stands_for_the_others() -> None:
    """A closed form: the form seen most; subwords that continue a word or never stand alone are left as they are."""
    words = language(ROOTS, ["", "s"])
    subwords = ("[UNK]", "##s", *words, "malitx")
    continues = np.array([subword.startswith("##") for subword in subwords])
    vocabulary = Vocabulary(subwords, continues, np.zeros(len(subwords), np.int64))
    whole = np.array([0, 9, *([2, 7] * len(ROOTS)), 0])
    stems = learn_stems(vocabulary, whole)
    assert stems.dtype == np.int32
    for id, subword in enumerate(subwords):
        expected = subword + "s" if subword in ROOTS else subword
        assert subwords[stems[id]] == expected


def test_nothing_but_letters_is_stemmed() -> None:
    """A closed form: numbers with endings in common stay what they are."""
    subwords = tuple(f"{number}{ending}" for number in range(10000, 10040) for ending in ("", "5"))
    vocabulary = Vocabulary(subwords, np.zeros(len(subwords), np.bool_), np.zeros(len(subwords), np.int64))
    np.testing.assert_array_equal(learn_stems(vocabulary, np.ones(len(subwords), np.int64)), np.arange(len(subwords)))


def test_a_subword_of_a_script_without_spaces_is_the_same_wherever_it_stands() -> None:
    """A closed form: both forms have one row; the parts of a spaced word keep their own, and such a script no stems."""
    runs = ("数据", "##数据", "สวัส", "##สวัส", "play", "##play", "##テレビ")
    subwords = ("[UNK]", *runs, *language(["数据库检", "数据检索"], ["", "的"]))
    continues = np.array([subword.startswith("##") for subword in subwords])
    vocabulary = Vocabulary(subwords, continues, np.zeros(len(subwords), np.int64))
    stems = learn_stems(vocabulary, np.ones(len(subwords), np.int64))
    assert stems.tolist() == [0, 1, 1, 3, 3, 5, 6, 7, *range(8, len(subwords))]


def test_korean_is_compared_letter_by_letter() -> None:
    """A closed form: endings that complete a syllable are found; the words themselves stay as they are."""
    roots = ["가르치", "어울리", "두드리", "움직이", "기다리", "떨어지", "부러지", "흐려지"]
    words = [word for root in roots for word in (f"{root}다", f"{root[:-1]}{chr(ord(root[-1]) + 4)}다")]
    assert groups(words) == sorted(sorted(words[at : at + 2]) for at in range(0, len(words), 2))
