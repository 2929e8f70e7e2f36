"""The tables of `duplicates.py` and `duplicate_columns.py`."""

from collections.abc import Mapping

from figures import Cells, Lines

COLUMNS = {
    "columns": "by columns",
    "joined": "one text joined from them",
    "first column alone": "the name alone",
    "Fellegi-Sunter": "Fellegi-Sunter by EM",
}
SHOWN = (0.99, 0.9, 0.8)  # precisions that are shown


def precision_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Sets and precisions as rows."""
    cells: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        if data not in {"quora_pairs", "stsb"}:  # elsewhere people labelled no near pairs that are not the same
            continue
        for wanted, found in line["numbers"]["precision_reached"].items():
            after = found["after 30 answers"]
            shares = {"by the estimate": found["called duplicates"], "after 30 answers": after["called duplicates"]}
            judged = {"mean distance": after["mean distance"], "interval holds": after["interval holds"]}
            cells[f"{names[data]}, {wanted} ({found['with a label']:,} pairs with a label)"] = shares | judged
    return cells


def column_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Sets and systems as rows."""
    cells: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        for system, shown in COLUMNS.items():
            found = line["numbers"][system]
            row = {"average precision": found["average precision"]}
            for wanted in SHOWN:
                none = not found[f"pairs at {wanted:g}"]["high"]
                row[f"precision at {wanted:g}"] = None if none else found[f"precision at {wanted:g}"]
                row[f"recall at {wanted:g}"] = found[f"recall at {wanted:g}"]
            cells[f"{names.get(data, data.replace('_', ' '))}, {shown}"] = row
    return cells
