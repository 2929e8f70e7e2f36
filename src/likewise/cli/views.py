"""`likewise views`: show the positive pairs that training makes of the user's texts."""

from typing import Annotated

import typer

from likewise.cli.options import Encoding, File, OnError, Seed, Text, Views

__all__ = ["views"]


def views(
    file: File,
    text: Text = None,
    views: Views = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many texts to show.")] = 5,
    seed: Seed = 0,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Show texts with the two views that training makes of each.

    A view is an altered copy of a text, such as a crop. The two views of a text are a positive pair: the encoder learns
    to give them similar vectors. Words that a view lacks are struck through, or replaced by an ellipsis without colour.
    """
    from likewise.cli.screen import results
    from likewise.cli.show_views import print_views, sample_views
    from likewise.corpus.read import read

    corpus = read(file, text=text, encoding=encoding, on_error=on_error)
    print_views(sample_views(corpus, views, count, seed), results())
