"""The tables of docs/benchmarks.md and those inside other pages, made from the lines that the benchmarks recorded.

python benchmarks/tables.py
"""

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from page_blocks import BLOCKS, filled
from record import RESULTS, ROOT

__all__ = ["latest_lines", "page"]

PAGE = ROOT / "docs" / "benchmarks.md"
ELSEWHERE = {block.benchmark: block.page for block in BLOCKS}

HEAD = """# Benchmarks

Made by `make docs` from the lines in `benchmarks/results`; nothing here is typed by hand. Each figure comes from a
script in `benchmarks/`, on the machine and at the commit that stand below its table; peers run beside Likewise in the
same process, taking turns. Speeds are medians with their 95 % bootstrap interval, a ratio is the median of the repeats'
ratios, and quality is the mean over the seeds with the lowest and the highest; a difference in quality has its 95 %
interval by bootstrap over the queries. No label chose a setting of a run; which defaults were judged by labels before
they became defaults, [experiments](experiments.md) and the page of each application say. The
[rules](../CONTRIBUTING.md#benchmarks) say how a benchmark is written.
"""


def latest_lines(results: Path) -> list[dict[str, Any]]:
    """The last line of each benchmark, and of each data set where it has several, in the order of their names."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(results.glob("*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            if text.strip():
                line = json.loads(text)
                last[line["benchmark"], str(line["configuration"].get("data", ""))] = line
    return [last[key] for key in sorted(last)]


def page(results: Path, scripts: Path) -> str:
    """The whole page.

    Args:
        results: the folder of recorded lines.
        scripts: the folder of the benchmarks, whose docstrings say what each one asks.
    """
    parts, before = [HEAD], None
    for line in latest_lines(results):
        name = line["benchmark"]
        if name != before:
            parts.append(_heading(name, scripts))
            if name in ELSEWHERE:
                parts.append(f"The figures are in [{ELSEWHERE[name]}]({ELSEWHERE[name]}).\n")
        before = name
        if name not in ELSEWHERE:
            parts.append(_section(line))
    if before is None:
        parts.append("No run has been recorded yet: `make bench` records them.\n")
    return "\n".join(parts)


def _heading(name: str, scripts: Path) -> str:
    script = scripts / f"{name}.py"
    asked = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) if script.exists() else None
    first = " ".join((asked or "").split("\n\n")[0].split())
    return f"## {name.replace('_', ' ').capitalize()}\n\n{first}\n\n`make bench BENCH={name}`\n"


def _section(line: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in line["versions"].items())
    settings = "; ".join(f"{' '.join(_words(path))} {_plain(value)}" for path, value in _leaves(line["configuration"]))
    rows = [_row(path, value) for path, value in _leaves(line["numbers"])]
    data = line["configuration"].get("data")
    return "\n".join([
        *([f"### {data}", ""] if data else []),
        "| | | from, to | runs |", "|---|--:|---|--:|", *rows, "",
        f"{line['date'][:10]}, commit {line['commit']}, {line['cpu']}, {line['threads']} threads, seed {line['seed']}. "
        f"{settings[:1].upper()}{settings[1:]}. Versions: {versions}.", "",
    ])  # fmt: skip


def _leaves(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every figure with the names that lead to it."""
    for name, value in values.items():
        if isinstance(value, Mapping) and not _is_spread(value):
            yield from _leaves(value, (*path, str(name)))
        else:
            yield (*path, str(name)), value


def _is_spread(value: Any) -> bool:
    return isinstance(value, Mapping) and {"low", "high"} <= set(value) and bool({"median", "mean"} & set(value))


def _row(path: tuple[str, ...], value: Any) -> str:
    name = " · ".join(_words(path)).replace("|", "\\|")
    sign = " ×" if any(word.startswith("ratio") for word in path) else ""
    if not _is_spread(value):
        return f"| {name} | {_plain(value)}{sign} | | |"
    middle = value["median"] if "median" in value else value["mean"]
    runs = value.get("repeats", len(value.get("values", ())) or "")
    between = f"{_plain(value['low'])} to {_plain(value['high'])}"
    if "best" in value:
        between += f", best {_plain(value['best'])}"
    return f"| {name} | **{_plain(middle)}**{sign} | {between} | {_plain(runs)} |"


def _words(path: tuple[str, ...]) -> list[str]:
    return [name.replace("_", " ") for name in path]


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value).replace("|", "\\|")


def main() -> None:
    """Write the page, and the blocks of the others."""
    PAGE.write_text(page(RESULTS, ROOT / "benchmarks"), encoding="utf-8")
    for name in dict.fromkeys(ELSEWHERE.values()):
        made = filled(PAGE.parent, name, latest_lines(RESULTS))
        (PAGE.parent / name).write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
