"""The probability that two given texts say the same."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from likewise.applications.duplicates.calibration import MadeEvidence
from likewise.applications.duplicates.evidence import Evidence, Weights, evidence_of
from likewise.applications.duplicates.find import space_for
from likewise.applications.duplicates.minhash import hash_texts
from likewise.applications.duplicates.space import Features
from likewise.arrays import Float64
from likewise.errors import InputError
from likewise.tokens.tokenizer import as_arrow

INVERSE_REGULARISATION = 1e4  # hardly any


def duplicate_probability(
    first: Sequence[str], second: Sequence[str], model: Any = None, *, seed: int = 0, progress: bool = False
) -> Float64[np.ndarray, " pairs"]:
    """The probability that each text says the same as the one in the same place of the other list.

    It is the probability among as many pairs that say the same as pairs that do not, half of these near ones; no labels
    are used. Two texts are the same if one is a copy of the other or if both mean the same: each has a logistic model,
    fitted to pairs made of the texts given (`made_pairs.py`), and the better one counts.

    Args:
        first: texts.
        second: as many.
        model: anything with `encode`, or a model folder; None trains a static one on the texts.
        seed: of training and of the pairs that are made.
        progress: show the progress of training on standard error.

    Returns:
        From 0 to 1, one a pair: 1 for texts that are equal but for case and white space, 0 where one is blank.

    Raises:
        InputError: the lists are not equally long, something in them is no string, or `model` is no model.
    """
    if len(first) != len(second):
        raise InputError(f"{len(first)} texts were given with {len(second)}: give as many of each")
    texts = as_arrow([*first, *second])
    hashes = hash_texts(texts)
    _, rows = np.unique(hashes.exact, return_index=True)
    rows = np.sort(rows[hashes.exact[rows] != 0])
    if not len(rows):
        return np.zeros(len(first))
    space, _ = space_for(model, texts, rows, hashes.take(rows), seed=seed, progress=progress, watch=None)
    features, every = Features.of(texts, space, hashes), np.arange(len(first))
    given = evidence_of(features, features, every, every + len(first), space)
    made = MadeEvidence.of(texts.take(rows), features.take(rows), space, np.random.default_rng(seed))
    weights = Weights.of(made.random)
    found = _probabilities(attrgetter("words"), made, given)
    if space.dim:
        found = np.maximum(found, _probabilities(weights.scores, made, given))
    one, other = hashes.exact[: len(first)], hashes.exact[len(first) :]
    return np.where((one == 0) | (other == 0), 0.0, np.where(one == other, 1.0, found))


def _probabilities(
    score: Callable[[Evidence], np.ndarray], made: MadeEvidence, given: Evidence
) -> Float64[np.ndarray, " pairs"]:
    """By a logistic model of one score, fitted to made pairs."""
    from sklearn.linear_model import LogisticRegression

    scores = [score(each) for each in (made.with_typos, made.perturbed, made.random)]
    weight = np.concatenate(
        [np.full(len(each), share / len(each)) for each, share in zip(scores, (2, 1, 1), strict=True)]
    )
    same = np.concatenate([np.full(len(each), at == 0) for at, each in enumerate(scores)])
    regression = LogisticRegression(C=INVERSE_REGULARISATION)
    regression.fit(np.concatenate(scores)[:, None], same, weight * len(scores[0]))
    found: np.ndarray = regression.predict_proba(score(given)[:, None].astype(np.float64))[:, 1]
    return found
