import json

import pytest
from report_cards import TUNING, card

from likewise.model.card import Card
from likewise.report.tuning import draw_tuning, read_tuning


def tuned(**changes):
    return card(tuning=TUNING | changes)


def test_the_record_by_candidates():
    """A closed form: the chosen one first, then those that came furthest, each with its score on each rung."""
    tuning = read_tuning(tuned())
    assert tuning.names == ("temperature", "views")
    assert tuning.rungs == ("rung 1, 2 epochs, 500 texts", "rung 2, 6 epochs, 900 texts")
    assert tuning.told == "6 trials of 4 settings, effort medium, 12 s in all"
    assert tuning.why == TUNING["why"]
    assert [one.settings["temperature"] for one in tuning.candidates] == [0.1, 0.05, 0.2, 0.4]
    assert [one.scores for one in tuning.candidates] == [(0.25, 0.35), (0.21, 0.31), (0.1, None), (None, None)]
    assert [one.outcome for one in tuning.candidates] == [
        "chosen", "not chosen", "dropped after rung 1", "no score",
    ]  # fmt: skip
    assert [sorted(one.kept) for one in tuning.candidates] == [[0, 1], [0], [], []]


def test_settings_that_a_trial_does_not_name_are_those_of_the_first():
    """A law: a trial with few settings is the chosen one if they agree, but one that names more comes before it."""
    trials = [
        {"settings": {}, "rung": 0, "score": 0.2, "kept": True},
        {"settings": {"temperature": 0.1}, "rung": 0, "score": 0.1, "kept": True},
    ]
    chosen = {"temperature": 0.1, "dim": 256}
    assert read_tuning(tuned(trials=trials, chosen=chosen)).candidates[0].settings == {"temperature": 0.1}
    assert read_tuning(tuned(trials=trials, chosen={"temperature": 0.4})).candidates[0].settings == {}
    assert not any(one.chosen for one in read_tuning(tuned(trials=trials, chosen={})).candidates)


@pytest.mark.parametrize(
    "tuning",
    [{}, {"trials": []}, {"trials": 3}, {"trials": [3, {}, {"settings": {}}, {"settings": [], "rung": 0}]}],
)
def test_nothing_was_tried(tuning):
    assert read_tuning(Card(tuning=tuning)) is None


def test_rungs_that_differ_within_are_only_numbered():
    trials = [{"settings": {"dim": dim}, "rung": 4, "epochs": 1, "texts": dim, "score": 0.1} for dim in (2, 3)]
    tuning = read_tuning(Card(tuning={"trials": trials}))
    assert (tuning.rungs, tuning.told, tuning.why) == (("rung 1, 1 epoch",), "2 trials of 2 settings", "")


def test_the_plot_has_a_line_a_candidate():
    plot = json.loads(draw_tuning(read_tuning(tuned())).json)
    assert [line["y"] for line in plot["data"]] == [[0.1], [0.21, 0.31], [0.25, 0.35]]
    assert plot["data"][-1]["marker"]["symbol"] == "star"
    assert plot["layout"]["xaxis"]["ticktext"][0] == "rung 1<br>2 epochs<br>500 texts"
    assert plot["data"][-1]["hovertext"][0].replace("<br>", " ").startswith("temperature 0.1, views crop: 0.2500")


def test_without_scores_there_is_no_plot():
    trials = [{"settings": {}, "rung": 0, "score": None}]
    assert draw_tuning(read_tuning(tuned(trials=trials))) is None
