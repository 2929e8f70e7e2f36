"""Where the score without labels stands: look by look, and beside that of what takes no training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from likewise.geometry.held_out_retrieval import HeldOutRetrieval
from likewise.model.card import Card
from likewise.report.figures import COLOURS, GREY, Drawn, drawn, new_figure, plot_text
from likewise.report.sample import number, readable, shown

__all__ = ["OWN", "baselines", "draw_baselines", "draw_curves", "draw_path", "evaluations", "score_at", "score_name"]

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


OWN = "this model"


def score_name(card: Card) -> str:
    """What the score without labels is called: it is the first of the scores."""
    return next(iter(card.scores), "MRR")


def evaluations(card: Card) -> list[Mapping[str, Any]]:
    """The moments of the history at which the held-out texts were looked at: geometry and moment in one mapping."""
    found: list[Mapping[str, Any]] = []
    for eval_point in card.history:
        geometry = eval_point.get("geometry") if isinstance(eval_point, Mapping) else None
        if isinstance(geometry, Mapping) and number(eval_point, "step") is not None:
            found.append({**geometry, **eval_point})
    return found


def score_at(look: Mapping[str, Any], name: str) -> float | None:
    """The score of a look; `name` as the scores call it."""
    given = number(look, name.lower().replace(" ", "_"))
    return number(look, "mrr") if given is None else given


def baselines(card: Card) -> dict[str, float]:
    """Scores by what they are of: the model's own first, then those beside it, then that of ranking at random."""
    name = score_name(card)
    own = number(card.scores, name)
    if own is None:
        return {}
    found = {OWN: own}
    for key in card.scores:
        value = number(card.scores, key)
        if key.startswith(f"{name}, ") and value is not None:
            found[readable(key.removeprefix(f"{name}, "), 30)] = value
    texts = number(card.scores, "texts")
    if texts and name == "MRR":
        found["chance"] = HeldOutRetrieval(own, 0.0, 0.0, int(texts)).chance
    return found


def draw_baselines(card: Card) -> Drawn | None:
    """The score as bars; None where the card tells none."""
    scores = baselines(card)
    if not scores:
        return None
    ranked = sorted(scores.items(), key=lambda item: item[1])
    figure = new_figure(plot_text(readable(score_name(card), 30)), "")
    figure.add_bar(
        x=[value for _, value in ranked],
        y=[plot_text(name) for name, _ in ranked],
        orientation="h",
        text=[f"{value:.3f}" for _, value in ranked],
        textposition="outside",
        cliponaxis=False,
        marker={"color": [COLOURS[0] if name == OWN else GREY for name, _ in ranked]},
        hoverinfo="none",
    )
    top = max(0.0, *scores.values())
    figure.update_layout(xaxis={"range": [0, 1.12 * top or 1]}, yaxis={"showgrid": False, "ticksuffix": "  "})
    told = ", ".join(f"{name} {value:.3f}" for name, value in reversed(ranked))
    return drawn(figure, f"Bars: {told}", "Longer is better.", height=60 + 42 * len(ranked))


SHOWN_MASKED = 0.1  # % of the negatives: fewer say nothing
RED = COLOURS[3]
LEAST_SPAN = 0.5  # of uniformity and alignment, which go from -4 to 0 and from 0 to 2
PADDED = 1.3  # times the path, so that the notes at its points have room
CAPTIONS = {
    "Loss": "InfoNCE on the texts of training: it should fall, then flatten. It alone says nothing of quality.",
    "Learning rate": "Up in a line, then down; a step in it is a rate that was lowered after a sign of collapse.",
    "Left out as near-duplicates": "Share of the pairs in a batch that are no negatives, being nearly the same text.",
    "Held-out score": "How well halves of held-out texts find each other. The star is the state that is kept.",
    "Signs of collapse": "The first should stay low, the second high: a collapse is all texts in one place.",
}

Points = list[tuple[float, float]]
"""Steps, and a value at each."""


def draw_curves(card: Card) -> list[Drawn]:
    """Loss, score, learning rate and signs of health over the steps of the run, as far as the history tells them."""
    seen = evaluations(card)
    if len(seen) < 2:
        return []
    loss, rate = _points(seen[1:], "loss"), _points(seen, "learning_rate")
    masked = [(step, 100 * share) for step, share in _points(seen[1:], "masked")]
    found = [_curve("Loss", loss, "nats"), _score_curve(card, seen), _curve("Learning rate", rate, ""), _health(seen)]
    if any(share >= SHOWN_MASKED for _, share in masked):
        found.append(_curve("Left out as near-duplicates", masked, "% of the negatives"))
    return [each for each in found if each is not None]


def draw_path(card: Card) -> Drawn | None:
    """Alignment against uniformity, look by look (Wang and Isola 2020); None of fewer than two looks."""
    name = score_name(card)
    known = [look for look in evaluations(card) if None not in (number(look, "uniformity"), number(look, "alignment"))]
    if len(known) < 2:
        return None
    x, y = ([float(look[axis]) for look in known] for axis in ("uniformity", "alignment"))
    steps = [shown(look["step"]) for look in known]
    scores = [score_at(look, name) for look in known]
    figure = new_figure("uniformity (further left: spread more evenly)", "alignment (lower: halves of a text nearer)")
    bar = {"title": {"text": "step"}, "thickness": 12, "outlinewidth": 0}
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"width": 1.5, "color": GREY},
        marker={
            "size": 11, "color": [look["step"] for look in known], "colorscale": "Viridis", "colorbar": bar,
            "line": {"width": 1, "color": GREY},
        },
        hoverinfo="text",
        hovertext=[
            f"step {step}: uniformity {u:.2f}, alignment {a:.2f}, score {shown(score)}"
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
        "Each point is a look at the held-out texts. Towards the lower left is better. Going only down, to the right, "
        "is a collapse: halves come together because everything does. Going only left scatters texts without meaning."
    )
    label = f"Path of {len(known)} looks from uniformity {x[0]:.2f}, alignment {y[0]:.2f} to {x[-1]:.2f}, {y[-1]:.2f}"
    return drawn(figure, label, caption, height=420)


def _span(values: Sequence[float]) -> list[float]:
    """What an axis shows: not so little that a difference of nothing looks like one."""
    middle, half = (min(values) + max(values)) / 2, max(LEAST_SPAN, max(values) - min(values)) / 2
    return [middle - PADDED * half, middle + PADDED * half]


def _points(seen: Sequence[Mapping[str, Any]], name: str) -> Points:
    values = [(number(look, "step"), number(look, name)) for look in seen]
    return [(step, value) for step, value in values if step is not None and value is not None]


def _best(scores: Sequence[float | None]) -> int:
    """The look whose state is kept: the first of the highest score."""
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
    label = f"{title} over {len(points)} looks, from {shown(points[0][1])} to {shown(points[-1][1])}"
    return drawn(figure, label, CAPTIONS[title], title=title)


def _score_curve(card: Card, seen: Sequence[Mapping[str, Any]]) -> Drawn | None:
    name = score_name(card)
    scores = [score_at(look, name) for look in seen]
    points = [(float(look["step"]), score) for look, score in zip(seen, scores, strict=True) if score is not None]
    if not points:
        return None
    figure = new_figure("step", plot_text(readable(name, 30)))
    figure.update_layout(yaxis={"rangemode": "tozero"})
    _line(figure, points, readable(name, 30), COLOURS[0])
    best = points[_best([score for _, score in points])]
    _mark(figure, [best], "star", COLOURS[1], ["the best, which is kept"])
    collapsed = [look for look in seen if isinstance(look.get("collapse"), Mapping)]
    if collapsed:
        places = [(float(look["step"]), score_at(look, name) or 0.0) for look in collapsed]
        said = [f"collapsed: {plot_text(readable(str(look['collapse'].get('seen')), 300), 60)}" for look in collapsed]
        _mark(figure, places, "x", RED, said)
    lsa = number(card.scores, f"{name}, LSA")
    if lsa is not None:
        first, last = points[0][0], points[-1][0]
        figure.add_shape(
            type="line", x0=first, x1=last, y0=lsa, y1=lsa, line={"dash": "dot", "width": 2, "color": GREY}
        )
        figure.add_annotation(x=last, y=lsa, text="LSA", showarrow=False, xanchor="right", yanchor="bottom")
    label = f"Held-out score over {len(points)} looks: {shown(points[0][1])} at first, {shown(best[1])} at best"
    caption = CAPTIONS["Held-out score"] + (" A cross is a collapse." if collapsed else "")
    return drawn(figure, label, caption, title="Held-out score")


def _mark(figure: "Figure", points: Points, symbol: str, colour: str, said: list[str]) -> None:
    x, y = zip(*points, strict=True)
    size = {"star": 15, "x": 11}[symbol]
    marker = {"symbol": symbol, "size": size, "color": colour}
    figure.add_scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="text", hovertext=said)


def _health(seen: Sequence[Mapping[str, Any]]) -> Drawn | None:
    cosine, rank = _points(seen, "mean_cosine"), _points([{**look, "share": _rank(look)} for look in seen], "share")
    figure = new_figure("step", "", legend=True)
    told: list[str] = []
    for title, points in (("mean cosine of two texts", cosine), ("share of directions used", rank)):
        if points:
            _line(figure, points, title, COLOURS[len(told)])
            told.append(f"{title} {points[-1][1]:.2f} at the end")
    if not told:
        return None
    lowest = min(0.0, *(value for _, value in cosine)) if cosine else 0.0
    figure.update_layout(yaxis={"range": [lowest - 0.03, 1.03]})
    return drawn(figure, ", ".join(told), CAPTIONS["Signs of collapse"], title="Signs of collapse")


def _rank(look: Mapping[str, Any]) -> float | None:
    """Effective rank over what it could be."""
    rank, dim, texts = (number(look, name) for name in ("effective_rank", "dim", "texts"))
    return rank / min(dim, texts) if rank is not None and dim and texts else None
