"""The history of a run as plain values and back."""

import json
import math

from likewise.geometry.measure import Geometry
from likewise.training.collapse_guard import Collapse
from likewise.training.history import EvalPoint, Outcome, finite

GEOMETRY = Geometry(0.2, 0.1, 0.3, 1.0, -2.0, 14.0, 0.0, 16, 100)
COLLAPSE = Collapse("the score fell", 5, 0.05)


def test_there_and_back() -> None:
    """Two paths: through JSON, with and without a collapse; NaN becomes null and NaN again."""
    for point in (EvalPoint(7, 1.5, 0.1, GEOMETRY), EvalPoint(7, 1.5, 0.1, GEOMETRY, collapse=COLLAPSE)):
        assert EvalPoint.of(json.loads(json.dumps(point.plain(), allow_nan=False))) == point
    unmeasured = EvalPoint(7, math.nan, 0.1, Geometry(math.nan, 0.1, 0.3, 1.0, -2.0, 14.0, 0.0, 16, 100))
    again = EvalPoint.of(json.loads(json.dumps(unmeasured.plain(), allow_nan=False)))
    assert math.isnan(again.loss) and again.geometry is not None and math.isnan(again.geometry.mrr)
    assert finite({"a": math.inf, "b": 1, "c": 0.5}) == {"a": None, "b": 1, "c": 0.5}


def test_when_it_collapsed() -> None:
    """A closed form: the steps in words."""
    well = EvalPoint(1000, 1.0, 0.0, GEOMETRY)
    fell = [EvalPoint(step, 1.0, 0.0, GEOMETRY, collapse=COLLAPSE) for step in (1000, 2000, 3000)]
    assert Outcome((well, *fell), well, "done", ()).collapsed_at == "at steps 1,000, 2,000 and 3,000"
    assert Outcome((well, *fell[:1]), well, "done", ()).collapsed_at == "at step 1,000"
    assert Outcome((well, *fell), well, "done", ()).collapses == (COLLAPSE, COLLAPSE, COLLAPSE)
