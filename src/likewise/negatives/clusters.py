"""Clustered batches: texts that lie together meet in one batch, so that its negatives are hard."""

import numpy as np
from jaxtyping import Float, Int64

from likewise.errors import InputError

__all__ = ["cluster_labels", "clustered_batches"]

BATCHES_EACH = 4  # in a cluster: few batches then hold the rests of two, and each cluster has several to draw from
SAMPLE = 256  # vectors a cluster that the clustering learns from
_ITERATIONS = 20


def cluster_labels(
    vectors: Float[np.ndarray, "texts dim"], size: int, rng: np.random.Generator, *, clusters: int | None = None
) -> Int64[np.ndarray, " texts"]:
    """Which cluster each text is in, by spherical k-means of vectors that stay as they are.

    It is made once, or whenever the vectors are made anew; the batches of every epoch are drawn from it.

    Args:
        vectors: of the texts, unit rows.
        size: of the batches that shall be drawn.
        rng: gives the seed; the same seed and number of threads give the same clusters.
        clusters: how many; one for every four batches if None.

    Raises:
        InputError: clusters or size is not positive.
    """
    if size < 1 or (clusters is not None and clusters < 1):
        raise InputError(f"{clusters} clusters for batches of {size}: give 1 or more of each")
    wanted = max(1, round(len(vectors) / (BATCHES_EACH * size))) if clusters is None else clusters
    seed = int(rng.integers(2**31))
    if min(wanted, len(vectors)) <= 1:
        return np.zeros(len(vectors), np.int64)
    import faiss

    rows = np.ascontiguousarray(vectors, np.float32)
    kmeans = faiss.Kmeans(
        rows.shape[1],
        min(wanted, len(rows)),
        niter=_ITERATIONS,
        spherical=True,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=SAMPLE,
    )
    kmeans.train(rows)
    return np.asarray(kmeans.index.search(rows, 1)[1][:, 0], np.int64)


def clustered_batches(
    labels: Int64[np.ndarray, " texts"], size: int, rng: np.random.Generator, share: float = 0.5
) -> list[np.ndarray]:
    """All texts once, in batches of nearly `size` each: a share of clustered ones among random ones.

    Texts for the random batches are drawn from all; the others are laid out cluster by cluster, in an order of clusters
    and of texts inside them that is drawn, and cut into batches. So a batch is of one cluster, or of the end of one and
    the beginning of others (in the spirit of TAS-B, Hofstätter et al. 2021, and of the clustering of Merrick 2024).

    Args:
        labels: the cluster of each text, from `cluster_labels`; draw anew for each epoch.
        size: of a batch.
        rng: draws everything.
        share: of clustered batches, 0 to 1; 0 gives random batches.

    Raises:
        InputError: share is not from 0 to 1, or size not positive.
    """
    if size < 1 or not 0 <= share <= 1:
        raise InputError(
            f"batches of {size}, a share of {share} clustered: give a size of 1 or more, a share of 0 to 1"
        )
    texts = len(labels)
    count = max(1, round(texts / size))
    drawn = rng.permutation(texts)
    ends = np.cumsum([len(part) for part in np.array_split(drawn, count)])
    at_random = count - round(share * count)
    mixed = ends[at_random - 1] if at_random else 0
    rest = drawn[mixed:]
    order = rng.permutation(int(labels.max(initial=0)) + 1)
    laid = rest[np.argsort(order[labels[rest]], kind="stable")]
    batches = np.split(np.concatenate([drawn[:mixed], laid]), ends[:-1])
    return [batches[place] for place in rng.permutation(count)]
