"""`likewise classify fit`, `predict`, `evaluate`, `next`: classes from a few labels, kept in a folder."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likewise.cli.options import Encoding, File, ModelFolder, OnError, Overwrite, Seed, Text
from likewise.cli.screen import json_line

if TYPE_CHECKING:
    from likewise.applications.classify.classifier import Classifier

__all__ = ["classify"]

classify = typer.Typer(
    no_args_is_help=False, help="Give texts classes that were learned from a few labels, such as their sentiment."
)

Label = Annotated[str, typer.Option("--label", metavar="COLUMN", help="The column that holds the label.")]
ClassifierFolder = Annotated[
    str,
    typer.Argument(metavar="CLASSIFIER", help="A folder that likewise classify fit wrote.", show_default=False),
]
GivenModel = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="The model, for a classifier that does not hold its own."),
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
            help="More texts of the kind, of which --text is read: the classifier learns from them where that helps.",
        ),
    ] = None,
    contrastive: Annotated[
        bool, typer.Option("--contrastive", help="Move the model by the labels first: slower, and a model of its own.")
    ] = False,
    ngrams: Annotated[
        bool, typer.Option("--ngrams/--no-ngrams", help="Whether words count beside the embedding.")
    ] = True,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Learn classes from a file of labelled texts, and say from these labels alone how good that is.

    Rows without a label are read as unlabelled texts.
    """
    from likewise.applications.classify.classifier import Classifier
    from likewise.applications.classify.labels import read_labelled, read_texts
    from likewise.atomic import refuse_existing
    from likewise.cli.screen import counted

    refuse_existing(Path(out), overwrite=overwrite)
    reading: dict[str, Any] = {"text": text, "encoding": encoding, "on_error": on_error}
    data = read_labelled(file, label, **reading)
    others = [*data.unlabelled, *(read_texts(unlabelled, **reading) if unlabelled else ())]
    fitted = Classifier(model, ngrams=ngrams, contrastive=contrastive, seed=seed)
    fitted.fit(data.texts, data.labels, unlabelled=others)
    fitted.save(out, overwrite=overwrite)
    typer.echo(f"{out}: {counted(len(fitted.classes_), 'label')}, {counted(len(data.texts), 'labelled text')}")
    if others:
        used = (
            "learned from, with labels that were guessed"
            if fitted.self_trained_
            else "not learned from: held-out labels were less often right with them, or it could not be tried"
        )
        typer.echo(f"{counted(len(others), 'unlabelled text')}: {used}")
    _tell_estimate(fitted)
    typer.echo(f"next:\n  likewise classify predict {shlex.quote(out)} more.csv")


@classify.command(epilog="Example: likewise classify predict clf more.csv --text body --abstain-below 0.8")
def predict(
    classifier: ClassifierFolder,
    file: File,
    text: Text = None,
    abstain_below: Annotated[
        float,
        typer.Option("--abstain-below", metavar="P", help="Give no label where its probability is below this."),
    ] = 0.0,
    model: GivenModel = None,
    as_json: AsJson = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Give each text of a file its likeliest label, and how likely that is."""
    from likewise.applications.classify.labels import read_batches
    from likewise.cli.screen import shortened

    if not 0 <= abstain_below <= 1:
        raise typer.BadParameter(f"{abstain_below} is no probability from 0 to 1", param_hint="--abstain-below")
    loaded = _loaded(classifier, model)
    for ids, texts in read_batches(file, text=text, encoding=encoding, on_error=on_error):
        likely = loaded.predict_proba(texts)
        for id, shown, each in zip(ids, texts, likely, strict=True):
            best = int(each.argmax())
            label = loaded.classes_[best].item() if each[best] >= abstain_below else None
            if as_json:
                found = dict(zip(map(str, loaded.classes_.tolist()), each.round(4).tolist(), strict=True))
                typer.echo(json_line({"id": id, "text": shown, "label": label, "probabilities": found}))
            else:
                typer.echo(f"{'' if label is None else label}\t{each[best]:.2f}\t{id}\t{shortened(shown, 70)}")


@classify.command(epilog="Example: likewise classify evaluate clf judged.csv --text body --label stars")
def evaluate(
    classifier: ClassifierFolder,
    file: File,
    label: Label = "label",
    text: Text = None,
    model: GivenModel = None,
    as_json: AsJson = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Compare what a classifier says with labels that it has not seen."""
    from likewise.applications.classify.labels import read_labelled
    from likewise.applications.classify.metrics import judge
    from likewise.cli.screen import counted

    loaded = _loaded(classifier, model)
    data = read_labelled(file, label, text=text, encoding=encoding, on_error=on_error)
    found = judge(loaded, data.texts, data.labels)
    if as_json:
        typer.echo(found.as_json())
        return
    typer.echo(f"accuracy {found.accuracy:.1%} ({found.low:.1%} to {found.high:.1%}), {counted(found.texts, 'text')}")
    loss = "none" if found.log_loss is None else f"{found.log_loss:.3f}"
    typer.echo(f"macro F1 {found.macro_f1:.3f}, log loss {loss}, calibration error {found.calibration_error:.1%}")
    if found.unseen:
        typer.echo(f"{counted(found.unseen, 'text')} with a label that was never learned: counted as wrong")
    _tell_answered(found.answered)
    for each in found.confusions:
        typer.echo(f"{each.label} taken for {each.predicted}: {counted(each.texts, 'text')}")


@classify.command("next", epilog="Example: likewise classify next clf unlabelled.csv --text body -n 20")
def next_labels(
    classifier: ClassifierFolder,
    file: File,
    text: Text = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 20,
    model: GivenModel = None,
    as_json: AsJson = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Say which texts of a file to label next: those that are in doubt, and unlike one another."""
    from likewise.applications.classify.labels import read_batches
    from likewise.cli.screen import shortened

    loaded = _loaded(classifier, model)
    ids, texts = [], []
    for some, read in read_batches(file, text=text, encoding=encoding, on_error=on_error):
        ids += some
        texts += read
    rows = loaded.next_labels(texts, count)
    likely = loaded.predict_proba([texts[row] for row in rows])
    for row, each in zip(rows, likely, strict=True):
        best = int(each.argmax())
        if as_json:
            guess = loaded.classes_[best].item()
            typer.echo(json_line({"id": ids[row], "text": texts[row], "guess": guess, "probability": each[best]}))
        else:
            typer.echo(f"{ids[row]}\t{loaded.classes_[best]} {each[best]:.2f}\t{shortened(texts[row], 70)}")


def _loaded(folder: str, model: str | None) -> "Classifier":
    from likewise.applications.classify.classifier import Classifier

    return Classifier.load(folder, model)


def _tell_estimate(fitted: "Classifier") -> None:
    from likewise.cli.screen import counted

    found = fitted.estimate_
    if found is None:
        typer.echo("how good it is cannot be told: no label has two different texts; label more")
        return
    typer.echo(
        f"accuracy on new texts, by cross-validation: {found.accuracy:.0%} ({found.low:.0%} to {found.high:.0%})"
    )
    if found.unchecked:
        typer.echo(f"{counted(found.unchecked, 'text')} alone with their label: learned from, but not checked")
    _tell_answered(found.answered)


def _tell_answered(answered: Any) -> None:
    for each in answered:
        if each.accuracy is not None and each.share < 1:
            typer.echo(f"  --abstain-below {each.level}: {each.share:.0%} answered, {each.accuracy:.0%} of them right")
