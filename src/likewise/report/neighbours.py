"""What is near what in the space: clusters of texts and their neighbours, similar words, and a map in the plane."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from likewise.applications.map.regions import rank_words, spelled_alike
from likewise.arrays import Float, Float32, Int64
from likewise.encoders.quantised import QuantisedEncoder
from likewise.model.embedder import TextModel
from likewise.report.figures import COLOURS, Drawn, drawn, new_figure, plot_text
from likewise.report.sample import Sample, number, readable
from likewise.tokens.pretrained import MARKS

MAX_CLUSTERS = 10  # as many colours as can be distinguished
TEXTS_PER_CLUSTER = 30  # on average, enough for words that describe it
CLUSTER_WORDS = 3  # words that name a cluster
TYPICAL = RANDOM = 4  # texts of each kind whose neighbours are shown
NEAREST, SHARED_WORDS, CHARACTERS = 3, 5, 180
RARE = 0.05  # share of the texts: two texts that share a word rarer than this have more in common than frequent words
COMPONENTS, PERPLEXITY, ITERATIONS = 50, 30.0, 500  # of PCA and t-SNE; a thousand points move little after 500
MIN_TSNE_TEXTS = 12  # with fewer, t-SNE makes a pattern out of nothing
HOVER_CHARACTERS, HOVER_WIDTH = 300, 60

MAX_WORDS = 5000  # the most frequent ones are compared
SHORTEST = 3  # letters, in a script that has words of letters
OCCURRENCES, FEWEST = 20, 5  # of a word in the corpus, so that its row was trained; fewer in a small corpus
NEAREST_WORDS = 16  # neighbours of each word that are considered
PAIRS, GROUPS, OTHERS = 24, 14, 5
CLOSE = 5.0  # standard deviations of the cosine of random directions: three pairs of 5,000 words reach it by chance


@dataclass(frozen=True)
class Clusters:
    """Clusters of texts, the largest first.

    Attributes:
        labels: the cluster of each text.
        names: the most distinctive words of each.
        central: the text nearest to the centroid of each.
    """

    labels: Int64[np.ndarray, " texts"]
    names: tuple[str, ...]
    central: Int64[np.ndarray, " clusters"]


def find_clusters(sample: Sample) -> Clusters | None:
    """k-means of unit vectors, the largest cluster first; None for fewer than two different vectors."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(np.round(sample.vectors, 4), axis=0))
    if distinct < 2:
        return None
    wanted = min(MAX_CLUSTERS, max(2, len(sample) // TEXTS_PER_CLUSTER), distinct)
    found = KMeans(wanted, n_init=4, random_state=0).fit(sample.vectors)
    order = np.argsort(-np.bincount(found.labels_, minlength=wanted), kind="stable")
    labels = np.argsort(order)[found.labels_].astype(np.int64)
    near = sample.vectors @ found.cluster_centers_[order].T
    central = [int(np.flatnonzero(labels == each)[np.argmax(near[labels == each, each])]) for each in range(wanted)]
    words = distinctive_words(sample.words, labels)
    return Clusters(labels, tuple(words), np.array(central, np.int64))


def distinctive_words(words: tuple[frozenset[str], ...], labels: Int64[np.ndarray, " texts"]) -> list[str]:
    """The words of each cluster that are ranked highest by `rank_words`."""
    everywhere = Counter(word for some in words for word in some)
    names = []
    for label in range(int(labels.max(initial=-1)) + 1):
        inside = [some for some, own in zip(words, labels, strict=True) if own == label]
        counts = Counter(word for some in inside for word in some)
        best = rank_words(counts, len(inside), everywhere, len(words))
        names.append(", ".join(best[:CLUSTER_WORDS]) or f"group {label + 1}")
    return names


@dataclass(frozen=True)
class Neighbour:
    """A neighbour of a text.

    Attributes:
        text: its beginning.
        cosine: of the two.
        shared: the rarest shared words, at most five.
    """

    text: str
    cosine: float
    shared: tuple[str, ...]


@dataclass(frozen=True)
class Neighbourhood:
    """A text and its nearest neighbours.

    Attributes:
        text: its beginning.
        typical: whether it is the centre of a cluster, rather than drawn at random.
        neighbours: the nearest first.
    """

    text: str
    typical: bool
    neighbours: tuple[Neighbour, ...]


def find_neighbours(sample: Sample, clusters: Clusters | None, rng: np.random.Generator) -> tuple[Neighbourhood, ...]:
    """Nearest neighbours within the sample: of the centres of its largest clusters, then of random texts."""
    if len(sample) < 2:
        return ()
    typical = [] if clusters is None else clusters.central[:TYPICAL].tolist()
    others = [row for row in rng.permutation(len(sample)).tolist() if row not in typical]
    within = Counter(word for some in sample.words for word in some)
    rows = [*typical, *others[:RANDOM]]
    return tuple(_around(sample, row, row in typical, within) for row in rows)


def _around(sample: Sample, row: int, typical: bool, within: Counter[str]) -> Neighbourhood:
    cosines = sample.vectors @ sample.vectors[row]
    cosines[row] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[: min(NEAREST, len(sample) - 1)]
    neighbours = []
    for other in nearest.tolist():
        common = sample.words[row] & sample.words[other]
        rare = sorted((within[word], word) for word in common if within[word] < max(3, RARE * len(sample)))
        shared = tuple([word for _, word in rare if len(word) > 1 or not word.isascii()][:SHARED_WORDS])
        neighbours.append(Neighbour(readable(sample.texts[other], CHARACTERS), float(cosines[other]), shared))
    return Neighbourhood(readable(sample.texts[row], CHARACTERS), typical, tuple(neighbours))


def positions(vectors: Float32[np.ndarray, "texts dim"]) -> Float[np.ndarray, "texts 2"] | None:
    """Positions in the plane: PCA to 50 dimensions, then t-SNE (van der Maaten and Hinton 2008) started from PCA.

    The same vectors on the same machine give the same positions. PCA alone for fewer than 12 texts; None if all vectors
    are equal.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if len(vectors) < 2 or float(vectors.var(axis=0).sum()) < 1e-6:
        return None
    double = vectors.astype(np.float64)
    reduced = PCA(min(COMPONENTS, *vectors.shape), svd_solver="full").fit_transform(double)
    if reduced.shape[1] == 1:
        reduced = np.hstack([reduced, np.zeros_like(reduced)])
    begin: Float[np.ndarray, "texts 2"] = reduced[:, :2] / reduced[:, 0].std()
    if len(vectors) < MIN_TSNE_TEXTS:
        return begin
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    start = 1e-4 * begin.astype(np.float32)
    found = TSNE(perplexity=perplexity, init=start, max_iter=ITERATIONS, random_state=0).fit_transform(reduced)
    return np.asarray(found, np.float64)


def draw_map(sample: Sample, clusters: Clusters | None) -> Drawn | None:
    """The map, with the beginning of each text on hover; None if there is nothing to map."""
    places = positions(sample.vectors)
    if places is None or clusters is None:
        return None
    figure = new_figure("", "")
    for label, name in enumerate(clusters.names):
        rows = np.flatnonzero(clusters.labels == label)
        figure.add_scatter(
            x=places[rows, 0].astype(np.float32),
            y=places[rows, 1].astype(np.float32),
            mode="markers",
            name=plot_text(f"{readable(name, 60)} ({len(rows)})"),
            marker={"color": COLOURS[label % len(COLOURS)], "size": 7, "opacity": 0.8, "line": {"width": 0}},
            hoverinfo="text",
            hovertext=[plot_text(readable(sample.texts[row], HOVER_CHARACTERS), HOVER_WIDTH) for row in rows],
        )
    bare = {"showticklabels": False, "showgrid": False}
    figure.update_layout(
        showlegend=True,
        xaxis=bare,
        yaxis=bare | {"scaleanchor": "x"},
        legend={"orientation": "v", "x": 1.01, "y": 0.94, "xanchor": "left", "yanchor": "top"},
        dragmode="pan",
    )
    return drawn(
        figure,
        f"Map of {len(sample)} texts in {len(clusters.names)} clusters",
        "Near points are similar texts. Distances between clusters and their sizes mean little in a t-SNE map. The "
        "clusters are those of k-means on the embeddings, named by their most distinctive words. Click a name to hide "
        "a cluster, double-click to hide the others.",
        height=620,
        tools=True,
    )


@dataclass(frozen=True)
class WordPair:
    """Two words and their cosine."""

    first: str
    second: str
    cosine: float


@dataclass(frozen=True)
class Group:
    """A word and its nearest neighbours."""

    word: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """Similar words of a model.

    Attributes:
        pairs: the closest pairs, each word once.
        groups: words with their five nearest neighbours, the closest first.
        compared: number of words compared.
        chance: two standard deviations of the cosine of two random directions.
    """

    pairs: tuple[WordPair, ...]
    groups: tuple[Group, ...]
    compared: int
    chance: float


def find_words(model: TextModel, sample: Sample) -> Words:
    """Compare the embeddings of whole words that are frequent enough to have been trained.

    A subword that begins words counts as a word if a text of the sample has it as one; without a sample, if it is long
    enough.
    """
    words, rows = word_vectors(model, sample)
    spread = 1.0 / np.sqrt(model.dim)
    nearest, cosines = _nearest(rows)
    pairs = list(_pairs(words, nearest, cosines, CLOSE * spread))
    groups = list(_groups(words, nearest, cosines, CLOSE * spread))
    return Words(tuple(pairs), tuple(groups), len(words), float(2 * spread))


def word_vectors(model: TextModel, sample: Sample) -> tuple[list[str], Float32[np.ndarray, "words dim"]]:
    """Return the most frequent words of a model, at most 5,000, and a unit row for each."""
    ids = _frequent_words(model, sample)
    words = [_plain(model.tokenizer.vocabulary.subwords[id]) for id in ids.tolist()]
    rows = model.encoder.weights_of(ids) if isinstance(model.encoder, QuantisedEncoder) else model.encode(words)
    return words, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _frequent_words(model: TextModel, sample: Sample) -> Int64[np.ndarray, " words"]:
    vocabulary, facts = model.tokenizer.vocabulary, model.card.corpus
    texts = number(facts, "texts") or np.inf
    least = OCCURRENCES if texts >= 1000 else FEWEST
    seen = frozenset[str]().union(*sample.words)
    static = isinstance(model.encoder, QuantisedEncoder)
    norms = np.linalg.norm(model.encoder.weights, axis=1) if static else np.ones(len(vocabulary))
    fit = [
        id
        for id in np.argsort(-vocabulary.counts, kind="stable").tolist()
        if least <= vocabulary.counts[id] <= texts
        and not vocabulary.continues[id]
        and norms[id] > 0
        and _is_word(_plain(vocabulary.subwords[id]))
        and (not seen or _plain(vocabulary.subwords[id]) in seen)
    ]
    return np.array(fit[:MAX_WORDS], np.int64)


def _plain(subword: str) -> str:
    """A subword without the mark that some tokenizers put before a word."""
    return subword.lstrip("".join(MARKS))


def _is_word(subword: str) -> bool:
    return subword.isalpha() and (len(subword) >= SHORTEST or not subword.isascii())


def _nearest(
    rows: Float32[np.ndarray, "words dim"],
) -> tuple[Int64[np.ndarray, "words k"], Float32[np.ndarray, "words k"]]:
    """The nearest neighbours of each word, nearest first."""
    k = max(0, min(NEAREST_WORDS, len(rows) - 1))
    similar = rows @ rows.T
    np.fill_diagonal(similar, -np.inf)
    nearest = np.argsort(-similar, axis=1, kind="stable")[:, :k]
    return nearest.astype(np.int64), np.take_along_axis(similar, nearest, axis=1)


def _pairs(
    words: list[str], nearest: Int64[np.ndarray, "words k"], cosines: Float32[np.ndarray, "words k"], least: float
) -> Iterator[WordPair]:
    taken: set[int] = set()
    found = 0
    for place in np.argsort(-cosines, axis=None, kind="stable").tolist():
        first, column = divmod(place, nearest.shape[1])
        second, cosine = int(nearest[first, column]), float(cosines[first, column])
        if found == PAIRS or cosine < least:
            return
        if {first, second} & taken or spelled_alike(words[first], words[second]):
            continue
        taken |= {first, second}
        found += 1
        yield WordPair(words[first], words[second], cosine)


def _groups(
    words: list[str], nearest: Int64[np.ndarray, "words k"], cosines: Float32[np.ndarray, "words k"], least: float
) -> Iterator[Group]:
    taken: set[int] = set()
    found = 0
    for word in np.argsort(-cosines[:, :OTHERS].sum(axis=1), kind="stable").tolist():
        others: list[int] = []
        for place in np.flatnonzero(cosines[word] >= least).tolist():
            other = int(nearest[word, place])
            known = [words[each] for each in (word, *others)]
            if len(others) < OTHERS and not any(spelled_alike(words[other], one) for one in known):
                others.append(other)
        if found < GROUPS and len(others) == OTHERS and not {word, *others} & taken:
            taken |= {word, *others}
            found += 1
            yield Group(words[word], tuple(words[each] for each in others))
