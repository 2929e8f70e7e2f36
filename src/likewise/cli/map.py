"""`likewise map`: make the map of an index, which the page shows."""

import sys

import typer
from rich.console import Console
from rich.progress import Progress as Bar

from likewise.cli.options import IndexFolder, Progress


def map_texts(
    index: IndexFolder,
    progress: Progress = True,
) -> None:
    """Make the map of an index: similar texts near each other, regions named by their words.

    It is kept in the folder of the index, and the page of likewise serve shows it. Texts that are added later are
    placed next to similar ones; make it again when much has changed.
    """
    from likewise.applications.map.text_map import make_map

    console = Console(file=sys.stderr)
    with Bar(console=console, transient=True, disable=not (progress and console.is_terminal)) as bar:
        task = bar.add_task("reading", total=1.0)
        made = make_map(index, progress=lambda share, step: bar.update(task, completed=share, description=step))
    regions = " and ".join(str(len(level.names)) for level in made.levels)
    typer.echo(f"{index}: a map of {len(made):,} texts with {regions} regions; see it with\n  likewise serve {index}")
