"""The sections of `classify.py`, `fine_tuned.py`, `class_names.py`, `multi_label.py` and `ordinal.py`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from figures import Cells, Lines, middle

OTHER_NAMES = {"smsa": "SmSA", "thucnews_titles": "THUCNews titles"}
SYSTEMS = {
    "TF-IDF": "TF-IDF",
    "LSA 256": "LSA",
    "MiniLM": "MiniLM",
    "likewise": "likewise",
    "likewise + unlabelled": "likewise + unlabelled texts",
    "likewise, MiniLM": "likewise on MiniLM",
}
FINE_TUNED = {"probe": "MiniLM", "contrastive": "fine-tuned", "SetFit": "SetFit"}
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
SEVERAL_WAYS = {
    "always the most frequent": "always the most frequent two or three",
    "TF-IDF, one-vs-rest": "TF-IDF, one-vs-rest",
    "TF-IDF, one-vs-rest, balanced": "TF-IDF, one-vs-rest, balanced",
    "TF-IDF, one-vs-rest, tuned thresholds": "TF-IDF, one-vs-rest, tuned thresholds",
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


def fine_tuned_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Data sets as rows; accuracies in percent and seconds as columns, and last the means and the sum of seconds."""
    rows = {}
    for line in lines:
        data, numbers = line["configuration"]["data"], line["numbers"]
        draws = len(numbers["SetFit"]["values"])  # the first ones, as not all systems have all
        row: dict[str, Any] = {
            f"{name}{unit}": scale * float(np.mean(numbers[f"{system}{what}"]["values"][:draws]))
            for what, unit, scale in (("", "", 100), (", seconds", ", s", 1))
            for system, name in FINE_TUNED.items()
        }
        rows[names.get(data, data)] = row
    means: dict[str, Any] = {}
    for column in next(iter(rows.values()), {}):
        total = sum(row[column] for row in rows.values())
        means[column] = total if column.endswith(", s") else total / len(rows)
    return rows | {"mean accuracy, sum of seconds": means} if rows else {}


def class_name_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """What a classifier was given as rows, data sets as columns."""
    cells: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        for way, name in WAYS.items():
            cells.setdefault(name, {})[names.get(data, data)] = 100 * middle(line["numbers"][way])
    return cells


def multi_label_cells(lines: Lines) -> Cells:
    """Ways as rows, metrics as columns."""
    names = {
        f"{way}, {count}": f"{count:,} labelled: {name}"
        for count in (200, 1_000)
        for way, name in {
            **SEVERAL_WAYS,
            "likewise": "likewise",
            "likewise, names": "likewise, names of labels",
        }.items()
    }
    names |= {f"likewise, 200 and 100 {how}": f"200 labelled and 100 {how}" for how in ("at random", "selected")}
    columns = ("micro F1", "macro F1", "exact match", "labels a text", "calibration error")
    return {
        shown: {column: line["numbers"][way].get(column) for column in columns}
        for line in lines
        for way, shown in names.items()
    }


def ordinal_cells(lines: Lines, names: Mapping[str, str]) -> Cells:
    """Ways as rows; data sets and metrics as columns."""
    cells: Cells = {}
    for line in lines:
        data = line["configuration"]["data"]
        for count in (8, 32):
            for way in ("always the median", "most probable", "median", "cumulative"):
                for metric in ("MAE", "QWK", "accuracy"):
                    found = line["numbers"][f"{count} a level, {way}, {metric}"]
                    cells.setdefault(f"{count} a level, {way}", {})[f"{names.get(data, data)}, {metric}"] = found
    return cells


def label_sections(page: Any, names: Mapping[str, str]) -> None:
    """Add the sections to a page."""
    page.section(
        "Few labels",
        "classify",
        "Accuracy in percent, by data set and labels a class; the baselines with logistic regression; means over the "
        "draws.",
        few_label_cells(page.lines("classify"), names),
        form=".1f",
        across=True,
    )
    page.section(
        "Fine-tuning on few labels",
        "fine_tuned",
        "Accuracy in percent with eight labels a class and seconds of a fit, all on all-MiniLM-L6-v2, which knows "
        "English: the classifier on its vectors, fine-tuned on the labels (`contrastive`, with the six fits of its "
        "estimate), and SetFit with its defaults, but 500 steps at most. Means over the draws that SetFit had; on one "
        "core.",
        fine_tuned_cells(page.lines("fine_tuned"), {**names, **OTHER_NAMES}),
        form=".1f",
        best=None,
    )
    page.section(
        "Names of classes",
        "class_names",
        "Accuracy in percent of a classifier that gets the names of the classes, as the data set has them, as "
        "`descriptions`, some labels, or both; means over the draws. Nearest name: by the cosine of all-MiniLM-L6-v2.",
        class_name_cells(page.lines("class_names"), names),
        form=".1f",
    )
    page.section(
        "Several labels a text",
        "multi_label",
        "Genres of films (20, two or three a film) from descriptions of fifty words, judged on 2,000 films; "
        "means over the draws, and their range. A film has 2.5 genres.",
        multi_label_cells(page.lines("multi_label")),
        best=None,
        note="".join(
            f"A fit on {line['configuration']['many']:,} films takes {line['numbers']['seconds']:.0f} s of one core."
            for line in page.lines("multi_label")
        ),
    )
    page.section(
        "Labels with an order",
        "ordinal",
        "Stars of IMDb (1 to 4 and 7 to 10, as eight levels) and Indonesian comments (negative, neutral, positive), by "
        "labels of each level: mean absolute error in levels, quadratic weighted kappa and accuracy of the most "
        "probable label, of the median (`ordered`), and of cumulative probabilities (Frank and Hall 2001).",
        ordinal_cells(page.lines("ordinal"), {**names, **OTHER_NAMES}),
        best=None,
    )
