import json

import pytest
from report_cards import card

from likewise.model.card import Card
from likewise.report.figures import draw_pairs, mean_cosines, read_pairs

EDGES = [-1.0, 0.0, 1.0]


def test_the_histograms_of_a_card():
    """Closed forms: counts as they were, means by the middles of the bins."""
    pairs = read_pairs(card())
    assert pairs.positive.tolist() == [0, 0, 10, 90]
    assert mean_cosines(pairs) == pytest.approx((0.7, 0.0))


@pytest.mark.parametrize(
    "pairs",
    [
        {},
        {"edges": EDGES, "positive": [1, 2]},
        {"edges": EDGES, "positive": [1, 2], "random": [1]},
        {"edges": EDGES, "positive": [0, 0], "random": [1, 1]},
        {"edges": EDGES, "positive": [-1, 2], "random": [1, 1]},
        {"edges": [1.0, 0.0, -1.0], "positive": [1, 1], "random": [1, 1]},
        {"edges": [0.0], "positive": [], "random": []},
        {"edges": "wide", "positive": [1, 1], "random": [1, 1]},
        {"edges": EDGES, "positive": [1 << 70, 1], "random": [1, 1]},
        {"edges": EDGES, "positive": None, "random": [1, 1]},
        {"edges": [EDGES], "positive": [1, 1], "random": [1, 1]},
    ],
)
def test_histograms_that_do_not_fit_are_refused(pairs):
    assert read_pairs(Card(pairs=pairs)) is None


def test_both_distributions_are_drawn():
    """A closed form: shares of a hundred, and the caption has the separation."""
    pairs = read_pairs(card())
    plot = draw_pairs(pairs)
    random, positive = json.loads(plot.json)["data"]
    assert (random["name"], positive["name"]) == ("two random texts", "two halves of a text")
    assert "in 95.0 % of comparisons" in plot.caption
    assert pairs.separation == pytest.approx(0.9 * (0.95 + 0.05 / 2) + 0.1 * (0.5 + 0.45 / 2))
    assert pairs.overlap == pytest.approx(0.1 + 0.05)
    assert random["hovertext"][0] == "5.0 % of two random texts have a cosine from -1.00 to -0.50"
