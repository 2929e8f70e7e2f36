"""The pictures of docs/score.md, drawn from what label_free.py recorded.

python benchmarks/label_free_plot.py
"""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from label_free_tables import EXPONENTS, FUSED, Judged, by_exponent, is_blend, is_trained, judged, mean_over_corpora
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from record import RESULTS, ROOT
from tables import latest_lines

RECIPES, WEIGHTS = ROOT / "docs" / "score-recipes.svg", ROOT / "docs" / "score-exponents.svg"
COLUMNS = 4
KINDS = {
    "untrained": ("#9a9a9a", "x"),
    "with a lexical or latent part": ("#c4551b", "^"),
    "started from LSA": ("#3f8f3f", "s"),
    "other recipes": ("#0b6e99", "o"),
    "the usual recipe": ("black", "*"),
}
SETS = {"recipes that train": is_trained, "blends": is_blend}


def kind_of(recipe: str) -> str:
    """Which mark a recipe gets."""
    if "epochs 0.0" in recipe:
        return "untrained"
    if "lexical" in recipe or "latent" in recipe:
        return "with a lexical or latent part"
    if "start lsa" in recipe:
        return "started from LSA"
    return "the usual recipe" if recipe == "as usual" else "other recipes"


def draw_recipes(lines: Sequence[dict[str, Any]]) -> Figure:
    """A panel for each corpus: its first labelled measure against the score, a mark for each recipe."""
    first: dict[str, Judged] = {}
    for one in judged(lines):
        first.setdefault(one.corpus, one)
    rows = -(-len(first) // COLUMNS)
    figure = Figure(figsize=(10.5, 2.5 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, one in zip(panels, first.values(), strict=False):
        kinds = [kind_of(recipe) for recipe in one.recipes]
        for kind, (colour, mark) in KINDS.items():
            of_kind = [place for place, other in enumerate(kinds) if other == kind]
            size = 80 if mark == "*" else 18
            panel.scatter(
                one.scores["score"][of_kind], one.labelled[of_kind], size, colour, marker=mark, lw=1, alpha=0.8
            )
        panel.set_title(f"{one.corpus}: {one.spearman(one.scores['score']):+.2f}", fontsize=9)
        panel.set_ylabel(one.measure, fontsize=8)
        panel.tick_params(labelsize=7)
    for panel in panels[len(first) :]:
        panel.set_axis_off()
    marks = [Line2D([], [], color=colour, marker=mark, ls="") for colour, mark in KINDS.values()]
    figure.legend(marks, list(KINDS), loc="outside upper center", ncols=len(KINDS), fontsize=8, frameon=False)
    figure.supxlabel("score without labels", fontsize=9)
    return figure


def draw_exponents(lines: Sequence[dict[str, Any]]) -> Figure:
    """Mean rank correlation against the exponent of the agreement with words, and that of other scores."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for panel, (title, among) in zip(figure.subplots(1, 2, sharey=True), SETS.items(), strict=True):
        found = judged(lines, among)
        for side, colour in (("the vector alone", "#0b6e99"), ("with BM25", "#c4551b")):
            some = [one for one in found if (FUSED in one.measure) == (side == "with BM25")]
            curve = [by_exponent(some, [exponent] * len(some))[0] for exponent in EXPONENTS]
            panel.plot(EXPONENTS, curve, "o-", color=colour, ms=4, label=side)
            halves = float(mean_over_corpora(some, [one.spearman(one.scores["hard halves"]) for one in some]))
            panel.axhline(halves, color=colour, ls=(0, (2, 2)), lw=1.2, label=f"{side}: hard halves instead")
        panel.set_title(title, fontsize=9)
        panel.set_xlabel("exponent of the agreement with words", fontsize=9)
        panel.tick_params(labelsize=8)
    figure.axes[0].set_ylabel("mean rank correlation with labels", fontsize=9)
    figure.axes[0].legend(fontsize=7, frameon=False)
    return figure


def main() -> None:
    """Draw both."""
    lines = [line for line in latest_lines(RESULTS) if line["benchmark"] == "label_free"]
    with mpl.rc_context({"svg.hashsalt": "likewise", "svg.fonttype": "none"}):
        for picture, drawn in ((RECIPES, draw_recipes(lines)), (WEIGHTS, draw_exponents(lines))):
            drawn.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
