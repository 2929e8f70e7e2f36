"""How far a few labels go: accuracy of `likewise.Classifier` beside TF-IDF, LSA and MiniLM with logistic regression.

    python benchmarks/classify.py --data DATA [--cache FOLDER] [--draws N] [--tested N] [NAME ...]

A static model is trained on the texts of a data set without their labels and without the texts that are judged; LSA
(256 dimensions, TF-IDF with stop words) on the same ones, and from these TF-IDF of words and pairs of words knows how
rare each is. all-MiniLM-L6-v2 reads 128 tokens, of some of the test texts where these are many and long. Each stands
before a logistic regression of scikit-learn with C = 10. The labelled texts are drawn several times, the same for
all; figures are means over the draws with the 95 % interval of a bootstrap over these. `+ unlabelled` has also been
given unlabelled texts to learn from, in the first draws only. Of the data sets with a sentiment, texts with a
negation are told apart. `interval holds` is how often the 95 % interval that `Classifier.estimate_` gives, made of
the few labels alone, has the accuracy on the test texts within.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from comparison import over_draws
from record import arguments, record
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from yardstick import CachedEncoder, Labels, drawn, labelled, model_folder, trained

import likewise
from likewise.applications.classify.features import word_ngrams

PER_CLASS = {
    "imdb": (8, 64, 256, 1024), "mr": (8, 64, 256), "sst2": (8, 64, 256), "banking77": (1, 5, 10), "trec": (8, 64),
    "subj": (8, 64, 256), "newsgroups20": (8, 64),
}  # fmt: skip
SENTIMENT = {"imdb", "mr", "sst2"}
FEWER_DRAWS = {("imdb", 1024): 3}
OURS = "likewise"
WITH_UNLABELLED = 2  # draws
MOST_UNLABELLED = 64  # labels a class
MINILM_READS = {"imdb": 2_500}  # of the test texts
MINILM_DRAWS = {("imdb", 1024): 0, ("newsgroups20", 8): 0, ("newsgroups20", 64): 0}
READ_BY_TFIDF = 10_000  # texts
LONGEST = 128  # tokens

ELSEWHERE = {"mr": "imdb", "sst2": "imdb"}  # where there is more unlabelled text of the kind

Vectors = Callable[[list[str]], Any]


@dataclass(frozen=True)
class Plan:
    """How many labels a class, how often they are drawn, for all and with unlabelled texts, and what LSA reads."""

    per_class: Sequence[int]
    draws: int
    unlabelled: int
    read_by_lsa: int | None


class Draws:
    """The accuracies of one data set and number of labels a class, by what was judged."""

    def __init__(self, truth: np.ndarray, negated: np.ndarray | None) -> None:
        self.truth, self.negated = truth, negated
        self.found: dict[str, list[float]] = {}

    def add(self, name: str, predictions: np.ndarray, rows: np.ndarray | None = None) -> float:
        """Add the predictions of all test texts, or of some rows."""
        truth = self.truth if rows is None else self.truth[rows]
        right = predictions == truth
        self.found.setdefault(name, []).append(float(right.mean()))
        if self.negated is not None:
            negated = self.negated if rows is None else self.negated[rows]
            self.found.setdefault(f"{name}, negated", []).append(float(right[negated].mean()))
        return float(right.mean())

    def put(self, name: str, value: float) -> None:
        """Another figure of a draw."""
        self.found.setdefault(name, []).append(value)


class Test:
    """The texts that are judged, their words counted once: each draw looks at other ones of these."""

    def __init__(self, data: Labels) -> None:
        counter = CountVectorizer(analyzer=word_ngrams)
        self.counts = csr_array(counter.fit_transform(data.tested)).tocsc()
        self.columns = counter.vocabulary_
        marked = [column for term, column in self.columns.items() if term.startswith("not_")]
        negated = self.counts[:, marked].sum(axis=1) > 0
        self.negated = negated if data.name in SENTIMENT else None

    def predict(
        self, classifier: likewise.Classifier, vectors: np.ndarray, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """What `classifier.predict` returns, from the embeddings of all test texts, or of some rows."""
        features, count, ngrams = classifier.features_, self.counts.shape[0], classifier.features_.ngrams
        there = [(place, self.columns[term]) for place, term in enumerate(ngrams.terms) if term in self.columns]
        places, columns = np.array(there).T
        some = self.counts[:, columns].tocoo()
        shape = (count, len(ngrams.terms))
        words = ngrams.weigh(csr_array((some.data, (some.row, places[some.col])), shape))
        logits = classifier.probe_.logits(features.transform([], vectors, words if rows is None else words[rows]))
        return classifier.classes_[logits.argmax(axis=1)]


def tfidf(data: Labels) -> Vectors:
    """Words and pairs of words, as rare as the unlabelled texts say."""
    order = np.random.default_rng(0).permutation(len(data.read))[:READ_BY_TFIDF]
    weighting = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    weighting.fit([data.read[row] for row in order])
    return weighting.transform


def lsa(data: Labels, most: int | None) -> Vectors:
    """256 singular vectors of the unlabelled texts, or of so many of them."""
    order = np.random.default_rng(0).permutation(len(data.read))[:most]
    weighting = TfidfVectorizer(sublinear_tf=True, min_df=2)
    svd = TruncatedSVD(256, n_iter=3, random_state=0)
    svd.fit(weighting.fit_transform([data.read[row] for row in order]))
    return lambda texts: normalize(svd.transform(weighting.transform(texts)))


def minilm(cache: Path | None) -> CachedEncoder:
    """all-MiniLM-L6-v2."""
    model = likewise.load(model_folder())
    model.encoder.special_tokens = replace(model.encoder.special_tokens, longest=LONGEST)
    return CachedEncoder(model, cache, np.float16)


def probe(rows: Any, labels: np.ndarray, queries: Any) -> np.ndarray:
    """Predictions of a logistic regression."""
    return LogisticRegression(C=10.0, max_iter=1000).fit(rows, labels).predict(queries)


class Slow:
    """MiniLM as a model for `Classifier`, and the texts that it is judged on."""

    def __init__(self, data: Labels, plan: Plan, cache: Path | None) -> None:
        self.cached = minilm(cache)
        self.encode = self.cached.encode
        order = np.random.default_rng(0).permutation(len(data.tested))
        self.rows = np.sort(order[: MINILM_READS.get(data.name, len(order))])
        self.draws = {each: MINILM_DRAWS.get((data.name, each), plan.draws) for each in plan.per_class}
        self.queries = self.encode([data.tested[row] for row in self.rows]) if any(self.draws.values()) else None

    def judged(self, found: Draws, test: Test, texts: list[str], labels: np.ndarray) -> None:
        """Add its predictions, alone and with n-grams."""
        found.add("MiniLM", probe(self.encode(texts), labels, self.queries), self.rows)
        found.add(
            "likewise, MiniLM",
            test.predict(likewise.Classifier(self).fit(texts, labels), self.queries, self.rows),
            self.rows,
        )
        self.cached.keep()


def measure(data: Labels, models: dict[str, Any], plan: Plan, cache: Path | None) -> dict[str, Any]:
    """All entrants for each number of labels a class; the first of the models is that of the data set itself."""
    peers = {"TF-IDF": tfidf(data), "LSA 256": lsa(data, plan.read_by_lsa)}
    queries = {name: peer(data.tested) for name, peer in peers.items()}
    vectors = {name: likewise.TextEncoder(model).fit([]).transform(data.tested) for name, model in models.items()}
    test, slow = Test(data), Slow(data, plan, cache)
    numbers: dict[str, Any] = {}
    for per_class in plan.per_class:
        found, held = Draws(data.truth, test.negated), []
        for draw in range(min(plan.draws, FEWER_DRAWS.get((data.name, per_class), plan.draws))):
            rows = drawn(data.labels, per_class, draw)
            texts, labels = [data.learned[row] for row in rows], data.labels[rows]
            for name, peer in peers.items():
                found.add(name, probe(peer(texts), labels, queries[name]))
            if draw < slow.draws[per_class]:
                slow.judged(found, test, texts, labels)
            for name, model in models.items():
                classifier = likewise.Classifier(model, seed=draw).fit(texts, labels)
                accuracy = found.add(name, test.predict(classifier, vectors[name]))
                if name == OURS and (estimate := classifier.estimate_) is not None:
                    held.append(estimate.low <= accuracy <= estimate.high)
                    found.put("estimate from the labels", estimate.accuracy)
            if draw < plan.unlabelled and per_class <= MOST_UNLABELLED:
                classifier = likewise.Classifier(models[OURS], seed=draw)
                classifier.fit(texts, labels, unlabelled=data.unlabelled or data.learned)
                found.add(f"{OURS} + unlabelled", test.predict(classifier, vectors[OURS]))
        numbers[f"{per_class} a class"] = figures(found.found, held)
        shown = {name: round(100 * each["mean"], 1) for name, each in numbers[f"{per_class} a class"].items()}
        print(f"{data.name}, {per_class} a class: {shown}", flush=True)
    return numbers


def figures(found: dict[str, list[float]], held: list[bool]) -> dict[str, Any]:
    """Means and intervals, of differences too."""
    numbers = {name: over_draws(values) for name, values in found.items()}
    if held:
        numbers["interval holds"] = over_draws([float(each) for each in held])
    for name in ("TF-IDF", "LSA 256", "MiniLM"):
        if name in found:
            for own in (OURS, f"{OURS} + unlabelled"):
                if own in found:
                    pairs = zip(found[own], found[name], strict=False)
                    numbers[f"{own} - {name}"] = over_draws([ours - its for ours, its in pairs])
    return numbers


def main() -> None:
    parser = arguments(__doc__, draws=10, unlabelled_draws=WITH_UNLABELLED)
    parser.add_argument("--cache", type=Path, help="folder for models and for the vectors of MiniLM")
    parser.add_argument("--tested", type=int, help="test texts that are drawn once, of more; all if not given")
    parser.add_argument("--lsa-texts", type=int, help="texts that LSA reads at the most; all if not given")
    parser.add_argument("--labels-per-class", type=int, nargs="+", help="instead of those of the data set")
    parser.add_argument("names", nargs="*", default=None, metavar="NAME", help=f"of {', '.join(PER_CLASS)}")
    given = parser.parse_args()
    for name in given.names or PER_CLASS:
        data, started = labelled(given.data, name, given.tested), time.perf_counter()
        models = {OURS: trained(data.read, given.cache and given.cache / f"{name}.model")}
        if other := ELSEWHERE.get(name):
            texts = labelled(given.data, other).read
            models[f"{OURS}, model of {other}"] = trained(texts, given.cache and given.cache / f"{other}.model")
        plan = Plan(given.labels_per_class or PER_CLASS[name], given.draws, given.unlabelled_draws, given.lsa_texts)
        numbers = measure(data, models, plan, given.cache and given.cache / "minilm.npz")
        sizes = {"labelled": len(data.learned), "test": len(data.tested), "unlabelled": len(data.unlabelled)}
        sizes["test, MiniLM"] = min(len(data.tested), MINILM_READS.get(name, len(data.tested)))
        sizes["texts read by LSA"] = min(len(data.read), given.lsa_texts or len(data.read))
        sizes |= {"draws": plan.draws, "draws with unlabelled texts": plan.unlabelled}
        record("classify", {"data": name, **sizes}, numbers, 0)
        print(f"{name}: {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
