"""The tables of the pages about views and transformers, from recorded lines."""

from collections.abc import Sequence
from typing import Any

__all__ = ["adapted", "options", "views_alone"]

Lines = Sequence[dict[str, Any]]

RENAMED = {"--memory": "--activation-memory", "--keep": "--weight-interpolation"}  # options since they were recorded
TASKS = ("search, abstracts", "search, titles", "similarity", "few labels")
WAYS = ("untouched", "transformer", "frozen", "vector", "untouched + BM25", "untouched, hybrid", "hybrid")
COMPARED = (
    "vector - untouched",
    "frozen - transformer",
    "hybrid - untouched + BM25",
    "hybrid - untouched, hybrid",
)


def views_alone(encoder: str, lines: Lines) -> str:
    """A row for each view, of one encoder.

    Args:
        encoder: `static` or `minilm`.
        lines: of `view_ablation`.
    """
    line = next((line for line in lines if line["configuration"]["data"] == encoder), None)
    if line is None:
        return ""
    numbers = line["numbers"]
    best = {task: max(row[task]["mean"] for name, row in numbers.items() if name != "none") for task in TASKS}
    rows = [f"| {' | '.join(('', *TASKS))} |\n|---|{'--:|' * len(TASKS)}"]
    for name, row in numbers.items():
        figures = [_strong(_figure(row[task]["mean"]), row[task]["mean"] == best[task]) for task in TASKS]
        rows.append(f"| {name if name == 'none' else f'`{name}`'} | {' | '.join(figures)} |")
    return "\n".join(rows) + _made(line)


def adapted(lines: Lines) -> str:
    """A row for each corpus, and what differs with its interval."""
    if not lines:
        return ""
    found = [line for line in lines if "difference" in line["numbers"]]
    rows = [f"| {' | '.join(('corpus', *WAYS))} |\n|---|{'--:|' * len(WAYS)}"]
    for line in lines:
        means = [_mean(line["numbers"].get(name)) for name in WAYS]
        rows.append(f"| {line['configuration']['data']}, {line['configuration']['measure']} | {' | '.join(means)} |")
    rows.append(
        f"\n| {' | '.join(('corpus', *COMPARED, 'seconds', 'seconds, frozen'))} |\n|---|{'--:|' * (len(COMPARED) + 2)}"
    )
    for line in found:
        differences = [line["numbers"]["difference"].get(name) for name in COMPARED]
        told = [
            f"{each['mean']:+.3f} ({each['low']:+.3f} to {each['high']:+.3f})" if each else "" for each in differences
        ]
        seconds = [line["numbers"][name]["mean"] for name in ("seconds", "seconds, frozen and nothing beside")]
        rows.append(
            f"| {line['configuration']['data']} | {' | '.join([*told, *(f'{each:.0f}' for each in seconds)])} |"
        )
    return "\n".join(rows) + _made(lines[-1])


def options(lines: Lines) -> str:
    """A row for each option: seconds, quality, and the difference to the default."""
    if not lines:
        return ""
    rows = ["| | seconds | nDCG@10 | difference to the default |\n|---|--:|--:|--:|"]
    for name, row in lines[-1]["numbers"].items():
        seconds = f"{row['seconds']:.0f}" if "seconds" in row else ""
        between = row.get("difference")
        told = f"{between['mean']:+.3f} ({between['low']:+.3f} to {between['high']:+.3f})" if between else ""
        option, _, value = name.partition(" ")
        shown = f"`{RENAMED.get(option, option)} {value}`" if name.startswith("--") else name
        rows.append(f"| {shown} | {seconds} | {row['nDCG@10']:.3f} | {told} |")
    return "\n".join(rows) + _made(lines[-1])


def _mean(value: Any) -> str:
    if value is None:
        return ""
    return _figure(value if isinstance(value, float) else value["mean"])


def _figure(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def _strong(text: str, strong: bool) -> str:
    return f"**{text}**" if strong else text


def _made(line: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in line["versions"].items())
    cpu = f"{line['cpu']}, {line['threads']} threads"
    return f"\n\n{line['date'][:10]}, commit {line['commit']}, {cpu}, seed {line['seed']}. {versions}.\n"
