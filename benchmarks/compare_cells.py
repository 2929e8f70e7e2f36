"""The table of `compare.py`."""

from collections.abc import Mapping

import numpy as np
from figures import Cells, Lines, middle

COLUMNS = {
    "Spearman": ("Spearman", 1),
    "regret": ("regret, %", 100),
    "Spearman, of these texts": ("Spearman, of these texts alone", 1),
    "regret, of these texts": ("regret, %, of these texts alone", 100),
}
RANDOM = "regret of a choice at random, %"


def compare_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Data sets as rows, and their mean; correlations and regrets as columns."""
    cells: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        cells[names.get(data, data)] = {
            column: times * middle(line["numbers"][name]) for name, (column, times) in COLUMNS.items()
        }
        measured = list(line["numbers"]["nDCG@10"].values())
        cells[names.get(data, data)][RANDOM] = 100 * (1 - float(np.mean(measured)) / max(measured))
    if cells:
        columns = next(iter(cells.values()))
        cells["**mean**"] = {column: float(np.mean([row[column] for row in cells.values()])) for column in columns}
    return cells
