"""Clusters: whether k-means with as many clusters as there are classes finds the classes."""

import numpy as np
from jaxtyping import Float64, Int64

from likewise.evaluation.baselines import Comparison, System
from likewise.evaluation.bootstrap import Judged, Scored, counts_of, with_intervals
from likewise.evaluation.data import Labelled

__all__ = ["agreement", "judge_clustering"]

V_MEASURE, ARI = "V-measure", "ARI"
MOST_STEPS = 100


def judge_clustering(data: Labelled, field: Comparison, rng: np.random.Generator, draws: int = 5) -> Judged:
    """V-measure, which is normalised mutual information, and adjusted Rand index of k-means, over several runs.

    Args:
        data: the texts; those to test on are clustered, or all where there is no split.
        field: who takes part.
        rng: of the first centres.
        draws: how often k-means is run.
    """
    rows = range(len(data.texts)) if data.test is None else np.flatnonzero(np.asarray(data.test, bool)).tolist()
    texts = [data.texts[row] for row in rows]
    classes, numbers = np.unique(np.array([data.labels[row] for row in rows]), return_inverse=True)
    seeds = rng.integers(2**31, size=draws).tolist()
    scored, absent = field.measured(
        texts, [*data.background, *data.texts], f"{len(texts):,} texts in {len(classes):,} clusters",
        lambda each: _scored(each, texts, numbers, len(classes), seeds),
    )  # fmt: skip
    counts = {"classes": len(classes), "texts": len(texts), "runs": draws}
    notes = [note for note in data.notes if "split" not in note]
    return with_intervals(
        scored, lambda rng: (counts_of(draws, rng), counts_of(len(texts), rng)), len(texts) * draws, rng,
        absent=absent, counts=counts, notes=notes,
    )  # fmt: skip


def agreement(
    numbers: Int64[np.ndarray, " texts"], found: Int64[np.ndarray, " texts"], counts: Int64[np.ndarray, " texts"]
) -> Float64[np.ndarray, " measures"]:
    """V-measure and adjusted Rand index where each text counts so many times.

    A text that counts twice is no pair with itself in the Rand index: those pairs always agree and would raise it.
    """
    clusters = int(found.max()) + 1
    cells = numbers * clusters + found
    size = (int(numbers.max()) + 1, clusters)
    table = np.bincount(cells, counts, size[0] * size[1]).reshape(size)
    itself = np.bincount(cells, counts.astype(np.float64) ** 2, size[0] * size[1]).reshape(size)
    total = table.sum()
    entropies = [_entropy(table.sum(axis=axis) / total) for axis in (0, 1)]
    information = sum(entropies) - _entropy(table.ravel() / total)
    v_measure = 2 * information / sum(entropies) if sum(entropies) > 0 else 1.0
    together, in_class, in_cluster, pairs = (
        float(((each**2).sum() - itself.sum()) / 2)
        for each in (table, table.sum(axis=1), table.sum(axis=0), np.array([total]))
    )
    expected = in_class * in_cluster / pairs if pairs else 0.0
    most = (in_class + in_cluster) / 2
    return np.array([v_measure, (together - expected) / (most - expected) if most != expected else 1.0])


def _scored(
    entrant: System, texts: list[str], numbers: Int64[np.ndarray, " texts"], clusters: int, seeds: list[int]
) -> Scored:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    vectors = entrant.vectors(texts)
    runs = [
        KMeans(clusters, n_init=1, max_iter=MOST_STEPS, random_state=seed).fit_predict(vectors).astype(np.int64)
        for seed in seeds
    ]
    values = {
        V_MEASURE: float(np.mean([v_measure_score(numbers, found) for found in runs])),
        ARI: float(np.mean([adjusted_rand_score(numbers, found) for found in runs])),
    }

    def resampled(counts: tuple[np.ndarray, np.ndarray]) -> Float64[np.ndarray, " measures"]:
        times, of_texts = counts
        drawn = [row for row, count in enumerate(times) if count]
        told = np.stack([agreement(numbers, runs[row], of_texts) for row in drawn])
        measures: np.ndarray = times[drawn] @ told / times.sum()
        return measures

    return Scored(entrant.name, values, resampled)


def _entropy(shares: Float64[np.ndarray, " parts"]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
