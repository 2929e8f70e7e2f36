import json

import pytest
from report_cards import card

from likewise.model.card import Card
from likewise.report.curves import baselines, draw_baselines, evaluations, score_at, score_name


def test_what_stands_beside_the_score():
    """A closed form: the model's own first; chance is the mean of 1 / rank over 500 texts."""
    found = baselines(card())
    assert list(found) == ["this model", "untrained", "LSA", "chance"]
    assert found["chance"] == pytest.approx(sum(1 / rank for rank in range(1, 501)) / 500)


def test_another_score_keeps_its_name():
    """A law: what comes first is the score, and what begins with its name stands beside it; chance is that of MRR."""
    other = Card(scores={"agreement": 0.5, "agreement, LSA": 0.25, "MRR": 0.3, "texts": 500})
    assert score_name(other) == "agreement"
    assert baselines(other) == {"this model": 0.5, "LSA": 0.25}
    assert score_at({"agreement": 0.7, "mrr": 0.1}, "agreement") == 0.7
    assert score_at({"mrr": 0.1}, "agreement") == 0.1


@pytest.mark.parametrize("scores", [{}, {"MRR": None}, {"MRR": "high"}])
def test_no_score(scores):
    assert baselines(Card(scores=scores)) == {}
    assert draw_baselines(Card(scores=scores)) is None


def test_bars_are_ranked_and_labelled():
    plot = draw_baselines(card())
    bars = json.loads(plot.json)["data"][0]
    assert bars["y"] == ["chance", "untrained", "LSA", "this model"]
    assert bars["text"][-1] == "0.400"
    assert plot.label.startswith("Bars: this model 0.400, LSA 0.200")
    assert draw_baselines(Card(scores={"MRR": 0.0})) is not None


@pytest.mark.parametrize("moment", [{}, {"step": 1}, {"geometry": {}}, {"step": 1, "geometry": None}])
def test_moments_that_tell_nothing_are_passed_over(eval_point):
    assert evaluations(Card(history=(eval_point,))) == []
