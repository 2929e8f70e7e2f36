"""How well raw text teaches search: nDCG@10 of likewise beside BM25 and LSA, with judgements that training never sees.

    python benchmarks/quality.py --data DATA [--quick] [FOLDER ...]

`likewise.train` gets the documents alone and its defaults, with several seeds; its `Collection` answers every judged
query by vector, by words and by both. Beside it BM25 (bm25s, English stop words) and LSA with 256 dimensions (TF-IDF
and truncated SVD of scikit-learn). Folders are data sets in the layout of BEIR; cranfield, scifact and npl if none is
named. No label chooses anything.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from record import record
from retrieval import Retrieval, ndcg, read_retrieval
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from texts import add_data

import likewise

K = 10
DATA_SETS = ("cranfield", "scifact", "npl")


def bm25(data: Retrieval) -> float:
    """nDCG of BM25, k1 1.5 and b 0.75, English stop words left out."""
    index = bm25s.BM25()
    index.index(bm25s.tokenize(data.texts, stopwords="en", show_progress=False), show_progress=False)
    queries = bm25s.tokenize([*data.queries.values()], stopwords="en", show_progress=False)
    places, _ = index.retrieve(queries, k=min(K, len(data.ids)), show_progress=False)
    return _scored(data, places)


def lsa(data: Retrieval, seed: int) -> float:
    """nDCG of 256 singular vectors of TF-IDF, by cosine."""
    weighting = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    weighted = weighting.fit_transform(data.texts)
    svd = TruncatedSVD(min(256, len(data.texts) - 1), random_state=seed)
    documents = normalize(svd.fit_transform(weighted))
    queries = normalize(svd.transform(weighting.transform(data.queries.values())))
    return _scored(data, np.argsort(-queries @ documents.T, axis=1, kind="stable")[:, :K])


def _scored(data: Retrieval, places: np.ndarray) -> float:
    found = {query: [data.ids[place] for place in row] for query, row in zip(data.queries, places, strict=True)}
    return ndcg(found, data.judged, K)


def one_seed(data: Retrieval, seed: int, epochs: int | None, text_mode: bool) -> dict[str, float]:
    """Train, index, answer: nDCG of each mode, seconds of training, the score that needed no label."""
    started = time.perf_counter()
    model = likewise.train(data.texts, seed=seed, epochs=epochs, progress=False)
    found = {"seconds": time.perf_counter() - started, "MRR without labels": model.card.scores["MRR"]}
    queries = [*data.queries.values()]
    with tempfile.TemporaryDirectory() as place:
        index = likewise.Collection.create(Path(place) / "documents.index", model)
        index.add(data.texts, ids=data.ids)
        for mode in ("vector", "hybrid", *(["text"] if text_mode else [])):
            hits = index.search_many(queries, k=K, mode=mode)
            ids = {query: [hit.id for hit in some] for query, some in zip(data.queries, hits, strict=True)}
            found[mode] = ndcg(ids, data.judged, K)
        index.close()
    return found


def measure(data: Retrieval, seeds: int, epochs: int | None) -> dict[str, Any]:
    """Both baselines and all seeds of one data set."""
    runs = [one_seed(data, seed, epochs, text_mode=seed == 0) for seed in range(seeds)]
    text = runs[0].pop("text")  # words know no seed
    lsas = [lsa(data, seed) for seed in range(seeds)]
    numbers: dict[str, Any] = {"BM25 (bm25s)": bm25(data), "likewise, text": text}
    several = {"LSA 256": lsas} | {f"likewise, {name}": [run[name] for run in runs] for name in ("vector", "hybrid")}
    extra = {name: [run[name] for run in runs] for name in ("seconds", "MRR without labels")}
    print(f"\n{data.name}: {len(data.ids):,} documents, {len(data.queries):,} queries; nDCG@{K}, {seeds} seeds")
    for name, value in numbers.items():
        print(f"  {name:22} {value:.4f}")
    for name, values in (several | extra).items():
        mean, low, high = float(np.mean(values)), min(values), max(values)
        print(f"  {name:22} {mean:.4f} ({low:.4f} to {high:.4f})")
        numbers[name] = {"mean": mean, "low": low, "high": high, "values": values}
    return numbers


def main() -> None:
    """Score every data set and record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", help="data sets in the layout of BEIR, .zst or not")
    add_data(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="cranfield, 3 epochs, 2 seeds, nothing recorded")
    given = parser.parse_args()
    folders = given.folders or [given.data / name for name in DATA_SETS]
    if given.quick:
        folders, given.seeds = folders[:1], 2
    for folder in folders:
        data = read_retrieval(folder)
        numbers = measure(data, given.seeds, 3 if given.quick else None)
        if not given.quick:
            configuration = {"data": data.name, "documents": len(data.ids), "queries": len(data.queries), "k": K}
            record("quality", configuration, numbers, given.seeds)


if __name__ == "__main__":
    main()
