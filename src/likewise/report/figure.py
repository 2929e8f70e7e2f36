"""How a plot of the report looks, and how it gets into the page."""

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["COLOURS", "GREY", "Drawn", "drawn", "new_figure", "plot_text"]

# Dark enough for white paper and light enough for a dark screen; neighbours differ in lightness too.
COLOURS = (
    "#4a86e8", "#e0862f", "#2f9e6e", "#d9546a", "#9068d8", "#a8743f", "#d572b8", "#8f9a2c", "#c9a90f", "#7d8796",
)  # fmt: skip
GREY = "#8a929e"
HEIGHT = 300


@dataclass(frozen=True)
class Drawn:
    """A plot as the page holds it.

    Attributes:
        json: for plotly.js; safe between the tags of a script.
        label: what it shows, for who cannot see it.
        caption: how to read it.
        title: what stands above it; nothing where the page has a heading there.
        height: in pixels.
        tools: whether one can zoom and pan.
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
