"""What a person sees while training runs: stages, a bar, the score as it goes, and what it came to."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from importlib.metadata import version
from types import TracebackType
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from likewise import __version__
from likewise.errors import LikewiseError
from likewise.training.collapse_guard import MOST_RETURNS, UNCONTRASTED
from likewise.training.loop import EvalPoint, Outcome
from likewise.training.schedule import Plan

__all__ = ["ENDINGS", "Messages", "finite", "plain_eval_point", "refusal", "silent", "unwatched", "versions", "watcher"]


class Messages:
    """Writes to standard error, so that standard output stays for results."""

    def __init__(self, *, shown: bool = True) -> None:
        self.console = Console(file=sys.stderr, quiet=not shown, highlight=False)
        self._open = ExitStack()
        self._bar: Progress | None = None
        self._speed = 0.0

    def __enter__(self) -> "Messages":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def log(self, line: str) -> None:
        """One line."""
        self.console.print(line, markup=False, soft_wrap=True)

    def bar(self, steps: int) -> Callable[[EvalPoint], None]:
        """Begin the training bar of `steps` steps; what is returned moves it."""
        columns = (
            TextColumn("training"), BarColumn(30), MofNCompleteColumn(), TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        bar = Progress(*columns, console=self.console, transient=True, refresh_per_second=5)
        self._open.enter_context(bar)
        task = bar.add_task("training", total=steps, said="")

        def watch(eval_point: EvalPoint) -> None:
            if eval_point.texts_a_second:
                self._speed += (
                    0.1 * (eval_point.texts_a_second - self._speed) if self._speed else eval_point.texts_a_second
                )
            said = f"{self._speed:,.0f} texts/s · loss {eval_point.loss:.3f}" if eval_point.step else ""
            bar.update(task, completed=eval_point.step, said=said)
            if eval_point.geometry:
                self.log(_look(eval_point))

        return watch

    def progress_bar(self, what: str) -> Callable[[int, int | None], None]:
        """Begin the bar of something that is done text by text; what is returned moves it, to its end."""
        bar = self._counting(what)

        def watch(done: int, total: int | None) -> None:
            bar.update(bar.task_ids[0], completed=done, total=total)
            if done == total:
                bar.stop()
                self.log(f"{what}: {done:,} texts rewritten")

        return watch

    def counter(self, what: str, total: int) -> Callable[[int], None]:
        """Begin a bar of `total` things; what is returned is told how many are done."""
        bar = self._counting(what, total)
        return lambda done: bar.update(bar.task_ids[0], completed=done)

    def _counting(self, what: str, total: int | None = None) -> Progress:
        """A bar with one task, which ends with the others."""
        columns = (TextColumn(what), BarColumn(30), MofNCompleteColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=self.console, transient=True, refresh_per_second=5)
        self._open.enter_context(bar)
        bar.add_task(what, total=total)
        return bar

    def stop_bar(self) -> None:
        """End the bar, so that what follows stands below it."""
        self._open.close()


def silent(_: str) -> None:
    """Says nothing."""


def unwatched(_: str) -> Callable[[int, int | None], None]:
    """Shows nothing of how far something is."""
    return lambda done, total: None


def _look(eval_point: EvalPoint) -> str:
    found = eval_point.geometry
    assert found is not None  # noqa: S101 - the caller asked
    loss = f"loss {eval_point.loss:.3f}  " if eval_point.step else ""
    if found.texts == 0:
        return f"  step {eval_point.step:>6,}  {loss}texts too short to be judged by their halves"
    return (
        f"  step {eval_point.step:>6,}  "
        f"{loss}finds the other half: MRR {found.mrr:.3f}, first {found.recall_at_1:.1%}  "
        f"alignment {found.alignment:.2f}  uniformity {found.uniformity:.2f}  effective rank {found.effective_rank:.0f}"
    )


ENDINGS = {
    "done": "trained",
    "early": "ended early, as the score no longer rose",
    "collapsed": "ended at a collapse",
    "interrupted": "interrupted",
}


def watcher(messages: Messages, plan: Plan) -> Callable[[EvalPoint], None]:
    """Moves the bar, and says of a collapse what was seen and what is done, as it happens."""
    bar = messages.bar(plan.steps)
    learning_rate, times = plan.learning_rate, 0

    def watch(eval_point: EvalPoint) -> None:
        nonlocal learning_rate, times
        collapsed = eval_point.collapse
        unmeasured = (
            eval_point.geometry is not None and eval_point.geometry.texts > 0 and np.isnan(eval_point.geometry.mrr)
        )
        bar(replace(eval_point, geometry=None) if collapsed and unmeasured else eval_point)
        if collapsed is None:
            return
        messages.log(f"  step {eval_point.step:>6,}  collapse: {collapsed.seen}")
        if collapsed.learning_rate is None:
            messages.log(f"  back to the state of step {collapsed.back_to:,}; the run ends here")
            return
        times += 1
        messages.log(
            f"  back to the state of step {collapsed.back_to:,} and on, with the learning rate lowered from "
            f"{learning_rate:.4g} to {collapsed.learning_rate:.4g} ({times} of {MOST_RETURNS} times at the most)"
        )
        learning_rate = collapsed.learning_rate

    return watch


def refusal(name: str, outcome: Outcome) -> LikewiseError:
    """Why no model came of a run."""
    seen = outcome.collapses[-1].seen
    what = "give texts that differ in their words: numbers and names alone teach nothing"
    if seen == UNCONTRASTED:
        return LikewiseError(f"{name}: no model was made, as {seen}; {what}")
    return LikewiseError(
        f"{name}: no model was made, as training collapsed {outcome.when_collapsed} ({seen}) and the encoder was "
        f"never better than untrained and than chance; where that does not help, {what}"
    )


def plain_eval_point(eval_point: EvalPoint) -> dict[str, Any]:
    """A moment in plain values, without what the clock said."""
    plain = asdict(eval_point)
    del plain["texts_a_second"]
    plain["geometry"] = finite(plain["geometry"])
    return finite(plain)


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """What could not be measured becomes None, as JSON has no other word for it."""
    unknown = {name for name, value in values.items() if isinstance(value, float) and not np.isfinite(value)}
    return {name: None if name in unknown else value for name, value in values.items()}


def versions(*more: str) -> dict[str, str]:
    """Of this package, of Python and of the libraries that made a model."""
    names = ("numpy", "numba", "tokenizers", "pyarrow", *more)
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"likewise": __version__, "python": python} | {name: version(name) for name in names}
