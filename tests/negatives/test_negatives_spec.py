import pytest

from likewise.errors import InputError
from likewise.negatives.spec import NegativesSpec, negatives_spec


def test_names_become_negatives():
    assert negatives_spec(None) == negatives_spec("batch") == NegativesSpec()
    assert negatives_spec("queue, hard:2 , guide") == NegativesSpec(queue=4096, hard=2, guide=1.0)
    assert negatives_spec("queue:99,momentum:0.5,hard-own") == NegativesSpec(queue=99, momentum=0.5, hard=1, own=True)
    assert negatives_spec("clusters:0.3").clusters == 0.3


def test_what_needs_a_guide_is_known():
    assert [negatives_spec(spec).guided for spec in ("hard", "guide", "clusters", "hard-own", "queue,momentum")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("quue", "there are no negatives 'quue': did you mean queue"),
        ("zzz", "They are batch, queue, momentum, hard, hard-own, guide, clusters"),
        ("queue:0", "negatives queue:0: expected a whole number from 1"),
        ("queue:1.5", "expected a whole number from 1"),
        ("momentum:2", "negatives momentum:2: expected a number from 0 to 1"),
        ("guide:x", "negatives guide:x: expected a number from 0 to 10"),
        ("batch:3", "there are no negatives 'batch'"),
        ("hard,hard-own", "give one of them"),
    ],
)
def test_what_is_no_negative_is_told(spec, message):
    with pytest.raises(InputError, match=message):
        negatives_spec(spec)
