"""The table of the page about paraphrases, from recorded lines."""

from collections.abc import Sequence
from typing import Any

__all__ = ["paraphrases"]

Lines = Sequence[dict[str, Any]]

COLUMNS = ("texts", "texts a second, first time", "words known", "unchanged", "Jaccard of the words")


def paraphrases(lines: Lines) -> str:
    """A row for each corpus and paraphraser, and what it was measured with."""
    rows = [
        f"| corpus | paraphraser | {' | '.join(COLUMNS)} |\n|---|---|{'--:|' * len(COLUMNS)}",
        *(
            f"| {line['configuration']['data']} | `{name}` | {found['texts']:,} | {_speed(found, 'first time')} | "
            f"{_speed(found, 'words known')} | {found['unchanged']:.0%} | {found['Jaccard']:.2f} |"
            for line in lines
            for name, found in line["numbers"].items()
        ),
    ]
    return "\n".join(rows) + "".join(f"\n\n{_made(line)}\n" for line in lines[-1:])


def _speed(found: dict[str, Any], name: str) -> str:
    if name not in found["texts a second"]:
        return ""
    measured = found["texts a second"][name]
    return f"{measured['median']:,.0f} ({measured['low']:,.0f} to {measured['high']:,.0f})"


def _made(line: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in line["versions"].items())
    return (
        f"{line['date'][:10]}, commit {line['commit']}, {line['cpu']}, {line['threads']} threads, "
        f"{line['configuration']['repeats']} repeats. {versions}."
    )
