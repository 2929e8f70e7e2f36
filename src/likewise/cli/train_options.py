"""Options of `likewise train`: the encoder, its training, and those of transformers."""

from typing import Annotated, Literal

import typer

__all__ = [
    "Batch",
    "Companion",
    "Device",
    "Dim",
    "Encoder",
    "Epochs",
    "Freeze",
    "Keep",
    "Layers",
    "Length",
    "Lora",
    "Memory",
    "Model",
    "Negatives",
    "Pair",
    "Precision",
    "Report",
    "Resume",
    "Steps",
    "Temperature",
]

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
        help="static, trained from scratch; or a BERT or RoBERTa style encoder to adapt: a folder, an installed "
        "package that carries one, or a name such as bert-base-uncased; or bert alone, for a small new one.",
    ),
]
Dim = Annotated[
    int | None,
    typer.Option("--dim", help="Dimensions of a vector; default 1,536, or 768 for more than 100,000 texts."),
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
Steps = Annotated[int | None, typer.Option("--steps", help="Batches, at most.", rich_help_panel=HERE)]
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
