"""Figures: their style and JSON, and those of a training: scores, curves over the run, histograms of pairs."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from likewise.geometry.held_out_retrieval import HeldOutRetrieval
from likewise.geometry.similarity import SimilarityHistograms
from likewise.model.card import Card
from likewise.report.sample import number, readable, shown

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Dark enough for white paper and light enough for a dark screen; neighbours differ in lightness too.
COLOURS = (
    "#4a86e8", "#e0862f", "#2f9e6e", "#d9546a", "#9068d8", "#a8743f", "#d572b8", "#8f9a2c", "#c9a90f", "#7d8796",
)  # fmt: skip
GREY = "#8a929e"
HEIGHT = 300

MODEL = "this model"
SCORE = "MRR"
MIN_MASKED = 0.1  # % of the negatives that makes a curve worth showing
MIN_SPAN = 0.5  # of the axes of uniformity and alignment, which go from -4 to 0 and from 0 to 2
PADDING = 1.3  # times the path, so that its annotations fit
CAPTIONS = {
    "Loss": "InfoNCE on the training texts: it should fall, then flatten. It does not measure quality.",
    "Near-duplicates": "Share of the pairs in a batch that are masked as near-duplicates and are no negatives.",
    "Held-out retrieval (MRR)": "Disjoint halves of held-out texts find each other. The star is the model kept.",
    "Signs of collapse": "The mean cosine should stay low and the rank high: in a collapse all embeddings are alike.",
}

Points = list[tuple[float, float]]
"""Steps, and a value at each."""


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


def evaluations(card: Card) -> list[Mapping[str, Any]]:
    """The evaluations of the history, each with its geometry in one mapping."""
    found: list[Mapping[str, Any]] = []
    for point in card.history:
        geometry = point.get("geometry") if isinstance(point, Mapping) else None
        if isinstance(geometry, Mapping) and number(point, "step") is not None:
            found.append({**geometry, **point})
    return found


def baselines(card: Card) -> dict[str, float]:
    """The scores of the model, of its baselines and of chance; empty if the model has none."""
    score = number(card.scores, SCORE)
    if score is None:
        return {}
    found = {MODEL: score}
    for key in card.scores:
        value = number(card.scores, key)
        if key.startswith(f"{SCORE}, ") and value is not None:
            found[readable(key.removeprefix(f"{SCORE}, "), 30)] = value
    if texts := number(card.scores, "texts"):
        found["chance"] = HeldOutRetrieval(score, 0.0, 0.0, int(texts)).chance
    return found


def draw_baselines(card: Card) -> Drawn | None:
    """The scores as bars; None if the card has none."""
    scores = baselines(card)
    if not scores:
        return None
    ranked = sorted(scores.items(), key=lambda item: item[1])
    figure = new_figure(SCORE, "")
    figure.add_bar(
        x=[value for _, value in ranked],
        y=[plot_text(name) for name, _ in ranked],
        orientation="h",
        text=[f"{value:.3f}" for _, value in ranked],
        textposition="outside",
        cliponaxis=False,
        marker={"color": [COLOURS[0] if name == MODEL else GREY for name, _ in ranked]},
        hoverinfo="none",
    )
    top = max(0.0, *scores.values())
    figure.update_layout(xaxis={"range": [0, 1.12 * top or 1]}, yaxis={"showgrid": False, "ticksuffix": "  "})
    bars = ", ".join(f"{name} {value:.3f}" for name, value in reversed(ranked))
    return drawn(figure, f"Bars: {bars}", "Longer is better.", height=60 + 42 * len(ranked))


def draw_curves(card: Card) -> list[Drawn]:
    """Loss, score, signs of collapse and share of near-duplicates over the run; none for fewer than two evaluations."""
    history = evaluations(card)
    if len(history) < 2:
        return []
    masked = [(step, 100 * share) for step, share in _points(history[1:], "masked")]
    found = [
        _curve("Loss", _points(history[1:], "loss"), "nats"),
        _score_curve(card, history),
        _collapse_curve(history),
        _curve("Near-duplicates", masked, "% of the negatives")
        if any(share >= MIN_MASKED for _, share in masked)
        else None,
    ]
    return [each for each in found if each is not None]


def draw_path(card: Card) -> Drawn | None:
    """Alignment against uniformity over the run (Wang and Isola 2020); None for fewer than two evaluations."""
    known = [each for each in evaluations(card) if None not in (number(each, "uniformity"), number(each, "alignment"))]
    if len(known) < 2:
        return None
    x, y = ([float(each[axis]) for each in known] for axis in ("uniformity", "alignment"))
    steps = [shown(each["step"]) for each in known]
    scores = [number(each, "mrr") for each in known]
    figure = new_figure("uniformity (left: spread more evenly)", "alignment (lower: halves of a text nearer)")
    bar = {"title": {"text": "step"}, "thickness": 12, "outlinewidth": 0}
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"width": 1.5, "color": GREY},
        marker={
            "size": 11, "color": [each["step"] for each in known], "colorscale": "Viridis", "colorbar": bar,
            "line": {"width": 1, "color": GREY},
        },
        hoverinfo="text",
        hovertext=[
            f"step {step}: uniformity {u:.2f}, alignment {a:.2f}, MRR {shown(score)}"
            for step, u, a, score in zip(steps, x, y, scores, strict=True)
        ],
    )  # fmt: skip
    figure.update_layout(xaxis={"range": _span(x)}, yaxis={"range": _span(y)})
    best, last = _best(scores), len(x) - 1
    notes = [(0, "start", -30), (last, "end, kept" if best == last else "end", 30)]
    notes += [] if best in (0, last) else [(best, "kept", -30)]
    for row, text, below in notes:
        figure.add_annotation(x=x[row], y=y[row], text=text, arrowhead=0, arrowcolor=GREY, ax=0, ay=below)
    caption = (
        "Each point is an evaluation on the held-out texts. Towards the lower left is better. A path down and to the "
        "right is a collapse: the halves come together because all texts do. A path only to the left scatters texts "
        "without meaning."
    )
    label = (
        f"Path of {len(known)} evaluations from uniformity {x[0]:.2f}, alignment {y[0]:.2f} to {x[-1]:.2f}, {y[-1]:.2f}"
    )
    return drawn(figure, label, caption, height=420)


def _span(values: Sequence[float]) -> list[float]:
    """The range of an axis, at least so long that noise does not fill it."""
    middle, half = (min(values) + max(values)) / 2, max(MIN_SPAN, max(values) - min(values)) / 2
    return [middle - PADDING * half, middle + PADDING * half]


def _points(history: Sequence[Mapping[str, Any]], name: str) -> Points:
    values = [(number(each, "step"), number(each, name)) for each in history]
    return [(step, value) for step, value in values if step is not None and value is not None]


def _best(scores: Sequence[float | None]) -> int:
    """The evaluation whose model is kept: the first of the highest score."""
    measured = [score if score is not None else float("-inf") for score in scores]
    return measured.index(max(measured))


def _line(figure: "Figure", points: Points, name: str, colour: str) -> None:
    x, y = zip(*points, strict=True)
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        mode="lines+markers",
        line={"width": 2.5, "color": colour},
        hoverinfo="text",
        hovertext=[f"step {step:,.0f}: {plot_text(name)} {shown(value)}" for step, value in points],
    )


def _curve(title: str, points: Points, unit: str) -> Drawn | None:
    if len(points) < 2:
        return None
    figure = new_figure("step", unit)
    _line(figure, points, title.lower(), COLOURS[0])
    figure.update_layout(yaxis={"rangemode": "normal" if title == "Loss" else "tozero"})
    label = f"{title} over {len(points)} evaluations, from {shown(points[0][1])} to {shown(points[-1][1])}"
    return drawn(figure, label, CAPTIONS[title], title=title)


def _score_curve(card: Card, history: Sequence[Mapping[str, Any]]) -> Drawn | None:
    points = _points(history, "mrr")
    if not points:
        return None
    figure = new_figure("step", SCORE)
    figure.update_layout(yaxis={"rangemode": "tozero"})
    _line(figure, points, SCORE, COLOURS[0])
    best = points[_best([score for _, score in points])]
    _mark(figure, [best], "star", COLOURS[1], ["the best, which is kept"])
    collapsed = [each for each in history if isinstance(each.get("collapse"), Mapping)]
    if collapsed:
        crosses = [(float(each["step"]), number(each, "mrr") or 0.0) for each in collapsed]
        reasons = [plot_text(readable(str(each["collapse"].get("seen")), 300), 60) for each in collapsed]
        _mark(figure, crosses, "x", COLOURS[3], [f"collapsed: {reason}" for reason in reasons])
    lsa = number(card.scores, f"{SCORE}, LSA")
    if lsa is not None:
        first, last = points[0][0], points[-1][0]
        figure.add_shape(
            type="line", x0=first, x1=last, y0=lsa, y1=lsa, line={"dash": "dot", "width": 2, "color": GREY}
        )
        figure.add_annotation(x=last, y=lsa, text="LSA", showarrow=False, xanchor="right", yanchor="bottom")
    title = "Held-out retrieval (MRR)"
    label = f"{title} over {len(points)} evaluations: {shown(points[0][1])} at first, {shown(best[1])} at best"
    return drawn(figure, label, CAPTIONS[title] + (" A cross is a collapse." if collapsed else ""), title=title)


def _mark(figure: "Figure", points: Points, symbol: str, colour: str, hover: list[str]) -> None:
    x, y = zip(*points, strict=True)
    size = {"star": 15, "x": 11}[symbol]
    marker = {"symbol": symbol, "size": size, "color": colour}
    figure.add_scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="text", hovertext=hover)


def _collapse_curve(history: Sequence[Mapping[str, Any]]) -> Drawn | None:
    cosine = _points(history, "mean_cosine")
    rank = _points([{**each, "share": _rank_share(each)} for each in history], "share")
    figure = new_figure("step", "", legend=True)
    label: list[str] = []
    for title, points in (("mean cosine of two texts", cosine), ("effective rank / maximum", rank)):
        if points:
            _line(figure, points, title, COLOURS[len(label)])
            label.append(f"{title} {points[-1][1]:.2f} at the end")
    if not label:
        return None
    lowest = min(0.0, *(value for _, value in cosine)) if cosine else 0.0
    figure.update_layout(yaxis={"range": [lowest - 0.03, 1.03]})
    return drawn(figure, ", ".join(label), CAPTIONS["Signs of collapse"], title="Signs of collapse")


def _rank_share(evaluation: Mapping[str, Any]) -> float | None:
    """The effective rank over its maximum."""
    rank, dim, texts = (number(evaluation, name) for name in ("effective_rank", "dim", "texts"))
    return rank / min(dim, texts) if rank is not None and dim and texts else None


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
    span = [pairs.edges[max(0, some[0] - 1)], pairs.edges[min(len(pairs.edges) - 1, some[-1] + 2)]]
    figure.update_layout(barmode="overlay", bargap=0, xaxis={"range": span}, yaxis={"rangemode": "tozero"})
    caption = (
        f"Dotted lines are the means, {means[0]:.2f} and {means[1]:.2f}. A positive pair is more similar than a random "
        f"pair in {100 * pairs.separation:.1f} % of comparisons (chance is 50 %); the histograms overlap by "
        f"{100 * pairs.overlap:.0f} %."
    )
    return drawn(figure, f"Two histograms of cosines: {caption}", caption, height=340)
