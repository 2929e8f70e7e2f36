"""What the tests of the losses share: cases with masks and queues, and the formulas of the papers by autograd."""

import math
from typing import Any

import numpy as np
import torch

from likewise.losses.info_nce import LossResult

CASES: dict[str, dict[str, Any]] = {
    "square": {"batch": 7, "keys": 7},
    "more candidates": {"batch": 5, "keys": 12},
    "one anchor": {"batch": 1, "keys": 5},
    "one pair": {"batch": 1, "keys": 1},
    "masked": {"batch": 8, "keys": 8, "mask": 0.5},
    "masked, more candidates": {"batch": 7, "keys": 10, "mask": 0.3},
    "nothing allowed": {"batch": 5, "keys": 6, "mask": 0.0},
    "queue": {"batch": 6, "keys": 6, "queue": 5},
    "queue, masked, more candidates": {"batch": 6, "keys": 9, "mask": 0.6, "queue": 4},
    "queue, nothing allowed": {"batch": 4, "keys": 4, "mask": 0.0, "queue": 3},
    "empty queue": {"batch": 4, "keys": 4, "queue": 0},
}


class Case:
    """Random vectors of any length, the mask and the queue of a case."""

    def __init__(
        self, batch: int, keys: int, mask: float | None = None, queue: int | None = None, seed: int = 0, dim: int = 6
    ) -> None:
        rng = np.random.default_rng([seed, batch, keys])
        self.anchors, self.candidates = rng.standard_normal((batch, dim)), rng.standard_normal((keys, dim))
        more = queue or 0
        self.mask = None if mask is None else rng.random((batch + more, keys + more)) < mask
        self.queue = None if queue is None else (rng.standard_normal((more, dim)), rng.standard_normal((more, dim)))

    def unit(self) -> "Case":
        """The same with unit rows."""
        for side in (self.anchors, self.candidates, *(self.queue or ())):
            np.divide(side, np.linalg.norm(side, axis=1, keepdims=True), out=side)
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """The mask and the queue, as arguments of a loss."""
        return {"allowed": self.mask, "queue": self.queue}


def info_nce_by_autograd(case: Case, temperature: float, *, symmetric: bool) -> LossResult:
    """The formula over all logits at once, differentiated by torch in float64."""
    anchors, candidates = (torch.tensor(side, requires_grad=True) for side in (case.anchors, case.candidates))
    tau = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    batch, keys = len(anchors), len(candidates)
    queue = case.queue or (case.anchors[:0], case.candidates[:0])
    rows = torch.cat([anchors, torch.tensor(queue[0])])
    columns = torch.cat([candidates, torch.tensor(queue[1])])
    mask = torch.ones(len(rows), len(columns), dtype=torch.bool) if case.mask is None else torch.tensor(case.mask)
    mask = mask | torch.eye(len(rows), len(columns), dtype=torch.bool)
    mask[batch:, keys:] = False
    logits = (rows @ columns.T / tau).masked_fill(~mask, -torch.inf)
    positives = torch.diagonal(logits)[:batch]
    value = (torch.logsumexp(logits[:batch], 1) - positives).mean()
    if symmetric:
        value = (value + (torch.logsumexp(logits[:, :batch], 0) - positives).mean()) / 2
    value.backward()
    return LossResult(value.item(), anchors.grad.numpy(), candidates.grad.numpy(), tau.grad.item())


def info_nce_by_a_loop(case: Case, temperature: float, *, symmetric: bool) -> float:
    """The value pair by pair, one exponential at a time."""
    queue = case.queue or (case.anchors[:0], case.candidates[:0])
    rows, columns = np.concatenate([case.anchors, queue[0]]), np.concatenate([case.candidates, queue[1]])
    batch, keys, total = len(case.anchors), len(case.candidates), 0.0

    def e(i: int, j: int) -> float:
        allowed = i == j or case.mask is None or bool(case.mask[i, j])
        return math.exp(sum(rows[i] * columns[j]) / temperature) if allowed and (i < batch or j < keys) else 0.0

    for i in range(batch):
        total -= math.log(e(i, i) / sum(e(i, j) for j in range(len(columns))))
        total -= math.log(e(i, i) / sum(e(k, i) for k in range(len(rows)))) if symmetric else 0.0
    return total / (2 * batch if symmetric else batch)


def assert_same(found: LossResult, wanted: LossResult, rtol: float = 1e-9, atol: float = 1e-9) -> None:
    """Value and gradients agree."""
    np.testing.assert_allclose(found.value, wanted.value, rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.asarray(found.anchors), np.asarray(wanted.anchors), rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.asarray(found.candidates), np.asarray(wanted.candidates), rtol=rtol, atol=atol)
    np.testing.assert_allclose(found.temperature, wanted.temperature, rtol=rtol, atol=atol)
