"""What a user sees during training: messages, progress bars, evaluations, and how the run ended."""

import logging
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from types import TracebackType
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from likewise import __version__
from likewise.errors import LikewiseError
from likewise.notebook import LiveOutput
from likewise.training.collapse_guard import MAX_RETURNS, NO_CONTRAST
from likewise.training.history import EvalPoint, Outcome, finite
from likewise.training.schedule import Plan

SMOOTHING = 0.1  # of the speed that is shown: the share of the latest step


LOGGER = logging.getLogger("likewise")


@dataclass(frozen=True)
class Event:
    """What happens in a run, for a program that shows it elsewhere: in a notebook, or in another process.

    Attributes:
        kind: `message`, `warning`, `step` of training, `evaluation` of the held-out texts, or `count` of other things.
        text: the message, the warning, the evaluation in one line; or the name of what is counted.
        done: steps, or things that are counted.
        total: of them; None where it is not known.
        point: of a step or an evaluation; its texts per second are smoothed.
    """

    kind: Literal["message", "warning", "step", "evaluation", "count"]
    text: str = ""
    done: int | None = None
    total: int | None = None
    point: EvalPoint | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON values, without what this event lacks."""
        values: dict[str, Any] = {"kind": self.kind, "text": self.text, "done": self.done, "total": self.total}
        if self.point is not None:
            point, geometry = self.point, self.point.geometry
            values |= finite({"loss": point.loss, "texts_per_second": point.texts_per_second})
            values |= finite(asdict(geometry)) if geometry else {}
        return {name: value for name, value in values.items() if value not in (None, "")}


Watch = Callable[[Event], None]
"""Called with each event of a run, in its thread: it has to be quick, as a step is an event too."""


class Messages:
    """Writes to standard error, so that standard output stays free for results.

    Args:
        shown: whether progress is shown; if not, the facts and warnings of a run go to the logger `likewise`; None for
            nothing at all.
        watch: called with the same as events.
    """

    def __init__(self, *, shown: bool | None = True, watch: Watch | None = None) -> None:
        self._watch = watch
        cell = LiveOutput() if shown and Console().is_jupyter else None
        quiet = not shown or cell is not None
        self.console = Console(file=sys.stderr, quiet=quiet, highlight=False, force_jupyter=False)
        self._cell = cell
        self._logged = shown is False
        self._open = ExitStack()
        self._speed = 0.0

    def __enter__(self) -> "Messages":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_bar()

    def log(self, line: str) -> None:
        """Write one line."""
        self._print(line)
        self._send(Event("message", line))

    def fact(self, line: str) -> None:
        """Write what is no progress, such as what was left out, or a score."""
        self._lasting(line, logging.INFO)
        self._send(Event("message", line))

    def warning(self, line: str) -> None:
        """Write a warning."""
        self._lasting(f"warning: {line}", logging.WARNING)
        self._send(Event("warning", line))

    def _print(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)
        if self._cell:
            self._cell.line(line)

    def _send(self, event: Event) -> None:
        if self._watch is not None:
            self._watch(event)

    def _lasting(self, line: str, level: int) -> None:
        self._print(line)
        if self._logged:
            LOGGER.log(level, "%s", line)

    def bar(self, steps: int) -> Callable[[EvalPoint], None]:
        """Begin the training bar of `steps` steps; the function that is returned advances it."""
        columns = (
            TextColumn("training"), BarColumn(30), MofNCompleteColumn(), TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        bar = Progress(*columns, console=self.console, transient=True, refresh_per_second=5)
        self._open.enter_context(bar)
        task = bar.add_task("training", total=steps, numbers="")

        def watch(point: EvalPoint) -> None:
            if speed := point.texts_per_second:
                self._speed += SMOOTHING * (speed - self._speed) if self._speed else speed
            numbers = f"{self._speed:,.0f} texts/s · loss {point.loss:.3f}" if point.step else ""
            bar.update(task, completed=point.step, numbers=numbers)
            if self._cell:
                self._cell.bar("training", point.step, steps, numbers)
            smoothed = replace(point, texts_per_second=self._speed)
            self._send(Event("step", "", point.step, steps, replace(smoothed, geometry=None)))
            if point.geometry:
                line = _evaluation(point)
                self._print(line)
                self._send(Event("evaluation", " ".join(line.split()), point.step, steps, smoothed))

        return watch

    def progress_bar(self, name: str) -> Callable[[int, int | None], None]:
        """Begin the bar of texts being rewritten; the function that is returned advances it, and ends it at the end."""
        bar = self._counting(name)

        def watch(done: int, total: int | None) -> None:
            bar.update(bar.task_ids[0], completed=done, total=total)
            if self._cell:
                self._cell.bar(name, done, total)
            self._send(Event("count", name, done, total))
            if done == total:
                bar.stop()
                self.log(f"{name}: {done:,} texts rewritten")

        return watch

    def counter(self, name: str, total: int) -> Callable[[int], None]:
        """Begin a bar of `total` things; the function that is returned takes how many are done."""
        bar = self._counting(name, total)

        def watch(done: int) -> None:
            bar.update(bar.task_ids[0], completed=done)
            if self._cell:
                self._cell.bar(name, done, total)
            self._send(Event("count", name, done, total))

        return watch

    def _counting(self, name: str, total: int | None = None) -> Progress:
        """A bar with one task, which ends with the others."""
        columns = (TextColumn(name), BarColumn(30), MofNCompleteColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=self.console, transient=True, refresh_per_second=5)
        self._open.enter_context(bar)
        bar.add_task(name, total=total)
        return bar

    def stop_bar(self) -> None:
        """End the bar, so that what follows is below it."""
        self._open.close()
        if self._cell:
            self._cell.end()


def silent(_: str) -> None:
    """A `log` that writes nothing."""


def no_progress_bar(_: str) -> Callable[[int, int | None], None]:
    """A `progress_bar` that shows nothing."""
    return lambda done, total: None


def _evaluation(point: EvalPoint) -> str:
    """One evaluation in one line."""
    found = point.geometry
    assert found is not None  # noqa: S101 - checked by the caller
    loss = f"loss {point.loss:.3f}  " if point.step else ""
    if found.texts == 0:
        return f"  step {point.step:>6,}  {loss}no evaluation: the texts have too few words to be cut into halves"
    return (
        f"  step {point.step:>6,}  {loss}MRR {found.mrr:.3f}  recall@1 {found.recall_at_1:.1%}  "
        f"alignment {found.alignment:.2f}  uniformity {found.uniformity:.2f}  effective rank {found.effective_rank:.0f}"
    )


ENDINGS = {
    "done": "trained",
    "early": "stopped early, as the score no longer rose",
    "collapsed": "ended by a collapse",
    "interrupted": "interrupted",
}


def watcher(messages: Messages, plan: Plan) -> Callable[[EvalPoint], None]:
    """Advances the bar, and reports each collapse as it happens."""
    bar = messages.bar(plan.steps)
    learning_rate, times = plan.learning_rate, 0

    def watch(point: EvalPoint) -> None:
        nonlocal learning_rate, times
        collapsed, found = point.collapse, point.geometry
        unmeasured = found is not None and found.texts > 0 and math.isnan(found.mrr)
        bar(replace(point, geometry=None) if collapsed and unmeasured else point)
        if collapsed is None:
            return
        messages.log(f"  step {point.step:>6,}  collapse: {collapsed.seen}")
        if collapsed.learning_rate is None:
            messages.log(f"  the state of step {collapsed.back_to:,} is restored; the run ends here")
            return
        times += 1
        messages.log(
            f"  the state of step {collapsed.back_to:,} is restored; training continues with the learning rate lowered "
            f"from {learning_rate:.4g} to {collapsed.learning_rate:.4g} ({times} of at most {MAX_RETURNS} times)"
        )
        learning_rate = collapsed.learning_rate

    return watch


def refusal(name: str, outcome: Outcome) -> LikewiseError:
    """The error of a run that left no model."""
    seen = outcome.collapses[-1].seen
    advice = "give texts that differ in their words: numbers and names alone teach nothing"
    if seen == NO_CONTRAST:
        return LikewiseError(f"{name}: no model was made, as {seen}; {advice}")
    return LikewiseError(
        f"{name}: no model was made, as training collapsed {outcome.collapsed_at} ({seen}) and the encoder was never "
        f"better than untrained and than chance; where that does not help, {advice}"
    )


def conclusion(outcome: Outcome, scores: dict[str, Any], compared: str, *, held_out: bool) -> str:
    """How a run ended, and its score.

    Args:
        outcome: of the run.
        scores: of the model card.
        compared: what follows the score.
        held_out: whether the texts of the score were not trained on.
    """
    lines = (
        []
        if outcome.history[-1].step == 0
        else [f"{ENDINGS[outcome.ended]}; the state of step {outcome.best.step:,} is kept"]
    )
    if not scores["texts"]:
        lines.append("the texts have too few words to be cut into halves: there is no score")
    else:
        lines.append(
            f"held-out retrieval, one half of {scores['texts']:,} {'held-out ' if held_out else ''}texts by the other, "
            f"no word in common: MRR {scores['MRR']:.3f}{f' {compared}' if lines else ''}"
        )
    return "\n".join(lines)


def versions(*more: str) -> dict[str, str]:
    """The versions of this package, of Python and of the libraries that made a model."""
    names = ("numpy", "numba", "tokenizers", "pyarrow", *more)
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"likewise": __version__, "python": python} | {name: version(name) for name in names}
