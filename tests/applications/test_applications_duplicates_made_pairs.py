"""Pairs made of texts: what says the same, and what does not."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.duplicates.made_pairs import perturbations, typos

TEXTS = [
    f"This is the {word}, and it is what one finds of {word}s in the {place}. Don't ask for more of it."
    for word, place in (("kettle", "kitchen"), ("lamp", "cellar"), ("bag", "garden"), ("cable", "attic"))
] * 10


def words(text):
    return re.findall(r"[\w']+", text.lower())


def test_typos_keep_what_a_text_is_about():
    """Laws: the rarer words stay but for a typo in one, frequent ones may go, and letters are those of the text."""
    made = typos(TEXTS, np.random.default_rng(0))
    lost = [len(set(words(text)) - set(words(typed))) for text, typed in zip(TEXTS, made, strict=True)]
    assert max(lost) > 1 and np.mean(lost) < 3
    for text, typed in zip(TEXTS, made, strict=True):
        rarer = {word for word in words(text) if word.startswith(("kettle", "lamp", "bag", "cable"))}
        assert len(rarer - set(words(typed))) <= 1
        assert len(typed) <= len(text)


def test_perturbed_texts_are_about_something_else():
    """Laws: a rarer word is replaced wherever it stands, by one of the texts given as near, or gone, or not alone."""
    near = (np.arange(40)[:, None] + [1, 2, 3]) % 4
    made = perturbations(TEXTS, near, np.random.default_rng(0))
    kinds = set()
    for text, changed in zip(TEXTS, made, strict=True):
        gone, come = set(words(text)) - set(words(changed)), set(words(changed)) - set(words(text))
        assert gone or come
        assert not come & {"is", "the", "of", "it"}
        kinds.add((bool(gone), bool(come)))
    assert kinds == {(True, True), (True, False), (False, True)}


@pytest.mark.parametrize("text", ["東京の天気は晴れですがとても寒いです", "สวัสดีครับผมชื่ออะไร"])
def test_scripts_without_spaces(text):
    """Laws: a character is a word there, and no space comes in by a typo."""
    made = typos([text] * 40, np.random.default_rng(3))
    assert len(set(made)) > 1 and all(" " not in each for each in made)
    other = perturbations([text, text[::-1]], np.array([[1], [0]]), np.random.default_rng(0))
    assert other[0] != text


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.integers(0, 9))
def test_any_texts(texts, seed):
    """Law: one for each text, the same for the same seed."""
    near = np.zeros((len(texts), 2), np.int64)
    for make in (typos, lambda given, rng: perturbations(given, near, rng)):
        made = make(texts, np.random.default_rng(seed))
        assert len(made) == len(texts) and made == make(texts, np.random.default_rng(seed))
