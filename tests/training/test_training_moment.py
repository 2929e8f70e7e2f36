"""What is known of a run, as plain values and back."""

import json
import math
from dataclasses import asdict

from likewise.geometry.measure import Geometry
from likewise.training.collapse_guard import Collapse
from likewise.training.history import EvalPoint, Outcome, eval_point_of

LOOK = Geometry(0.2, 0.1, 0.3, 1.0, -2.0, 14.0, 0.0, 16, 100)
FELL = Collapse("the score fell", 5, 0.05)


def test_there_and_back() -> None:
    """Two paths: through JSON, with and without a collapse."""
    for eval_point in (EvalPoint(7, 1.5, 0.1, LOOK), EvalPoint(7, 1.5, 0.1, LOOK, collapse=FELL)):
        assert eval_point_of(json.loads(json.dumps(asdict(eval_point)))) == eval_point


def test_what_an_older_version_wrote() -> None:
    """A closed form: a moment of before there was a guard, and one of a model folder, where null is no number."""
    older = {"step": 7, "loss": 1.5, "masked": 0.1, "geometry": asdict(LOOK)}
    assert eval_point_of(older) == EvalPoint(7, 1.5, 0.1, LOOK)
    unknown = eval_point_of(older | {"loss": None, "geometry": asdict(LOOK) | {"mrr": None}})
    assert math.isnan(unknown.loss) and unknown.geometry is not None and math.isnan(unknown.geometry.mrr)


def test_when_it_collapsed() -> None:
    well = EvalPoint(1000, 1.0, 0.0, LOOK)
    fell = [EvalPoint(step, 1.0, 0.0, LOOK, collapse=FELL) for step in (1000, 2000, 3000)]
    assert Outcome((well, *fell), well, "done", ()).when_collapsed == "at steps 1,000, 2,000 and 3,000"
    assert Outcome((well, *fell[:1]), well, "done", ()).when_collapsed == "at step 1,000"
    assert Outcome((well, *fell), well, "done", ()).collapses == (FELL, FELL, FELL)
