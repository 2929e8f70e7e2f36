"""`likewise train`, `likewise distill`: a file of text becomes a model folder."""

import shlex
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from likewise.cli.options import (
    Encoding,
    File,
    Header,
    Id,
    OnError,
    Overwrite,
    Progress,
    Queries,
    Seed,
    Text,
    Views,
    reserve,
)

if TYPE_CHECKING:
    from likewise.model.embedder import TextModel

HERE = "Transformers"

Model = Annotated[
    str, typer.Option("--out", metavar="MODEL", help="The folder to write the model to.", show_default=False)
]
Pair = Annotated[
    tuple[str, str] | None,
    typer.Option("--pair", metavar="A B", help="Two columns whose texts belong together, such as title body."),
]
Encoder = Annotated[
    str,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="static, trained from scratch; or a BERT or RoBERTa style encoder that gets a static companion: a folder, "
        "an installed package that carries one, or a name such as sentence-transformers/all-MiniLM-L6-v2, which stays "
        "as it is unless --steps trains it, or bert-base-uncased, which is trained; or bert alone, for a new one.",
    ),
]
Dim = Annotated[
    int | None,
    typer.Option("--dim", help="Dimensions of a vector; default 768."),
]
Batch = Annotated[int | None, typer.Option("--batch", help="Texts per batch, each a negative for the others.")]
Epochs = Annotated[int | None, typer.Option("--epochs", help="Passes over the texts.")]
Temperature = Annotated[float | None, typer.Option("--temperature", help="The temperature of the contrastive loss.")]
Report = Annotated[bool, typer.Option("--report", help="Also write a report that shows what was learned.")]
Resume = Annotated[bool, typer.Option("--resume", help="Resume a killed run with the same --out.")]
Layers = Annotated[int | None, typer.Option("--layers", help="Layers of a new transformer.", rich_help_panel=HERE)]
Length = Annotated[int | None, typer.Option("--length", help="Tokens of a view, at most.", rich_help_panel=HERE)]
Freeze = Annotated[
    int | None,
    typer.Option(
        "--freeze", metavar="N", help="Keep the N lowest layers fixed and cache their output.", rich_help_panel=HERE
    ),
]
Lora = Annotated[
    int | None,
    typer.Option(
        "--lora", metavar="RANK", help="Train LoRA matrices of this rank and merge them.", rich_help_panel=HERE
    ),
]
Keep = Annotated[
    float | None,
    typer.Option(
        "--weight-interpolation", metavar="SHARE", help="Share of the original weights in the final ones.",
        rich_help_panel=HERE,
    ),
]  # fmt: skip
Companion = Annotated[
    float | None,
    typer.Option(
        "--static-weight",
        metavar="SHARE",
        help="Norm of the companion static encoder's vectors relative to the transformer's; 0 for none.",
        rich_help_panel=HERE,
    ),
]
Steps = Annotated[int | None, typer.Option("--steps", help="Batches, at most; 0 to train none.", rich_help_panel=HERE)]
Memory = Annotated[
    float | None,
    typer.Option(
        "--activation-memory",
        metavar="GIB",
        help="Memory for activations; beyond it a batch is encoded twice (gradient cache).",
        rich_help_panel=HERE,
    ),
]  # fmt: skip
Device = Annotated[
    str | None, typer.Option("--device", help="Device of torch; default: the fastest.", rich_help_panel=HERE)
]
Precision = Annotated[
    Literal["single", "mixed"] | None,
    typer.Option(
        "--precision", help="32-bit, or mixed with bfloat16; default: the faster on this machine.",
        rich_help_panel=HERE,
    ),
]  # fmt: skip
Negatives = Annotated[
    str | None,
    typer.Option("--negatives", metavar="NAMES", help="Negatives beyond the batch, such as queue,hard or guide."),
]


def train(
    file: File,
    out: Model,
    text: Text = None,
    id: Id = None,
    pair: Pair = None,
    encoder: Encoder = "static",
    dim: Dim = None,
    layers: Layers = None,
    length: Length = None,
    freeze: Freeze = None,
    lora: Lora = None,
    weight_interpolation: Keep = None,
    static_weight: Companion = None,
    queries: Queries = None,
    batch: Batch = None,
    epochs: Epochs = None,
    steps: Steps = None,
    temperature: Temperature = None,
    views: Views = None,
    negatives: Negatives = None,
    seed: Seed = 0,
    activation_memory: Memory = None,
    device: Device = None,
    precision: Precision = None,
    report: Report = False,
    resume: Resume = False,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
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
        overwrite=overwrite, encoding=encoding, header=header, on_error=on_error, layers=layers, length=length,
        freeze=freeze,
        lora=lora, weight_interpolation=weight_interpolation, static_weight=static_weight, queries=queries, steps=steps,
        negatives=negatives, activation_memory=activation_memory, device=device, precision=precision,
    )  # fmt: skip
    if report:
        _report(model, out, overwrite=overwrite)
    typer.echo(f"the model is in {out}; next:")
    typer.echo(f"  {shlex.join(_next(file, out, text or pair, id, encoding, header=header))}")


def distill(
    teacher: Annotated[
        str,
        typer.Argument(
            metavar="TEACHER",
            help="A model folder of likewise or sentence-transformers; or a package or a name, as for train --encoder.",
            show_default=False,
        ),
    ],
    texts: Annotated[
        str, typer.Option("--texts", metavar="FILE", help="The texts to distill on; read as train reads them.")
    ],
    out: Model,
    text: Text = None,
    max_texts: Annotated[
        int,
        typer.Option("--max-texts", metavar="N", help="Texts that the teacher encodes, and as many spans, at most."),
    ] = 10_000,
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Train a fast static model on the vectors that a slower one gives your texts.

    The teacher encodes each text once. After a kill, the same command continues with the vectors that it had.
    """
    from likewise.training.distill import distill as distill_from

    distill_from(
        teacher, texts, text=text, out=out, seed=seed, progress=progress, overwrite=overwrite, encoding=encoding,
        header=header,
        on_error=on_error, max_texts=max_texts,
    )  # fmt: skip
    typer.echo(f"the model is in {out}")


def _refuse_report(out: str, *, overwrite: bool) -> None:
    """Refuse a report that cannot be written before training rather than after it."""
    from likewise.report.page import report_path

    reserve(report_path(out), overwrite=overwrite)


def _report(model: "TextModel", out: str, *, overwrite: bool) -> None:
    from likewise.report.page import report_path, write_report

    write_report(model, report_path(out), overwrite=overwrite)
    typer.echo(f"the report is in {report_path(out)}")


def _next(
    file: str,
    out: str,
    columns: list[str] | tuple[str, str] | None,
    id: str | None,
    encoding: str | None,
    *,
    header: bool,
) -> list[str]:
    """The command that indexes the same file, with the same columns."""
    words = ["likewise", "index", out, "FILE" if file == "-" else file]
    words += [word for column in columns or () for word in ("--text", column)]
    words += ["--id", id] if id else []
    words += ["--encoding", encoding] if encoding else []
    words += [] if header else ["--no-header"]
    return [*words, "--out", out.removesuffix("/").removesuffix(".model") + ".index"]
