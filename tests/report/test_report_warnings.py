"""Warnings. Each is provoked by a card that differs from a healthy one."""

from typing import Any

import numpy as np
import pytest
from report_cards import HISTORY, card

from likewise.report.sample import Sample
from likewise.report.warnings import find_warnings

NO_TEXTS = Sample((), np.zeros((0, 4), np.float32), (), 0)


def messages(sample: Sample = NO_TEXTS, **changes: Any) -> str:
    found = find_warnings(card(**changes), sample)
    assert all(warning.message[-1] in ".?" for warning in found)
    assert all(warning.advice == "" or warning.advice[-1] in ".;)" for warning in found)
    return " ".join(f"{'!' if warning.serious else ''}{warning.message} {warning.advice}" for warning in found)


def history(*scores: float, **changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        {**HISTORY[0], "step": 10 * row, "geometry": {**HISTORY[0]["geometry"], "mrr": score}, **changes}
        for row, score in enumerate(scores)
    )


def test_a_healthy_model_has_no_warnings():
    assert find_warnings(card(), NO_TEXTS) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scores": {"mean cosine": 0.7}}, "!Different texts have similar embeddings: their mean cosine is 0.70"),
        ({"scores": {"mean cosine": 0.4}}, "cosine is 0.40; 0 to 0.2 is usual. Train with a lower temperature"),
        ({"scores": {"effective rank": 8.0}}, "The effective rank of the embeddings is 8 of 64. Train with a lower"),
        ({"scores": {"effective rank": 2.0}}, "!The effective rank of the embeddings is 2 of 64"),
        ({"pairs": {"positive": [10, 30, 30, 30]}}, "hardly separates halves of a text from random pairs"),
        ({"pairs": {"random": [0, 0, 20, 80], "positive": [0, 0, 0, 9]}, "scores": {"mean cosine": None}},
         "!Random pairs are too similar: their mean cosine is 0.65"),
        ({"scores": {"MRR": 0.19}}, "!The score is below that of LSA (MRR 0.190, LSA 0.200)"),
        ({"scores": {"MRR": 0.11, "MRR, LSA": 0.05}}, "!Training improved the score little: MRR 0.110"),
        ({"scores": {"texts": 64}}, "The score was measured on 64 texts only: differences below 0.10 may be noise"),
        ({"history": history(0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)},
         "The score was still rising: from 0.450 to 0.550 in the last quarter of the run. "
         "Train for more epochs, such as --epochs 20"),
        ({"history": history(0.1, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4)},
         "The best score came early, at step 10 of 70."),
        ({"history": history(0.1, 0.4, 0.4, masked=0.05)}, "up to 5 % of the pairs in a batch were masked"),
        ({"corpus": {"texts": 300, "tokens": 9000}}, "The corpus has only 300 texts. Add texts of the same kind"),
        ({"corpus": {"duplicates": 5000}}, "5,000 texts (50 %) were repeats of others"),
        ({"corpus": {"empty": 1000}}, "1,000 texts (17 %) were empty"),
        ({"corpus": {"skipped": 500}}, "500 texts (9 %) were in rows that could not be read"),
        ({"corpus": {"tokens": 20_000}}, "The texts are very short: 4.0 subwords each"),
        ({"corpus": {"tokens": 5_000_000}}, "The texts are long: 1,000 subwords each"),
        ({"warnings": ("training collapsed: texts look alike",)}, "!Training collapsed: texts look alike."),
        ({"warnings": ("a word",)}, "A word."),
    ],
)  # fmt: skip
def test_warnings(changes: dict[str, Any], words: str):
    assert words in messages(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"history": history(0.1, 0.3, 0.5)},  # too short a run to speak of its last quarter
        {"history": history(0.1, 0.3, 0.4, 0.45, 0.47, 0.48, 0.485, 0.486)},
        {"scores": {}, "history": (), "corpus": {"name": "x"}, "pairs": {}},
    ],
)
def test_no_warnings(changes: dict[str, Any]):
    assert messages(**changes) == ""


def test_an_empty_card_has_no_warnings():
    from likewise.model.card import Card

    assert find_warnings(Card(), NO_TEXTS) == ()


def test_warnings_of_the_training_are_not_repeated():
    """Laws: each matter once, and the serious before the notes."""
    found = messages(scores={"MRR": 0.19, "mean cosine": 0.7}, warnings=("the score is below that of LSA",))
    assert found.count("LSA") == 1
    both = messages(scores={"mean cosine": 0.7}, warnings=("training collapsed: different texts look alike",))
    assert both.count("look alike") == 1 and "similar embeddings" not in both
    assert "rising" not in messages(history=history(*np.linspace(0.1, 0.9, 8)), warnings=("training collapsed",))
    small = messages(corpus={"texts": 300, "tokens": 9000}, warnings=("only 300 texts: none could be held out",))
    assert "has only 300" not in small
    serious = [warning.serious for warning in find_warnings(card(corpus={"texts": 9}, scores={"MRR": 0.1}), NO_TEXTS)]
    assert serious == sorted(serious, reverse=True)
    assert set(serious) == {True, False}


def test_texts_of_another_kind_are_noticed():
    sample = Sample(("a",) * 9, np.eye(9, 4, dtype=np.float32), (frozenset(),) * 9, 3)
    assert "3 of 12 texts shown here hold no word that the model knows" in messages(sample)


def test_without_epochs_the_advice_has_no_number():
    rising = history(0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
    assert "such as twice as many" in messages(history=rising, recipe={"epochs": None})
