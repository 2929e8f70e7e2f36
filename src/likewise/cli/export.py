"""`likewise export`: write a transformer as ONNX graphs."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from likewise.cli.options import ModelFolder, Overwrite, reserve
from likewise.errors import InputError


def export(
    model: ModelFolder,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Also write a graph with 8-bit weights: a quarter of the size, and faster."),
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="MODEL",
            help="A new model folder with the graphs instead of torch's weights. Default: onnx/ in the model's folder.",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Export a transformer to ONNX, to run it without torch and transformers.

    Prints the size of each graph, and how far its vectors are from those of torch.
    """
    from likewise.model.export import export_onnx
    from likewise.model.load import is_transformer
    from likewise.model.onnx import FOLDER
    from likewise.model.transformer import TransformerModel

    folder = Path(model)
    if not is_transformer(folder):
        raise InputError(f"{model} is no folder of a transformer: static models need no export")
    reserve(Path(out) if out else folder / FOLDER, overwrite=overwrite)
    exported = export_onnx(TransformerModel.load(folder), folder, out, int8=int8, overwrite=overwrite)
    for graph in exported.graphs:
        typer.echo(
            f"{graph.path}: {graph.size / 1e6:,.1f} MB; compared with torch on {exported.texts:,} texts: components "
            f"differ by at most {graph.largest:.1g}; 1 - cosine is {graph.mean:.1g} on average, {graph.worst:.1g} at "
            "most"
        )
    backend = exported.graphs[-1].backend
    typer.echo(f"next:\n  likewise embed {shlex.quote(out or model)} FILE --backend {backend} --out vectors.npy")
