"""`likewise views`: what training asks of the model, shown on texts of the user's."""

from typing import Annotated

import typer

from likewise.cli.options import Encoding, File, OnError, Seed, Text, Views

__all__ = ["views"]


def views(
    file: File,
    text: Text = None,
    views: Views = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many texts are shown.")] = 5,
    seed: Seed = 0,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Show some texts with their two views, as training makes them.

    A view is a text with something left out; the encoder learns to give the two views of a text vectors that are
    nearer to each other than to any other text's. Without colour, an ellipsis stands where words were cut.
    """
    from likewise.cli.screen import results
    from likewise.cli.show_views import draw_cuts, show_cuts
    from likewise.corpus.read import read

    corpus = read(file, text=text, encoding=encoding, on_error=on_error)
    show_cuts(draw_cuts(corpus, views, count, seed), results())
