"""The events of a run, for programs that show progress."""

import json
import math

import likewise
from likewise.geometry.measure import Geometry
from likewise.training.history import EvalPoint
from likewise.training.progress import Event, Messages

GEOMETRY = Geometry(0.2, 0.1, 0.3, 1.0, -2.0, 14.0, 0.0, 16, 100)


def test_a_run_in_events(python_docs: list[str]) -> None:
    """Two paths: the evaluations among the events are those of the model card, and every step is one event."""
    events: list[Event] = []
    model = likewise.train(python_docs[:300], epochs=2, dim=32, progress=False, watch=events.append)
    messages = [event.text for event in events if event.kind == "message"]
    assert messages[0] == "reading" and any("score without labels" in text for text in messages)
    steps = [event for event in events if event.kind == "step"]
    total = steps[0].total
    assert {event.done for event in steps} == {*range((total or 0) + 1)}
    found = [event.point.geometry for event in events if event.kind == "evaluation" and event.point]
    assert [each.mrr for each in found if each] == [point["geometry"]["mrr"] for point in model.card.history]
    assert [event.text for event in events if event.kind == "warning"] == list(model.card.warnings)
    json.dumps([event.plain() for event in events], allow_nan=False)


def test_an_event_as_json_values() -> None:
    """A closed form: what an event lacks is left out, and so is what JSON cannot hold."""
    assert Event("message", "reading").plain() == {"kind": "message", "text": "reading"}
    assert Event("count", "rewriting", 0, 5).plain() == {"kind": "count", "text": "rewriting", "done": 0, "total": 5}
    plain = Event("evaluation", "MRR 0.2", 7, 9, EvalPoint(7, math.nan, 0.1, GEOMETRY, 50.0)).plain()
    assert "loss" not in plain and plain["texts_per_second"] == 50.0
    assert plain["mrr"] == 0.2 and plain["effective_rank"] == 14.0
    json.dumps(plain, allow_nan=False)


def test_counters_and_bars_are_events() -> None:
    events: list[Event] = []
    with Messages(shown=None, watch=events.append) as messages:
        messages.counter("encoding", 3)(2)
        messages.progress_bar("synonyms")(4, 4)
    assert [(event.kind, event.text, event.done, event.total) for event in events] == [
        ("count", "encoding", 2, 3),
        ("count", "synonyms", 4, 4),
        ("message", "synonyms: 4 texts rewritten", None, None),
    ]
