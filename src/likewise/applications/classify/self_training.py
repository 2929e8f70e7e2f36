"""Unlabelled texts teach the probe the words that no labelled text has: self-training.

A probe says what the unlabelled texts are. Those it is surest of, as many of each class as the labels have of it, are
added with what it said as their label, each counting a tenth of a true one, and the probe is fitted anew (Scudder 1965;
Yarowsky 1995), once: each further round costs as much and adds what the first one got wrong. It helps where a class is
more than the words of its few examples, as a sentiment is; it can mislead where the classes are not what sets the texts
apart most. So whoever uses it compares on held-out labels.
"""

from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from likewise.applications.classify.probe import Probe, fit_probe

__all__ = ["MOST_UNLABELLED", "self_trained"]

MOST_UNLABELLED = 10_000  # texts that are read
SHARE = 0.5  # of the unlabelled texts that are added, the surest ones
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

    shares = np.bincount(numbers, minlength=classes) / len(numbers)
    rows, guessed = _surest(probe.logits(unlabelled), shares)
    both = (features, unlabelled[rows])
    joined = csr_array(vstack(both)) if issparse(features) else np.concatenate(both)
    weights = np.concatenate([np.ones(len(numbers)), np.full(len(rows), WEIGHT)])
    return fit_probe(joined, np.concatenate([numbers, guessed]), classes, weights)


def _surest(
    logits: Float64[np.ndarray, "texts classes"], shares: Float64[np.ndarray, " classes"]
) -> tuple[Int64[np.ndarray, " rows"], Int64[np.ndarray, " rows"]]:
    """Of each class its share of the texts, those with the highest log probability in it, and the class of each."""
    highest = logits.max(axis=1, keepdims=True)
    logs = logits - highest - np.log(np.exp(logits - highest).sum(axis=1, keepdims=True))
    rows, guessed = [], []
    for number, share in enumerate(shares):
        count = round(SHARE * float(share) * len(logits))
        rows.append(np.argsort(-logs[:, number], kind="stable")[:count])
        guessed.append(np.full(count, number, np.int64))
    return np.concatenate(rows), np.concatenate(guessed)
