"""Active learning: which texts to label next, uncertain ones that differ from each other."""

import warnings
from collections.abc import Sequence

import numpy as np

from likewise.arrays import Float, Float64, Int64

POOL_FACTOR = 10  # so many times as many uncertain texts are clustered as are selected for labelling
MIN_POOL = 200
KMEANS_STARTS = 3


def uncertainty(probabilities: Float64[np.ndarray, "texts classes"]) -> Float64[np.ndarray, " texts"]:
    """Compute one minus the margin between the two most probable classes: 1 where they are level."""
    ordered = np.sort(probabilities, axis=1)
    uncertain: np.ndarray = 1 - (ordered[:, -1] - ordered[:, -2])
    return uncertain


def label_uncertainty(
    probabilities: Float64[np.ndarray, "texts labels"], thresholds: Float64[np.ndarray, " labels"]
) -> Float64[np.ndarray, " texts"]:
    """Compute the mean nearness of a text's labels to their thresholds: 1 at these, 0 at probabilities of 0 and 1."""
    below = probabilities / np.maximum(thresholds, np.finfo(float).tiny)
    above = (1 - probabilities) / np.maximum(1 - thresholds, np.finfo(float).tiny)
    near: np.ndarray = np.minimum(below, above).mean(axis=1)
    return near


def select_batch(
    texts: Sequence[str],
    embeddings: Float[np.ndarray, "texts dim"],
    uncertain: Float64[np.ndarray, " texts"],
    k: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " selected"]:
    """Select rows to label, the most uncertain first; blank texts and copies are left out.

    Uncertainty alone selects twenty copies of one ambiguous text, diversity alone selects what is clear already. The
    most uncertain texts are clustered, weighted by their uncertainty, and the text nearest to each centre is selected
    (Zhdanov 2019, "Diverse mini-batch active learning").
    """
    from sklearn.cluster import KMeans

    distinct = {text: row for row, text in enumerate(texts) if text.strip()}
    candidates = rng.permutation(np.array(sorted(distinct.values()), np.int64))
    order = candidates[np.argsort(-uncertain[candidates], kind="stable")]
    if len(order) <= k:
        return order
    pool = order[: max(POOL_FACTOR * k, MIN_POOL)]
    weights = np.maximum(uncertain[pool], np.finfo(np.float32).eps)
    kmeans = KMeans(k, n_init=KMEANS_STARTS, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # embeddings may be equal, and clusters empty
        distances = kmeans.fit(embeddings[pool], sample_weight=weights).transform(embeddings[pool])
    selected: list[int] = []
    for cluster in range(k):
        nearest = np.argsort(distances[:, cluster], kind="stable")
        selected.append(next(int(place) for place in nearest if place not in selected))
    rows = pool[np.sort(np.array(selected))]  # the pool is ordered by uncertainty
    return np.asarray(rows, np.int64)
