"""Unlabelled texts teach the probe the words that no labelled text has: self-training.

A probe says what the unlabelled texts are. The half of each class that it is surest of is added with what it said as
their label, each counting a tenth of a true one, and the probe is fitted anew (Scudder 1965; Yarowsky 1995), once: each
further round costs as much and adds what the first one got wrong. How many texts a class has is left to the probe:
labels are mostly given to as many of each, and to take as many of a class that is rare would fill it with others. It
helps where a class is more than the words of its few examples, as a sentiment is; it can mislead where the classes are
not what sets the texts apart most. So whoever uses it compares on held-out labels.
"""

from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from likewise.applications.classify.probe import Probe, fit_probe

__all__ = ["MOST_UNLABELLED", "self_trained"]

MOST_UNLABELLED = 10_000  # texts that are read
SHARE = 0.5  # of the texts that the probe takes for a class that are added, the surest ones
WEIGHT = 0.1  # of a text whose label was guessed


def self_trained(
    probe: Probe, features: Any, numbers: Int64[np.ndarray, " texts"], unlabelled: Any, classes: int
) -> Probe:
    """The probe after it has learned from its own surest answers.

    Args:
        probe: fitted on the labelled texts.
        features: of the labelled texts.
        numbers: their classes.
        unlabelled: features of other texts.
        classes: how many there are.
    """
    from scipy.sparse import csr_array, issparse, vstack

    rows, guessed = _surest(probe.logits(unlabelled))
    both = (features, unlabelled[rows])
    joined = csr_array(vstack(both)) if issparse(features) else np.concatenate(both)
    weights = np.concatenate([np.ones(len(numbers)), np.full(len(rows), WEIGHT)])
    return fit_probe(joined, np.concatenate([numbers, guessed]), classes, weights)


def _surest(logits: Float64[np.ndarray, "texts classes"]) -> tuple[np.ndarray, np.ndarray]:
    """Of the texts that are likeliest of each class a share, those with the highest probability, and their classes."""
    highest = logits.max(axis=1)
    likeliest, unsure = logits.argmax(axis=1), np.exp(logits - highest[:, None]).sum(axis=1)  # one by its probability
    rows = []
    for number in range(logits.shape[1]):
        own = np.flatnonzero(likeliest == number)
        rows.append(own[np.argsort(unsure[own], kind="stable")[: round(SHARE * len(own))]])
    surest = np.concatenate(rows)
    return surest, likeliest[surest]
