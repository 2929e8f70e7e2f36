"""Labels with an order, such as stars or low, medium and high: the median is predicted, distances are measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Float64, Int64
from likewise.corpus.values import label_text, number
from likewise.errors import InputError

Order = bool | Sequence[Any]
"""True for numbers in their order, a list of labels from the lowest to the highest, or False."""


@dataclass(frozen=True)
class OrdinalMetrics:
    """How far predictions are from the labels.

    Attributes:
        mean_absolute_error: mean distance, of numbers their difference, of a list of labels the places between them.
        baseline_error: that of always predicting the median of the labels.
        weighted_kappa: agreement beyond chance with quadratic weights (Cohen 1968): 1 if all is right, 0 for a
            constant.
    """

    mean_absolute_error: float
    baseline_error: float
    weighted_kappa: float


def level_values(labels: Iterable[Any], order: Order) -> Float64[np.ndarray, " labels"]:
    """Return the place of each label: its number, or its place in a list.

    Raises:
        InputError: a label is no number, or not in the list, or the list is not of two or more distinct labels.
    """
    if isinstance(order, str):
        raise InputError(
            f"ordered is the string {order!r}: expected True, or a list from the lowest to the highest label"
        )
    if isinstance(order, bool):
        return np.array([_number(label) for label in labels], np.float64)
    places = {label_text(label): place for place, label in enumerate(order)}
    if len(places) < 2 or len(places) < len(order):
        listed = ", ".join(map(str, order))
        raise InputError(
            f"the order {listed or 'is empty:'} has not two or more labels, each once: name all, lowest first"
        )
    found = []
    for label in labels:
        if label_text(label) not in places:
            raise InputError(
                f"the label {label!r} is not in the order {', '.join(places)}: add it, or correct the label"
            )
        found.append(places[label_text(label)])
    return np.array(found, np.float64)


def _number(label: Any) -> float:
    found = None if isinstance(label, bool | np.bool_) else number(str(label))
    if found is None:
        raise InputError(f"the label {label!r} is not a number: give the order as a list of labels, lowest first")
    return float(found)


def median_levels(probabilities: Float64[np.ndarray, "texts classes"]) -> Int64[np.ndarray, " texts"]:
    """Return the number of the median class, whose expected absolute error is the smallest; classes are in order."""
    below = probabilities.cumsum(axis=1) < probabilities.sum(axis=1, keepdims=True) / 2
    found: np.ndarray = below.sum(axis=1)
    return found


def ordinal_metrics(predicted: Float64[np.ndarray, " texts"], truth: Float64[np.ndarray, " texts"]) -> OrdinalMetrics:
    """Compare places of labels: kappa is one minus the mean squared distance over that of independent pairs."""
    errors = predicted - truth
    chance = predicted.var() + truth.var() + errors.mean() ** 2
    return OrdinalMetrics(
        float(np.abs(errors).mean()), float(np.abs(truth - np.quantile(truth, 0.5, method="lower")).mean()),
        float(1 - (errors**2).mean() / chance) if chance else 1.0,
    )  # fmt: skip
