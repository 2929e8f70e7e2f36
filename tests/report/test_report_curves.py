"""Scores and curves. Oracles: closed forms of what is drawn."""

import json
from typing import Any

import pytest
from report_cards import HISTORY, card

from likewise.model.card import Card
from likewise.report.figures import baselines, draw_baselines, draw_curves, draw_path, evaluations


def changed(step: int, **changes: Any) -> Card:
    history = [dict(eval_point) for eval_point in HISTORY]
    history[step] |= changes
    return card(history=tuple(history))


def test_the_curves_of_a_history():
    """A closed form: a point for each evaluation; the first has no loss."""
    curves = draw_curves(card())
    assert [curve.title for curve in curves] == [
        "Loss", "Held-out retrieval (MRR)", "Signs of collapse", "Near-duplicates",
    ]  # fmt: skip
    plots = [json.loads(curve.json)["data"] for curve in curves]
    assert [len(plot[0]["x"]) for plot in plots] == [12, 13, 13, 12]
    assert plots[1][1]["x"] == [120]
    assert plots[1][1]["hovertext"] == ["the best, which is kept"]
    assert plots[3][0]["y"] == pytest.approx([0.1] * 12)
    assert curves[0].label == "Loss over 12 evaluations, from 4.67 to 1"


def test_a_history_without_geometry_has_no_curves():
    assert draw_curves(card(history=tuple({"step": point["step"], "geometry": {}} for point in HISTORY))) == []


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_evaluations(count):
    assert draw_curves(card(history=HISTORY[:count])) == []
    assert draw_path(card(history=HISTORY[:count])) is None


def test_a_collapse_is_marked():
    collapse = {"seen": "texts look <b>alike</b>", "back_to": 20, "learning_rate": 0.05}
    curve = draw_curves(changed(3, collapse=collapse))[1]
    cross = json.loads(curve.json)["data"][2]
    assert (cross["x"], cross["hovertext"]) == ([30], ["collapsed: texts look &lt;b&gt;alike&lt;/b&gt;"])
    assert "A cross is a collapse" in curve.caption


def test_without_lsa_there_is_no_line():
    plot = json.loads(draw_curves(card(scores={"MRR, LSA": None}))[1].json)
    assert "shapes" not in plot["layout"]


def notes(of: Card) -> dict[str, float]:
    return {note["text"]: note["x"] for note in json.loads(draw_path(of).json)["layout"]["annotations"]}


def test_the_path_is_marked_where_it_began_ended_and_was_kept():
    assert notes(card()) == pytest.approx({"start": -3.0, "end, kept": -3.6})
    better = changed(5, geometry={**HISTORY[5]["geometry"], "mrr": 0.9})
    assert notes(better) == pytest.approx({"start": -3.0, "end": -3.6, "kept": -3.25})
    first = changed(0, geometry={**HISTORY[0]["geometry"], "mrr": 0.9})
    assert notes(first) == pytest.approx({"start": -3.0, "end": -3.6})


def test_a_short_path_does_not_fill_its_axes():
    """A closed form: each axis is 1.3 times as long as the path, or as half a unit."""
    layout = json.loads(draw_path(card()).json)["layout"]
    assert layout["xaxis"]["range"] == pytest.approx([-3.69, -2.91])
    still = tuple({**eval_point, "geometry": HISTORY[0]["geometry"]} for eval_point in HISTORY)
    layout = json.loads(draw_path(card(history=still)).json)["layout"]
    assert layout["xaxis"]["range"] == pytest.approx([-3.325, -2.675])
    assert layout["yaxis"]["range"] == pytest.approx([1.475, 2.125])


def test_evaluations_without_numbers_are_left_out_of_the_path():
    nothing = dict.fromkeys(HISTORY[0]["geometry"])
    plot = json.loads(draw_path(changed(4, geometry=nothing)).json)["data"][0]
    assert len(plot["x"]) == 12
    assert "MRR 0.292" in plot["hovertext"][2]


def test_the_baselines_of_a_score():
    """A closed form: the model first; chance is the mean of 1 / rank over 500 texts."""
    found = baselines(card())
    assert list(found) == ["this model", "untrained", "LSA", "chance"]
    assert found["chance"] == pytest.approx(sum(1 / rank for rank in range(1, 501)) / 500)


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


@pytest.mark.parametrize("point", [{}, {"step": 1}, {"geometry": {}}, {"step": 1, "geometry": None}])
def test_points_without_geometry_are_no_evaluations(point):
    assert evaluations(Card(history=(point,))) == []
