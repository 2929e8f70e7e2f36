"""The training loop: steps, evaluations without labels, the best state restored, a way back from a collapse."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from threadpoolctl import threadpool_limits

from likewise.atomic import replacing_file
from likewise.errors import InputError, LikewiseError
from likewise.geometry.collapse import collapse, usable
from likewise.geometry.measure import Geometry
from likewise.training.collapse_guard import MAX_RETURNS, NO_CONTRAST, Collapse, Guard
from likewise.training.history import EvalPoint, Outcome
from likewise.training.schedule import Plan, Purpose, Schedule, batch_indices, random_stream
from likewise.training.step import Batch, ContrastiveStep, StepResult

SECONDS_BETWEEN_CHECKPOINTS = 15.0
SMALL_BATCH = 256  # up to here two threads gain little on a product, and wait long for each other on a busy machine
MIN_EVALUATED = 20  # texts; a score of fewer selects no state and stops no run


@runtime_checkable
class Stateful(Protocol):
    """Something that a run depends on and that changes in it."""

    def state(self) -> dict[str, np.ndarray]:
        """All of it, by name."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore a `state`."""
        ...


@dataclass
class _Progress:
    """What changes during a run, besides the encoder."""

    step: int = 0
    history: list[EvalPoint] = field(default_factory=list)
    best: int = 0  # index in the history
    best_state: dict[str, np.ndarray] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)  # since the last evaluation
    masked: list[float] = field(default_factory=list)


class Loop:
    """Train an encoder and restore the latest state whose score is not significantly below the best.

    Args:
        step: one training step.
        batches: makes the batch of some texts, with the random numbers given.
        evaluate: the geometry of the held-out texts in the current embedding space.
        plan: how long and how fast.
        checkpoint: the file of the checkpoint, from which a killed run continues; None for none.
        stateful: what else the rest of the run depends on, by name.
        seconds_between_checkpoints: at least; it is written after an evaluation. 15 if None.
    """

    def __init__(
        self,
        step: ContrastiveStep,
        batches: Callable[[np.ndarray, np.random.Generator], Batch],
        evaluate: Callable[[], Geometry],
        plan: Plan,
        checkpoint: Path | None = None,
        *,
        stateful: Mapping[str, Stateful] | None = None,
        seconds_between_checkpoints: float | None = None,
    ) -> None:
        self.step, self.batches, self.evaluate, self.plan, self.checkpoint = step, batches, evaluate, plan, checkpoint
        self.stateful = {"step": step, **(stateful or {})}
        self.schedule = Schedule(plan.learning_rate, plan.steps)
        self.guard = Guard(plan.batch)
        given = seconds_between_checkpoints
        self._checkpoint_interval = SECONDS_BETWEEN_CHECKPOINTS if given is None else given
        self._progress = _Progress()

    def run(self, watch: Callable[[EvalPoint], None], *, resume: bool = False) -> Outcome:
        """Train to the end, to an early end, to a collapse without a way back, or to Ctrl-C.

        Args:
            watch: called after every step; the point of an evaluation has a geometry.
            resume: continue from the checkpoint, if there is one.
        """
        ended = "interrupted"
        try:
            if not (resume and self._restored()):
                self._evaluate(watch)
            elif resume:
                for point in self._progress.history:
                    watch(point)
            with few_threads(self.plan.block or self.plan.batch):
                ended = self._train(watch)
        except KeyboardInterrupt:
            if not self._progress.history:
                raise
        self.step.encoder.restore(self._progress.best_state)
        return self._outcome(ended)

    def _train(self, watch: Callable[[EvalPoint], None]) -> str:
        progress, plan = self._progress, self.plan
        written = time.monotonic()
        order: list[np.ndarray] = []
        while progress.step < plan.steps:
            started = time.perf_counter()
            epoch, number = divmod(progress.step, plan.steps_per_epoch)
            if number == 0 or not order:
                order = batch_indices(plan.texts, plan.batch, random_stream(plan.seed, Purpose.TEXT_ORDER, epoch))
            indices = order[number]
            batch = self.batches(indices, random_stream(plan.seed, Purpose.VIEWS, progress.step))
            result = self._take_step(batch)
            progress.step += 1
            progress.losses.append(result.loss)
            progress.masked.append(result.masked / (result.logits or len(indices) ** 2))
            speed = len(indices) / (time.perf_counter() - started)
            if not (plan.evaluates_at(progress.step) or self._needs_evaluation()):
                watch(EvalPoint(progress.step, result.loss, progress.masked[-1], None, speed))
                continue
            self._evaluate(watch, speed)
            if ended := self._ended():
                return ended
            if self.checkpoint and time.monotonic() - written >= self._checkpoint_interval:
                self._write(self.checkpoint)
                written = time.monotonic()
        return "done"

    def _take_step(self, batch: Batch) -> StepResult:
        try:
            with np.errstate(all="ignore"):  # the guard reports numbers that overflow
                return self.step(batch, self.schedule(self._progress.step))
        except InputError:  # embeddings that are not finite have no loss; any other error is for the user
            if self.guard.broken(0.0, self.step.encoder.state(), self._progress.best_state) is None:
                raise
            return StepResult(math.nan, 0)

    def _needs_evaluation(self) -> bool:
        """Whether to evaluate before it is due; after one such evaluation without a finding there is no other."""
        losses, history = self._progress.losses, self._progress.history
        if not math.isfinite(losses[-1]):
            return True
        if not self.guard.needs_evaluation(losses, self.step.encoder.state, self._progress.best_state):
            return False
        return all(self.plan.evaluates_at(point.step) or point.collapse for point in history)

    def _evaluate(self, watch: Callable[[EvalPoint], None], speed: float = 0.0) -> None:
        progress, encoder = self._progress, self.step.encoder
        loss = float(np.mean(progress.losses)) if progress.losses else 0.0
        masked = float(np.mean(progress.masked)) if progress.masked else 0.0
        progress.losses, progress.masked = [], []
        seen = self.guard.broken(loss, encoder.state(), progress.best_state) if progress.history else None
        geometry = _unmeasured(progress.history[0]) if seen else self.evaluate()
        point = EvalPoint(progress.step, loss, masked, geometry)
        if seen := seen or self._collapse_seen(point):
            point = replace(point, collapse=self._collapse(seen))
            encoder.restore(progress.best_state)
            self.step.clear_queue()
        progress.history.append(point)
        if point.collapse:
            self.schedule = self._lowered()
        elif _as_good_as_best(progress.history):
            _copy_state(encoder.state(), progress.best_state)
            progress.best = len(progress.history) - 1
        watch(replace(point, texts_per_second=speed))

    def _collapse_seen(self, point: EvalPoint) -> str | None:
        """What the numbers of an evaluation show of a collapse, in words; None where they show none."""
        history = self._progress.history
        if not history or np.isnan(best := _score(history[self._progress.best])) or point.geometry is None:
            return None
        if self.guard.without_contrast(point.loss, point.masked):
            return NO_CONTRAST
        return collapse(point.geometry, best=best, start=history[0].geometry)

    def _collapse(self, seen: str) -> Collapse:
        """What is done about a collapse; needs the encoder's state before the best one is restored."""
        progress = self._progress
        returns = sum(point.collapse is not None for point in progress.history)
        over = returns == MAX_RETURNS or progress.step == self.plan.steps or seen == NO_CONTRAST
        lower = None if over else self.guard.lowered(self.schedule.peak, self.step.encoder.state(), progress.best_state)
        return Collapse(seen, progress.history[progress.best].step, lower)

    def _lowered(self) -> Schedule:
        """The schedule since the last collapse."""
        for point in reversed(self._progress.history):
            if point.collapse and point.collapse.learning_rate is not None:
                return Schedule(point.collapse.learning_rate, self.plan.steps, restart=point.step)
        return self.schedule

    def _ended(self) -> str | None:
        """How the run has ended at an evaluation; None where it continues."""
        progress = self._progress
        last = progress.history[-1]
        if last.collapse:
            return "collapsed" if last.collapse.learning_rate is None else None
        if np.isnan(_score(progress.history[progress.best])):
            return None
        since = max(i for i, point in enumerate(progress.history) if point.collapse or i == progress.best)
        return "early" if len(progress.history) - 1 - since >= self.plan.patience else None

    def _outcome(self, ended: str) -> Outcome:
        progress = self._progress
        best, first = progress.history[progress.best], progress.history[0].geometry
        outcome = Outcome(tuple(progress.history), best, ended, ())
        warnings = [_collapse_warning(outcome)] if outcome.collapses else []
        if progress.best == 0 and progress.step:
            warnings.append(
                "training never beat the untrained encoder on the held-out texts; the untrained one is kept"
            )
        outcome = replace(outcome, warnings=tuple(warnings))
        if ended == "interrupted" or not outcome.collapses or first is None or best.geometry is None:
            return outcome
        # Where too few texts can be evaluated, any state that training left finite will do.
        good = best.step > 0 if np.isnan(_score(best)) else usable(best.geometry, first)
        return replace(outcome, usable=good)

    def _write(self, path: Path) -> None:
        progress = self._progress
        arrays = dict(self.step.encoder.state())
        arrays |= {f"best.{name}": array for name, array in progress.best_state.items()}
        for part, held in self.stateful.items():
            arrays |= {f"{part}.of.{name}": array for name, array in held.state().items()}
        history = [asdict(point) for point in progress.history]
        write_checkpoint(path, arrays, {"step": progress.step, "best": progress.best, "history": history})

    def _restored(self) -> bool:
        """Whether there was a checkpoint; the run then continues from it."""
        found = read_checkpoint(self.checkpoint) if self.checkpoint else None
        if found is None:
            return False
        arrays, position = found

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {n.removeprefix(prefix): array for n, array in arrays.items() if n.startswith(prefix)}

        for name, held in self.stateful.items():
            held.restore(part(f"{name}.of."))
        others = ("best.", *(f"{name}.of." for name in self.stateful))
        self.step.encoder.restore({n: array for n, array in arrays.items() if not n.startswith(others)})
        history = [EvalPoint.of(values) for values in position["history"]]
        self._progress = _Progress(position["step"], history, position["best"], part("best."))
        self.schedule = self._lowered()
        return True


def write_checkpoint(path: Path, arrays: dict[str, np.ndarray], position: dict[str, Any]) -> None:
    """Write a checkpoint, everything that the rest of a run depends on, in place of the last one.

    Args:
        path: of the file, which is written whole or not at all.
        arrays: the state of the encoder, of its best state and of all else that changes in the run, by name.
        position: JSON values: the step and the history.

    Raises:
        OSError: it cannot be written; the last one is unchanged.
    """
    with replacing_file(path) as temporary:
        # save_file would raise its own error for a full disk, and leave a temporary file behind.
        temporary.write_bytes(save(arrays, {"position": json.dumps(position)}))


def read_checkpoint(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """The arrays and the position of the checkpoint at `path`; None where there is none.

    Raises:
        LikewiseError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, json.loads(file.metadata()["position"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise LikewiseError(f"{path} is damaged ({error}): train again without --resume") from error


def few_threads(contrasted: int) -> threadpool_limits:
    """Limits matrix products to one thread, within a `with`, where few texts are contrasted with one another."""
    return threadpool_limits(1 if contrasted <= SMALL_BATCH else None, "blas")


def _copy_state(state: dict[str, np.ndarray], into: dict[str, np.ndarray]) -> None:
    """Copy a state into the arrays of an earlier copy where there is one: new memory is slower to get than to fill."""
    for name, array in state.items():
        if name in into and into[name].shape == array.shape:
            into[name][...] = array
        else:
            into[name] = array.copy()


def _score(point: EvalPoint) -> float:
    """The criterion; NaN where too few texts were evaluated."""
    found = point.geometry
    return found.mrr if found and found.texts >= MIN_EVALUATED else math.nan


def _as_good_as_best(history: list[EvalPoint]) -> bool:
    """Whether the last evaluation is not significantly below the best of those before.

    The standard error of a mean reciprocal rank m of n texts is at most about sqrt(m (1 - m) / n). Of scores that
    differ by less the later state is kept: its learning rate was lower, and it has seen more.
    """
    scores = [_score(point) for point in history[:-1] if not point.collapse]
    if not scores or np.isnan(scores).any():  # nothing to compare: the latest is kept
        return True
    highest, now, found = max(scores), _score(history[-1]), history[-1].geometry
    error = math.sqrt(max(0.0, highest * (1 - highest)) / found.texts) if found else 0.0
    return now > highest or (now > scores[0] and now >= highest - error)


def _unmeasured(point: EvalPoint) -> Geometry:
    """A geometry of as many texts as that of a point, without a number."""
    found = point.geometry
    nan = math.nan
    return Geometry(nan, nan, nan, nan, nan, nan, nan, found.dim if found else 0, found.texts if found else 0)


def _collapse_warning(outcome: Outcome) -> str:
    """The collapses of a run in one sentence."""
    last = outcome.collapses[-1]
    what = f"training collapsed {outcome.collapsed_at}: {last.seen}"
    if last.learning_rate is None:
        return f"{what}; the best state, step {outcome.best.step:,}, is kept"
    return (
        f"{what}; training continued from the best state, in the end with a learning rate of {last.learning_rate:.4g}"
    )
