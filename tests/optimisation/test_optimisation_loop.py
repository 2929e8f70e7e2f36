"""The loop, on a corpus of two topics that a score can tell learned from unlearned."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from likewise.encoders.static import StaticEncoder
from likewise.geometry.measure import Geometry, measure
from likewise.negatives.signatures import signatures
from likewise.optimisation import loop as loop_room
from likewise.optimisation.loop import Loop, Moment, Outcome, Plan
from likewise.optimisation.step import Batch, ContrastiveStep
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

VOCAB, TOPICS, TEXTS = 120, 12, 240


def corpus(seed: int = 0) -> tuple[Ragged, Ragged]:
    """Pairs of texts of one topic that share no word."""
    rng = np.random.default_rng(seed)
    words = np.arange(VOCAB).reshape(TOPICS, -1)
    topics = rng.integers(TOPICS, size=TEXTS)
    halves = [rng.permutation(words[topic]) for topic in topics]
    return Ragged.of([half[:4].tolist() for half in halves]), Ragged.of([half[4:8].tolist() for half in halves])


class Run:
    """A loop over the corpus with its parts at hand."""

    def __init__(self, *, rate: float = 0.2, epochs: int = 6, checkpoint: Path | None = None, seed: int = 0) -> None:
        self.left, self.right = corpus()
        self.encoder = StaticEncoder.random(np.ones(VOCAB, np.float32), 16, np.random.default_rng(seed))
        known = signatures(self.left, np.ones(VOCAB, np.float32), np.zeros(VOCAB, np.bool_))

        def batches(indices: np.ndarray, rng: np.random.Generator) -> Batch:
            return Batch(Views(self.left.take(indices), self.right.take(indices)), (known.take(indices),))

        plan = Plan(TEXTS, 48, epochs, rate, seed, looks=6)
        step = ContrastiveStep(self.encoder, temperature=0.2, distance=0)
        self.loop = Loop(step, batches, self.look, plan, checkpoint)

    def look(self) -> Geometry:
        return measure(self.encoder.encode, Views(*corpus(1)), np.random.default_rng(0))

    def run(self, watch: Callable[[Moment], None] = lambda moment: None, *, resume: bool = False) -> Outcome:
        return self.loop.run(watch, resume=resume)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns_and_ends_in_its_best_state(seed: int) -> None:
    """It learns: the score is three times the untrained one; and the state kept is the one that was scored best."""
    run = Run(seed=seed)
    outcome = run.run()
    scores = [moment.geometry.mrr for moment in outcome.history if moment.geometry]
    assert outcome.ended in {"done", "early"} and not outcome.warnings
    assert outcome.best.geometry is not None and outcome.best.geometry.mrr == max(scores) > 3 * scores[0]
    assert run.look() == outcome.best.geometry


def test_the_watcher_sees_every_step_once() -> None:
    run = Run(epochs=2)
    moments: list[Moment] = []
    run.run(moments.append)
    assert [moment.step for moment in moments] == list(range(run.loop.plan.steps + 1))


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two paths: two runs agree to the byte."""
    first, second = Run(), Run()
    first.run()
    second.run()
    assert first.encoder.weights.tobytes() == second.encoder.weights.tobytes()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", [1, 7, 13, 24])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Two paths: whatever step it was killed at, the bytes and the history are those of a run left alone."""
    monkeypatch.setattr(loop_room, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    whole = Run()
    expected = whole.run()
    killed = Run(checkpoint=tmp_path / "checkpoint")

    def kill(moment: Moment) -> None:
        if moment.step == at:
            raise Killed

    with pytest.raises(Killed):
        killed.run(kill)
    again = Run(checkpoint=tmp_path / "checkpoint")
    seen: list[Moment] = []
    outcome = again.run(seen.append, resume=True)
    assert outcome == expected
    assert again.encoder.weights.tobytes() == whole.encoder.weights.tobytes()
    assert seen[0] == expected.history[0]


def test_ctrl_c_keeps_the_best_so_far() -> None:
    run = Run()

    def interrupt(moment: Moment) -> None:
        if moment.step == 20:
            raise KeyboardInterrupt

    outcome = run.run(interrupt)
    assert outcome.ended == "interrupted" and 0 < outcome.best.step <= 20
    assert run.look() == outcome.best.geometry


def test_ctrl_c_before_anything_is_known_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()

    def interrupt() -> Geometry:
        raise KeyboardInterrupt

    run.loop.look = interrupt
    with pytest.raises(KeyboardInterrupt):
        run.run()


def test_a_learning_rate_far_too_high_is_told_and_undone() -> None:
    """A collapse ends the run in plain words, and the state before it is kept."""
    run = Run(rate=500.0, epochs=12)
    outcome = run.run()
    assert outcome.ended in {"collapsed", "early"}
    assert run.look() == outcome.best.geometry
    if outcome.ended == "collapsed":
        assert any("collapsed" in warning for warning in outcome.warnings)


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    run = Run()
    step = run.loop.step

    def broken(batch: Batch, rate: float) -> object:
        found = ContrastiveStep.__call__(step, batch, rate)
        return type(found)(float("nan"), found.masked)

    run.loop.step = broken  # type: ignore[assignment]
    broken.encoder = step.encoder  # type: ignore[attr-defined]
    outcome = run.run()
    assert outcome.ended == "collapsed"
    assert any("no longer a number" in warning for warning in outcome.warnings)


def fixed(scores: list[float], texts: int = 100) -> Callable[[], Geometry]:
    """A look that finds these scores, one after the other."""
    left = iter(scores)
    return lambda: Geometry(next(left), 0.1, 0.2, 1.0, -2.0, 14.0, 0.0, 16, texts)


def test_it_ends_early_when_nothing_gets_better() -> None:
    """A law: the run ends `patience` looks after the best."""
    run = Run(epochs=12)
    run.loop.look = fixed([0.2, 0.5, 0.49, 0.48, 0.47, 0.46, 0.45, 0.44])
    outcome = run.run()
    assert outcome.ended == "early" and outcome.best is outcome.history[1] and len(outcome.history) == 6


def test_a_score_that_falls_to_half_is_a_collapse() -> None:
    run = Run()
    run.loop.look = fixed([0.2, 0.5, 0.2])
    outcome = run.run()
    assert outcome.ended == "collapsed" and "fell to 0.200 from 0.500" in outcome.warnings[0]


def test_an_encoder_that_never_beats_the_untrained_one_is_told() -> None:
    run = Run()
    run.loop.look = fixed([0.5, 0.4, 0.4, 0.4, 0.4, 0.4])
    outcome = run.run()
    assert outcome.best.step == 0 and "never beat the untrained" in outcome.warnings[-1]


@pytest.mark.parametrize(("score", "texts"), [(float("nan"), 0), (0.1, 5)])
def test_where_too_few_texts_can_be_judged_the_last_state_is_kept(score: float, texts: int) -> None:
    """Neither stopped nor chosen by a number that says nothing."""
    run = Run()
    run.loop.look = fixed([score] * 9, texts)
    outcome = run.run()
    assert outcome.ended == "done" and outcome.best is outcome.history[-1]
