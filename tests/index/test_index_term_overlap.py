"""The share of a query's terms that a text has."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.index.bm25 import TermOverlap
from likewise.index.stems import Stems, terms_of


def test_a_share_is_that_of_the_weights():
    overlap = TermOverlap({"lamp": 2.0, "red": 1.0, "the": 0.5})
    assert overlap.share("The LAMP.") == pytest.approx(2.5 / 3.5)
    assert overlap.share("a dog") == 0.0
    assert TermOverlap({}).share("the lamp") == 0.0


def test_terms_are_compared_as_in_the_index():
    stems = Stems({"flows": "flow", "flowing": "flow"})
    assert terms_of("Flowing Façade", stems) == {"flow", "facade"}
    assert TermOverlap({"flow": 1.0}, stems).share("it flows") == 1.0
    assert terms_of("東京都") == {"東京", "京都"}
    assert terms_of("!?") == set()


@given(st.text(max_size=60))
def test_a_text_has_all_its_own_terms(text):
    terms = terms_of(text)
    assert not terms or TermOverlap(dict.fromkeys(terms, 1.5)).share(text) == pytest.approx(1.0)


def test_an_index_weights_terms_by_how_rare_they_are(index):
    index.add(["the red lamp", "the blue lamp", "the dog", ""])
    idf = index.overlap("The lamp, the DOG and a unicorn").idf
    assert idf["dog"] == pytest.approx(math.log(1 + (4 - 1 + 0.5) / 1.5))
    assert idf["lamp"] == pytest.approx(math.log(1 + (4 - 2 + 0.5) / 2.5))
    # What no text has weighs as the others do on average; only if nothing else is there, as a word of no text.
    known = [idf[term] for term in ("the", "lamp", "dog")]
    assert idf["unicorn"] == idf["and"] == pytest.approx(sum(known) / 3)
    assert index.overlap("unicorn").idf == {"unicorn": pytest.approx(math.log(1 + 4.5 / 0.5))}
    assert list(idf) == ["the", "lamp", "dog", "and", "a", "unicorn"]
    before = index.generation
    index.add(["a dog", "two dogs, one dog"])
    assert index.generation > before
    assert index.overlap("dog").idf["dog"] == pytest.approx(math.log(1 + (6 - 3 + 0.5) / 3.5))
    assert index.overlap(" ").idf == {}
