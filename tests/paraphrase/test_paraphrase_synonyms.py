"""Words of texts replaced. Witnesses: texts written out by hand, and laws over texts that hypothesis makes up."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.paraphrase import synonyms as module
from likewise.paraphrase.synonyms import Synonyms, build_synonyms

WORDS = [
    "car",
    "cars",
    "Car",
    "CAR",
    "bought",
    "the",
    "a",
    "an",
    "movie",
    "big",
    "umbrella",
    "x1",
    "a/b",
    "it's",
    "Ürümqi",
]
pieces = st.one_of(st.sampled_from(WORDS), st.text(max_size=4))
texts_of_words = st.lists(st.tuples(pieces, st.sampled_from([" ", "  ", "\n", "\t", "", ", ", ". ", " (", ") "])))


@pytest.fixture(scope="module")
def every_word(thesaurus):
    """Replaces all that it can."""
    return Synonyms(thesaurus, 1.0)


def rewritten(synonyms, text, seed=0):
    (found,) = synonyms([text], np.random.default_rng(seed))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the children bought it", "the kids purchased it"),
        ("  the\tchildren\n\nbought, (quickly)  ", "  the\tkids\n\npurchased, (rapidly)  "),
        ("Children bought it. Story! “Children” bought… Children", "Kids purchased it. Tale! “Kids” purchased… Kids"),
        ("THE CHILDREN BOUGHT AN UMBRELLA", "THE KIDS PURCHASED A PARASOL"),
        ("ask the Children of BOUGHT", "ask the Children of BOUGHT"),
        ("an umbrella", "a parasol"),
        ("A story and an  umbrella", "A tale and an  parasol"),
        ("a parasol. A parasol, a child", "an umbrella. An umbrella, a kid"),
        ("they help The help  help", "they assist The aid  help"),
        ("banana umbrella", "banana parasol"),
        ("children/bought child.bought child's child-like http://child/ @child #child child() child_bought", None),
        ("child2 2 3.14 $child {child} --child", None),
        ("", ""),
        ("about the xyzzy", None),
    ],
)  # fmt: skip
def test_words_give_way_and_all_else_stays(every_word, text, expected):
    assert rewritten(every_word, text) == (text if expected is None else expected)


def test_a_capital_in_a_long_text_is_judged_by_what_stands_before_it(every_word):
    text = "about it about it about it Children. Children"
    assert rewritten(every_word, text) == "about it about it about it Children. Kids"
    assert rewritten(every_word, " " * 20 + "Children") == " " * 20 + "Children"


def test_the_share_is_of_the_words_that_have_synonyms(thesaurus):
    """A closed form: of ten words that have one, the rounded share, and never none."""
    text = " ".join(["child"] * 10)
    for share, expected in ((0.01, 1), (0.3, 3), (0.5, 5), (1.0, 10)):
        assert rewritten(Synonyms(thesaurus, share), text).split().count("kid") == expected


def test_words_and_synonyms_are_drawn_by_their_chances(thesaurus):
    """A law, within 5 standard errors: each place is as likely as another; each synonym has its chance."""
    texts = ["car car car"] * 6000
    found = [text.split() for text in Synonyms(thesaurus, 0.3)(texts, np.random.default_rng(0))]
    changed = np.array([[word != "car" for word in words] for words in found])
    assert (changed.sum(axis=1) == 1).all()
    np.testing.assert_allclose(changed.mean(axis=0), 1 / 3, atol=0.031)
    drawn = [next(word for word in words if word != "car") for words in found]
    expected = {"auto": 2.5 / 16.5, "automobile": 10.5 / 16.5, "motorcar": 3.5 / 16.5}
    for word, chance in expected.items():
        np.testing.assert_allclose(drawn.count(word) / 6000, chance, atol=0.031)


def test_the_same_seed_gives_the_same_texts(thesaurus):
    synonyms = Synonyms(thesaurus)
    texts = ["big cars and big movies"] * 50
    assert synonyms(texts, np.random.default_rng(1)) == synonyms(texts, np.random.default_rng(1))
    assert synonyms(texts, np.random.default_rng(1)) != synonyms(texts, np.random.default_rng(2))
    assert synonyms([], np.random.default_rng(1)) == []


@given(parts=texts_of_words, seed=st.integers(0, 99))
def test_whatever_the_text_its_spaces_and_signs_stay(every_word, parts, seed):
    """A law: what is not a letter stays where it is, byte for byte, whatever the text."""
    text = "".join(word + between for word, between in parts)
    found = rewritten(every_word, text, seed)
    # A noun of two words brings a space along.
    apart = re.compile(r"[A-Za-z]+")
    joined = re.sub(r"(?i)motion picture", "movie", found)
    assert apart.split(joined) == apart.split(re.sub(r"(?i)motion picture", "movie", text))


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "nan", "some", ""])
def test_a_share_that_is_none_is_refused_before_wordnet_is_opened(monkeypatch, given):
    monkeypatch.setattr(module, "open_wordnet", None)
    with pytest.raises(InputError, match=rf"^synonyms:{re.escape(given)}: expected a share of words above 0"):
        build_synonyms(given)


def test_the_name_holds_the_share(wordnet, monkeypatch):
    monkeypatch.setattr(module, "open_wordnet", lambda: wordnet)
    assert [build_synonyms(given).name for given in (None, "0.5", "1")] == [
        "synonyms:0.3",
        "synonyms:0.5",
        "synonyms:1",
    ]
