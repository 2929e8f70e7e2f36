"""Clustering: whether k-means with as many clusters as classes finds the classes."""

import numpy as np
from jaxtyping import Float64, Int64

from likewise.evaluation.baselines import Comparison, System
from likewise.evaluation.bootstrap import SystemScores, TaskResult, draw_counts, with_intervals
from likewise.evaluation.data import Labelled

__all__ = ["cluster_agreement", "evaluate_clustering"]

V_MEASURE, ARI = "V-measure", "ARI"
MAX_ITERATIONS = 100


def evaluate_clustering(
    data: Labelled, comparison: Comparison, rng: np.random.Generator, repeats: int = 5
) -> TaskResult:
    """V-measure (normalised mutual information) and adjusted Rand index of k-means, over several runs.

    Args:
        data: the texts; the test set is clustered, or all if there is no split.
        comparison: the systems.
        rng: of the initial centroids.
        repeats: how often to run k-means.
    """
    rows = range(len(data.texts)) if data.test is None else np.flatnonzero(np.asarray(data.test, bool)).tolist()
    texts = [data.texts[row] for row in rows]
    classes, labels = np.unique(np.array([data.labels[row] for row in rows]), return_inverse=True)
    seeds = rng.integers(2**31, size=repeats).tolist()
    scored, absent = comparison.run(
        texts, [*data.background, *data.texts], f"{len(texts):,} texts in {len(classes):,} clusters",
        lambda system: _scored(system, texts, labels, len(classes), seeds),
    )  # fmt: skip
    notes = [note for note in data.notes if "split" not in note]
    return with_intervals(
        scored, lambda rng: (draw_counts(repeats, rng), draw_counts(len(texts), rng)), len(texts) * repeats, rng,
        absent=absent, counts={"classes": len(classes), "texts": len(texts), "runs": repeats}, notes=notes,
    )  # fmt: skip


def cluster_agreement(
    labels: Int64[np.ndarray, " texts"], clusters: Int64[np.ndarray, " texts"], counts: Int64[np.ndarray, " texts"]
) -> Float64[np.ndarray, " metrics"]:
    """V-measure and adjusted Rand index with a count for each text, which scikit-learn does not take.

    The Rand index leaves out the pairs of a text with its own copies: they always agree and would raise it.
    """
    size = (int(labels.max()) + 1, int(clusters.max()) + 1)
    cells = labels * size[1] + clusters
    table = np.bincount(cells, counts, size[0] * size[1]).reshape(size)
    copies = np.bincount(cells, counts.astype(np.float64) ** 2, size[0] * size[1]).reshape(size)
    total = table.sum()
    entropies = [_entropy(table.sum(axis=axis) / total) for axis in (0, 1)]
    information = sum(entropies) - _entropy(table.ravel() / total)
    v_measure = 2 * information / sum(entropies) if sum(entropies) > 0 else 1.0
    in_both, in_class, in_cluster, pairs = (
        float(((each**2).sum() - copies.sum()) / 2)
        for each in (table, table.sum(axis=1), table.sum(axis=0), np.array([total]))
    )
    expected = in_class * in_cluster / pairs if pairs else 0.0
    most = (in_class + in_cluster) / 2
    return np.array([v_measure, (in_both - expected) / (most - expected) if most != expected else 1.0])


def _scored(
    system: System, texts: list[str], labels: Int64[np.ndarray, " texts"], clusters: int, seeds: list[int]
) -> SystemScores:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    vectors = system.vectors(texts)
    runs = [
        KMeans(clusters, n_init=1, max_iter=MAX_ITERATIONS, random_state=seed).fit_predict(vectors).astype(np.int64)
        for seed in seeds
    ]
    values = {
        V_MEASURE: float(np.mean([v_measure_score(labels, found) for found in runs])),
        ARI: float(np.mean([adjusted_rand_score(labels, found) for found in runs])),
    }

    def resampled(counts: tuple[np.ndarray, np.ndarray]) -> Float64[np.ndarray, " metrics"]:
        run_counts, text_counts = counts
        drawn = np.flatnonzero(run_counts)
        agreements = np.stack([cluster_agreement(labels, runs[run], text_counts) for run in drawn])
        metrics: np.ndarray = run_counts[drawn] @ agreements / run_counts.sum()
        return metrics

    return SystemScores(system.name, values, resampled)


def _entropy(shares: Float64[np.ndarray, " parts"]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
