"""The loop, on a corpus whose score distinguishes a trained encoder from an untrained one."""

from dataclasses import asdict
from pathlib import Path

import pytest
from training_run import Killed, Run, fixed

from likewise.geometry.measure import Geometry
from likewise.training.history import EvalPoint


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns_and_ends_in_its_best_state(seed: int) -> None:
    """It learns: the score is three times the untrained one; and no state was significantly better."""
    run = Run(seed=seed)
    outcome = run.run()
    scores = [point.geometry.mrr for point in outcome.history if point.geometry]
    assert outcome.ended in {"done", "early"} and not outcome.warnings
    assert outcome.best.geometry is not None and outcome.best.geometry.mrr > 3 * scores[0]
    best = max(scores)
    assert outcome.best.geometry.mrr >= best - (best * (1 - best) / outcome.best.geometry.texts) ** 0.5
    assert asdict(run.evaluate()) == pytest.approx(
        asdict(outcome.best.geometry), rel=1e-6
    )  # BLAS may have other threads


def test_every_step_is_reported_once() -> None:
    """A law."""
    run = Run(epochs=2)
    points: list[EvalPoint] = []
    run.run(points.append)
    assert [point.step for point in points] == list(range(run.loop.plan.steps + 1))


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two paths: two runs agree to the byte."""
    first, second = Run(), Run()
    first.run()
    second.run()
    assert first.encoder.weights.tobytes() == second.encoder.weights.tobytes()


@pytest.mark.parametrize("at", [1, 13, 24])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, at: int) -> None:
    """Two paths: whatever step it was killed at, the bytes and the history are those of a run left alone."""
    whole = Run()
    expected = whole.run()
    killed = Run(checkpoint=tmp_path / "checkpoint")

    def kill(point: EvalPoint) -> None:
        if point.step == at:
            raise Killed

    with pytest.raises(Killed):
        killed.run(kill)
    again = Run(checkpoint=tmp_path / "checkpoint")
    seen: list[EvalPoint] = []
    outcome = again.run(seen.append, resume=True)
    assert outcome == expected
    assert again.encoder.weights.tobytes() == whole.encoder.weights.tobytes()
    assert seen[0] == expected.history[0]


def test_ctrl_c_keeps_the_best_so_far() -> None:
    run = Run()

    def interrupt(point: EvalPoint) -> None:
        if point.step == 20:
            raise KeyboardInterrupt

    outcome = run.run(interrupt)
    assert outcome.ended == "interrupted" and 0 < outcome.best.step <= 20
    assert asdict(run.evaluate()) == pytest.approx(
        asdict(outcome.best.geometry), rel=1e-6
    )  # BLAS may have other threads


def test_ctrl_c_before_the_first_evaluation_is_passed_on() -> None:
    run = Run()

    def interrupt() -> Geometry:
        raise KeyboardInterrupt

    run.loop.evaluate = interrupt
    with pytest.raises(KeyboardInterrupt):
        run.run()


def test_it_ends_early_when_nothing_gets_better() -> None:
    """A law: the run ends `patience` evaluations after the best."""
    run = Run(epochs=12)
    run.loop.evaluate = fixed([0.2, 0.5, 0.49, 0.48, 0.47, 0.46, 0.45, 0.44], 100_000)
    outcome = run.run()
    assert outcome.ended == "early" and outcome.best is outcome.history[1] and len(outcome.history) == 6


def test_of_scores_that_do_not_differ_significantly_the_later_is_kept() -> None:
    """A closed form: of 100 texts 0.5 has an error of 0.05, so 0.46 is as good, 0.44 is not, and untrained never is."""
    run = Run(epochs=12)
    run.loop.evaluate = fixed([0.2, 0.5, 0.46, 0.44, 0.44, 0.44, 0.44, 0.44, 0.44])
    outcome = run.run()
    assert outcome.best is outcome.history[2] and outcome.ended == "early" and len(outcome.history) == 7
    low = Run()
    low.loop.evaluate = fixed([0.5, 0.49, 0.48, 0.47, 0.46, 0.46])
    assert low.run().best.step == 0


def test_an_encoder_that_never_beats_the_untrained_one_has_a_warning() -> None:
    run = Run()
    run.loop.evaluate = fixed([0.5, 0.4, 0.4, 0.4, 0.4, 0.4])
    outcome = run.run()
    assert outcome.best.step == 0 and "never beat the untrained" in outcome.warnings[-1]


@pytest.mark.parametrize(("score", "texts"), [(float("nan"), 0), (0.1, 5)])
def test_where_too_few_texts_are_evaluated_the_last_state_is_kept(score: float, texts: int) -> None:
    """A law: neither stopped nor selected by a meaningless number."""
    run = Run()
    run.loop.evaluate = fixed([score] * 9, texts)
    outcome = run.run()
    assert outcome.ended == "done" and outcome.best is outcome.history[-1]
