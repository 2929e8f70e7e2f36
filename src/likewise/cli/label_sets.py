"""What `likewise classify` reads and prints of several labels a text, of ordered ones, and of each label."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from likewise.cli.screen import counted, one_line

if TYPE_CHECKING:
    from likewise.applications.classify.classifier import Classifier
    from likewise.applications.classify.labels import LabelledTexts
    from likewise.applications.classify.metrics import AccuracyEstimate, LabelMetrics, Metrics
    from likewise.applications.classify.multi_label_metrics import EvaluatedLabelSets, LabelSetMetrics, SetScores

MAX_LABELS = 10  # whose figures are printed
SEPARATOR = ";"  # where a classifier was fitted on lists of labels


def read_cells(file: str, label: str, separator: str | None, **reading: Any) -> "LabelledTexts":
    """Read labelled texts, and split the cells of labels if there is a separator."""
    from likewise.applications.classify.label_sets import cell_labels
    from likewise.applications.classify.labels import read_labelled

    if separator is None:
        return read_labelled(file, label, **reading)
    if not separator.strip():
        raise typer.BadParameter(f"{separator!r} is blank, expected a sign such as ';'", param_hint="--separator")
    return read_labelled(file, label, parse=partial(cell_labels, separator=separator), **reading)


def read_order(given: str | None) -> bool | list[str]:
    """Return the order of labels that an option names."""
    if given is None or given.strip().lower() == "numbers":
        return given is not None
    return [part.strip() for part in given.split(",")]


def print_distances(found: "AccuracyEstimate | Metrics") -> None:
    """Print how far predictions are from labels that have an order."""
    if each := found.ordinal:
        typer.echo(
            f"mean absolute error {each.mean_absolute_error:.2f} (always the median {each.baseline_error:.2f}), "
            f"quadratic weighted kappa {each.weighted_kappa:.2f}"
        )


def separator_hint(labels: Sequence[Any], separator: str | None) -> str:
    """Return a line where cells seem to hold several labels and are not split, or hold one and are; or nothing."""
    from likewise.applications.classify.label_sets import likely_separator

    if separator is not None:
        return "" if any(len(each) != 1 for each in labels) else f"no cell holds {separator!r}: each text has one label"
    found = likely_separator(labels)
    if found is None:
        return ""
    return f"labels like {found[1]!r} are one label each: with --separator {found[0]!r} a text has several"


def joined(classifier: "Classifier", labels: Sequence[Any]) -> str:
    """Return labels as the cell of a file has them."""
    return one_line((classifier.separator or SEPARATOR).join(map(str, labels)))


def print_evaluated(found: "EvaluatedLabelSets", unlabelled: int, *, as_json: bool) -> None:
    """Print metrics of several labels a text."""
    if as_json:
        typer.echo(found.as_json())
        return
    print_label_sets(found, f", {counted(found.texts, 'text')}")
    typer.echo(f"log loss {found.log_loss:.3f} a text, calibration error {found.calibration_error:.1%}")
    if unlabelled:
        typer.echo(f"{counted(unlabelled, 'row')} without a label left out")
    if found.unknown_labels:
        typer.echo(f"{counted(found.unknown_labels, 'label')} of texts not trained on: counted as missed")


def print_label_sets(found: "LabelSetMetrics", of: str) -> None:
    """Print metrics of several labels a text next to the baseline, and each label, lowest recall first."""
    typer.echo(f"micro F1 {found.scores.micro_f1:.2f}, macro F1 {found.scores.macro_f1:.2f}{of}")
    typer.echo(
        f"all labels right {percent(found.scores.exact_match)} ({percent(found.low)} to {percent(found.high)})"
        f"{_any_right(found.scores)}; {found.labels_per_text:.1f} labels a text"
    )
    always, baseline = ", ".join(map(one_line, found.baseline_labels)), found.baseline
    typer.echo(
        f"baseline (always {always}): micro F1 {baseline.micro_f1:.2f}, macro F1 {baseline.macro_f1:.2f}, "
        f"all right {percent(baseline.exact_match)}{_any_right(baseline)}"
    )
    print_labels(found.labels)
    if unchecked := getattr(found, "unchecked", 0):
        typer.echo(f"{counted(unchecked, 'text')} alone with a label: trained on, but not checked")
    for each in found.cutoffs:
        if each.precision is not None and each.recall is not None:
            shares = f"{percent(each.precision)} of the labels given are right, {percent(each.recall)} of all are given"
            typer.echo(f"  --abstain-below {each.threshold}: {shares}")


def _any_right(scores: "SetScores") -> str:
    return "" if scores.any_right is None else f", at least one {percent(scores.any_right)}"


def print_labels(labels: "Sequence[LabelMetrics]") -> None:
    """Print recall and precision of each label, lowest recall first."""
    rows = sorted((row for row in labels if row.texts), key=lambda row: (row.recall, row.texts))
    for row in rows[:MAX_LABELS]:
        recall = f"recall {percent(row.recall)} of {counted(row.texts, 'text')}"
        typer.echo(f"  {one_line(row.label)}: {recall}, precision {percent(row.precision)}")
    if others := rows[MAX_LABELS:]:
        typer.echo(f"  {counted(len(others), 'other label')}: recall {percent(others[0].recall)} or more")


def percent(share: float) -> str:
    """Format a share, with decimal places only where it would seem to be all or nothing.

    >>> percent(0.83), percent(0.998), percent(1.0)
    ('83%', '99.8%', '100%')
    """
    places = 0
    while places < 3 and 0 < share < 1 and float(f"{share:.{places + 2}f}") in (0, 1):
        places += 1
    return f"{share:.{places}%}"
