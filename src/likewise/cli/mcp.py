"""`likewise mcp`: what was trained, as tools for assistants."""

from typing import Annotated

import typer

from likewise.cli.options import IndexFolder
from likewise.errors import require


def mcp(
    index: IndexFolder,
    classifier: Annotated[
        str | None, typer.Option("--classifier", metavar="FOLDER", help="A classifier, for the tool classify.")
    ] = None,
) -> None:
    """Offer an index to an assistant, as tools of the Model Context Protocol.

    An assistant starts this command by itself and talks to it over standard input and output; its tools search, answer,
    find similar texts, read, and classify. Nothing can be changed.
    """
    require("mcp", "the tools need", "mcp", "msgspec", "prometheus_client")
    from likewise.service.mcp import serve
    from likewise.service.settings import Settings

    serve(Settings(index=index, classifier=classifier).checked())
