"""The tables of `answer.py`."""

from collections.abc import Mapping

from figures import Cells, Lines


def answer_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Sets and systems as rows, measures of the answers as columns."""
    answers: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        for system, value in line["numbers"].items():
            if isinstance(value, Mapping) and "recall@1" in value:
                name = names.get(data, data)
                answers[name if system == "likewise" else f"{name}, {system.removeprefix('likewise, ')}"] = {
                    "recall@1": value["recall@1"], "right sentence": value["right sentence"],
                    "answered at 5 % false": value["answered at 5 % false"], "AUC": value["area under the curve"],
                    **({
                        "answered": value["answered by default"], "false": value["false by default"],
                        "calibration error": value["calibration error"],
                    } if "calibration error" in value else {}),
                }  # fmt: skip
    return dict(sorted(answers.items(), key=lambda row: not row[0].startswith("XQuAD")))


def confidence_cells(lines: Lines) -> Cells:
    """Tenths of the confidence as rows."""
    cells: Cells = {}
    for line in lines:
        tenths = line["numbers"].get("tenths of the confidence", ())
        total = sum(each["answers"] for each in tenths)
        for each in tenths:
            tenth = int(10 * each["stated"])
            name = f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}"
            cells[name] = {
                "stated": each["stated"],
                "right": each["right"],
                "share of answers": each["answers"] / total,
            }
    return cells


def searched_cells(lines: Lines) -> Cells:
    """Systems as rows."""
    cells: Cells = {}
    for line in lines:
        if line["configuration"].get("measure"):
            for system, value in line["numbers"].items():
                if system != "difference":
                    cells.setdefault(system, {})["MRR@10"] = value
    return cells
