"""`likewise mcp`: what was trained, as tools for assistants."""

from importlib.util import find_spec
from typing import Annotated

import typer

from likewise.cli.options import IndexFolder
from likewise.errors import LikewiseError


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
    for name in ("mcp", "msgspec", "prometheus_client"):
        if find_spec(name) is None:
            raise LikewiseError(f"the tools need {name}: pip install 'likewise[mcp]'")
    from likewise.service.mcp import serve
    from likewise.service.settings import Settings

    serve(Settings(index=index, classifier=classifier).checked())
