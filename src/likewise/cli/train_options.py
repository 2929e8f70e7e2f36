"""Options of `likewise train`: which encoder, how it is trained, and what is particular to transformers."""

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
        help="static, trained from nothing; or a BERT or RoBERTa style encoder to adapt: a folder, an installed "
        "package that carries one, or a name such as bert-base-uncased; or bert alone, for a small new one.",
    ),
]
Dim = Annotated[
    int | None,
    typer.Option("--dim", help="Numbers in a vector; 1,536 if not given, 768 for more than 100,000 texts."),
]
Batch = Annotated[int | None, typer.Option("--batch", help="Texts a step, each contrasted with the others.")]
Epochs = Annotated[int | None, typer.Option("--epochs", help="How often each text is seen.")]
Temperature = Annotated[float | None, typer.Option("--temperature", help="Of the contrastive loss.")]
Report = Annotated[
    bool, typer.Option("--report", help="Also write a page that shows what was learned, beside the model.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run to the same --out that was killed.")]
Layers = Annotated[
    int | None, typer.Option("--layers", help="Of a transformer that is made anew.", rich_help_panel=HERE)
]
Length = Annotated[
    int | None, typer.Option("--length", help="Tokens that are read of a view at the most.", rich_help_panel=HERE)
]
Freeze = Annotated[
    int | None,
    typer.Option(
        "--freeze", metavar="N", help="Lower layers that stay as they are, their states kept.", rich_help_panel=HERE
    ),
]
Lora = Annotated[
    int | None,
    typer.Option(
        "--lora", metavar="RANK", help="Train matrices of this rank beside the weights.", rich_help_panel=HERE
    ),
]
Keep = Annotated[
    float | None,
    typer.Option(
        "--weight-interpolation", metavar="SHARE", help="Of the old weights, mixed into the adapted ones in the end.",
        rich_help_panel=HERE,
    ),
]  # fmt: skip
Companion = Annotated[
    float | None,
    typer.Option(
        "--static-weight",
        metavar="SHARE",
        help="Length of a static encoder's vectors beside the transformer's where texts are searched for; 0 for none.",
        rich_help_panel=HERE,
    ),
]
Steps = Annotated[int | None, typer.Option("--steps", help="Batches at the most.", rich_help_panel=HERE)]
Memory = Annotated[
    float | None,
    typer.Option(
        "--activation-memory", metavar="GIB", help="For the graphs of a batch; what does not fit is encoded twice.",
        rich_help_panel=HERE,
    ),
]  # fmt: skip
Device = Annotated[
    str | None, typer.Option("--device", help="Of torch; the fastest there is if not given.", rich_help_panel=HERE)
]
Precision = Annotated[
    Literal["single", "mixed"] | None,
    typer.Option(
        "--precision", help="Of training; mixed where the machine is faster with it, if not given.",
        rich_help_panel=HERE,
    ),
]  # fmt: skip
Negatives = Annotated[
    str | None,
    typer.Option("--negatives", metavar="NAMES", help="Beyond those of the batch, such as queue,hard or guide."),
]
