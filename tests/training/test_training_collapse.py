"""Collapse provoked on real small corpora: what a user sees, and what comes out."""

import hashlib
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_collapse import numbered, of_three_topics, orders, shuffled

import likewise
from likewise.corpus.read import read
from likewise.training.dataset import Dataset
from likewise.training.history import EvalPoint
from likewise.training.loop import Loop
from likewise.training.prepare import prepare
from likewise.training.progress import silent
from likewise.training.reading import read_corpus
from likewise.training.recipe import Recipe, derived
from likewise.training.schedule import Plan
from likewise.training.step import ContrastiveStep
from reviews import reviews

QUICK = {"epochs": 6, "dim": 64, "learning_rate": 0.2, "temperature": 0.2}


def trained(texts: list[str], *, shown: bool = False, **settings: Any) -> likewise.Model:
    return likewise.train(texts, progress=shown, **settings)


def collapses(model: likewise.Model) -> list[dict[str, Any]]:
    return [point["collapse"] for point in model.card.history if point["collapse"]]


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1000.0, 1e37])
def test_a_learning_rate_far_too_high(python_docs: list[str], capsys: pytest.CaptureFixture[str], rate: float) -> None:
    """It learns: reported as it happens, restored, lowered, and nine tenths of what a healthy run reaches, or more."""
    healthy = trained(python_docs, **QUICK)
    assert collapses(healthy) == []
    capsys.readouterr()
    model = trained(python_docs, shown=True, **QUICK | {"learning_rate": rate})
    shown = capsys.readouterr().err
    assert "  collapse: the " in shown and "nan" not in shown
    assert "the state of step 0 is restored; training continues with the learning rate lowered from" in shown
    assert "(1 of at most 3 times)" in shown
    first = collapses(model)[0]
    assert first["back_to"] == 0 and first["learning_rate"] < 20
    assert model.card.scores["MRR"] > 0.9 * healthy.card.scores["MRR"]
    assert any(warning.startswith("training collapsed at step") for warning in model.card.warnings)


@pytest.mark.slow
@pytest.mark.parametrize(("temperature", "share"), [(100.0, 0.7), (0.02, 0.5)])
def test_temperatures_far_off_are_no_collapse(temperature: float, share: float) -> None:
    """It learns: with Adagrad the scale of the gradient, which is what a high temperature changes, does not matter."""
    texts = reviews(1200)
    healthy = trained(texts, **QUICK)
    model = trained(texts, **QUICK | {"temperature": temperature})
    assert model.card.scores["MRR"] > share * healthy.card.scores["MRR"]


@pytest.mark.slow
def test_a_narrow_cone_that_finds_well_is_kept_with_a_warning() -> None:
    """A mean cosine of 0.9 is no collapse where the score rises; the card says what it means."""
    model = trained(reviews(1200), epochs=12, dim=64, temperature=0.01, learning_rate=0.2)
    scores = model.card.scores
    assert scores["mean cosine"] > 0.6 and scores["MRR"] > 10 * scores["MRR, untrained"]
    assert collapses(model) == []
    assert any("halves find each other, but different texts look alike" in warning for warning in model.card.warnings)


def test_three_topics_need_few_directions() -> None:
    """No false alarm: what is left of the directions is what the corpus has."""
    model = trained(of_three_topics(1500), **QUICK)
    assert model.card.scores["effective rank"] < 10 or model.card.scores["alignment"] < 0.2
    assert collapses(model) == []


def test_templates_of_numbers_have_a_warning() -> None:
    """Nothing to learn and nothing lost: the model knows what an untrained one does, and says so."""
    model = trained(orders(2000), **QUICK)
    assert any("no better than by chance" in warning for warning in model.card.warnings)


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (numbered, r"training collapsed at step.* \(different texts look alike"),
        (shuffled, "no model was made, as nearly all texts are near-duplicates of each other"),
    ],
)
def test_texts_that_are_all_alike_are_refused(
    corpus: Callable[[int], list[str]], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with what was found and what to do; no model, no checkpoint, no folder is left."""
    monkeypatch.setattr("likewise.training.loop.SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    with pytest.raises(likewise.LikewiseError, match=message) as refusal:
        likewise.train(corpus(2000), out=tmp_path / "x.model", progress=False)
    assert "texts that differ in their words" in str(refusal.value) and "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("temperature", "rate", "alarm"), [(0.05, 0.5, False), (0.01, 2.0, True)])
def test_a_score_that_falls_while_the_loss_is_tiny(
    python_docs: list[str], tmp_path: Path, temperature: float, rate: float, alarm: bool
) -> None:
    """What SimCSE is known for: views that hardly differ, a low temperature, a high rate, a good start.

    The loss is tiny; the score falls, and the best state is kept, be it by an early end or by the guard.
    """
    reading = read_corpus(read(python_docs[:1000]), tmp_path, log=silent)
    prepared = prepare(reading, tmp_path, log=silent)
    settings = {"views": "delete:0.02", "temperature": temperature, "learning_rate": rate, "epochs": 40, "dim": 128}
    chosen = derived(Recipe.of(settings), prepared.facts.texts)
    dataset = Dataset(prepared, chosen)
    encoder = dataset.lsa
    step = ContrastiveStep(encoder, temperature=temperature, distance=chosen.near_duplicate)
    plan = Plan(len(dataset.split.train), chosen.batch, chosen.epochs, chosen.learning_rate, 0, 12, 4)
    seen: list[EvalPoint] = []
    outcome = Loop(step, dataset.batch, lambda: dataset.measure(encoder), plan).run(seen.append)
    scores = [point.geometry.mrr for point in outcome.history if point.geometry]
    losses = [point.loss for point in outcome.history[1:]]
    assert min(losses) < 0.1 and min(scores) < 0.9 * scores[0]
    assert outcome.usable and outcome.best.geometry and outcome.best.geometry.mrr == max(scores)
    assert asdict(dataset.measure(encoder)) == pytest.approx(asdict(outcome.best.geometry), rel=1e-6)
    if alarm:  # at 0.05 it depends on the corpus, which is that of the running Python
        assert any("the score fell to" in collapse.seen for collapse in outcome.collapses)


def test_the_history_of_a_collapse_is_plain(python_docs: list[str], tmp_path: Path) -> None:
    """Numbers that could not be measured are none, for every reader of JSON."""
    model = trained(python_docs[:600], **QUICK | {"learning_rate": 1e37})
    model.save(tmp_path / "x.model")
    history = likewise.load(tmp_path / "x.model").card.history
    fell = next(point for point in history if point["collapse"])
    assert fell["geometry"]["mrr"] is None and fell["geometry"]["texts"] > 0
    assert all(value is None or math.isfinite(value) for point in history for value in point["geometry"].values())


def test_few_texts_are_trained_all_the_same() -> None:
    """Nothing can be measured, so nothing is refused: also after a learning rate far too high."""
    ten = [f"text number {word} about things" for word in "abcdefghij"]
    for rate in (0.2, 1000.0):
        model = trained(ten, learning_rate=rate, epochs=30)
        assert model.encode(ten).shape[0] == 10
        assert any("none was held out" in warning for warning in model.card.warnings)
        assert bool(collapses(model)) is (rate > 1)


CHILD = """
import sys, likewise
from likewise.training import loop
loop.SECONDS_BETWEEN_CHECKPOINTS = 0.0
likewise.train(
    sys.argv[1], out=sys.argv[2], resume=True, epochs=12, dim=32, learning_rate=1000.0, progress=False
)
"""


@pytest.mark.nightly
def test_a_run_that_collapses_killed_at_ten_random_times(python_docs: list[str], tmp_path: Path) -> None:
    """Two paths: killed with SIGKILL before, at and after its collapse, it ends with the bytes of one left alone."""
    corpus = tmp_path / "docs.txt"
    corpus.write_text("\n".join(" ".join(text.split()) for text in python_docs), encoding="utf-8")
    command = [sys.executable, "-c", CHILD, str(corpus)]
    began = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], check=True)
    lasted = time.monotonic() - began
    assert collapses(likewise.load(tmp_path / "whole"))
    for share in np.random.default_rng(0).uniform(0.4, 1.0, 10):
        with subprocess.Popen([*command, str(tmp_path / "killed")]) as child:
            time.sleep(share * lasted)
            child.send_signal(signal.SIGKILL)
        if (tmp_path / "killed").exists():
            break
    if not (tmp_path / "killed").exists():
        subprocess.run([*command, str(tmp_path / "killed")], check=True)
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
