"""`likewise classify fit`, `predict`, `evaluate`, `next`: a classifier from a few labels, kept in a folder."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likewise.cli.label_sets import (
    SEPARATOR,
    joined,
    percent,
    print_distances,
    print_evaluated,
    print_label_sets,
    print_labels,
    read_cells,
    read_order,
    separator_hint,
)
from likewise.cli.options import (
    Encoding,
    File,
    Header,
    Id,
    ModelFolder,
    NoId,
    OnError,
    Overwrite,
    Seed,
    Text,
    reserve,
    takes_ids,
)
from likewise.cli.screen import counted, json_line, one_line, shortened

if TYPE_CHECKING:
    from likewise.applications.classify.classifier import Classifier
    from likewise.applications.classify.metrics import Abstention, AccuracyEstimate, Metrics

classify = typer.Typer(
    no_args_is_help=False, help="Classify texts with a classifier fitted on a few labels, such as their sentiment."
)

Label = Annotated[str, typer.Option("--label", metavar="COLUMN", help="The column that holds the label.")]
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="SIGN",
        help="A cell holds several labels with this sign between them, such as ';'; one with the sign alone has none.",
    ),
]
Ordered = Annotated[
    str | None,
    typer.Option(
        "--ordered",
        metavar="ORDER",
        help="The order of the labels counts: numbers, or all labels from the lowest, such as low,medium,high.",
    ),
]
ClassifierFolder = Annotated[
    str,
    typer.Argument(metavar="CLASSIFIER", help="A folder that likewise classify fit wrote.", show_default=False),
]
GivenModel = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="The model of a classifier whose folder does not hold it."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@classify.command(
    epilog="Example: likewise classify fit reviews.model labelled.csv --text body --label stars --out clf"
)
def fit(
    model: ModelFolder,
    file: File,
    out: Annotated[str, typer.Option("--out", metavar="CLASSIFIER", help="The folder to write.", show_default=False)],
    label: Label = "label",
    separator: Separator = None,
    ordered: Ordered = None,
    text: Text = None,
    unlabelled: Annotated[
        str | None,
        typer.Option(
            "--unlabelled",
            metavar="FILE",
            help="Further texts with the same --text column, for self-training if it does not lower the accuracy.",
        ),
    ] = None,
    descriptions: Annotated[
        str | None,
        typer.Option(
            "--descriptions",
            metavar="FILE",
            help="A file with the --label column and a column description, in words that texts of the label may have; "
            "with it, texts without labels will do.",
        ),
    ] = None,
    contrastive: Annotated[
        bool, typer.Option("--contrastive", help="Fine-tune the model, a transformer, on the labels first: slower.")
    ] = False,
    ngrams: Annotated[
        bool, typer.Option("--ngrams/--no-ngrams", help="Use words and word pairs next to the embedding.")
    ] = True,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Fit a classifier on a file of labelled texts, and estimate its accuracy by cross-validation.

    Rows without a label are used as unlabelled texts. With --separator a text has any number of labels.
    """
    from likewise.applications.classify.classifier import Classifier
    from likewise.applications.classify.labels import read_descriptions, read_texts

    reserve(out, overwrite=overwrite)
    reading: dict[str, Any] = {"text": text, "encoding": encoding, "header": header, "on_error": on_error}
    described = read_descriptions(descriptions, label) if descriptions else None
    data = read_cells(file, label, separator, required=not described, **reading)
    others = [*data.unlabelled, *(read_texts(unlabelled, **reading) if unlabelled else ())]
    order = read_order(ordered)
    fitted = Classifier(model, ngrams=ngrams, contrastive=contrastive, separator=separator, ordered=order, seed=seed)
    fitted.fit(data.texts, data.labels, unlabelled=others, descriptions=described)
    fitted.save(out, overwrite=overwrite)
    given = f", {counted(len(described), 'description')}" if described else ""
    typer.echo(f"{out}: {counted(len(fitted.classes_), 'label')}, {counted(len(data.texts), 'labelled text')}{given}")
    if hint := separator_hint(data.labels, separator):
        typer.echo(hint)
    _print_training(fitted, len(others) if data.texts else 0)
    _print_estimate(fitted)
    typer.echo(f"next:\n  likewise classify predict {shlex.quote(out)} more.csv")


@classify.command(epilog="Example: likewise classify predict clf more.csv --text body --abstain-below 0.8")
def predict(
    classifier: ClassifierFolder,
    file: File,
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    abstain_below: Annotated[
        float,
        typer.Option("--abstain-below", metavar="P", help="Print no label if its probability is below this."),
    ] = 0.0,
    model: GivenModel = None,
    as_json: AsJson = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Predict the label of each text of a file, with its probability; or its labels, with the probability of each."""
    from likewise.applications.classify.labels import read_batches

    if not 0 <= abstain_below <= 1:
        raise typer.BadParameter(f"{abstain_below} is not a probability from 0 to 1", param_hint="--abstain-below")
    takes = takes_ids(id, no_id=no_id)
    loaded = _load(classifier, model)
    for ids, texts in read_batches(
        file, text=text, id=id, ids=takes, encoding=encoding, header=header, on_error=on_error
    ):
        probabilities = loaded.predict_proba(texts)
        predicted = loaded.labels_of(probabilities, abstain_below)
        for name, shown, row, labels in zip(ids, texts, probabilities, predicted, strict=True):
            found = dict(zip(map(str, loaded.classes_.tolist()), row.round(4).tolist(), strict=True))
            if as_json:
                given = {"labels": labels} if loaded.is_multi_label else {"label": labels[0] if labels else None}
                typer.echo(json_line({"id": name, "text": shown, **given, "probabilities": found}))
                continue
            shares = " ".join(f"{found[str(each)]:.2f}" for each in labels) or f"{row.max():.2f}"
            typer.echo(f"{joined(loaded, labels)}\t{shares}\t{one_line(name)}\t{shortened(shown, 70)}")


@classify.command(epilog="Example: likewise classify evaluate clf held_out.csv --text body --label stars")
def evaluate(
    classifier: ClassifierFolder,
    file: File,
    label: Label = "label",
    text: Text = None,
    model: GivenModel = None,
    as_json: AsJson = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Evaluate a classifier on a file of labelled texts that it was not fitted on.

    Accuracy says little where one label is frequent: macro F1 counts each label alike.
    """
    from likewise.applications.classify.metrics import evaluate as compute_metrics
    from likewise.applications.classify.multi_label_metrics import evaluate_label_sets

    loaded = _load(classifier, model)
    separator = (loaded.separator or SEPARATOR) if loaded.is_multi_label else None
    data = read_cells(file, label, separator, text=text, encoding=encoding, header=header, on_error=on_error)
    if loaded.is_multi_label:
        print_evaluated(evaluate_label_sets(loaded, data.texts, data.labels), len(data.unlabelled), as_json=as_json)
        return
    found = compute_metrics(loaded, data.texts, data.labels)
    if as_json:
        typer.echo(found.as_json())
        return
    print_distances(found)
    typer.echo(f"macro F1 {found.macro_f1:.2f}, balanced accuracy {found.balanced_accuracy:.1%}, ", nl=False)
    typer.echo(counted(found.texts, "text"))
    _print_accuracy(found)
    loss = "none" if found.log_loss is None else f"{found.log_loss:.3f}"
    typer.echo(f"log loss {loss}, calibration error {found.calibration_error:.1%}")
    if data.unlabelled:
        typer.echo(f"{counted(len(data.unlabelled), 'row')} without a label left out")
    if found.unknown_labels:
        typer.echo(f"{counted(found.unknown_labels, 'text')} with a label that was not trained on: counted as errors")
    _print_abstention(found.abstention)
    for each in found.confusions:
        typer.echo(f"{one_line(each.label)} predicted as {one_line(each.predicted)}: {counted(each.texts, 'text')}")


@classify.command("next", epilog="Example: likewise classify next clf unlabelled.csv --text body -n 20")
def select_for_labelling(
    classifier: ClassifierFolder,
    file: File,
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Number of texts.")] = 20,
    model: GivenModel = None,
    as_json: AsJson = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Select the texts of a file to label next (active learning): uncertain ones that differ from each other."""
    from likewise.applications.classify.labels import read_batches

    takes = takes_ids(id, no_id=no_id)
    loaded = _load(classifier, model)
    ids, texts = [], []
    for some, batch in read_batches(
        file, text=text, id=id, ids=takes, encoding=encoding, header=header, on_error=on_error
    ):
        ids += some
        texts += batch
    rows = loaded.select_for_labelling(texts, count)
    probabilities = loaded.predict_proba([texts[row] for row in rows])
    for row, each, labels in zip(rows, probabilities, loaded.labels_of(probabilities), strict=True):
        if as_json:
            guess = labels if loaded.is_multi_label else labels[0]
            typer.echo(json_line({"id": ids[row], "text": texts[row], "guess": guess, "probability": each.max()}))
        else:
            guess = joined(loaded, labels) or "no label"
            typer.echo(f"{one_line(ids[row])}\t{guess} {each.max():.2f}\t{shortened(texts[row], 70)}")


def _load(folder: str, model: str | None) -> "Classifier":
    from likewise.applications.classify.classifier import Classifier

    return Classifier.load(folder, model)


def _print_training(fitted: "Classifier", unlabelled: int) -> None:
    """Print whether unlabelled texts, and fine-tuning, were of use."""
    if unlabelled and fitted.is_multi_label:
        typer.echo(
            f"{counted(unlabelled, 'unlabelled text')}: used to weigh words; self-training takes one label a text"
        )
    elif unlabelled:
        used = (
            "used for self-training"
            if fitted.self_trained_
            else "not used for self-training: it lowered the accuracy, or there were too few texts"
        )
        typer.echo(f"{counted(unlabelled, 'unlabelled text')}: {used}")
    if fitted.contrastive and not fitted.fine_tuned_:
        typer.echo("the model was not fine-tuned: that lowered the accuracy")


def _print_estimate(fitted: "Classifier") -> None:
    found = fitted.estimate_
    if found is None:
        typer.echo("no estimate of the accuracy: no label has two different texts; label more")
        return
    if fitted.is_multi_label:
        print_label_sets(found, " on new texts, by cross-validation")
        return
    print_distances(found)
    typer.echo(f"macro F1 on new texts, by cross-validation: {found.macro_f1:.2f}")
    _print_accuracy(found)
    if found.unchecked:
        typer.echo(f"{counted(found.unchecked, 'text')} alone with their label: trained on, but not checked")
    _print_abstention(found.abstention)


def _print_accuracy(found: "AccuracyEstimate | Metrics") -> None:
    """Print the accuracy next to the majority baseline, and recall and precision of each label, lowest recall first."""
    most = max(found.labels, key=lambda row: row.texts)
    typer.echo(
        f"accuracy {percent(found.accuracy)} ({percent(found.low)} to {percent(found.high)}); "
        f"majority baseline (always {one_line(most.label)}) {percent(found.majority_baseline)}"
    )
    print_labels(found.labels)


def _print_abstention(points: "Sequence[Abstention]") -> None:
    for each in points:
        if each.accuracy is not None and each.coverage < 1:
            shares = f"{percent(each.coverage)} answered, {percent(each.accuracy)} of them right"
            typer.echo(f"  --abstain-below {each.threshold}: {shares}")
