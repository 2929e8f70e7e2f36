"""The tables of the pages about negatives, from recorded lines: their number, their bound, copies, near-duplicates."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["alone", "bounds", "doses", "near_duplicates", "sizes"]

Lines = Sequence[dict[str, Any]]
Line = dict[str, Any]


def sizes(lines: Lines) -> str:
    """A table for each corpus: a row for each number of negatives, under both budgets."""
    return "\n".join(part for line in lines if _whole(line) for part in _sizes(line))


def _sizes(line: Line) -> Iterator[str]:
    setting, numbers = line["configuration"], line["numbers"]
    measure, start = setting["measure"], numbers["untrained"]
    yield (
        f"### {setting['data']}\n\n{setting['texts']:,} texts to learn from, {setting['documents']:,} documents, "
        f"{setting['queries']:,} queries. Untrained: MRR {_figure(start['mrr'])}, "
        f"{measure} {_figure(start['labelled'])}.\n"
    )
    by_rate = [f"{measure}, rate {rate:g}" for rate in setting["rates"]]
    names = ["negatives", "texts seen", "rate", "MRR", measure, "masking adds", *by_rate]
    for budget in (f"{setting['steps']} steps", f"{setting['seconds']:g} seconds of processor"):
        found = numbers["fixed steps" if budget.endswith("steps") else "fixed seconds"]
        yield f"{budget[:1].upper()}{budget[1:]}:\n"
        yield "| " + " | ".join(names) + " |\n" + "|--:" * len(names) + "|"
        for place, negatives in enumerate(setting["negatives"]):
            yield f"| {negatives:,} | " + " | ".join(_cells(found, place, negatives)) + " |"
        yield ""
    yield f"{_made(line)}\n"


def _cells(numbers: Line, place: int, negatives: int) -> list[str]:
    masked, unmasked = numbers["masked"], numbers["unmasked"]
    steps = sum(masked["steps"][place]) / len(masked["steps"][place])
    return [
        _count(steps * (negatives + 1)),
        f"{numbers['rates'][place]:g}",
        _figure(masked["mrr"][place]),
        _figure(masked["labelled"][place]),
        _difference(masked["labelled"][place], unmasked["labelled"][place]),
        *(f"{value:.3f}" for value in numbers["labelled by rate"][place]),
    ]


def alone(lines: Lines) -> str:
    """A table for each corpus: a row for each number of negatives among the texts of the same batches."""
    return "\n".join(part for line in lines for part in _alone(line))


def _alone(line: Line) -> Iterator[str]:
    setting, numbers = line["configuration"], line["numbers"]
    measure = setting["measure"]
    names = ["negatives", "rate", "MRR", measure, *(f"{measure}, rate {rate:g}" for rate in setting["rates"])]
    yield f"{setting['data']}, {setting['steps']} steps of {setting['texts a step']} texts:\n"
    yield "| " + " | ".join(names) + " |\n" + "|--:" * len(names) + "|"
    for place, negatives in enumerate(setting["negatives"]):
        figures = [_figure(numbers[key][place]) for key in ("mrr", "labelled")]
        by_rate = [f"{value:.3f}" for value in numbers["labelled by rate"][place]]
        yield f"| {negatives:,} | " + " | ".join([f"{numbers['rates'][place]:g}", *figures, *by_rate]) + " |"
    yield f"\n{_made(line)}\n"


def bounds(lines: Lines) -> str:
    """The bound on mutual information at fixed steps: a row for each number of negatives, a column for each corpus."""
    whole = [line for line in lines if _whole(line)]
    if not whole:
        return ""
    rows = ["| negatives | log of candidates | " + " | ".join(line["configuration"]["data"] for line in whole) + " |"]
    rows.append("|--:" * (2 + len(whole)) + "|")
    for place, negatives in enumerate(whole[0]["configuration"]["negatives"]):
        found = [line["numbers"]["fixed steps"]["masked"]["bound"][place] for line in whole]
        cells = [_figure(values, 2) if None not in values else "–" for values in found]
        rows.append(f"| {negatives:,} | {math.log(negatives + 1):.2f} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def doses(lines: Lines) -> str:
    """What masking does where near-copies are many: a row for each number of texts that have copies."""
    found = [line for line in lines if line["configuration"]["copies"]]
    rows = [
        "| corpus | negatives | pairs left out | MRR | by masking | nDCG@10 | by masking |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for line in sorted(found, key=_left_out):
        numbers, place = line["numbers"]["fixed steps"], line["configuration"]["negatives"].index(511)
        masked, unmasked = numbers["masked"], numbers["unmasked"]
        cells = [
            cell
            for key in ("mrr", "labelled")
            for cell in (_figure(masked[key][place]), _difference(masked[key][place], unmasked[key][place]))
        ]
        rows.append(
            f"| {line['configuration']['data']} | 511 | {100 * _left_out(line):.2g} % | " + " | ".join(cells) + " |"
        )
    return "\n".join(rows) + "\n"


def near_duplicates(lines: Lines) -> str:
    """What share of the pairs of texts SimHash takes for near-duplicates, by how much they have in common."""
    distances = ("6", "8", "10", "12", "14")
    heads = [f"**{distance}**" if distance == "12" else distance for distance in distances]
    rows = [
        "| corpus | Jaccard of the words | pairs | at most " + " | ".join(heads).replace(" | ", " bits | ", 1) + " |",
        "|---|---|--:|" + "--:|" * len(distances),
    ]
    for line in lines:
        name = line["configuration"]["data"]
        for band, found in line["numbers"].items():
            shares = [_share(found["share"][distance]) for distance in distances]
            shares = [f"**{share}**" if at == "12" else share for share, at in zip(shares, distances, strict=True)]
            rows.append(f"| {name} | {band} | {found['pairs']:,} | " + " | ".join(shares) + " |")
            name = ""
    made = "\n\n".join(dict.fromkeys(_made(line) for line in lines))
    return "\n".join(rows) + f"\n\n{made}\n"


def _whole(line: Line) -> bool:
    return len(line["configuration"]["negatives"]) > 1


def _left_out(line: Line) -> float:
    shares = line["numbers"]["fixed steps"]["masked"]["left_out"][line["configuration"]["negatives"].index(511)]
    return sum(shares) / len(shares)


def _figure(values: Sequence[float], digits: int = 3) -> str:
    """The mean of the seeds, and half the way from the lowest to the highest."""
    return f"{sum(values) / len(values):.{digits}f} ± {(max(values) - min(values)) / 2:.{digits}f}"


def _difference(ones: Sequence[float], others: Sequence[float]) -> str:
    gains = [one - other for one, other in zip(ones, others, strict=True)]
    return f"{sum(gains) / len(gains):+.3f} ± {(max(gains) - min(gains)) / 2:.3f}" if any(gains) else "0"


def _count(pairs: float) -> str:
    return f"{pairs / 1000:,.1f} k" if pairs < 10_000 else f"{pairs / 1000:,.0f} k"


def _share(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-3 or not value else f"{value:.0e}".replace("e-0", "e-")


def _made(line: Line) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in line["versions"].items())
    return f"{line['date'][:10]}, commit {line['commit']}, {line['cpu']}. {versions}."
