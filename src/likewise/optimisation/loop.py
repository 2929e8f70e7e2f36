"""The training loop: steps, the score without labels as they go, the best state kept, a clean way out."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from likewise.geometry.collapse import collapse
from likewise.geometry.measure import Geometry
from likewise.optimisation.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from likewise.optimisation.schedule import Schedule
from likewise.optimisation.step import Batch, ContrastiveStep, batch_indices

__all__ = ["Loop", "Moment", "Outcome", "Plan"]

SECONDS_BETWEEN_CHECKPOINTS = 15.0
SMALL_BATCH = 256  # up to here two threads gain little on a product, and wait long for each other on a busy machine
FEWEST_JUDGED = 20  # texts; the score of fewer chooses nothing and stops nothing


@dataclass(frozen=True)
class Plan:
    """How long and how fast.

    Attributes:
        texts: how many texts there are to train on.
        batch: positive pairs a step.
        epochs: how often each text is seen.
        learning_rate: its peak.
        seed: of order and views.
        looks: how often the score is taken, evenly over the run; at the start and at the end in any case.
        patience: after so many looks without a better score the run ends.
    """

    texts: int
    batch: int
    epochs: int
    learning_rate: float
    seed: int
    looks: int = 12
    patience: int = 4

    @property
    def steps_an_epoch(self) -> int:
        """How many steps see every text once."""
        return max(1, round(self.texts / self.batch))

    @property
    def steps(self) -> int:
        """How many steps the whole run has."""
        return self.steps_an_epoch * self.epochs

    def looks_at(self, step: int) -> bool:
        """Whether the score is taken once `step` steps are done."""
        every = max(1, -(-self.steps // self.looks))
        return step % every == 0 or step == self.steps


@dataclass(frozen=True)
class Moment:
    """The state of training after some steps, as it is shown and kept.

    Attributes:
        step: steps done.
        loss: mean InfoNCE since the last moment, in nats; 0 before the first step.
        masked: share of the logits left out as near-duplicates since the last moment.
        geometry: the held-out texts in the space as it is now; None between looks.
        texts_a_second: speed since the last moment; not kept, as it is not reproducible.
    """

    step: int
    loss: float
    masked: float
    geometry: Geometry | None
    texts_a_second: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        history: one moment a look.
        best: the moment whose state the encoder now has.
        ended: `done`, `early` (no better score for a while), `collapsed` or `interrupted`.
        warnings: what a user should know, in plain words.
    """

    history: tuple[Moment, ...]
    best: Moment
    ended: str
    warnings: tuple[str, ...]


@dataclass
class _Standing:
    """What changes during a run, beside the encoder."""

    step: int = 0
    history: list[Moment] = field(default_factory=list)
    best: int = 0
    best_state: dict[str, np.ndarray] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    masked: list[float] = field(default_factory=list)


class Loop:
    """Trains an encoder and leaves it in the state of the best score.

    Args:
        step: what one step does.
        batches: makes a batch of some texts; randomness arrives as an argument.
        look: the geometry of the held-out texts in the encoder's present state.
        plan: how long and how fast.
        checkpoint: where the run is kept, so that it can go on after it was killed; nowhere if None.
    """

    def __init__(
        self,
        step: ContrastiveStep,
        batches: Callable[[np.ndarray, np.random.Generator], Batch],
        look: Callable[[], Geometry],
        plan: Plan,
        checkpoint: Path | None = None,
    ) -> None:
        self.step, self.batches, self.look, self.plan, self.checkpoint = step, batches, look, plan, checkpoint
        self.schedule = Schedule(plan.learning_rate, plan.steps)
        self._standing = _Standing()

    def run(self, watch: Callable[[Moment], None], *, resume: bool = False) -> Outcome:
        """Train to the end, to an early end, or to Ctrl-C.

        Args:
            watch: told of every step; a moment with a geometry is a look.
            resume: go on from the checkpoint, if there is one.
        """
        ended = "interrupted"
        try:
            if not (resume and self._restored()):
                self._look(watch)
            for moment in self._standing.history if resume else ():
                watch(moment)
            with threadpool_limits(1 if self.plan.batch <= SMALL_BATCH else None, "blas"):
                ended = self._train(watch)
        except KeyboardInterrupt:
            if not self._standing.history:
                raise
        self.step.encoder.restore(self._standing.best_state)
        return self._outcome(ended)

    def _train(self, watch: Callable[[Moment], None]) -> str:
        standing, plan = self._standing, self.plan
        kept_at = time.monotonic()
        order: list[np.ndarray] = []
        while standing.step < plan.steps:
            started = time.perf_counter()
            epoch, number = divmod(standing.step, plan.steps_an_epoch)
            if number == 0 or not order:
                order = batch_indices(plan.texts, plan.batch, np.random.default_rng([plan.seed, 1, epoch]))
            indices = order[number]
            batch = self.batches(indices, np.random.default_rng([plan.seed, 2, standing.step]))
            result = self.step(batch, self.schedule(standing.step))
            standing.step += 1
            standing.losses.append(result.loss)
            standing.masked.append(result.masked / len(indices) ** 2)
            speed = len(indices) / (time.perf_counter() - started)
            if not plan.looks_at(standing.step):
                watch(Moment(standing.step, result.loss, standing.masked[-1], None, speed))
                continue
            self._look(watch, speed)
            if verdict := self._verdict():
                return verdict
            if self.checkpoint and time.monotonic() - kept_at >= SECONDS_BETWEEN_CHECKPOINTS:
                self._keep(self.checkpoint)
                kept_at = time.monotonic()
        return "done"

    def _look(self, watch: Callable[[Moment], None], speed: float = 0.0) -> None:
        standing = self._standing
        loss = float(np.mean(standing.losses)) if standing.losses else 0.0
        masked = float(np.mean(standing.masked)) if standing.masked else 0.0
        moment = Moment(standing.step, loss, masked, self.look(), speed)
        standing.losses, standing.masked = [], []
        standing.history.append(replace(moment, texts_a_second=0.0))
        best = _score(standing.history[standing.best])
        if len(standing.history) == 1 or _score(moment) > best or np.isnan(best):  # unmeasurable: the latest is kept
            standing.best_state = {name: array.copy() for name, array in self.step.encoder.state().items()}
            standing.best = len(standing.history) - 1
        watch(moment)

    def _verdict(self) -> str | None:
        standing = self._standing
        if not np.isfinite(standing.history[-1].loss):
            return "collapsed"
        best = standing.history[standing.best]
        if np.isnan(_score(best)):
            return None
        if standing.history[-1].geometry and collapse(standing.history[-1].geometry, best=_score(best)):
            return "collapsed"
        return "early" if len(standing.history) - 1 - standing.best >= self.plan.patience else None

    def _outcome(self, ended: str) -> Outcome:
        standing = self._standing
        warnings = []
        if ended == "collapsed":
            told = standing.history[-1].geometry and collapse(
                standing.history[-1].geometry, best=_score(standing.history[standing.best])
            )
            told = told or "the loss is no longer a number"
            kept = standing.history[standing.best].step
            warnings.append(f"training collapsed: {told}; the best state before it, step {kept}, is kept")
        if standing.best == 0 and standing.step:
            warnings.append("training never beat the untrained encoder on the held-out texts, which is kept")
        return Outcome(tuple(standing.history), standing.history[standing.best], ended, tuple(warnings))

    def _keep(self, path: Path) -> None:
        standing = self._standing
        arrays = dict(self.step.encoder.state())
        arrays |= {f"best.{name}": array for name, array in standing.best_state.items()}
        position = {"step": standing.step, "best": standing.best, "history": [asdict(m) for m in standing.history]}
        write_checkpoint(path, Checkpoint(arrays, position))

    def _restored(self) -> bool:
        kept = read_checkpoint(self.checkpoint) if self.checkpoint else None
        if kept is None:
            return False
        state = {name: array for name, array in kept.arrays.items() if not name.startswith("best.")}
        self.step.encoder.restore(state)
        best = {name.removeprefix("best."): array for name, array in kept.arrays.items() if name.startswith("best.")}
        history = [moment_of(values) for values in kept.position["history"]]
        self._standing = _Standing(kept.position["step"], history, kept.position["best"], best)
        return True


def moment_of(values: dict[str, Any]) -> Moment:
    """A moment from plain values, as a checkpoint and a model folder hold it."""
    return Moment(**{**values, "geometry": Geometry(**values["geometry"])})


def _score(moment: Moment) -> float:
    """The criterion; not a number where too few texts were judged to choose by it."""
    found = moment.geometry
    return found.mrr if found and found.texts >= FEWEST_JUDGED else float("nan")
