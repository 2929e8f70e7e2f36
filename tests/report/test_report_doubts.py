"""Warnings. Each is provoked by a card that differs from a healthy one in what it is about."""

from typing import Any

import numpy as np
import pytest
from report_cards import HISTORY, card

from likewise.report.sample import Sample
from likewise.report.warnings import find_warnings

NO_TEXTS = Sample((), np.zeros((0, 4), np.float32), (), 0)


def said(sample: Sample = NO_TEXTS, **changes: Any) -> str:
    found = find_warnings(card(**changes), sample)
    assert all(warning.said[-1] in ".?" and (warning.advice == "" or warning.advice[-1] in ".;)") for warning in found)
    return " ".join(f"{'!' if warning.serious else ''}{warning.said} {warning.advice}" for warning in found)


def history(*scores: float, **changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        {**HISTORY[0], "step": 10 * look, "geometry": {**HISTORY[0]["geometry"], "mrr": score}, **changes}
        for look, score in enumerate(scores)
    )


def test_a_healthy_model_gives_no_reason():
    assert find_warnings(card(), NO_TEXTS) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scores": {"mean cosine": 0.7}}, "!Different texts look alike: two of them have a cosine of 0.70"),
        ({"scores": {"mean cosine": 0.4}}, "0.40 on average; 0 to 0.2 is usual. Train with a lower temperature"),
        ({"scores": {"effective rank": 8.0}}, "The vectors use 8 of 64 directions. Train with a lower learning rate"),
        ({"scores": {"effective rank": 2.0}}, "!The vectors use 2 of 64 directions"),
        ({"pairs": {"positive": [10, 30, 30, 30]}}, "hardly tells halves of one text from random pairs"),
        ({"pairs": {"random": [0, 0, 20, 80], "positive": [0, 0, 0, 9]}, "scores": {"mean cosine": None}},
         "!Random pairs are too similar: their cosines have a mean of 0.65"),
        ({"scores": {"MRR": 0.19}}, "!The score is below that of LSA (MRR 0.190, LSA 0.200)"),
        ({"scores": {"MRR": 0.11, "MRR, LSA": 0.05}}, "!Training taught little: MRR 0.110, untrained 0.100"),
        ({"scores": {"texts": 64}}, "The score was taken on 64 texts only: differences below 0.10 may be luck"),
        ({"history": history(0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)},
         "The score still rose at the end, from 0.450 to 0.550 in the last quarter of the run. "
         "Train for more epochs, such as --epochs 20"),
        ({"history": history(0.1, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4)},
         "The best score came early, at step 10 of 70, and was not reached again"),
        ({"history": history(0.1, 0.4, 0.4, masked=0.05)}, "up to 5 % of the pairs in a batch were left out"),
        ({"corpus": {"texts": 300, "tokens": 9000}}, "The corpus holds 300 texts. Add texts of the same kind"),
        ({"corpus": {"duplicates": 5000}}, "5,000 texts (50 %) were repeats of others"),
        ({"corpus": {"empty": 1000}}, "1,000 texts (17 %) were without words"),
        ({"corpus": {"skipped": 500}}, "500 texts (9 %) were in rows that could not be read"),
        ({"corpus": {"tokens": 20_000}}, "The texts are very short: 4.0 pieces each"),
        ({"corpus": {"tokens": 5_000_000}}, "The texts are long: 1,000 pieces each"),
        ({"warnings": ("training collapsed: texts look alike",)}, "!Training collapsed: texts look alike."),
        ({"warnings": ("a word",)}, "A word."),
    ],
)  # fmt: skip
def test_what_is_warned_of(changes: dict[str, Any], words: str):
    assert words in said(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"history": history(0.1, 0.3, 0.5)},  # too short a run to speak of its last quarter
        {"history": history(0.1, 0.3, 0.4, 0.45, 0.47, 0.48, 0.485, 0.486)},
        {"scores": {}, "history": (), "corpus": {"name": "x"}, "pairs": {}},
    ],
)
def test_what_is_not_warned_of(changes: dict[str, Any]):
    assert said(**changes) == ""


def test_an_empty_card_gives_no_reason():
    from likewise.model.card import Card

    assert find_warnings(Card(), NO_TEXTS) == ()


def test_what_training_said_is_not_said_twice():
    """Laws: each matter once, and the serious before the notes."""
    told = said(scores={"MRR": 0.19, "mean cosine": 0.7}, warnings=("the score is below that of LSA",))
    assert told.count("LSA") == 1
    both = said(scores={"mean cosine": 0.7}, warnings=("training collapsed: different texts look alike",))
    assert both.count("look alike") == 1
    assert "rose" not in said(history=history(*np.linspace(0.1, 0.9, 8)), warnings=("training collapsed",))
    small = said(corpus={"texts": 300, "tokens": 9000}, warnings=("only 300 texts: none could be put aside",))
    assert "holds 300" not in small
    serious = [warning.serious for warning in find_warnings(card(corpus={"texts": 9}, scores={"MRR": 0.1}), NO_TEXTS)]
    assert serious == sorted(serious, reverse=True)
    assert set(serious) == {True, False}


def test_texts_of_another_kind_are_noticed():
    sample = Sample(("a",) * 9, np.eye(9, 4, dtype=np.float32), (frozenset(),) * 9, 3)
    assert "3 of 12 texts shown here hold no word that the model knows" in said(sample)


def test_without_epochs_the_advice_has_no_number():
    rising = history(0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
    assert "such as twice as many" in said(history=rising, recipe={"epochs": None})
