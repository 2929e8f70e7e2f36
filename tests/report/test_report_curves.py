import json
from typing import Any

import pytest
from report_cards import HISTORY, card

from likewise.model.card import Card
from likewise.report.curves import draw_curves, draw_path


def changed(look: int, **changes: Any) -> Card:
    history = [dict(eval_point) for eval_point in HISTORY]
    history[look] |= changes
    return card(history=tuple(history))


def titles(of: Card) -> list[str]:
    return [curve.title for curve in draw_curves(of)]


def test_all_that_a_history_tells():
    """A closed form: a curve for each, a point for each look; that of step 0 has no loss."""
    curves = draw_curves(card())
    assert [curve.title for curve in curves] == [
        "Loss", "Held-out score", "Learning rate", "Signs of collapse", "Left out as near-duplicates",
    ]  # fmt: skip
    plots = [json.loads(curve.json)["data"] for curve in curves]
    assert [len(plot[0]["x"]) for plot in plots] == [12, 13, 13, 13, 12]
    assert plots[1][1]["x"] == [120]
    assert plots[1][1]["hovertext"] == ["the best, which is kept"]
    assert plots[4][0]["y"] == pytest.approx([0.1] * 12)
    assert curves[0].label == "Loss over 12 looks, from 4.67 to 1"


def test_a_history_of_an_older_version():
    """A law: what a history does not tell is not drawn."""
    bare = ("step", "loss", "geometry")
    old = card(history=tuple({name: eval_point[name] for name in bare} for eval_point in HISTORY))
    assert titles(old) == ["Loss", "Held-out score", "Signs of collapse"]
    without = tuple({"step": eval_point["step"], "geometry": {}} for eval_point in HISTORY)
    assert titles(card(history=without)) == []


@pytest.mark.parametrize("looks", [0, 1])
def test_too_few_looks(evaluations):
    assert draw_curves(card(history=HISTORY[:evaluations])) == []
    assert draw_path(card(history=HISTORY[:evaluations])) is None


def test_a_collapse_is_marked():
    collapse = {"seen": "texts look <b>alike</b>", "back_to": 20, "learning_rate": 0.05}
    curve = draw_curves(changed(3, collapse=collapse))[1]
    cross = json.loads(curve.json)["data"][2]
    assert (cross["x"], cross["hovertext"]) == ([30], ["collapsed: texts look &lt;b&gt;alike&lt;/b&gt;"])
    assert "A cross is a collapse" in curve.caption


def test_without_lsa_there_is_no_line_of_it():
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


def test_a_path_of_no_length_does_not_look_like_one():
    """A closed form: each axis is 1.3 times as long as the path, or as half a unit."""
    layout = json.loads(draw_path(card()).json)["layout"]
    assert layout["xaxis"]["range"] == pytest.approx([-3.69, -2.91])
    still = tuple({**eval_point, "geometry": HISTORY[0]["geometry"]} for eval_point in HISTORY)
    layout = json.loads(draw_path(card(history=still)).json)["layout"]
    assert layout["xaxis"]["range"] == pytest.approx([-3.325, -2.675])
    assert layout["yaxis"]["range"] == pytest.approx([1.475, 2.125])


def test_looks_that_measured_nothing_are_left_out_of_the_path():
    nothing = dict.fromkeys(HISTORY[0]["geometry"])
    plot = json.loads(draw_path(changed(4, geometry=nothing)).json)["data"][0]
    assert len(plot["x"]) == 12
    assert "score 0.292" in plot["hovertext"][2]
