"""Similar words. Oracles: that topics are found, closed forms, laws."""

from dataclasses import replace

import numpy as np
import pytest
from report_cards import topical_words

from likewise.encoders.static import StaticEncoder
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.report.neighbours import find_words, spelled_alike
from likewise.report.sample import take_sample


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("cell", "cells", True), ("run", "rerun", True), ("infect", "infection", True), ("colour", "color", True),
        ("immune", "immunity", True), ("behaviour", "behavior", True), ("heart", "cardiac", False),
        ("cat", "dog", False), ("king", "queen", False), ("心", "脏", False), ("insulin", "glucose", False),
    ],
)  # fmt: skip
def test_spelled_alike(first, second, alike):
    assert spelled_alike(first, second) == spelled_alike(second, first) == alike


def test_words_of_a_topic_became_similar(model, sample):
    """It learns: of the pairs and groups nine of ten hold words of one topic, where chance gives one of twelve."""
    found = find_words(model, sample)
    topic = {word: row for row, words in enumerate(topical_words()) for word in words}
    assert found.compared > 100
    assert len(found.pairs) == 24
    same = [topic[pair.first] == topic[pair.second] for pair in found.pairs]
    same += [topic[group.word] == topic[other] for group in found.groups for other in group.others]
    assert len(found.groups) >= 5
    assert np.mean(same) > 0.9
    assert found.chance == pytest.approx(2 / np.sqrt(128))


def test_no_word_is_in_two_pairs_nor_next_to_its_forms(model, sample):
    """Laws: pairs are disjoint, the closest first; groups are disjoint; nothing shown is spelled alike."""
    found = find_words(model, sample)
    words = [word for pair in found.pairs for word in (pair.first, pair.second)]
    assert len(words) == len(set(words))
    assert [pair.cosine for pair in found.pairs] == sorted((pair.cosine for pair in found.pairs), reverse=True)
    grouped = [word for group in found.groups for word in (group.word, *group.others)]
    assert len(grouped) == len(set(grouped))
    assert not any(spelled_alike(pair.first, pair.second) for pair in found.pairs)
    assert not any(spelled_alike(group.word, other) for group in found.groups for other in group.others)


def test_random_rows_are_close_to_nothing(model, sample):
    """A closed form: before training no pair is five standard deviations near, but for one in three million."""
    rows = np.random.default_rng(0).standard_normal(model.encoder.weights.shape).astype(np.float32)
    untrained = Model(model.tokenizer, StaticEncoder(rows), model.card)
    found = find_words(untrained, sample)
    assert found.pairs == ()
    assert found.groups == ()


def test_without_a_sample_long_subwords_are_compared(model, sample):
    empty = take_sample(Model(model.tokenizer, model.encoder))
    assert find_words(model, empty).compared >= find_words(model, sample).compared


def test_words_of_every_text_and_of_hardly_any_are_left_out(model, sample):
    """A closed form: with one text in the corpus, each word would be in it more often than once a text."""
    one = replace(model.card, corpus={"texts": 1})
    assert find_words(Model(model.tokenizer, model.encoder, one), sample).compared == 0
    many = Model(model.tokenizer, model.encoder, Card(corpus={"texts": 5}))
    assert find_words(many, sample).pairs == ()


def test_a_model_without_counts_has_nothing_to_compare(model, sample):
    bare = type(model.tokenizer)(model.tokenizer.reference)
    found = find_words(Model(bare, model.encoder), sample)
    assert (found.compared, found.pairs, found.groups) == (0, (), ())
