"""Figures: the style of the plots, their JSON for the page, and the histograms of positive and random pairs."""

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from likewise.geometry.similarity import SimilarityHistograms
from likewise.model.card import Card

__all__ = ["COLOURS", "GREY", "Drawn", "draw_pairs", "drawn", "mean_cosines", "new_figure", "plot_text", "read_pairs"]

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


# Dark enough for white paper and light enough for a dark screen; neighbours differ in lightness too.
COLOURS = (
    "#4a86e8", "#e0862f", "#2f9e6e", "#d9546a", "#9068d8", "#a8743f", "#d572b8", "#8f9a2c", "#c9a90f", "#7d8796",
)  # fmt: skip
GREY = "#8a929e"
HEIGHT = 300


@dataclass(frozen=True)
class Drawn:
    """A plot for the page.

    Attributes:
        json: for plotly.js; safe between the tags of a script.
        label: what it shows, for screen readers.
        caption: how to read it.
        title: heading above it; empty if the page has one.
        height: in pixels.
        tools: whether to offer zoom and pan.
    """

    json: str
    label: str
    caption: str
    title: str = ""
    height: int = HEIGHT
    tools: bool = False


def new_figure(x: str, y: str, *, legend: bool = False) -> "Figure":
    """An empty plot in the style of the page; fonts and lines get their colours there, light or dark."""
    from plotly.graph_objects import Figure

    axis: dict[str, Any] = {
        "zeroline": False,
        "showline": False,
        "automargin": True,
        "ticks": "",
        "exponentformat": "none",
    }
    layout = {
        "template": {},
        "colorway": list(COLOURS),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 14, "t": 10, "b": 8},
        "xaxis": {"title": {"text": x, "standoff": 8, "font": {"size": 13}}, **axis},
        "yaxis": {"title": {"text": y, "standoff": 8, "font": {"size": 13}}, **axis},
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
        "hoverlabel": {"align": "left"},
        "hovermode": "closest",
    }
    return Figure(layout=layout)


def drawn(figure: "Figure", label: str, caption: str, **settings: Any) -> Drawn:
    """A plot for the page; `<` and `>` are escaped in its JSON, so that no text in it can end the script around it."""
    from plotly.io import to_json

    text = to_json(figure, validate=False, engine="json")
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Drawn(text, label, caption, **settings)


def plot_text(text: str, width: int | None = None) -> str:
    """A text for a plot, where `<b>` and `<a href>` would work if they were not escaped; it knows no `&quot;`.

    Args:
        text: on one line.
        width: characters of a line; it is one line if None.
    """
    if width is None:
        return html.escape(text, quote=False)
    lines, line = [], ""
    for whole in text.split():
        word = whole
        while len(word) > width:  # a script without spaces, or an address
            lines += [line, word[:width]] if line else [word[:width]]
            line, word = "", word[width:]
        if line and len(line) + 1 + len(word) > width:
            lines, line = [*lines, line], word
        else:
            line = f"{line} {word}" if line else word
    return "<br>".join(html.escape(each, quote=False) for each in [*lines, line] if each)


def read_pairs(card: Card) -> SimilarityHistograms | None:
    """The histograms of a card; None if there are none, or they do not fit together."""
    try:
        edges = np.array(card.pairs["edges"], np.float64)
        positive, random = (np.array(card.pairs[name], np.int64) for name in ("positive", "random"))
        found = SimilarityHistograms(edges, positive, random)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    rising = edges.ndim == 1 and len(edges) > 1 and bool((np.diff(edges) > 0).all())
    fits = positive.shape == random.shape == (len(edges) - 1,) if rising else False
    return found if fits and min(positive.min(), random.min()) >= 0 and positive.sum() and random.sum() else None


def mean_cosines(pairs: SimilarityHistograms) -> tuple[float, float]:
    """Mean cosines of positive and of random pairs, from the centres of the bins."""
    middles = (pairs.edges[:-1] + pairs.edges[1:]) / 2
    positive, random = (float(middles @ counts / counts.sum()) for counts in (pairs.positive, pairs.random))
    return positive, random


def draw_pairs(pairs: SimilarityHistograms) -> Drawn:
    """Both histograms, overlaid."""
    figure = new_figure("cosine", "% of the pairs", legend=True)
    means = mean_cosines(pairs)
    kinds = (
        ("two random texts", pairs.random, COLOURS[1], means[1]),
        ("two halves of a text", pairs.positive, COLOURS[0], means[0]),
    )
    for name, counts, colour, mean in kinds:
        shares = 100 * counts / counts.sum()
        hover = [
            f"{share:.1f} % of {name} have a cosine from {low:.2f} to {high:.2f}"
            for share, low, high in zip(shares, pairs.edges[:-1], pairs.edges[1:], strict=True)
        ]
        figure.add_bar(
            x=(pairs.edges[:-1] + pairs.edges[1:]) / 2, y=shares, width=np.diff(pairs.edges), name=name,
            marker={"color": colour, "opacity": 0.6, "line": {"width": 0}}, hoverinfo="text", hovertext=hover,
        )  # fmt: skip
        figure.add_vline(x=mean, line={"dash": "dot", "width": 2, "color": colour})
    some = np.flatnonzero(pairs.positive + pairs.random)
    shown = [pairs.edges[max(0, some[0] - 1)], pairs.edges[min(len(pairs.edges) - 1, some[-1] + 2)]]
    figure.update_layout(barmode="overlay", bargap=0, xaxis={"range": shown}, yaxis={"rangemode": "tozero"})
    caption = (
        f"Dotted lines are the means, {means[0]:.2f} and {means[1]:.2f}. A positive pair is more similar than a random "
        f"pair in {100 * pairs.separation:.1f} % of comparisons (chance is 50 %); the histograms overlap by "
        f"{100 * pairs.overlap:.0f} %."
    )
    return drawn(figure, f"Two histograms of cosines: {caption}", caption, height=340)
