"""What answers about some pairs say of all: their precision is estimated anew, with an interval.

A corpus knows only so much of what its owner calls the same. The estimate that needs no labels is corrected by a
logistic model of two numbers, P(same) = 1 / (1 + exp(-a - b logit(estimate))), with a normal prior around a = 0 and
b = 1: without answers it is the estimate. The posterior is approximated by a normal distribution (Laplace). It does not
matter which pairs were asked about, only that they were not chosen by their answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from likewise.applications.duplicates.pairs import EXACT, Pairs
from likewise.applications.logistic import fitted
from likewise.arrays import Bool, Float64, Int64

LEAST = 10  # answers below which the estimate stays
SHIFT, STRETCH = 1.0, 0.25  # standard deviation of a and of b before any answer
LOWEST, HIGHEST = 0.02, 0.998  # of an estimate, beyond which its logit means nothing
DRAWS = 400  # of the posterior
TAIL = 0.05  # of them on either side of the interval


@dataclass(frozen=True)
class Answers:
    """The precision of pairs at least so sure, by what the estimate without labels says.

    Attributes:
        count: how many pairs were answered.
        same: of these, which are duplicates.
        estimates: the estimates of all pairs but exact copies, rising, each once.
        precision: of pairs with at least such an estimate.
        low: its 5 % quantile.
        high: its 95 % quantile.
        recall: the share of the duplicates among the pairs compared that have at least such an estimate.
    """

    count: int
    same: int
    estimates: Float64[np.ndarray, " levels"]
    precision: Float64[np.ndarray, " levels"]
    low: Float64[np.ndarray, " levels"]
    high: Float64[np.ndarray, " levels"]
    recall: Float64[np.ndarray, " levels"]

    @classmethod
    def of(cls, pairs: Pairs, answered: Int64[np.ndarray, " some"], same: Bool[np.ndarray, " some"]) -> "Answers":
        """Correct the estimates of pairs.

        Args:
            pairs: all that were compared.
            answered: which of them were answered.
            same: whether these are duplicates.
        """
        estimates, counts = np.unique(pairs.precision[pairs.reason != EXACT], return_counts=True)
        logits = _logits(pairs.precision[answered])
        rows = np.stack([np.ones(len(logits)), logits], 1)
        weights, covariance = fitted(rows, same, np.array([0.0, 1.0]), np.array([SHIFT, STRETCH]))
        draws = np.random.default_rng(0).multivariate_normal(weights, covariance, DRAWS)
        likely = expit(draws[:, :1] + draws[:, 1:] * _logits(estimates))
        above, pairs_above = np.cumsum((likely * counts)[:, ::-1], axis=1)[:, ::-1], np.cumsum(counts[::-1])[::-1]
        shares = np.maximum.accumulate(above / pairs_above, axis=1)
        low, high = np.quantile(shares, (TAIL, 1.0 - TAIL), axis=0)
        recall = (above / above[:, :1]).mean(axis=0)
        return cls(len(answered), int(np.count_nonzero(same)), estimates, shares.mean(axis=0), low, high, recall)

    @classmethod
    def of_decisions(cls, pairs: Pairs, decided: Sequence[tuple[int, int, bool]], texts: int) -> "Answers | None":
        """Correct the estimates by decisions: two rows and whether they are duplicates; None if too few are of pairs.

        Args:
            pairs: all that were compared.
            decided: about any rows.
            texts: how many rows there are.
        """
        if len(decided) < LEAST:
            return None
        wanted = {min(one, other) * texts + max(one, other): same for one, other, same in decided}
        keys = pairs.keys(texts)
        compared = np.flatnonzero(np.isin(keys, list(wanted)) & (pairs.reason != EXACT))
        if len(compared) < LEAST:
            return None
        return cls.of(pairs, compared, np.array([wanted[key] for key in keys[compared].tolist()]))

    def corrected(self, pairs: Pairs) -> Float64[np.ndarray, " pairs"]:
        """The precision of pairs; that of exact copies stays."""
        at = np.clip(np.searchsorted(self.estimates, pairs.precision, side="right") - 1, 0, len(self.estimates) - 1)
        return np.where(pairs.reason == EXACT, pairs.precision, self.precision[at])

    def level(self, precision: float) -> int:
        """The number of the lowest estimate whose pairs have a precision; as many as there are where none has."""
        return int(np.searchsorted(self.precision, precision - 1e-9))


def _logits(estimates: Float64[np.ndarray, " some"]) -> Float64[np.ndarray, " some"]:
    found: np.ndarray = logit(np.clip(estimates, LOWEST, HIGHEST))
    return found
