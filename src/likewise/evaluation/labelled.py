"""Labelled texts: few-label classification, and whether k-means with as many clusters as classes finds the classes.

The classifiers are those of scikit-learn: logistic regression with C = 10 (the linear probe) and the nearest centroid.
Their training texts, some of each class, are drawn several times, the same for every system.
"""

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np

from likewise.arrays import Bool, Float64, Int64
from likewise.errors import InputError
from likewise.evaluation.baselines import Comparison, Matrix, System
from likewise.evaluation.bootstrap import WORK, SystemScores, TaskResult, draw_counts, with_intervals
from likewise.evaluation.data import Labelled

LABELS_PER_CLASS = (8, 64)  # by default, if the classes are large enough
INVERSE_REGULARISATION = 10.0  # C of logistic regression
MAX_ITERATIONS = 1000
TEST_SHARE = 0.25
V_MEASURE, ARI = "V-measure", "ARI"
LOWEST_ARI = -0.5
KMEANS_ITERATIONS = 100


def evaluate_classification(
    data: Labelled,
    comparison: Comparison,
    rng: np.random.Generator,
    labels_per_class: Sequence[int] | None = None,
    repeats: int = 5,
) -> TaskResult:
    """Accuracy of both classifiers on the test texts, for each number of labels per class.

    Args:
        data: the texts.
        comparison: the systems.
        rng: draws the training texts, and the split if the data has none.
        labels_per_class: numbers of training texts of each class; None takes 8 and 64 as far as the smallest class has
            them.
        repeats: how often to draw the training texts.

    Raises:
        InputError: a number of labels is more than the smallest class has.
    """
    classes, labels = np.unique(np.array(data.labels), return_inverse=True)
    test = random_split(labels, rng) if data.test is None else np.asarray(data.test, bool)
    sizes, notes = _sizes(data, classes, labels[~test], labels_per_class)
    drawn = {k: draw_labelled(labels, ~test, k, repeats, rng) for k in sizes}
    used = np.unique(np.concatenate([np.flatnonzero(test), *(each.ravel() for each in drawn.values())]))
    texts = [data.texts[row] for row in used]
    training = {k: np.searchsorted(used, each) for k, each in drawn.items()}
    tested = np.searchsorted(used, np.flatnonzero(test))
    scored, absent = comparison.run(
        texts, [*data.background, *data.texts], f"{len(texts):,} texts",
        lambda system: _classified(system, texts, labels[used], training, tested),
    )  # fmt: skip
    counts = {"classes": len(classes), "test texts": len(tested), "repeats": repeats}
    return with_intervals(
        scored, lambda rng: (draw_counts(repeats, rng), draw_counts(len(tested), rng)), len(tested), rng,
        absent=absent, counts=counts, notes=(*data.notes, *notes, _baseline(classes, labels[test])),
        work=WORK / repeats,
    )  # fmt: skip


def random_split(labels: Int64[np.ndarray, " texts"], rng: np.random.Generator) -> Bool[np.ndarray, " texts"]:
    """Whether each text is in the test set: a quarter of each class, at least one, and never all."""
    test = np.zeros(len(labels), bool)
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        size = min(max(1, round(TEST_SHARE * len(rows))), len(rows) - 1)
        test[rng.choice(rows, size, replace=False)] = True
    return test


def draw_labelled(
    labels: Int64[np.ndarray, " texts"],
    training: Bool[np.ndarray, " texts"],
    k: int,
    repeats: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, "repeats rows"]:
    """Draw `k` rows of each class from the training set, `repeats` times."""
    classes = [np.flatnonzero(training & (labels == label)) for label in range(int(labels.max()) + 1)]
    classes = [rows for rows in classes if len(rows)]
    return np.stack([np.concatenate([rng.choice(rows, k, replace=False) for rows in classes]) for _ in range(repeats)])


def span_coordinates(training: Matrix, test: Matrix) -> tuple[Matrix, Matrix]:
    """Rows with the same inner products in as many columns as there are training texts, if that is fewer.

    A penalised linear classifier lies in the span of its training texts (the representer theorem), and so do centroids:
    nothing outside of it matters. TF-IDF has thousands of columns, which would take minutes.
    """
    if training.shape[1] <= training.shape[0]:
        return training, test
    from likewise.applications.classify.probe import row_span

    gram, directions, scales = row_span(training)
    if not len(scales):  # nothing but rows of zeros
        return np.zeros((training.shape[0], 1)), np.zeros((test.shape[0], 1))
    basis = directions / scales
    products = test @ training.T
    products = products if isinstance(products, np.ndarray) else products.toarray()
    return gram @ basis, products @ basis


def _sizes(
    data: Labelled, classes: np.ndarray, training: Int64[np.ndarray, " rows"], wanted: Sequence[int] | None
) -> tuple[list[int], list[str]]:
    """The numbers of labels per class, and a note if the smallest class limits them."""
    label, smallest = min(Counter(training.tolist()).items(), key=lambda item: item[1])
    limit = f"the smallest class, {str(classes[label])!r}, has {smallest} training texts"
    if wanted is None:
        sizes = [k for k in LABELS_PER_CLASS if k <= smallest] or [smallest]
        return sizes, [] if tuple(sizes) == LABELS_PER_CLASS else [f"{limit}: {max(sizes)} labels per class at most"]
    if not wanted or min(wanted) < 1:
        raise InputError(f"labels per class are {list(wanted)}: integers from 1 on are expected, such as 8,64")
    if max(wanted) > smallest:
        raise InputError(
            f"{data.name}: {max(wanted)} labels per class are not possible, as {limit}: give {smallest} at most, or "
            "leave that class out"
        )
    return sorted(set(wanted)), []


def _baseline(classes: np.ndarray, labels: Int64[np.ndarray, " tested"]) -> str:
    """A note: the accuracy of always predicting one class."""
    counts = np.bincount(labels)
    share = counts.max() / counts.sum()
    return f"majority baseline: always predicting {str(classes[counts.argmax()])!r} has an accuracy of {share:.3f}"


def _classified(
    system: System,
    texts: list[str],
    labels: Int64[np.ndarray, " texts"],
    training: dict[int, Int64[np.ndarray, "repeats rows"]],
    tested: Int64[np.ndarray, " tested"],
) -> SystemScores:
    vectors = system.vectors(texts)
    correct = {(classifier, k): list[np.ndarray]() for classifier in ("logistic", "centroid") for k in training}
    for k, repeats in training.items():
        for rows in repeats:
            for classifier, predicted in _predictions(vectors, labels, rows, tested).items():
                correct[classifier, k].append(predicted == labels[tested])
    hits = np.stack([np.stack(each) for each in correct.values()]).astype(np.float64)
    names = [f"{classifier}, {k} label{'s' * (k != 1)}" for classifier, k in correct]
    values = dict(zip(names, hits.mean(axis=(1, 2)).tolist(), strict=True))

    def resampled(counts: tuple[np.ndarray, np.ndarray]) -> Float64[np.ndarray, " metrics"]:
        repeats, texts = counts
        accuracies: np.ndarray = (hits @ texts) @ repeats / (repeats.sum() * texts.sum())
        return accuracies

    return SystemScores(system.name, values, resampled, [(0.0, 1.0)] * len(values))


def _predictions(
    vectors: Matrix, labels: Int64[np.ndarray, " texts"], rows: Int64[np.ndarray, " rows"], tested: np.ndarray
) -> dict[str, np.ndarray]:
    """The predictions of both classifiers for the test texts."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import NearestCentroid

    training, test = span_coordinates(vectors[rows], vectors[tested])
    probe = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        # With one label per class both warn that these may be no classes, and centroids have no spread.
        warnings.simplefilter("ignore")
        return {
            "logistic": probe.fit(training, labels[rows]).predict(test),
            "centroid": NearestCentroid().fit(training, labels[rows]).predict(test),
        }


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
        lambda system: _clustered(system, texts, labels, len(classes), seeds),
    )  # fmt: skip
    notes = [note for note in data.notes if "split" not in note]
    return with_intervals(
        scored, lambda rng: (draw_counts(repeats, rng), draw_counts(len(texts), rng)), len(texts), rng,
        absent=absent, counts={"classes": len(classes), "texts": len(texts), "runs": repeats}, notes=notes,
        work=WORK / repeats,
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


def _clustered(
    system: System, texts: list[str], labels: Int64[np.ndarray, " texts"], clusters: int, seeds: list[int]
) -> SystemScores:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    vectors = system.vectors(texts)
    runs = [
        KMeans(clusters, n_init=1, max_iter=KMEANS_ITERATIONS, random_state=seed).fit_predict(vectors).astype(np.int64)
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

    return SystemScores(system.name, values, resampled, [(0.0, 1.0), (LOWEST_ARI, 1.0)])


def _entropy(shares: Float64[np.ndarray, " parts"]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
