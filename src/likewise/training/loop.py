"""The training loop: steps, the score without labels as they go, the best state kept, a way back from a collapse."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from threadpoolctl import threadpool_limits

from likewise.errors import InputError
from likewise.geometry.collapse import collapse, usable
from likewise.geometry.measure import Geometry
from likewise.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from likewise.training.collapse_guard import MOST_RETURNS, UNCONTRASTED, Collapse, Guard
from likewise.training.history import EvalPoint, Outcome, eval_point_of
from likewise.training.schedule import Plan, Schedule
from likewise.training.step import Batch, ContrastiveStep, StepResult, batch_indices

__all__ = ["EvalPoint", "Loop", "Outcome", "Stateful", "eval_point_of", "few_threads"]


SECONDS_BETWEEN_CHECKPOINTS = 15.0
SMALL_BATCH = 256  # up to here two threads gain little on a product, and wait long for each other on a busy machine
FEWEST_JUDGED = 20  # texts; the score of fewer chooses nothing and stops nothing


@runtime_checkable
class Stateful(Protocol):
    """Something that a run depends on and that changes in it."""

    def state(self) -> dict[str, np.ndarray]:
        """All of it, by name."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Puts back a `state`."""
        ...


@dataclass
class _Standing:
    """What changes during a run, beside the encoder."""

    step: int = 0
    history: list[EvalPoint] = field(default_factory=list)
    best: int = 0
    best_state: dict[str, np.ndarray] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    masked: list[float] = field(default_factory=list)


class Loop:
    """Trains an encoder and leaves it in the last state whose score is the best as far as can be told.

    Args:
        step: what one step does.
        batches: makes a batch of some texts; randomness arrives as an argument.
        evaluate: the geometry of the held-out texts in the encoder's present state.
        plan: how long and how fast.
        checkpoint: where the run is kept, so that it can go on after it was killed; nowhere if None.
        order: the batches of an epoch, as positions of texts; all texts in random order if None.
        kept: what the rest of the run depends on beside the encoder and the step, by name.
    """

    def __init__(
        self,
        step: ContrastiveStep,
        batches: Callable[[np.ndarray, np.random.Generator], Batch],
        evaluate: Callable[[], Geometry],
        plan: Plan,
        checkpoint: Path | None = None,
        *,
        order: Callable[[np.random.Generator], list[np.ndarray]] | None = None,
        kept: Mapping[str, Stateful] | None = None,
    ) -> None:
        self.step, self.batches, self.evaluate, self.plan, self.checkpoint = step, batches, evaluate, plan, checkpoint
        self.order = order or (lambda rng: batch_indices(plan.texts, plan.batch, rng))
        self.kept = {"step": step, **(kept or {})}
        self.schedule = Schedule(plan.learning_rate, plan.steps)
        self.guard = Guard(plan.batch)
        self._standing = _Standing()

    def run(self, watch: Callable[[EvalPoint], None], *, resume: bool = False) -> Outcome:
        """Train to the end, to an early end, to a collapse that nothing helps against, or to Ctrl-C.

        Args:
            watch: told of every step; a moment with a geometry is a look.
            resume: go on from the checkpoint, if there is one.
        """
        ended = "interrupted"
        try:
            if not (resume and self._restored()):
                self._evaluate(watch)
            for eval_point in self._standing.history if resume else ():
                watch(eval_point)
            with few_threads(self.plan.batch):
                ended = self._train(watch)
        except KeyboardInterrupt:
            if not self._standing.history:
                raise
        self.step.encoder.restore(self._standing.best_state)
        return self._outcome(ended)

    def _train(self, watch: Callable[[EvalPoint], None]) -> str:
        standing, plan = self._standing, self.plan
        kept_at = time.monotonic()
        order: list[np.ndarray] = []
        while standing.step < plan.steps:
            started = time.perf_counter()
            epoch, number = divmod(standing.step, plan.steps_an_epoch)
            if number == 0 or not order:
                order = self.order(np.random.default_rng([plan.seed, 1, epoch]))
            indices = order[number]
            batch = self.batches(indices, np.random.default_rng([plan.seed, 2, standing.step]))
            result = self._stepped(batch)
            standing.step += 1
            standing.losses.append(result.loss)
            standing.masked.append(result.masked / (result.logits or len(indices) ** 2))
            speed = len(indices) / (time.perf_counter() - started)
            if not (plan.evaluates_at(standing.step) or self._needs_evaluation()):
                watch(EvalPoint(standing.step, result.loss, standing.masked[-1], None, speed))
                continue
            self._evaluate(watch, speed)
            if verdict := self._verdict():
                return verdict
            if self.checkpoint and time.monotonic() - kept_at >= SECONDS_BETWEEN_CHECKPOINTS:
                self._keep(self.checkpoint)
                kept_at = time.monotonic()
        return "done"

    def _stepped(self, batch: Batch) -> StepResult:
        try:
            with np.errstate(all="ignore"):  # of numbers that overflow the guard will tell
                return self.step(batch, self.schedule(self._standing.step))
        except InputError:  # vectors that are no numbers have no loss; any other refusal is the user's to hear
            if self.guard.broken(0.0, self.step.encoder.state(), self._standing.best_state) is None:
                raise
            return StepResult(math.nan, 0)

    def _needs_evaluation(self) -> bool:
        """Whether a look is taken before it is due; one that finds nothing is the last of its kind."""
        losses, history = self._standing.losses, self._standing.history
        if not math.isfinite(losses[-1]):
            return True
        if not self.guard.needs_evaluation(losses, self.step.encoder.state, self._standing.best_state):
            return False
        return all(self.plan.evaluates_at(eval_point.step) or eval_point.collapse for eval_point in history)

    def _evaluate(self, watch: Callable[[EvalPoint], None], speed: float = 0.0) -> None:
        standing, encoder = self._standing, self.step.encoder
        loss = float(np.mean(standing.losses)) if standing.losses else 0.0
        masked = float(np.mean(standing.masked)) if standing.masked else 0.0
        standing.losses, standing.masked = [], []
        seen = self.guard.broken(loss, encoder.state(), standing.best_state) if standing.history else None
        eval_point = EvalPoint(
            standing.step, loss, masked, _unmeasured(standing.history[0]) if seen else self.evaluate()
        )
        if seen := seen or self._wrong(eval_point):
            eval_point = replace(eval_point, collapse=self._collapse(seen))
            encoder.restore(standing.best_state)
            self.step.forget()
        standing.history.append(eval_point)
        if eval_point.collapse:
            self.schedule = self._lowered()
        elif _as_good(standing.history):
            standing.best_state = {name: array.copy() for name, array in encoder.state().items()}
            standing.best = len(standing.history) - 1
        watch(replace(eval_point, texts_a_second=speed))

    def _wrong(self, eval_point: EvalPoint) -> str | None:
        """What the numbers of a look tell of a collapse, in plain words."""
        history = self._standing.history
        if not history or np.isnan(best := _score(history[self._standing.best])) or eval_point.geometry is None:
            return None
        if self.guard.uncontrasted(eval_point.loss, eval_point.masked):
            return UNCONTRASTED
        return collapse(eval_point.geometry, best=best, start=history[0].geometry)

    def _collapse(self, seen: str) -> Collapse:
        """What is done about a collapse; to be asked before the encoder goes back."""
        standing = self._standing
        returns = sum(eval_point.collapse is not None for eval_point in standing.history)
        over = returns == MOST_RETURNS or standing.step == self.plan.steps or seen == UNCONTRASTED
        lower = None if over else self.guard.lowered(self.schedule.peak, self.step.encoder.state(), standing.best_state)
        return Collapse(seen, standing.history[standing.best].step, lower)

    def _lowered(self) -> Schedule:
        """The schedule as it is since the last collapse."""
        for eval_point in reversed(self._standing.history):
            if eval_point.collapse and eval_point.collapse.learning_rate is not None:
                return Schedule(eval_point.collapse.learning_rate, self.plan.steps, since=eval_point.step)
        return self.schedule

    def _verdict(self) -> str | None:
        standing = self._standing
        last = standing.history[-1]
        if last.collapse:
            return "collapsed" if last.collapse.learning_rate is None else None
        if np.isnan(_score(standing.history[standing.best])):
            return None
        turned = max(
            evaluate for evaluate, each in enumerate(standing.history) if each.collapse or evaluate == standing.best
        )
        return "early" if len(standing.history) - 1 - turned >= self.plan.patience else None

    def _outcome(self, ended: str) -> Outcome:
        standing = self._standing
        best, first = standing.history[standing.best], standing.history[0].geometry
        outcome = Outcome(tuple(standing.history), best, ended, ())
        warnings = [_told(outcome)] if outcome.collapses else []
        if standing.best == 0 and standing.step:
            warnings.append("training never beat the untrained encoder on the held-out texts, which is kept")
        outcome = replace(outcome, warnings=tuple(warnings))
        if ended == "interrupted" or not outcome.collapses or first is None or best.geometry is None:
            return outcome
        # Where too few texts can be judged, any state that training left in order will do.
        found_good = best.step > 0 if np.isnan(_score(best)) else usable(best.geometry, first)
        return replace(outcome, usable=found_good)

    def _keep(self, path: Path) -> None:
        standing = self._standing
        arrays = dict(self.step.encoder.state())
        arrays |= {f"best.{name}": array for name, array in standing.best_state.items()}
        for part, held in self.kept.items():
            arrays |= {f"{part}.of.{name}": array for name, array in held.state().items()}
        position = {"step": standing.step, "best": standing.best, "history": [asdict(m) for m in standing.history]}
        write_checkpoint(path, Checkpoint(arrays, position))

    def _restored(self) -> bool:
        kept = read_checkpoint(self.checkpoint) if self.checkpoint else None
        if kept is None:
            return False
        others = ("best.", *(f"{part}.of." for part in self.kept))
        state = {name: array for name, array in kept.arrays.items() if not name.startswith(others)}
        for part, held in self.kept.items():
            before = f"{part}.of."
            held.restore({n.removeprefix(before): a for n, a in kept.arrays.items() if n.startswith(before)})
        self.step.encoder.restore(state)
        best = {name.removeprefix("best."): array for name, array in kept.arrays.items() if name.startswith("best.")}
        history = [eval_point_of(values) for values in kept.position["history"]]
        self._standing = _Standing(kept.position["step"], history, kept.position["best"], best)
        self.schedule = self._lowered()
        return True


def few_threads(batch: int) -> threadpool_limits:
    """Keeps products to one thread, within a `with`, where a batch is small."""
    return threadpool_limits(1 if batch <= SMALL_BATCH else None, "blas")


def _score(eval_point: EvalPoint) -> float:
    """The criterion; not a number where too few texts were judged to choose by it."""
    found = eval_point.geometry
    return found.mrr if found and found.texts >= FEWEST_JUDGED else float("nan")


def _as_good(history: list[EvalPoint]) -> bool:
    """Whether the last look is as good as the best of those before, as far as so few texts can tell.

    A mean reciprocal rank m of n texts is off by about the root of m (1 - m) / n at the most. Of scores that differ by
    less the later is kept: its learning rate was lower, and it has seen more.
    """
    scores = [_score(eval_point) for eval_point in history[:-1] if not eval_point.collapse]
    if not scores or np.isnan(scores).any():  # unmeasurable: the latest is kept
        return True
    highest, now, found = max(scores), _score(history[-1]), history[-1].geometry
    error = math.sqrt(max(0.0, highest * (1 - highest)) / found.texts) if found else 0.0
    return now > highest or (now > scores[0] and now >= highest - error)


def _unmeasured(eval_point: EvalPoint) -> Geometry:
    """A geometry without numbers, of as many texts as that of a moment."""
    found = eval_point.geometry
    none = math.nan
    return Geometry(none, none, none, none, none, none, none, found.dim if found else 0, found.texts if found else 0)


def _told(outcome: Outcome) -> str:
    """The collapses of a run in one sentence."""
    last = outcome.collapses[-1]
    what = f"training collapsed {outcome.when_collapsed}: {last.seen}"
    if last.learning_rate is None:
        return f"{what}; the best state, step {outcome.best.step:,}, is kept"
    return f"{what}; it went back to its best state and on, in the end with a learning rate of {last.learning_rate:.4g}"
