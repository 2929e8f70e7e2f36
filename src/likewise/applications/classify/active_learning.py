"""Which unlabelled texts to label next: such as the classifier doubts, and unlike one another.

Uncertainty alone picks twenty copies of one doubtful text; spread alone picks what is clear already. The most doubtful
texts are clustered, each counting as much as it is doubted, and of each cluster the text at its centre is taken
(Zhdanov 2019, "Diverse mini-batch active learning").
"""

import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Int64

__all__ = ["doubts", "most_telling"]


TIMES = 10  # as many doubtful texts as are wanted are clustered
FEWEST = 200
MOST_CLUSTERS_TRIED = 3


def doubts(probabilities: Float64[np.ndarray, "texts classes"]) -> Float64[np.ndarray, " texts"]:
    """One less the lead of the best class over the second: 1 where two are level."""
    best = np.sort(probabilities, axis=1)
    lead: np.ndarray = 1 - (best[:, -1] - best[:, -2])
    return lead


def most_telling(
    texts: Sequence[str],
    vectors: Float[np.ndarray, "texts dim"],
    doubted: Float64[np.ndarray, " texts"],
    k: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " chosen"]:
    """Rows of the texts to label, the most doubtful first; of equal texts one.

    Args:
        texts: without labels.
        vectors: of these.
        doubted: how much the classifier doubts each.
        k: how many are wanted.
        rng: of ties, and of where k-means begins.
    """
    from sklearn.cluster import KMeans

    last = {text: row for row, text in enumerate(texts) if text.strip()}
    distinct = rng.permutation(np.array(sorted(last.values()), np.int64))  # of equally doubtful ones any will do
    order = distinct[np.argsort(-doubted[distinct], kind="stable")]
    if len(order) <= k:
        return order
    pool = order[: max(TIMES * k, FEWEST)]
    weights = np.maximum(doubted[pool], np.finfo(np.float32).eps)
    means = KMeans(k, n_init=MOST_CLUSTERS_TRIED, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # vectors may be equal, and clusters empty
        distances = means.fit(vectors[pool], sample_weight=weights).transform(vectors[pool])
    chosen: list[int] = []
    for cluster in range(k):
        left = [place for place in np.argsort(distances[:, cluster], kind="stable") if place not in chosen]
        chosen.append(int(left[0]))
    picked = pool[np.sort(np.array(chosen))]  # the pool goes from more to less doubtful
    return np.asarray(picked, np.int64)
