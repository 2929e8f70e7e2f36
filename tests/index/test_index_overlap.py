"""Which share of a query's words a text has."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_embedders import Hashed

from likewise.errors import InputError
from likewise.index.bm25 import Overlap, words_of
from likewise.index.collection import Collection
from likewise.index.stems import Stems


def test_a_share_is_that_of_the_weights():
    overlap = Overlap({"lamp": 2.0, "red": 1.0, "the": 0.5})
    assert overlap.share("The LAMP.") == pytest.approx(2.5 / 3.5)
    assert overlap.share("a dog") == 0.0
    assert Overlap({}).share("the lamp") == 0.0


def test_words_are_compared_as_in_the_index():
    stems = Stems({"flows": "flow", "flowing": "flow"})
    assert words_of("Flowing Façade", stems) == {"flow", "facade"}
    assert Overlap({"flow": 1.0}, stems).share("it flows") == 1.0
    assert words_of("東京都") == {"東京", "京都"}
    assert words_of("!?") == set()


@given(st.text(max_size=60))
def test_a_text_has_all_its_own_words(text):
    words = words_of(text)
    assert not words or Overlap(dict.fromkeys(words, 1.5)).share(text) == pytest.approx(1.0)


def test_an_index_weighs_words_by_how_rare_they_are(tmp_path):
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        index.add(["the red lamp", "the blue lamp", "the dog", ""])
        weights = index.overlap("The lamp, the DOG and a unicorn").weights
        assert weights["dog"] == pytest.approx(math.log(1 + (4 - 1 + 0.5) / 1.5))
        assert weights["lamp"] == pytest.approx(math.log(1 + (4 - 2 + 0.5) / 2.5))
        assert weights["unicorn"] == pytest.approx(math.log(1 + 4.5 / 0.5))
        assert list(weights) == ["the", "lamp", "dog", "and", "a", "unicorn"]
        before = index.generation
        index.add(["a dog", "two dogs, one dog"])
        assert index.generation > before
        assert index.overlap("dog").weights["dog"] == pytest.approx(math.log(1 + (6 - 3 + 0.5) / 3.5))
        assert index.overlap(" ").weights == {}


def test_what_is_like_a_text_is_found_without_it(tmp_path):
    texts = ["cheap red lamp", "cheap blue lamp", "cheap red lamp", "a slow old dog", ""]
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        index.add(texts, ids=list("abcde"), price=[1, 2, 3, 4, 5])
        assert [hit.id for hit in index.like("a", 2)] == ["c", "b"]
        assert [hit.id for hit in index.like("a", 2, "vector", "price < 3")] == ["b"]
        assert index.like("e") == []
        with pytest.raises(InputError, match="no text with the id 'z'"):
            index.like("z")
        with pytest.raises(InputError, match="k = 0"):
            index.like("a", 0)


def test_a_sample_is_of_the_texts_each_once(tmp_path):
    rng = np.random.default_rng(0)
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        assert index.sample(3, rng) == []
        index.add([f"text {row}" for row in range(20)])
        drawn = [entry.id for entry in index.sample(5, rng)]
        assert len(set(drawn)) == 5
        assert [entry.id for entry in index.sample(5, rng)] != drawn
        assert sorted(int(entry.id) for entry in index.sample(99, rng)) == list(range(20))
