"""Names to losses. One contract for every registered loss; the errors a user meets."""

import tracemalloc
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
import torch
from losses_oracles import CASES, Case, assert_same

from likewise import registry
from likewise.errors import InputError
from likewise.losses import info_nce as logits
from likewise.losses import loss as table
from likewise.losses.info_nce import info_nce
from likewise.losses.loss import Loss, LossResult, loss_names, make_loss

SPECS = [*table.LOSSES, "debiased:0.1", "matryoshka:2:3:6"]
SOME = ("more candidates", "masked, repeated positives", "nothing allowed", "queue, masked, any positive")
HELD = "debiased:0.1:0.5"  # its weights are constants, so no finite difference is its derivative


@pytest.fixture(params=SOME)
def case(request: pytest.FixtureRequest) -> Case:
    """Some of the cases; the tests of each loss go through all."""
    return Case(**CASES[request.param])


def slope(case: Case, loss: Loss, array: np.ndarray, arguments: dict[str, Any]) -> np.ndarray:
    """The derivative by an array of the case, by finite differences."""
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        kept, values = array[place], []
        for step in (1e-6, -1e-6):
            array[place] = kept + step
            values.append(loss(case.anchors, case.candidates, **arguments).value)
        array[place] = kept
        found[place] = (values[0] - values[1]) / 2e-6
    return found


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("spec", SPECS)
def test_the_derivatives_are_those_of_the_value(case: Case, spec: str, symmetric: bool) -> None:
    """Two ways that must agree, in float64: the derivatives given, and finite differences (1e-7 at steps of 1e-6)."""
    loss, arguments = make_loss(spec), {**case.arguments, "symmetric": symmetric}
    found = loss(case.anchors, case.candidates, temperature=0.8, **arguments)
    assert found.anchors.shape == case.anchors.shape
    assert found.candidates.shape == case.candidates.shape
    assert isinstance(found.value, float)
    assert isinstance(found.temperature, float)
    arguments["temperature"] = 0.8
    np.testing.assert_allclose(found.anchors, slope(case, loss, case.anchors, arguments), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found.candidates, slope(case, loss, case.candidates, arguments), rtol=1e-6, atol=1e-7)
    warm, cold = (
        loss(case.anchors, case.candidates, **{**arguments, "temperature": 0.8 + step}).value for step in (1e-6, -1e-6)
    )
    np.testing.assert_allclose(found.temperature, (warm - cold) / 2e-6, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
def test_order_does_not_matter(case: Case, spec: str) -> None:
    """A law: permuting anchors, candidates and the queue permutes the derivatives."""
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(len(case.anchors)), rng.permutation(len(case.candidates))
    more = 0 if case.queue is None else len(case.queue[0])
    first, second = rng.permutation(more), rng.permutation(more)
    mask = case.mask
    if mask is not None:
        order = np.r_[rows, len(rows) + first], np.r_[columns, len(columns) + second]
        mask = mask[order[0]][:, order[1]]
    plain = make_loss(spec)(case.anchors, case.candidates, temperature=0.7, **case.arguments)
    permuted = make_loss(spec)(
        case.anchors[rows], case.candidates[columns], positive=np.argsort(columns)[case.index[rows]], allowed=mask,
        temperature=0.7, queue=None if case.queue is None else (case.queue[0][first], case.queue[1][second]),
    )  # fmt: skip
    wanted = LossResult(plain.value, plain.anchors[rows], plain.candidates[columns], plain.temperature)
    assert_same(permuted, wanted, 1e-9, 1e-11)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
def test_torch_is_numpy(case: Case, spec: str) -> None:
    """Two ways that must agree: the same lines over torch tensors, in float64 to 1e-11."""
    found = make_loss(spec)(
        torch.tensor(case.anchors), torch.tensor(case.candidates), positive=case.positive, temperature=0.3,
        allowed=None if case.mask is None else torch.tensor(case.mask),
        queue=None if case.queue is None else tuple(torch.tensor(side) for side in case.queue),
    )  # fmt: skip
    assert isinstance(found.anchors, torch.Tensor)
    assert isinstance(found.candidates, torch.Tensor)
    assert_same(found, make_loss(spec)(case.anchors, case.candidates, temperature=0.3, **case.arguments), 1e-11, 1e-11)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
@pytest.mark.parametrize(("tile", "kept"), [(1, 0), (23, 1 << 23)])
def test_tiles_change_nothing(case: Case, spec: str, tile: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways that must agree: one tile, and many, kept from the first pass or made again; an array and a function."""
    whole = make_loss(spec)(case.anchors, case.candidates, temperature=0.7, **case.arguments)
    monkeypatch.setattr(logits, "TILE_LOGITS", tile)
    monkeypatch.setattr(logits, "KEPT_LOGITS", kept)
    mask = case.mask
    before = None if mask is None else mask.copy()
    arguments = {**case.arguments, "allowed": None if mask is None else lambda rows: mask[rows]}
    found = make_loss(spec)(case.anchors, case.candidates, temperature=0.7, **arguments)
    assert_same(found, whole, 1e-11, 1e-11)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
def test_a_masked_candidate_is_as_if_it_were_not_there(spec: str) -> None:
    """A law: candidates and a queue that may not be seen change nothing and get no gradient."""
    case = Case(6, 9, queue=3)
    mask = np.ones((9, 12), np.bool_)
    mask[:, 6:] = False
    mask[6:] = False
    masked = make_loss(spec)(case.anchors, case.candidates, allowed=mask, queue=case.queue, temperature=0.7)
    without = make_loss(spec)(case.anchors, case.candidates[:6], temperature=0.7)
    assert (masked.candidates[6:] == 0).all()
    padded = np.concatenate([without.candidates, np.zeros((3, 6))])
    assert_same(masked, LossResult(without.value, without.anchors, padded, without.temperature), 1e-12, 1e-13)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
def test_positives_are_never_masked(case: Case, spec: str) -> None:
    """A law: whether the mask allows the positives makes no difference."""
    if case.mask is None:
        return
    found = []
    for said in (True, False):
        mask = case.mask.copy()
        mask[np.arange(len(case.index)), case.index] = said
        arguments = {**case.arguments, "allowed": mask}
        found.append(make_loss(spec)(case.anchors, case.candidates, temperature=0.7, **arguments))
    assert_same(*found, 0, 0)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
def test_rows_of_the_queue_may_end_after_the_positives(spec: str) -> None:
    """A law: what is said of the queue's anchors and the queue's candidates is not looked at."""
    case = Case(5, 8, mask=0.6, queue=4)

    def allowed(rows: slice) -> np.ndarray:
        return case.mask[rows] if rows.start < 5 else case.mask[rows][:, :5]

    whole = make_loss(spec)(case.anchors, case.candidates, temperature=0.7, **case.arguments)
    found = make_loss(spec)(case.anchors, case.candidates, allowed=allowed, queue=case.queue, temperature=0.7)
    assert_same(found, whole, 0, 0)


@pytest.mark.parametrize("spec", [*SPECS, HELD])
@pytest.mark.parametrize("temperature", [0.2, 0.05, 0.01])
def test_float32_is_right_at_any_temperature(spec: str, temperature: float) -> None:
    """Two ways that must agree: float32, in float64 where it is too cold, and float64; measured 2e-6 of the largest."""
    case = Case(40, 60, queue=30, dim=32).unit()
    wanted = make_loss(spec)(case.anchors, case.candidates, queue=case.queue, temperature=temperature)
    single = [side.astype(np.float32) for side in (case.anchors, case.candidates, *case.queue)]
    found = make_loss(spec)(*single[:2], queue=(single[2], single[3]), temperature=temperature)
    assert found.anchors.dtype == found.candidates.dtype == np.float32
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-5)
    np.testing.assert_allclose(found.temperature, wanted.temperature, rtol=1e-4)
    for name in ("anchors", "candidates"):
        by = getattr(wanted, name)
        np.testing.assert_allclose(getattr(found, name), by, rtol=0, atol=1e-5 * abs(by).max())


@pytest.mark.parametrize("spec", [*SPECS, HELD])
def test_it_learns(spec: str) -> None:
    """It learns, with three seeds: noisy copies of 64 points find each other after 60 steps."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((64, 6))
        texts = [points + 0.5 * rng.standard_normal((64, 6)) for _ in range(2)]
        texts = [np.concatenate([side, 3 * rng.standard_normal((64, 6))], axis=1) for side in texts]
        turn = rng.standard_normal((12, 6)) / 4
        before, hits = None, 0.0
        for _ in range(60):
            sides = [text @ turn for text in texts]
            norms = [np.linalg.norm(side, axis=1, keepdims=True) for side in sides]
            sides = [side / norm for side, norm in zip(sides, norms, strict=True)]
            hits = float(np.mean(np.argmax(sides[0] @ sides[1].T, axis=1) == np.arange(64)))
            before = hits if before is None else before
            found = make_loss(spec)(*sides, temperature=0.2)
            for text, side, norm, by in zip(texts, sides, norms, (found.anchors, found.candidates), strict=True):
                turn = turn - 3.0 * text.T @ ((by - np.sum(by * side, axis=1, keepdims=True) * side) / norm)
        assert hits > before + 0.2, (seed, before, hits)


@pytest.mark.parametrize("spec", SPECS[:5])
def test_memory_does_not_grow_with_the_square_of_the_batch(spec: str) -> None:
    """A law: the logits of 6,000 pairs and a queue as long would take 412 MiB; a few tiles take a few of 2 MiB."""
    rng = np.random.default_rng(0)
    sides = [rng.standard_normal((6000, 4)).astype(np.float32) / 4 for _ in range(4)]
    tracemalloc.start()
    try:
        make_loss(spec)(sides[0], sides[1], queue=(sides[2], sides[3]), temperature=0.5)
        assert tracemalloc.get_traced_memory()[1] < 30 << 20
    finally:
        tracemalloc.stop()


def test_info_nce_is_the_default() -> None:
    assert make_loss() is make_loss("info-nce") is info_nce


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("debaised", "there is no loss 'debaised': did you mean debiased"),
        ("infonce", "did you mean info-nce"),
        ("zzz", "there is no loss 'zzz': The losses are info-nce, decoupled"),
        ("", "there is no loss ''"),
        ("debiased:much", "'much' is no number, as in debiased:0.02"),
        ("debiased:nan", "'nan' is no number"),
        ("debiased:", "'' is no number"),
        ("debiased:1", "prior 1.0 is no share"),
        ("debiased:0.1:-1", "hardness -1.0 is out of range"),
        ("debiased:0.1:1:2", "the loss debiased takes other numbers"),
        ("info-nce:3", "the loss info-nce takes other numbers"),
        ("matryoshka:4:2", "give whole numbers from 1, rising"),
        ("matryoshka:2.5", "give whole numbers"),
        ("matryoshka:0", "give whole numbers from 1"),
    ],
)
def test_what_cannot_be_used_is_told(spec: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        make_loss(spec)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"queue": (np.ones((2, 3)), np.ones((2, 4)))}, r"a queue of \(2, 3\) and \(2, 4\): expected"),
        ({"queue": (np.ones(6), np.ones((2, 6)))}, "a queue of"),
        ({"allowed": np.ones((4, 3), np.bool_)}, r"allowed gives \(4, 3\) booleans for rows 0 to 4, expected \(4, 5\)"),
        ({"allowed": lambda rows: np.ones((1, 5), np.bool_)}, r"allowed gives \(1, 5\) booleans"),
        ({"temperature": 0.0}, "temperature 0.0 is not positive"),
        ({"temperature": 1e-4}, "temperature 0.0001"),
        ({"positive": np.array([0, 1, 2, 5])}, "expected one index of a candidate"),
    ],
)
def test_what_does_not_fit_is_refused(spec: str, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        make_loss(spec)(**{"anchors": np.ones((4, 6)), "candidates": np.ones((5, 6)), **arguments})


def test_a_mask_without_the_queue_is_refused() -> None:
    with pytest.raises(InputError, match=r"allowed gives \(4, 4\) booleans for rows 0 to 4, expected \(4, 6\)"):
        info_nce(np.eye(4), np.eye(4), allowed=np.ones((4, 4), np.bool_), queue=(np.eye(4)[:2], np.eye(4)[:2]))


def test_another_package_can_register_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    def entries(*, group: str, name: str | None = None) -> list[EntryPoint]:
        assert group == "likewise.losses"
        registered = [EntryPoint("scaled", "test_losses_table:build_scaled", group)]
        return [entry for entry in registered if name in (None, entry.name)]

    monkeypatch.setattr(registry, "entry_points", entries)
    assert loss_names() == [*table.LOSSES, "scaled"]
    found = make_loss("scaled:3")(np.eye(4), np.eye(4))
    assert found.value == 3 * info_nce(np.eye(4), np.eye(4)).value


def build_scaled(scale: float) -> Loss:
    def loss(anchors: Any, candidates: Any, **arguments: Any) -> LossResult:
        plain = info_nce(anchors, candidates, **arguments)
        return LossResult(scale * plain.value, plain.anchors, plain.candidates, plain.temperature)

    return loss
