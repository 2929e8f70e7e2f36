"""What a person sees while texts are encoded: lines and a bar on standard error, so that results stay apart."""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["Messages"]


class Messages:
    """Tells what is done, or nothing."""

    def __init__(self, *, shown: bool) -> None:
        self._console = Console(file=sys.stderr, quiet=not shown, highlight=False)

    def log(self, line: str) -> None:
        """One line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def parts(self, texts: Sequence[str], size: int, what: str) -> Iterator[list[str]]:
        """The texts, so many at a time, with a bar while there are more than one part of them."""
        columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn(), TimeRemainingColumn())
        shown = self._console.is_terminal and len(texts) > size
        with Progress(*columns, console=self._console, transient=True, disable=not shown) as bar:
            task = bar.add_task(what, total=len(texts))
            left = iter(texts)
            while part := list(islice(left, size)):
                yield part
                bar.advance(task, len(part))
