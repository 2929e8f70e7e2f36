"""`likewise classify fit`, `predict`, `evaluate`, `next`: a classifier from a few labels, kept in a folder."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

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

MAX_LABELS = 10  # whose figures are printed

classify = typer.Typer(
    no_args_is_help=False, help="Classify texts with a classifier fitted on a few labels, such as their sentiment."
)

Label = Annotated[str, typer.Option("--label", metavar="COLUMN", help="The column that holds the label.")]
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

    Rows without a label are used as unlabelled texts.
    """
    from likewise.applications.classify.classifier import Classifier
    from likewise.applications.classify.labels import read_descriptions, read_labelled, read_texts

    reserve(out, overwrite=overwrite)
    reading: dict[str, Any] = {"text": text, "encoding": encoding, "header": header, "on_error": on_error}
    described = read_descriptions(descriptions, label) if descriptions else None
    data = read_labelled(file, label, required=not described, **reading)
    others = [*data.unlabelled, *(read_texts(unlabelled, **reading) if unlabelled else ())]
    fitted = Classifier(model, ngrams=ngrams, contrastive=contrastive, seed=seed)
    fitted.fit(data.texts, data.labels, unlabelled=others, descriptions=described)
    fitted.save(out, overwrite=overwrite)
    given = f", {counted(len(described), 'description')}" if described else ""
    typer.echo(f"{out}: {counted(len(fitted.classes_), 'label')}, {counted(len(data.texts), 'labelled text')}{given}")
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
    """Predict the label of each text of a file, with its probability."""
    from likewise.applications.classify.labels import read_batches

    if not 0 <= abstain_below <= 1:
        raise typer.BadParameter(f"{abstain_below} is not a probability from 0 to 1", param_hint="--abstain-below")
    takes = takes_ids(id, no_id=no_id)
    loaded = _load(classifier, model)
    for ids, texts in read_batches(
        file, text=text, id=id, ids=takes, encoding=encoding, header=header, on_error=on_error
    ):
        probabilities = loaded.predict_proba(texts)
        for name, shown, row in zip(ids, texts, probabilities, strict=True):
            best = int(row.argmax())
            label = loaded.classes_[best].item() if row[best] >= abstain_below else None
            if as_json:
                found = dict(zip(map(str, loaded.classes_.tolist()), row.round(4).tolist(), strict=True))
                typer.echo(json_line({"id": name, "text": shown, "label": label, "probabilities": found}))
            else:
                printed = "" if label is None else one_line(str(label))
                typer.echo(f"{printed}\t{row[best]:.2f}\t{one_line(name)}\t{shortened(shown, 70)}")


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
    from likewise.applications.classify.labels import read_labelled
    from likewise.applications.classify.metrics import evaluate as compute_metrics

    loaded = _load(classifier, model)
    data = read_labelled(file, label, text=text, encoding=encoding, header=header, on_error=on_error)
    found = compute_metrics(loaded, data.texts, data.labels)
    if as_json:
        typer.echo(found.as_json())
        return
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
    for row, each in zip(rows, probabilities, strict=True):
        best = int(each.argmax())
        if as_json:
            guess = loaded.classes_[best].item()
            typer.echo(json_line({"id": ids[row], "text": texts[row], "guess": guess, "probability": each[best]}))
        else:
            label = one_line(str(loaded.classes_[best]))
            typer.echo(f"{one_line(ids[row])}\t{label} {each[best]:.2f}\t{shortened(texts[row], 70)}")


def _load(folder: str, model: str | None) -> "Classifier":
    from likewise.applications.classify.classifier import Classifier

    return Classifier.load(folder, model)


def _print_training(fitted: "Classifier", unlabelled: int) -> None:
    """Print whether unlabelled texts, and fine-tuning, were of use."""
    if unlabelled:
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
    typer.echo(f"macro F1 on new texts, by cross-validation: {found.macro_f1:.2f}")
    _print_accuracy(found)
    if found.unchecked:
        typer.echo(f"{counted(found.unchecked, 'text')} alone with their label: trained on, but not checked")
    _print_abstention(found.abstention)


def _print_accuracy(found: "AccuracyEstimate | Metrics") -> None:
    """Print the accuracy next to the majority baseline, and recall and precision of each label, lowest recall first."""
    most = max(found.labels, key=lambda row: row.texts)
    typer.echo(
        f"accuracy {_percent(found.accuracy)} ({_percent(found.low)} to {_percent(found.high)}); "
        f"majority baseline (always {one_line(most.label)}) {_percent(found.majority_baseline)}"
    )
    rows = sorted((row for row in found.labels if row.texts), key=lambda row: (row.recall, row.texts))
    for row in rows[:MAX_LABELS]:
        recall = f"recall {_percent(row.recall)} of {counted(row.texts, 'text')}"
        typer.echo(f"  {one_line(row.label)}: {recall}, precision {_percent(row.precision)}")
    if others := rows[MAX_LABELS:]:
        typer.echo(f"  {counted(len(others), 'other label')}: recall {_percent(others[0].recall)} or more")


def _percent(share: float) -> str:
    """Format a share, with decimal places only where it would seem to be all or nothing.

    >>> _percent(0.83), _percent(0.998), _percent(1.0)
    ('83%', '99.8%', '100%')
    """
    places = 0
    while places < 3 and 0 < share < 1 and float(f"{share:.{places + 2}f}") in (0, 1):
        places += 1
    return f"{share:.{places}%}"


def _print_abstention(points: "Sequence[Abstention]") -> None:
    for each in points:
        if each.accuracy is not None and each.coverage < 1:
            shares = f"{_percent(each.coverage)} answered, {_percent(each.accuracy)} of them right"
            typer.echo(f"  --abstain-below {each.threshold}: {shares}")
