"""Where the score without labels stands: look by look, and beside that of what takes no training."""

from collections.abc import Mapping
from typing import Any

from likewise.geometry.view_retrieval import ViewRetrieval
from likewise.model.card import Card
from likewise.report.figure import COLOURS, GREY, Drawn, drawn, new_figure, plot_text
from likewise.report.values import number, readable

__all__ = ["OWN", "baselines", "draw_baselines", "looks", "score_at", "score_name"]

OWN = "this model"


def score_name(card: Card) -> str:
    """What the score without labels is called: it is the first of the scores."""
    return next(iter(card.scores), "MRR")


def looks(card: Card) -> list[Mapping[str, Any]]:
    """The moments of the history at which the held-out texts were looked at: geometry and moment in one mapping."""
    found: list[Mapping[str, Any]] = []
    for moment in card.history:
        geometry = moment.get("geometry") if isinstance(moment, Mapping) else None
        if isinstance(geometry, Mapping) and number(moment, "step") is not None:
            found.append({**geometry, **moment})
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
        found["chance"] = ViewRetrieval(own, 0.0, 0.0, int(texts)).chance
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
