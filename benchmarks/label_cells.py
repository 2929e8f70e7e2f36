"""The tables of `classify.py` and `class_names.py`."""

from collections.abc import Mapping

from figures import Cells, Lines, middle

SYSTEMS = {
    "TF-IDF": "TF-IDF",
    "LSA 256": "LSA",
    "MiniLM": "MiniLM",
    "SetFit": "SetFit (MiniLM)",
    "likewise": "likewise",
    "likewise + unlabelled": "likewise + unlabelled texts",
    "likewise, MiniLM": "likewise on MiniLM",
}
WAYS = {
    "names alone, MiniLM": "nearest name, MiniLM",
    "names alone": "names alone",
    "1 a class": "1 label a class",
    "1 a class, names": "1 label a class and names",
    "2 a class": "2 labels a class",
    "2 a class, names": "2 labels a class and names",
    "8 a class": "8 labels a class",
    "8 a class, names": "8 labels a class and names",
}


def few_label_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Data sets with their labels a class as rows, systems as columns."""
    cells: Cells = {}
    for line in lines:
        data = names[line["configuration"]["data"]]
        for labels, values in line["numbers"].items():
            row = cells.setdefault(f"{data}, {labels.split()[0]}", {})
            row |= {name: 100 * middle(values[system]) for system, name in SYSTEMS.items() if system in values}
    return cells


def class_name_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """What a classifier was given as rows, data sets as columns."""
    cells: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        for way, name in WAYS.items():
            cells.setdefault(name, {})[names.get(data, data)] = 100 * middle(line["numbers"][way])
    return cells
