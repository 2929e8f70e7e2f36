"""Confident learning: labelled texts whose label is probably wrong, found by cross-validation."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from likewise.applications.classify.metrics import HeldOutPredictions
from likewise.arrays import Int64


@dataclass(frozen=True)
class LabelError:
    """A labelled text whose label is probably wrong.

    Attributes:
        row: of the labelled texts.
        predicted: number of the class that it probably has.
        probability: of that class, by classifiers that were trained without the text.
        given: probability of the class that it was given.
    """

    row: int
    predicted: int
    probability: float
    given: float


def find_label_errors(
    held_out: HeldOutPredictions | None, numbers: Int64[np.ndarray, " texts"], temperature: float
) -> list[LabelError]:
    """Find texts that are confidently predicted as another class than they were given, the surest first.

    Confident learning (Northcutt et al. 2021): a prediction is confident if its probability is at least the mean
    held-out probability of that class among the texts that were given it. Sorted by the margin to the given class.
    """
    if held_out is None:
        return []
    likely = softmax(held_out.logits / temperature, axis=1)
    times = np.bincount(held_out.rows, minlength=len(numbers))
    means = np.zeros((len(numbers), likely.shape[1]))
    np.add.at(means, held_out.rows, likely)
    rows = np.flatnonzero(times)
    means[rows] /= times[rows, None]
    thresholds = np.full(likely.shape[1], np.inf)  # of a class that was never held out
    for number in np.unique(numbers[rows]):
        thresholds[number] = means[rows[numbers[rows] == number], number].mean()
    predicted = means.argmax(axis=1)
    margins = means.max(axis=1) - means[np.arange(len(numbers)), numbers]
    wrong = rows[(predicted[rows] != numbers[rows]) & (means.max(axis=1)[rows] >= thresholds[predicted[rows]])]
    return [
        LabelError(row, int(predicted[row]), float(means[row].max()), float(means[row, numbers[row]]))
        for row in wrong[np.argsort(-margins[wrong], kind="stable")].tolist()
    ]
