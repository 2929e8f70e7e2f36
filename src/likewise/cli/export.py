"""`likewise export`: a transformer becomes ONNX graphs."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from likewise.cli.options import ModelFolder, Overwrite

__all__ = ["export"]


def export(
    model: ModelFolder,
    int8: Annotated[
        bool, typer.Option("--int8", help="Write a form with weights in 8 bits too: a quarter of the size, and faster.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="MODEL",
            help="A new model folder, with the graphs instead of the weights of torch; onnx/ within the model's own "
            "folder if not given.",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the ONNX form of a transformer, which needs neither torch nor transformers.

    For each graph its size is told, and how far its vectors are from those of torch.
    """
    from likewise.atomic import refuse_existing
    from likewise.errors import InputError
    from likewise.model.export import export_onnx
    from likewise.model.model import Model
    from likewise.model.onnx import FOLDER
    from likewise.model.transformer import is_transformer

    target = Path(out) if out else Path(model) / FOLDER
    if not is_transformer(Path(model)):
        raise InputError(f"{model} is no folder of a transformer: static models need no export")
    refuse_existing(target, overwrite=overwrite)
    found = export_onnx(Model.load(model, backend="torch"), model, out, int8=int8, overwrite=overwrite)  # type: ignore[arg-type]
    for graph in found.graphs:
        typer.echo(
            f"{graph.path}: {graph.size / 1e6:,.1f} MB; from torch, in {found.texts:,} texts, components differ "
            f"by {graph.largest:.1g} at the most; 1 - cosine is {graph.mean:.1g} in the mean, {graph.worst:.1g} at most"
        )
    backend = found.graphs[-1].backend
    typer.echo(f"next:\n  likewise embed {shlex.quote(out or model)} FILE --backend {backend} --out vectors.npy")
