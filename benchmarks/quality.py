"""How well raw text teaches search: likewise, its settings chosen without labels, beside BM25, LSA and MiniLM.

    python benchmarks/quality.py --data DATA [--quick] [--untuned] [FOLDER ...]

`likewise.train` gets the documents alone and its defaults, with several seeds; its `Collection` answers every judged
query by vector, by words and by both. Beside it BM25 (bm25s, English stop words), LSA with 256 dimensions (TF-IDF and
truncated SVD of scikit-learn), and all-MiniLM-L6-v2, which was trained on a billion pairs, where the package that
carries it is installed: alone and added to BM25. Folders are data sets in the layout of BEIR; cranfield, scifact, npl
and askubuntu_dups if none is named. The measure is nDCG@10; of AskUbuntu, whose titles look for their duplicates, it is
MRR@10 with the query's own row left out. No label chooses anything. Differences have the 95 % interval of a bootstrap
over the queries, each with the mean over the seeds.
"""

import argparse
import os
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from minilm import model_folder
from negatives_corpora import mrr
from record import record
from retrieval import Retrieval, ndcg, read_retrieval
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from texts import add_data

import likewise
from likewise.corpus.demo_corpus import pydocs
from likewise.index.hybrid import fuse

K = 10
DATA_SETS = ("cranfield", "scifact", "npl", "askubuntu_dups")
OWN = {"askubuntu_dups"}  # a query is a document itself, whose own row is left out, and one hit is enough
RESAMPLES = 10_000
MOST_QUERIES = 1_200  # drawn once from those of a corpus that has more
LONGEST = 128  # tokens that MiniLM reads of a text
Each = np.ndarray  # the measure of each query


class Judge:
    """One data set, and how good rankings of it are; one hit is enough where the measure is by reciprocal ranks."""

    def __init__(self, data: Retrieval, *, reciprocal: bool = False) -> None:
        self.data, self.own = data, data.name in OWN
        self._score = mrr if self.own or reciprocal else ndcg
        self.measure = "MRR@10" if self.own or reciprocal else "nDCG@10"
        places = {id: place for place, id in enumerate(data.ids)}
        self.rows = np.array([places.get(query, -1) if self.own else -1 for query in data.queries])

    def found(self, found: Sequence[Sequence[str]]) -> Each:
        """Of each query the ids of what was found, best first; more than `K` where its own row may be among them."""
        asked = zip(self.data.queries, found, strict=True)
        kept = {query: [id for id in ids if not self.own or id != query][:K] for query, ids in asked}
        return np.array([self._score({query: ids}, self.data.judged, K) for query, ids in kept.items()])

    def scored(self, scores: np.ndarray) -> Each:
        """Of each query the scores of all documents."""
        scores = self.others_only(scores)
        some = np.argpartition(-scores, min(K, scores.shape[1] - 1), axis=1)[:, :K]
        order = np.take_along_axis(some, np.argsort(-np.take_along_axis(scores, some, 1), axis=1, kind="stable"), 1)
        return self.found([[self.data.ids[place] for place in row] for row in order])

    def others_only(self, scores: np.ndarray) -> np.ndarray:
        """The scores, with that of a query's own row below all others."""
        own = np.flatnonzero(self.rows >= 0)
        scores[own, self.rows[own]] = -2.0
        return scores


def bm25(data: Retrieval) -> np.ndarray:
    """BM25 of each query and document, k1 1.5 and b 0.75, English stop words left out."""
    index = bm25s.BM25()
    index.index(bm25s.tokenize(data.texts, stopwords="en", show_progress=False), show_progress=False)
    queries = bm25s.tokenize([*data.queries.values()], stopwords="en", return_ids=False, show_progress=False)
    none = np.zeros(len(data.ids), np.float32)
    return np.stack([index.get_scores(words) if words else none for words in queries]).astype(np.float32)


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
    """Both in one score, in equal shares, over all documents."""
    rows = zip(cosines.astype(np.float64), words.astype(np.float64), strict=True)
    return np.stack([fuse([0.5], row[None], np.array([row.mean()]), bm25) for row, bm25 in rows])


def one_seed(judge: Judge, seed: int, settings: dict[str, Any], text_mode: bool) -> dict[str, Any]:
    """Train, index, answer: the measure of each mode, seconds of training, what was chosen."""
    data, started = judge.data, time.perf_counter()
    model = likewise.train(data.texts, seed=seed, progress=False, **settings)
    found = {"seconds": time.perf_counter() - started, "score without labels": model.card.scores["score"]}
    queries = [*data.queries.values()]
    with tempfile.TemporaryDirectory() as place:
        index = likewise.Collection.create(Path(place) / "documents.index", model)
        index.add(data.texts, ids=data.ids)
        for mode in ("vector", "hybrid", *(["text"] if text_mode else [])):
            hits = index.search_many(queries, k=K + judge.own, mode=mode)
            found[mode] = judge.found([[hit.id for hit in some] for some in hits])
        index.close()
    print(f"  seed {seed}: {found['seconds']:.0f} s, {model.card.tuning.get('why', 'not tuned')}", flush=True)
    return found


def measure(data: Retrieval, seeds: int, settings: dict[str, Any]) -> dict[str, Any]:
    """All baselines and all seeds of one data set."""
    judge, numbers = Judge(data), {}
    print(f"\n{data.name}: {len(data.ids):,} documents, {len(data.queries):,} queries; {judge.measure}", flush=True)
    words, cosines = bm25(data), minilm(data)
    fixed = {"BM25 (bm25s)": judge.scored(words.copy())}
    if cosines is not None:
        fixed["all-MiniLM-L6-v2"] = judge.scored(cosines.copy())
        fixed["all-MiniLM-L6-v2 + BM25"] = judge.scored(joined(judge.others_only(cosines), judge.others_only(words)))
    runs = [one_seed(judge, seed, settings, text_mode=seed == 0) for seed in range(seeds)]
    fixed["likewise, text"] = runs[0]["text"]  # words know no seed
    several = {f"likewise, {mode}": np.stack([run[mode] for run in runs]) for mode in ("vector", "hybrid")}
    for name, each in fixed.items():
        numbers[name] = float(each.mean())
    numbers["LSA 256"] = over([float(judge.scored(lsa(data, seed)).mean()) for seed in range(seeds)])
    for name, each in several.items():
        numbers[name] = over(each.mean(axis=1).tolist())
    for name in ("seconds", "score without labels"):
        numbers[name] = over([run[name] for run in runs])
    pairs = {"vector - BM25": ("vector", "BM25 (bm25s)"), "hybrid - BM25": ("hybrid", "BM25 (bm25s)")}
    pairs |= {"vector - MiniLM": ("vector", "all-MiniLM-L6-v2"), "hybrid - MiniLM": ("hybrid", "all-MiniLM-L6-v2")}
    pairs |= {"hybrid - MiniLM + BM25": ("hybrid", "all-MiniLM-L6-v2 + BM25")}
    numbers["difference"] = {
        name: difference(several[f"likewise, {mode}"].mean(axis=0) - fixed[other])
        for name, (mode, other) in pairs.items()
        if other in fixed
    }
    for name, value in {**numbers, **numbers["difference"]}.items():
        if name != "difference":
            told = value if isinstance(value, float) else value["mean"]
            between = "" if isinstance(value, float) else f" ({value['low']:.4f} to {value['high']:.4f})"
            print(f"  {name:26} {told:.4f}{between}")
    return numbers


def some_queries(data: Retrieval, most: int = MOST_QUERIES) -> Retrieval:
    """The same with at most so many queries, drawn once."""
    ids = [*data.queries]
    drawn = np.sort(np.random.default_rng(0).permutation(len(ids))[:most])
    return replace(data, queries={ids[place]: data.queries[ids[place]] for place in drawn})


def over(values: list[float]) -> dict[str, Any]:
    """The mean of the seeds, the lowest and the highest."""
    return {"mean": float(np.mean(values)), "low": min(values), "high": max(values), "values": values}


def difference(each: Each) -> dict[str, Any]:
    """A mean over the queries with its bootstrap interval."""
    rng, size = np.random.default_rng(0), len(each)
    means = np.concatenate([each[rng.integers(size, size=(RESAMPLES // 100, size))].mean(axis=1) for _ in range(100)])
    low, high = np.quantile(means, [0.025, 0.975]).tolist()
    return {"mean": float(each.mean()), "low": low, "high": high}


def main() -> None:
    """Score every data set and record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", help="data sets in the layout of BEIR, .zst or not")
    add_data(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--untuned", action="store_true", help="with the settings that are derived, nothing recorded")
    parser.add_argument("--quick", action="store_true", help="cranfield, 3 epochs, 2 seeds, nothing recorded")
    given = parser.parse_args()
    folders = given.folders or [given.data / name for name in DATA_SETS]
    # Loops are compiled once on a machine, and not in the seconds of the first seed.
    likewise.train(pydocs(Path(sysconfig.get_path("stdlib")) / "asyncio"), epochs=1, progress=False)
    settings: dict[str, Any] = {"tune": False} if given.untuned else {}
    if given.quick:
        folders, given.seeds, settings["epochs"] = folders[:1], 2, 3
    for folder in folders:
        data = some_queries(read_retrieval(folder))
        numbers = measure(data, given.seeds, settings)
        if not given.quick and not given.untuned:
            configuration = {"data": data.name, "documents": len(data.ids), "queries": len(data.queries)}
            record("quality", configuration | {"measure": Judge(data).measure}, numbers, given.seeds)


if __name__ == "__main__":
    main()
