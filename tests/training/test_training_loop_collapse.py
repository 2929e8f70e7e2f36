"""Runs that collapse: what is reported, what is restored, and that a killed one ends as one left alone."""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from training_run import TEXTS, Killed, Run, fixed

from likewise.errors import InputError
from likewise.geometry.measure import Geometry
from likewise.training.history import EvalPoint
from likewise.training.step import Batch, ContrastiveStep, StepResult

FAR_TOO_HIGH = 5000.0


def without_numbers(run: Run, wrong: set[int]) -> None:
    """The loss of these steps, counted from 0, is no number."""
    done = ContrastiveStep(run.encoder, temperature=0.2, distance=0)

    def step(batch: Batch, rate: float) -> StepResult:
        found = done(batch, rate)
        return StepResult(math.nan if run.loop._progress.step in wrong else found.loss, found.masked)

    step.encoder = run.encoder  # type: ignore[attr-defined]
    step.clear_queue = lambda: None  # type: ignore[attr-defined]
    run.loop.step = step  # type: ignore[assignment]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_learning_rate_far_too_high_is_reported_and_lowered(seed: int) -> None:
    """It learns: from a rate 25,000 times too high it comes to nine tenths of what the right one reaches."""
    healthy = Run(epochs=12, seed=seed).run()
    run = Run(rate=FAR_TOO_HIGH, epochs=12, seed=seed)
    outcome = run.run()
    first = outcome.collapses[0]
    assert "the rows of the encoder grew" in first.seen and first.back_to == 0
    assert first.learning_rate is not None and first.learning_rate < FAR_TOO_HIGH / 100
    assert outcome.ended in {"done", "early"} and outcome.usable
    assert outcome.best.geometry and healthy.best.geometry
    assert outcome.best.geometry.mrr > 0.9 * healthy.best.geometry.mrr
    assert asdict(run.evaluate()) == pytest.approx(
        asdict(outcome.best.geometry), rel=1e-6
    )  # BLAS may have other threads
    assert "training collapsed at step" in outcome.warnings[0] and "a learning rate of" in outcome.warnings[0]


def test_rows_that_overflow_are_a_collapse_and_not_the_fault_of_the_temperature() -> None:
    run = Run(rate=1e38, epochs=12)
    outcome = run.run()
    assert outcome.collapses and outcome.ended in {"done", "early"} and outcome.usable
    assert np.isfinite(run.encoder.weights).all()


def test_a_temperature_too_low_is_refused() -> None:
    run = Run()
    run.loop.step.temperature = 1e-6
    with pytest.raises(InputError, match="raise the temperature"):
        run.run()


def test_a_loss_that_is_not_finite_is_seen_at_once() -> None:
    """One step of it, between two evaluations: back to the best state, a quarter of the rate, and on to the end."""
    run = Run()
    without_numbers(run, {7})
    outcome = run.run()
    (fell,) = [point for point in outcome.history if point.collapse]
    assert fell.step == 8 and fell.geometry is not None and math.isnan(fell.geometry.mrr)
    assert fell.collapse and fell.collapse.learning_rate == 0.25 * 0.2 and fell.collapse.back_to == 5
    assert outcome.ended in {"done", "early"} and outcome.usable and outcome.best.step > 8


def test_a_loss_that_never_becomes_one_ends_the_run_after_three_returns() -> None:
    run = Run()
    untouched = run.encoder.weights.tobytes()
    without_numbers(run, set(range(1000)))
    outcome = run.run()
    rates = [collapse.learning_rate for collapse in outcome.collapses]
    assert rates == [pytest.approx(0.2 / 4**times) for times in (1, 2, 3)] + [None]
    assert (outcome.ended, outcome.usable, outcome.best.step) == ("collapsed", False, 0)
    assert run.encoder.weights.tobytes() == untouched
    assert "the best state, step 0, is kept" in outcome.warnings[0]


def test_a_score_that_falls_to_half_goes_back() -> None:
    """The weights and Adagrad's sums are those of the best evaluation, and patience begins anew."""
    run = Run(epochs=12)
    run.loop.evaluate = fixed([0.2, 0.5, 0.2, 0.49, 0.48, 0.47, 0.46, 0.45], 100_000)
    states: list[dict[str, bytes]] = []

    def watch(point: EvalPoint) -> None:
        if point.geometry:
            states.append({name: array.tobytes() for name, array in run.encoder.state().items()})

    outcome = run.run(watch)
    fell = outcome.history[2]
    assert fell.collapse and "fell to 0.200 from 0.500" in fell.collapse.seen
    assert (fell.collapse.back_to, fell.collapse.learning_rate) == (outcome.history[1].step, 0.05)
    assert states[2] == states[1] != states[3]
    assert outcome.ended == "early" and len(outcome.history) == 7 and outcome.best is outcome.history[1]


def test_a_collapse_at_the_last_evaluation_keeps_the_best() -> None:
    run = Run()
    run.loop.evaluate = fixed([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.2])
    outcome = run.run()
    assert (outcome.ended, outcome.usable, outcome.best) == ("collapsed", True, outcome.history[5])


@pytest.mark.parametrize("usable", [True, False])
def test_a_start_that_was_no_random_one_is_kept_if_it_is_of_use(usable: bool) -> None:
    """The score never rises again: a start far better than chance is a model, one as good as chance is none."""
    run = Run(epochs=12)
    run.loop.evaluate = fixed([0.5 if usable else 0.05, *[0.02] * 20])
    outcome = run.run()
    assert outcome.ended == "collapsed" and outcome.usable is usable and "never beat" in outcome.warnings[-1]


def test_ctrl_c_after_a_collapse_keeps_what_there_is() -> None:
    run = Run(rate=FAR_TOO_HIGH)

    def interrupt(point: EvalPoint) -> None:
        if point.collapse:
            raise KeyboardInterrupt

    outcome = run.run(interrupt)
    assert (outcome.ended, outcome.usable, outcome.best.step) == ("interrupted", True, 0)


def test_where_too_few_texts_are_evaluated_no_score_alarms() -> None:
    """What needs no score is seen all the same, and a state that training left in order is kept."""
    run = Run(epochs=12)
    run.loop.evaluate = fixed([0.9, 0.1, *[0.01] * 30], 5)
    assert run.run().collapses == ()
    run = Run(rate=FAR_TOO_HIGH, epochs=12)
    run.loop.evaluate = fixed([0.9, 0.1, *[0.01] * 30], 5)
    outcome = run.run()
    assert outcome.collapses and outcome.usable and outcome.best.step > 0


def alike(run: Run) -> None:
    """Every loss is that of vectors that are all alike."""
    done = run.loop.step

    def step(batch: Batch, rate: float) -> StepResult:
        return StepResult(math.log(run.loop.plan.batch), done(batch, rate).masked)

    step.encoder = run.encoder  # type: ignore[attr-defined]
    step.clear_queue = lambda: None  # type: ignore[attr-defined]
    run.loop.step = step  # type: ignore[assignment]


def test_a_loss_stuck_where_all_are_alike_brings_an_early_evaluation() -> None:
    """One that finds a collapse may be followed by another; one that finds nothing is the last."""
    run = Run(epochs=40)  # 200 steps, an evaluation every 34
    alike(run)
    run.loop.evaluate = fixed([0.2, 0.05, *[0.5] * 20])
    steps = [point.step for point in run.run().history]
    assert steps[:4] == [0, 16, 32, 34]
    run = Run(epochs=40)
    alike(run)
    run.loop.evaluate = fixed([0.2] * 20)
    assert [point.step for point in run.run().history][:4] == [0, 16, 34, 68]


def test_texts_that_are_all_near_duplicates_end_the_run() -> None:
    run = Run()
    done = run.loop.step

    def step(batch: Batch, rate: float) -> StepResult:
        pairs = len(batch.views.anchors)
        return StepResult(0.0, pairs * (pairs - 1))

    step.encoder = done.encoder  # type: ignore[attr-defined]
    step.clear_queue = lambda: None  # type: ignore[attr-defined]
    run.loop.step = step  # type: ignore[assignment]
    outcome = run.run()
    assert (outcome.ended, outcome.usable) == ("collapsed", False)
    assert "near-duplicates of each other" in outcome.warnings[0]


@pytest.mark.parametrize("at", [3, 13, 40])
@pytest.mark.parametrize("rate", [0.2, FAR_TOO_HIGH])
def test_a_resumed_run_that_collapses_equals_an_uninterrupted_one(tmp_path: Path, at: int, rate: float) -> None:
    """Two paths: the lowered rate, the returns and the second warm-up are those of a run that was left alone."""
    wrong = {11, 19}

    def fresh(checkpoint: Path | None = None) -> Run:
        run = Run(rate=rate, epochs=12, checkpoint=checkpoint)
        without_numbers(run, wrong)
        return run

    whole = fresh()
    expected = whole.run()
    assert len(expected.collapses) >= 2

    def kill(point: EvalPoint) -> None:
        if point.step == at:
            raise Killed

    with pytest.raises(Killed):
        fresh(tmp_path / "checkpoint").run(kill)
    again = fresh(tmp_path / "checkpoint")
    assert repr(again.run(resume=True)) == repr(expected)  # numbers that are none are not equal to themselves
    assert again.encoder.weights.tobytes() == whole.encoder.weights.tobytes()


def test_the_geometry_is_of_as_many_texts_where_nothing_could_be_measured() -> None:
    run = Run()
    without_numbers(run, {7})
    fell = next(point for point in run.run().history if point.collapse)
    assert isinstance(fell.geometry, Geometry) and (fell.geometry.dim, fell.geometry.texts) == (16, TEXTS)
