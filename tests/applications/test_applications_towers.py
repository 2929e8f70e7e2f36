"""The towers: a slow loop, derivatives by autograd, and laws of pooling."""

import numpy as np
import torch

from likewise.applications.recommend.interactions import KNOTS, LONGEST, Histories, pooling
from likewise.applications.recommend.towers import Towers, power_of_age

RNG = np.random.default_rng(0)
HISTORIES = Histories.of([np.array(each, np.int32) for each in ([0, 3, 2, 5, 1], [4], [], [5, 0, 1, 2])])
TEXTS = RNG.standard_normal((6, 3)).astype(np.float32)


def towers() -> Towers:
    rng = np.random.default_rng(1)
    recency = (power_of_age(0.5) + rng.normal(0, 0.1, KNOTS)).astype(np.float32)
    sides = rng.standard_normal((3, 4)).astype(np.float32), rng.standard_normal((6, 4)).astype(np.float32)
    return Towers(*sides, recency, 0.7)


def test_pooling_equals_a_slow_loop():
    """The formula, one item at a time; and a power of the age is one, wherever the knots are."""
    made = towers()
    made.recency = power_of_age(0.5)
    items = made.items(TEXTS)
    users = made.users(pooling(HISTORIES, np.arange(4)), items)
    for user in range(4):
        history = HISTORIES[user]
        weights = [(len(history) - at) ** -0.5 for at in range(len(history))]
        # Between knots the logarithm is linear in that of age + 1, so a power is exact.
        wanted = sum((w * items[i] for w, i in zip(weights, history, strict=True)), np.zeros(4))
        np.testing.assert_allclose(users[user], wanted / np.sqrt(sum(weights) or 1), rtol=1e-5, atol=1e-6)
    assert not users[2].any()


def test_ends_cut_a_history_and_long_ones_keep_their_latest_items():
    """Laws."""
    cut = pooling(HISTORIES, np.array([0, 3]), np.array([2, 3]))
    assert cut.items.tolist() == [0, 3, 5, 0, 1] and cut.offsets.tolist() == [0, 2, 5]
    assert cut.rows.tolist() == [0, 0, 1, 1, 1]
    long = Histories.of([np.arange(LONGEST + 9, dtype=np.int32)])
    assert pooling(long, np.array([0])).items.tolist() == list(range(9, LONGEST + 9))
    assert np.isfinite(pooling(long, np.array([0])).weights(power_of_age(1.0))).all()
    assert len(Histories.of([])) == 0
    assert HISTORIES.matrix(6).toarray().sum(axis=1).tolist() == [5, 1, 0, 4]


def test_derivatives_equal_those_of_autograd():
    """Two ways that must meet, in float32 to its rounding."""
    made, pooled = towers(), pooling(HISTORIES, np.arange(4))
    kept = np.array([1, 0, 1, 1, 1, 0], np.float32)
    by_users, by_items = RNG.standard_normal((4, 4)).astype(np.float32), RNG.standard_normal((6, 4)).astype(np.float32)
    found = made.slopes(pooled, TEXTS, made.items(TEXTS, kept), by_users, by_items, kept)

    texts_map, residual, recency = (
        torch.tensor(part, requires_grad=True) for part in (made.texts_map, made.residual, made.recency)
    )
    items = torch.tensor(TEXTS) @ texts_map + residual * torch.tensor(kept)[:, None]
    knot, beyond = torch.tensor(pooled.knot), torch.tensor(pooled.beyond)
    weights = ((1 - beyond) * recency[knot] + beyond * recency[knot + 1]).exp()
    total = (items * torch.tensor(by_items)).sum()
    for user in range(4):
        mine = torch.tensor(pooled.rows == user)
        if mine.any():
            vector = (weights[mine, None] * items[torch.tensor(pooled.items)[mine]]).sum(0) / weights[mine].sum().sqrt()
            total = total + (vector * torch.tensor(by_users[user])).sum()
    total.backward()
    for ours, theirs in zip(
        (found.texts_map, found.residual, found.recency), (texts_map, residual, recency), strict=True
    ):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-4, atol=1e-5)
