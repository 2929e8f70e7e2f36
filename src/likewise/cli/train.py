"""`likewise train`: a file of text becomes a model folder."""

import shlex
from typing import TYPE_CHECKING

import typer

from likewise.cli import train_options as options
from likewise.cli.options import Encoding, File, Id, OnError, Overwrite, Progress, Seed, Text, Views

if TYPE_CHECKING:
    from likewise.model.embedder import TextModel

__all__ = ["train"]


def train(
    file: File,
    out: options.Model,
    text: Text = None,
    id: Id = None,
    pair: options.Pair = None,
    encoder: options.Encoder = "static",
    dim: options.Dim = None,
    layers: options.Layers = None,
    length: options.Length = None,
    freeze: options.Freeze = None,
    lora: options.Lora = None,
    weight_interpolation: options.Keep = None,
    static_weight: options.Companion = None,
    batch: options.Batch = None,
    epochs: options.Epochs = None,
    steps: options.Steps = None,
    temperature: options.Temperature = None,
    views: Views = None,
    negatives: options.Negatives = None,
    seed: Seed = 0,
    activation_memory: options.Memory = None,
    device: options.Device = None,
    precision: options.Precision = None,
    report: options.Report = False,
    resume: options.Resume = False,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Train an encoder on a file of unlabelled text.

    Settings that are not given are derived from the corpus. Ctrl-C ends the run and keeps the best model so far.
    """
    from likewise.training.train import train as train_on

    if report:
        _refuse_report(out, overwrite=overwrite)
    model = train_on(
        file, text=text, id=id, pair=pair, encoder=encoder, dim=dim, batch=batch, epochs=epochs,
        temperature=temperature, views=views, seed=seed, out=out, resume=resume, progress=progress,
        overwrite=overwrite, encoding=encoding, on_error=on_error, layers=layers, length=length, freeze=freeze,
        lora=lora, weight_interpolation=weight_interpolation, static_weight=static_weight, steps=steps,
        negatives=negatives, activation_memory=activation_memory, device=device, precision=precision,
    )  # fmt: skip
    if report:
        _report(model, out, overwrite=overwrite)
    typer.echo(f"the model is in {out}; next:")
    typer.echo(f"  {shlex.join(_next(file, out, text or pair, id, encoding))}")


def _refuse_report(out: str, *, overwrite: bool) -> None:
    """Refuse to overwrite a report before training rather than after it."""
    from likewise.atomic import refuse_existing
    from likewise.report.page import report_path

    refuse_existing(report_path(out), overwrite=overwrite)


def _report(model: "TextModel", out: str, *, overwrite: bool) -> None:
    from likewise.report.page import report_path, write_report

    write_report(model, report_path(out), overwrite=overwrite)
    typer.echo(f"the report is in {report_path(out)}")


def _next(
    file: str, out: str, columns: list[str] | tuple[str, str] | None, id: str | None, encoding: str | None
) -> list[str]:
    """The command that indexes the same file, with the same columns."""
    words = ["likewise", "index", out, "FILE" if file == "-" else file]
    words += [word for column in columns or () for word in ("--text", column)]
    words += ["--id", id] if id else []
    words += ["--encoding", encoding] if encoding else []
    return [*words, "--out", out.removesuffix("/").removesuffix(".model") + ".index"]
