"""What the tests of the losses share: cases with masks and queues, and each loss as its paper has it, by autograd.

The oracle forms the whole of the logits in float64, goes through each positive pair one by one, and lets torch
differentiate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from likewise.losses.loss import LossResult

CASES = {
    "square": {"batch": 7, "keys": 7},
    "more candidates": {"batch": 5, "keys": 11},
    "any positive": {"batch": 6, "keys": 9, "positive": "any"},
    "repeated positives": {"batch": 9, "keys": 4, "positive": "repeated"},
    "one pair": {"batch": 1, "keys": 1},
    "masked": {"batch": 8, "keys": 8, "mask": 0.5},
    "masked, repeated positives": {"batch": 9, "keys": 5, "positive": "repeated", "mask": 0.4},
    "nothing allowed": {"batch": 5, "keys": 6, "mask": 0.0},
    "queue": {"batch": 6, "keys": 6, "queue": 5},
    "queue, masked, any positive": {"batch": 6, "keys": 9, "positive": "any", "mask": 0.6, "queue": 4},
    "queue, masked, repeated": {"batch": 7, "keys": 5, "positive": "repeated", "mask": 0.5, "queue": 8},
    "queue, nothing allowed": {"batch": 4, "keys": 4, "mask": 0.0, "queue": 3},
    "empty queue": {"batch": 4, "keys": 4, "queue": 0},
}


class Case:
    """Random vectors of any length, the positives, the mask and the queue of a case."""

    def __init__(
        self,
        batch: int,
        keys: int,
        positive: str = "own",
        mask: float | None = None,
        queue: int | None = None,
        seed: int = 0,
        dim: int = 6,
    ) -> None:
        rng = np.random.default_rng([seed, batch, keys])
        self.anchors, self.candidates = rng.standard_normal((batch, dim)), rng.standard_normal((keys, dim))
        self.positive = {
            "own": lambda: None,
            "any": lambda: rng.permutation(keys)[:batch],
            "repeated": lambda: rng.integers(0, keys, batch),
        }[positive]()
        self.index = np.arange(batch) if self.positive is None else self.positive
        more = queue or 0
        self.mask = None if mask is None else rng.random((batch + more, keys + more)) < mask
        self.queue = None if queue is None else (rng.standard_normal((more, dim)), rng.standard_normal((more, dim)))

    def unit(self) -> "Case":
        """The same with unit rows."""
        sides = [self.anchors, self.candidates, *(self.queue or ())]
        for side in sides:
            np.divide(side, np.linalg.norm(side, axis=1, keepdims=True), out=side)
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """What a loss is called with beside the vectors."""
        return {"positive": self.positive, "allowed": self.mask, "queue": self.queue}


@dataclass(frozen=True)
class Dense:
    """The whole of the logits, by torch.

    Attributes:
        logits: (batch + queue, keys + queue).
        mask: of the same shape; a positive always counts, and what the queue holds never sees itself.
        index: the positive of each anchor.
        temperature: a number that gradients flow to.
    """

    logits: torch.Tensor
    mask: torch.Tensor
    index: np.ndarray
    temperature: torch.Tensor


Term = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""The loss of a pair from its logit, those of the allowed negatives, and the temperature."""


def by_autograd(
    case: Case, value: Callable[[Any, Any, Case, torch.Tensor, bool], torch.Tensor], temperature: float, symmetric: bool
) -> LossResult:
    """A value of vectors, and its derivatives by torch in float64."""
    anchors, candidates = (torch.tensor(side, requires_grad=True) for side in (case.anchors, case.candidates))
    cold = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    found = value(anchors, candidates, case, cold, symmetric)
    if found.requires_grad:
        found.backward()
    zero = torch.zeros(())
    slopes = [zero.expand(of.shape) if of.grad is None else of.grad for of in (anchors, candidates, cold)]
    return LossResult(found.item(), slopes[0].numpy(), slopes[1].numpy(), slopes[2].item())


def dense(anchors: Any, candidates: Any, case: Case, temperature: torch.Tensor) -> Dense:
    """All logits at once."""
    rows, columns = anchors, candidates
    if case.queue is not None:
        rows = torch.cat([anchors, torch.tensor(case.queue[0])])
        columns = torch.cat([candidates, torch.tensor(case.queue[1])])
    mask = torch.ones(len(rows), len(columns), dtype=torch.bool) if case.mask is None else torch.tensor(case.mask)
    mask = mask.clone()
    mask[torch.arange(len(anchors)), torch.tensor(case.index)] = True
    mask[len(anchors) :, len(candidates) :] = False
    return Dense(rows @ columns.T / temperature, mask, case.index, temperature)


def of_pairs(term: Term, *, shared_positives: bool = False) -> Callable[..., torch.Tensor]:
    """The mean of a term over all pairs, one by one, in one direction or both.

    Args:
        term: the loss of a pair.
        shared_positives: whether other anchors of the same positive count among its negatives.
    """

    def value(anchors: Any, candidates: Any, case: Case, temperature: torch.Tensor, symmetric: bool) -> torch.Tensor:
        whole = dense(anchors, candidates, case, temperature)
        terms = []
        for i, p in enumerate(whole.index):
            others = [j for j in range(whole.logits.shape[1]) if j != p and whole.mask[i, j]]
            terms.append(term(whole.logits[i, p], whole.logits[i, others], temperature))
            if symmetric:
                same = [] if shared_positives else [k for k, q in enumerate(whole.index) if q == p]
                rows = [k for k in range(len(whole.logits)) if k != i and k not in same and whole.mask[k, p]]
                terms.append(term(whole.logits[i, p], whole.logits[rows, p], temperature))
        return torch.stack(terms).mean()

    return value


def info_nce_term(own: torch.Tensor, others: torch.Tensor, _temperature: torch.Tensor) -> torch.Tensor:
    """The negative logarithm of the positive's share."""
    return -torch.log(own.exp() / (own.exp() + others.exp().sum()))


def decoupled_term(own: torch.Tensor, others: torch.Tensor, _temperature: torch.Tensor) -> torch.Tensor:
    """The same without the positive below the line; nothing where there is nothing below it."""
    return torch.log(others.exp().sum()) - own if len(others) else 0 * own


def debiased_term(prior: float, hardness: float) -> Term:
    """Chuang's estimate over negatives that weigh as Robinson has it, the weights held."""

    def term(own: torch.Tensor, others: torch.Tensor, temperature: torch.Tensor) -> torch.Tensor:
        if not len(others):
            return 0 * own
        weights = torch.softmax(hardness * others.detach(), 0)
        mean = ((weights * others.exp()).sum() - prior * own.exp()) / (1 - prior)
        floor = torch.exp(-1 / temperature)
        estimate = mean if mean > floor else floor
        return -torch.log(own.exp() / (own.exp() + len(others) * estimate))

    return term


def nested_value(dims: list[int], weights: list[float]) -> Callable[..., torch.Tensor]:
    """InfoNCE of each number of dimensions, normalised, in a loop."""
    one = of_pairs(info_nce_term, shared_positives=True)

    def value(anchors: Any, candidates: Any, case: Case, temperature: torch.Tensor, symmetric: bool) -> torch.Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for dim, weight in zip(dims, weights, strict=True):
            sides = [torch.nn.functional.normalize(side[:, :dim]) for side in (anchors, candidates)]
            cut = Case.__new__(Case)
            cut.mask, cut.index, cut.queue = case.mask, case.index, None
            if case.queue is not None:
                first, second = (torch.nn.functional.normalize(torch.tensor(side)[:, :dim]) for side in case.queue)
                cut.queue = first.numpy(), second.numpy()
            total = total + weight * one(*sides, cut, temperature, symmetric)
        return total / sum(weights)

    return value


def soft_value(target: np.ndarray) -> Callable[..., torch.Tensor]:
    """The formula with shares, over all logits at once."""

    def value(anchors: Any, candidates: Any, case: Case, temperature: torch.Tensor, symmetric: bool) -> torch.Tensor:
        rows, columns = anchors, candidates
        if case.queue is not None:
            rows = torch.cat([anchors, torch.tensor(case.queue[0])])
            columns = torch.cat([candidates, torch.tensor(case.queue[1])])
        batch, keys = target.shape
        logits = rows @ columns.T / temperature
        mask = torch.ones(logits.shape, dtype=torch.bool) if case.mask is None else torch.tensor(case.mask).clone()
        mask[:batch, :keys] |= torch.tensor(target > 0)
        allowed = logits.masked_fill(~mask, -torch.inf)
        own = logits[:batch, :keys]
        total = torch.zeros((), dtype=torch.float64)
        by_row, by_column = torch.logsumexp(allowed[:batch], 1), torch.logsumexp(allowed[:, :keys], 0)
        for i in range(batch):
            for j in range(keys):
                if target[i, j] > 0:
                    total = total + target[i, j] * (by_row[i] - own[i, j])
                    total = total + (target[i, j] * (by_column[j] - own[i, j]) if symmetric else 0)
        return total / (batch * (2 if symmetric else 1))

    return value


def assert_same(found: LossResult, wanted: LossResult, rtol: float = 1e-9, atol: float = 1e-9) -> None:
    """Value and derivatives agree."""
    np.testing.assert_allclose(found.value, wanted.value, rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.asarray(found.anchors), np.asarray(wanted.anchors), rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.asarray(found.candidates), np.asarray(wanted.candidates), rtol=rtol, atol=atol)
    np.testing.assert_allclose(found.temperature, wanted.temperature, rtol=rtol, atol=atol)
