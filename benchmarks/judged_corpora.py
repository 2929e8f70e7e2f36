"""Corpora with labels, each as texts to train on and a judge that says how good an encoder of them is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np
from retrieval import Retrieval, read_retrieval
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, normalized_mutual_info_score
from texts import rows, table

__all__ = ["CORPORA", "JudgedCorpus", "read_corpus"]

Encode = Callable[[Sequence[str]], np.ndarray]
Judge = Callable[[Encode, Encode], dict[str, float]]
"""Of what encodes texts and what encodes documents, which are the same where a task knows no documents."""

K = 10
MOST = 10_000  # texts to train on
LONGEST = 2_000  # characters of a message
QUERIES = 1_500
DRAWS = 5  # of the labelled few
TESTED, CLUSTERED = 2_500, 3_000


@dataclass(frozen=True)
class JudgedCorpus:
    """A corpus.

    Attributes:
        name: of the data set.
        texts: to train on, distinct.
        judge: the labelled measures of an encoder, by name; higher is better in all.
    """

    name: str
    texts: list[str]
    judge: Judge


def read_corpus(data: Path, name: str) -> JudgedCorpus:
    """A corpus of `CORPORA` by its name; which texts and queries are drawn never changes."""
    texts, judge = CORPORA[name](data / name)
    return JudgedCorpus(name, texts, judge)


def _drawn(texts: Sequence[str], most: int = MOST) -> list[str]:
    distinct = list(dict.fromkeys(text for text in texts if text.strip()))
    order = np.random.default_rng(0).permutation(len(distinct))[:most]
    return [distinct[place] for place in np.sort(order)]


def _search(folder: Path) -> tuple[list[str], Judge]:
    data = read_retrieval(folder)
    return _drawn(data.texts), _retrieval(data, words=True)


def _find_duplicates(folder: Path) -> tuple[list[str], Judge]:
    data = read_retrieval(folder)
    return _drawn(data.texts), _retrieval(data, words=False)


def _captions(folder: Path) -> tuple[list[str], Judge]:
    images: dict[str, list[str]] = {}
    for row in table(folder / "captions.tsv"):
        images.setdefault(row["image"], []).append(row["text"])
    images = {name: images[name] for name in _drawn(list(images), 2_000)}
    ids = [f"{name} {number}" for name, some in images.items() for number in range(len(some))]
    texts = [text for some in images.values() for text in some]
    queries = {f"{name} 0": some[0] for name, some in images.items()}
    judged = {f"{name} 0": {f"{name} {number}": 1 for number in range(1, len(some))} for name, some in images.items()}
    return _drawn(texts), _retrieval(Retrieval(folder.name, ids, texts, queries, judged), words=False)


def _retrieval(data: Retrieval, *, words: bool) -> Judge:
    """nDCG@10 and MRR@10 of queries among documents, a document that is the query itself left out."""
    asked = [list(data.queries)[place] for place in _places(len(data.queries), QUERIES)]
    queries = [data.queries[id] for id in asked]
    place_of = {id: place for place, id in enumerate(data.ids)}
    gains = [
        {place_of[id]: 2.0**grade - 1 for id, grade in data.judged[query].items() if id in place_of} for query in asked
    ]
    own = [place_of.get(id, -1) for id in asked]
    by_words = _bm25(data.texts, queries) if words else None

    def judge(encode: Encode, encode_documents: Encode) -> dict[str, float]:
        documents, vectors = encode_documents(data.texts), encode(queries)
        found = {"nDCG@10": [], "MRR@10": []} | ({"nDCG@10 with BM25": []} if words else {})
        for start in range(0, len(queries), 256):
            part = slice(start, start + 256)
            scores = vectors[part] @ documents.T
            for row, place in enumerate(own[part]):
                if place >= 0:
                    scores[row, place] = -np.inf
            for row, top in enumerate(_top(scores)):
                found["nDCG@10"].append(_ndcg(top, gains[start + row]))
                found["MRR@10"].append(_reciprocal(top, gains[start + row]))
            if by_words is not None:
                fused = scores / np.maximum(scores.max(axis=1, keepdims=True), 1e-9) + by_words[part]
                found["nDCG@10 with BM25"] += [_ndcg(top, gains[start + row]) for row, top in enumerate(_top(fused))]
        return {name: float(np.mean(values)) for name, values in found.items()}

    return judge


def _bm25(texts: Sequence[str], queries: Sequence[str]) -> np.ndarray:
    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts), stopwords="en", show_progress=False), show_progress=False)
    asked = bm25s.tokenize(list(queries), stopwords="en", return_ids=False, show_progress=False)
    scores = np.stack([index.get_scores(words) if words else np.zeros(len(texts), np.float32) for words in asked])
    return scores / np.maximum(scores.max(axis=1, keepdims=True), 1e-9)


def _top(scores: np.ndarray) -> np.ndarray:
    some = np.argpartition(-scores, K, axis=1)[:, :K]
    order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _ndcg(top: np.ndarray, gains: Mapping[int, float]) -> float:
    discount = 1 / np.log2(np.arange(K) + 2)
    best = sorted(gains.values(), reverse=True)[:K]
    ideal = float(discount[: len(best)] @ best) if best else 0.0
    return float(discount @ [gains.get(int(place), 0.0) for place in top]) / ideal if ideal else 0.0


def _reciprocal(top: np.ndarray, gains: Mapping[int, float]) -> float:
    return next((1 / rank for rank, place in enumerate(top, 1) if int(place) in gains), 0.0)


def _matches(folder: Path) -> tuple[list[str], Judge]:
    pairs = list(table(folder / "pairs.tsv"))
    texts = [row[name] for row in pairs for name in ("text1", "text2")]
    tested = [row for row in pairs if row["split"] != "train"]
    labels = [int(row["label"]) for row in tested]

    def judge(encode: Encode, _: Encode) -> dict[str, float]:
        return {"average precision": float(average_precision_score(labels, _cosines(encode, tested)))}

    return _drawn(texts), judge


def _similarity(folder: Path) -> tuple[list[str], Judge]:
    pairs = list(table(folder / "pairs.tsv"))
    texts = [row[name] for row in pairs for name in ("text1", "text2")]
    scores = [float(row["score"]) for row in pairs]

    def judge(encode: Encode, _: Encode) -> dict[str, float]:
        return {"Spearman": float(spearmanr(_cosines(encode, pairs), scores).statistic)}

    return _drawn(texts), judge


def _cosines(encode: Encode, pairs: Sequence[Mapping[str, str]]) -> np.ndarray:
    one, other = (encode([row[name] for row in pairs]) for name in ("text1", "text2"))
    return np.einsum("td,td->t", one, other)


def _classes(labels_a_class: int) -> Callable[[Path], tuple[list[str], Judge]]:
    def read(folder: Path) -> tuple[list[str], Judge]:
        found = {row["text"][:LONGEST]: str(row["label"]) for row in rows(folder / "data.jsonl") if row["text"].strip()}
        texts = _drawn(list(found), 6_000 if folder.name == "newsgroups20" else MOST)
        labels = np.array([found[text] for text in texts])

        def judge(encode: Encode, _: Encode) -> dict[str, float]:
            return _few_labels(encode(texts), labels, labels_a_class)

        return texts, judge

    return read


def _few_labels(vectors: np.ndarray, labels: np.ndarray, labels_a_class: int) -> dict[str, float]:
    """Accuracy of a logistic regression on a few labels of each class, and how well k-means finds the classes."""
    accuracies = []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(labels))
        few = np.concatenate([order[labels[order] == name][:labels_a_class] for name in np.unique(labels)])
        rest = np.setdiff1d(order, few)
        tested = rest[_places(len(rest), TESTED)]
        probe = LogisticRegression(C=10, max_iter=200).fit(vectors[few], labels[few])
        accuracies.append(probe.score(vectors[tested], labels[tested]))
    some = _places(len(labels), CLUSTERED)
    means = KMeans(len(np.unique(labels)), n_init=2, max_iter=50, random_state=0).fit(vectors[some])
    agreement = normalized_mutual_info_score(labels[some], means.labels_)
    return {f"accuracy, {labels_a_class} labels": float(np.mean(accuracies)), "NMI": float(agreement)}


def _places(count: int, most: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(count)[:most])


CORPORA: dict[str, Callable[[Path], tuple[list[str], Judge]]] = {
    "cranfield": _search,
    "scifact": _search,
    "npl": _search,
    "askubuntu_dups": _find_duplicates,
    "squad_sentences": _search,
    "stsb": _similarity,
    "quora_pairs": _matches,
    "stackoverflow_titles": _classes(10),
    "banking77": _classes(5),
    "newsgroups20": _classes(10),
    "flickr8k_captions": _captions,
    "trec": _classes(10),
    "abt_buy": _matches,
    "xquad_en": _search,
}
"""Every corpus by its name, and who reads its folder: search, duplicates, similarity, classes."""
