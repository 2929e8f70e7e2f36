"""Answers: what they say of the precision of all pairs."""

import numpy as np
import pyarrow as pa
import pytest

from likewise.applications.duplicates.answers import HIGHEST, Answers
from likewise.applications.duplicates.calibration import GRID, Calibration, Curve
from likewise.applications.duplicates.decisions import Decision
from likewise.applications.duplicates.evidence import Weights
from likewise.applications.duplicates.pairs import EXACT, NEAR, Pairs
from likewise.applications.duplicates.result import Duplicates

COUNT = 2000


def pairs_of(estimates, reason=NEAR):
    every = np.arange(len(estimates))
    return Pairs(
        2 * every, 2 * every + 1, np.asarray(estimates, np.float32), np.asarray(estimates, np.float64),
        np.full(len(estimates), reason, np.uint8),
    )  # fmt: skip


def answers_of(seed, shift, answered=60):
    """Pairs whose estimates are wrong by a shift of their logit, and random answers about some."""
    rng = np.random.default_rng(seed)
    estimates = np.sort(rng.uniform(0.5, HIGHEST, COUNT))[::-1]
    true = 1 / (1 + np.exp(-np.log(estimates / (1 - estimates)) - shift))
    same = rng.random(COUNT) < true
    some = rng.permutation(COUNT)[:answered]
    return true, Answers.of(pairs_of(estimates), some, same[some])


@pytest.mark.parametrize("shift", [-1.5, 0.0, 1.0])
def test_the_true_precision_is_found(shift):
    """A closed form: the precision above a level is the mean of the true probabilities; intervals mostly hold."""
    errors, holds = [], []
    for seed in range(20):
        true, answers = answers_of(seed, shift, answered=200)
        precision = (np.cumsum(true) / np.arange(1, COUNT + 1))[::-1]  # by rising estimate, as the levels are
        errors.append(np.abs(answers.precision - precision).mean())
        holds.append(
            (answers.low[COUNT // 2] <= precision[COUNT // 2]) & (precision[COUNT // 2] <= answers.high[COUNT // 2])
        )
    assert np.mean(errors) < 0.04 and np.mean(holds) >= 0.75  # of twenty


def test_laws():
    """Laws: precision and recall go opposite ways, exact copies stay, more answers make the interval narrower."""
    _, answers = answers_of(0, -1.0)
    assert np.all(np.diff(answers.precision) >= 0) and np.all(np.diff(answers.recall) <= 0)
    assert np.all(answers.low <= answers.precision) and np.all(answers.precision <= answers.high)
    assert answers.recall[0] == 1 and answers.count == 60 and 0 < answers.same < 60
    copies = pairs_of(np.ones(5), EXACT)
    assert np.array_equal(answers.corrected(copies), np.ones(5))
    assert answers.corrected(pairs_of([0.9])) < 0.9
    assert answers.level(2.0) == COUNT and answers.level(0.0) == 0
    _, more = answers_of(0, -1.0, answered=600)
    assert np.mean(more.high - more.low) < 0.6 * np.mean(answers.high - answers.low)


@pytest.fixture
def found():
    """Two hundred pairs at rising doubt, and a copy."""
    estimates = np.linspace(0.999, 0.5, 200)
    pairs = pairs_of(estimates)
    texts = [f"text {row}" for row in range(400)]
    curve = Curve(GRID, 1 - GRID)
    return Duplicates(
        pa.array(texts, pa.large_string()), tuple(texts), None, None, 0.9, pairs,
        Calibration(Weights(1.0, 0.0, 0.0), curve, curve), np.arange(400), np.arange(400),
    )  # fmt: skip


def answer(found, count, same):
    rng, made = np.random.default_rng(0), []
    for _ in range(count):
        pair = found.question(rng)
        made.append(Decision((found.ids[pair[0]], found.ids[pair[1]]), (found.ids[pair[0]], found.ids[pair[1]]), same))
        found = found.with_decisions(made)
    return found


def test_answers_change_what_is_found(found):
    """Laws: noes leave fewer pairs, yeses more, nine answers say nothing, and the order of pairs stays."""
    before = len(found.pairs)
    assert found.answers is None and found.interval is None
    few, no, yes = answer(found, 9, same=False), answer(found, 25, same=False), answer(found, 25, same=True)
    assert few.answers is None and no.answers.count == 25 and yes.answers.same == 25
    assert len(no.pairs) < before - 20 and len(yes.pairs) > before
    assert yes.interval[0] < yes.interval[1] <= 1 and no.interval is None
    assert no.threshold("near") == 2.0 and yes.threshold("near") < found.threshold("near")
    apart = found.rethreshold(0.5)
    assert len(answer(apart, 25, same=True).keep_at_most(250).kept) == 250


def test_questions_end(found):
    """Laws: no pair is asked about twice, skipped ones not at all, and of few pairs all are."""
    few = found.rethreshold(0.999)
    given = set()
    while (pair := few.question(np.random.default_rng(len(given)), given)) is not None:
        assert pair not in given
        given.add(pair)
    assert len(given) == 30
