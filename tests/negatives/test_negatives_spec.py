"""Names to negatives, the errors a user meets, and the contract of those that other packages register."""

from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from likewise import registry
from likewise.errors import InputError
from likewise.negatives.spec import NEGATIVES, NegativesSpec, negatives_names, negatives_spec


def test_names_become_negatives():
    assert negatives_spec(None) == negatives_spec("batch") == NegativesSpec()
    assert negatives_spec("queue, hard:2 , guide") == NegativesSpec(queue=4096, hard=2, guide=1.0)
    assert negatives_spec("queue:99,hard-own") == NegativesSpec(queue=99, hard=1, own=True)


def test_which_negatives_need_a_guide():
    specs = ("hard", "guide", "hard-own", "queue")
    assert [negatives_spec(spec).guided for spec in specs] == [True, True, False, False]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("quue", "there is no kind of negatives 'quue': did you mean queue"),
        ("zzz", "The kinds of negatives are batch, queue, hard, hard-own, guide"),
        ("queue:0", "negatives queue:0: expected a whole number from 1"),
        ("queue:1.5", "expected a whole number from 1"),
        ("queue:inf", "expected a whole number from 1"),
        ("hard:65", "negatives hard:65: expected a whole number from 1 to 64"),
        ("guide:x", r"negatives guide:x: expected a number from 0\.1 to 10"),
        ("guide:", "negatives guide:: expected a number"),
        ("batch:3", "there is no kind of negatives 'batch'"),
        ("hard,hard-own", "give one of them"),
    ],
)
def test_what_is_no_kind_of_negatives_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        negatives_spec(spec)


def test_another_package_can_register_negatives(monkeypatch):
    def entries(*, group, name=None):
        assert group == "likewise.negatives"
        registered = [EntryPoint("short-queue", "test_negatives_spec:add_short_queue", group)]
        return [entry for entry in registered if name in (None, entry.name)]

    monkeypatch.setattr(registry, "entry_points", entries)
    assert negatives_names() == ["batch", *NEGATIVES, "short-queue"]
    assert negatives_spec("guide,short-queue:8") == NegativesSpec(queue=8, guide=1.0)


def add_short_queue(spec, number):
    return replace(spec, queue=int(number or 64))
