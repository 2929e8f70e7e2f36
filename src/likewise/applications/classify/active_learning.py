"""Active learning: select the unlabelled texts to label next, uncertain ones that differ from each other.

Uncertainty alone selects twenty copies of one ambiguous text, diversity alone selects what is clear already. The most
uncertain texts are clustered, weighted by their uncertainty, and the text nearest to each centre is selected (Zhdanov
2019, "Diverse mini-batch active learning").
"""

import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Int64

__all__ = ["select_batch", "uncertainty"]

POOL_FACTOR = 10  # so many times as many uncertain texts are clustered as are selected
MIN_POOL = 200
KMEANS_STARTS = 3


def uncertainty(probabilities: Float64[np.ndarray, "texts classes"]) -> Float64[np.ndarray, " texts"]:
    """Compute one minus the margin between the two most probable classes: 1 where they are level."""
    ordered = np.sort(probabilities, axis=1)
    uncertain: np.ndarray = 1 - (ordered[:, -1] - ordered[:, -2])
    return uncertain


def select_batch(
    texts: Sequence[str],
    embeddings: Float[np.ndarray, "texts dim"],
    uncertain: Float64[np.ndarray, " texts"],
    k: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " selected"]:
    """Select rows to label, the most uncertain first; blank texts and copies are left out.

    Args:
        texts: without labels.
        embeddings: of these.
        uncertain: uncertainty of each.
        k: number of rows.
        rng: breaks ties and seeds k-means.
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
