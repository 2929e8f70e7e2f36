"""The picture of docs/importance-of-negatives.md, drawn from what two benchmarks recorded.

python benchmarks/negatives_plot.py
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from record import RESULTS, ROOT
from tables import latest_lines

PICTURE = ROOT / "docs" / "negatives-study.svg"
STEPS, SECONDS, ALONE = "#0b6e99", "#c4551b", "#3f8f3f"
DASHED = (0, (2, 2))


@dataclass(frozen=True)
class Curve:
    """What is drawn of some runs.

    Attributes:
        sizes: the numbers of negatives.
        figures: for each figure a row a size, one value a seed.
        by_rate: the labelled measure of seed 0, a row a size, one value a learning rate.
        colour: of the curve and its band.
        label: what the legend says.
        dashed: where near-duplicates were not masked.
    """

    sizes: Sequence[int]
    figures: dict[str, Any]
    by_rate: Sequence[Sequence[float]]
    colour: str
    label: str
    dashed: bool = False

    def draw(self, axes: Axes, key: str) -> None:
        """The mean of the seeds, and the band from the lowest to the highest."""
        known = [(size, row) for size, row in zip(self.sizes, self.figures[key], strict=True) if None not in row]
        sizes, values = [size for size, _ in known], np.array([row for _, row in known])
        style, width = (DASHED, 1.3) if self.dashed else ("-", 1.8)
        axes.plot(sizes, values.mean(axis=1), color=self.colour, ls=style, lw=width, label=self.label)
        axes.fill_between(sizes, values.min(axis=1), values.max(axis=1), color=self.colour, alpha=0.15, lw=0)
        if key == "labelled" and not self.dashed:
            best = [max(row) for row in self.by_rate]
            axes.plot(self.sizes, best, ".", ms=5, color=self.colour, alpha=0.55)


def curves(line: dict[str, Any], alone: dict[str, Any]) -> list[Curve]:
    """All curves of a corpus: those of negatives.py, and that of negatives_alone.py."""
    setting, numbers = line["configuration"], line["numbers"]
    found = []
    for name, colour, label in (
        ("fixed steps", STEPS, f"{setting['steps']} steps"),
        ("fixed seconds", SECONDS, f"{setting['seconds']:g} s of processor"),
    ):
        runs = numbers[name]
        some = (setting["negatives"], runs["labelled by rate"], colour)
        found.append(Curve(some[0], runs["masked"], *some[1:], f"{label}, near-duplicates masked"))
        found.append(Curve(some[0], runs["unmasked"], *some[1:], f"{label}, not masked", dashed=True))
    setting, numbers = alone["configuration"], alone["numbers"]
    label = f"{setting['steps']} steps of the same {setting['texts a step']} texts"
    return [*found, Curve(setting["negatives"], numbers, numbers["labelled by rate"], ALONE, label)]


def draw(lines: Sequence[dict[str, Any]], alone: Sequence[dict[str, Any]]) -> Figure:
    """A row for each corpus: the labelled measure, the score without labels, the bound."""
    figure = Figure(figsize=(10.5, 2.9 * len(lines) + 0.9), layout="constrained")
    grid = figure.subplots(len(lines), 3, squeeze=False)
    handles: dict[str, Any] = {}
    for row, line, other in zip(grid, lines, alone, strict=True):
        setting, numbers = line["configuration"], line["numbers"]
        drawn = curves(line, other)
        for axes, key in zip(row, ("labelled", "mrr", "bound"), strict=True):
            for curve in drawn:
                curve.draw(axes, key)
            if key in numbers["untrained"]:
                axes.axhline(np.mean(numbers["untrained"][key]), color="grey", lw=1, ls="-.", label="untrained")
            _dress(axes, setting["negatives"])
            handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        highest = row[2].get_ylim()[1]
        ceiling = np.log(np.array(setting["negatives"]) + 1)
        handles["log(negatives + 1)"] = row[2].plot(setting["negatives"], ceiling, color="black", lw=1)[0]
        row[2].set_ylim(0, 1.3 * highest)
        for axes, title in zip(
            row, (f"{setting['measure']}, with labels", "MRR without labels", "bound, nats"), strict=True
        ):
            axes.set_title(title, fontsize=10)
        row[0].set_ylabel(setting["data"].replace(", ", ",\n", 1), fontweight="bold")
    handles["learning rate chosen by labels, seed 0"] = Line2D([], [], color="grey", marker=".", ls="")
    for axes in grid[-1]:
        axes.set_xlabel("negatives")
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3, frameon=False)
    return figure


def _dress(axes: Axes, sizes: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes[::2], [f"{size:,}" for size in sizes[::2]])
    axes.minorticks_off()
    axes.grid(alpha=0.25)


def main(picture: Path = PICTURE) -> None:
    """Draw the corpora that were studied at all sizes."""
    mpl.rcParams |= {"svg.hashsalt": "likewise", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    found = latest_lines(RESULTS)
    alone = {line["configuration"]["data"]: line for line in found if line["benchmark"] == "negatives_alone"}
    whole = [line for line in found if line["benchmark"] == "negatives" and line["configuration"]["data"] in alone]
    figure = draw(whole, [alone[line["configuration"]["data"]] for line in whole])
    figure.savefig(picture, metadata={"Date": None} if picture.suffix == ".svg" else None, dpi=110)


if __name__ == "__main__":
    main()
