"""The tables of the page about experiments, from recorded lines."""

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["default", "experiments", "words"]

Lines = Sequence[dict[str, Any]]
Line = dict[str, Any]

CORPORA = {"cranfield": "cranfield", "scifact": "scifact", "npl": "npl", "askubuntu_dups": "AskUbuntu"}


def default(lines: Lines) -> str:
    """What all others are compared with: a row for each corpus."""
    rows = ["| corpus | measure | texts | queries | epochs | words alone | vector | both |", "|---|---|" + "--:|" * 6]
    for line in _ordered(lines):
        setting, numbers = line["configuration"], line["numbers"]
        figures = [f"{numbers['words']['learned stems'][0]:.3f}"]
        figures += [_figure(numbers["default"][side]) for side in ("vector", "hybrid")]
        counts = [f"{setting[name]:,}" for name in ("texts", "queries", "epochs")]
        rows.append(f"| {_name(line)} | {setting['measure']} | " + " | ".join([*counts, *figures]) + " |")
    spent = sum(line["numbers"]["seconds"] for line in lines) / 60
    seeds = ", ".join(dict.fromkeys(str(line["configuration"]["seeds"]) for line in lines))
    return (
        "\n".join(rows)
        + f"\n\n{seeds} seeds, {spent:.0f} minutes of one processor for all experiments. {_made(lines)}\n"
    )


def words(lines: Lines) -> str:
    """Search by words alone: a row for each way, and its difference to the first."""
    lines = _ordered(lines)
    names = dict.fromkeys(name for line in lines for name in line["numbers"]["words"])
    rows = [_head("words alone", lines)]
    for name in names:
        cells = []
        for line in lines:
            found = line["numbers"]["words"]
            kept = next(iter(found.values()))[0]
            value, error = found.get(name, (None, 0.0))
            if value is None:
                cells.append("–")
            else:
                gain = f" ({_clear(value - kept, error)})" if value != kept else ""
                cells.append(f"{value:.3f}{gain}")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def experiments(group: str, lines: Lines) -> str:
    """The table of one group of experiments: a row for each, its differences to the default.

    Args:
        group: as `experiments_list.EXPERIMENTS` calls it; what vectors find is shown.
        lines: the last of each corpus.
    """
    lines = _ordered(lines)
    names = dict.fromkeys(name for line in lines for name in line["numbers"][group])
    rows = [_head("by vector", lines, "by both, mean", "cost")]
    for name in names:
        found = [line["numbers"][group].get(name) for line in lines]
        cells = [_gain(one["vector"], one["vector error"]) if one else "–" for one in found]
        rows.append(f"| {name} | " + " | ".join(cells + _over_corpora(found)) + " |")
    return "\n".join(rows) + "\n"


def _over_corpora(found: Sequence[Line | None]) -> list[str]:
    """The mean difference of the search by both, and the cost of training in times that of the default."""
    some = [one for one in found if one]
    seeds = min(len(one["hybrid"]) for one in some)  # that all corpora have
    gains = [sum(seed) / len(seed) for seed in zip(*(one["hybrid"][:seeds] for one in some), strict=True)]
    error = math.hypot(*(one["hybrid error"] for one in some)) / len(some)
    cost = sum(one["cost"] for one in some) / len(some)
    return [_gain(gains, error), f"{cost:.1f}" if cost else "0"]


def _head(first: str, lines: Lines, *more: str) -> str:
    names = [first, *map(_name, lines), *more]
    return "| " + " | ".join(names) + " |\n|---|" + "--:|" * (len(names) - 1)


def _ordered(lines: Lines) -> list[Line]:
    order = list(CORPORA)
    return sorted(lines, key=lambda line: order.index(line["configuration"]["data"]))


def _name(line: Line) -> str:
    return CORPORA[line["configuration"]["data"]]


def _figure(values: Sequence[float]) -> str:
    """The mean of the seeds, and half the way from the lowest to the highest."""
    return f"{sum(values) / len(values):.3f} ± {(max(values) - min(values)) / 2:.3f}"


def _gain(gains: Sequence[float], error: float) -> str:
    """A difference with its range, in bold where every seed and the queries are clear about its sign."""
    if not any(gains):
        return "0"
    mean, half = sum(gains) / len(gains), (max(gains) - min(gains)) / 2
    agreed = min(gains) > 0 or max(gains) < 0
    return f"{_clear(mean, error if agreed else abs(mean))} ± {half:.3f}"


def _clear(gain: float, error: float) -> str:
    shown = f"{gain:+.3f}".replace("-", "−")
    shown = shown[1:] if shown[1:] == "0.000" else shown
    return f"**{shown}**" if abs(gain) > error else shown


def _made(lines: Lines) -> str:
    """When and with what the lines came to be; what all have in common is said once."""
    commits = dict.fromkeys(f"{line['date'][:10]}, commit {line['commit']}" for line in _ordered(lines))
    rest = dict.fromkeys(
        f"{line['cpu']}. " + ", ".join(f"{name} {number}" for name, number in line["versions"].items())
        for line in _ordered(lines)
    )
    return f"{'; '.join(commits)}; {'; '.join(rest)}."
