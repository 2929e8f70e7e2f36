"""What search loses where a static student of a transformer encodes the queries, and the transformer only documents.

    python benchmarks/static_queries.py --data DATA [--seeds 1] [--quick] [FOLDER ...]

`likewise.train` with `encoder=` all-MiniLM-L6-v2 and `queries="static"` gets the documents alone and its defaults: a
companion, and a student distilled on spans of them. The documents' vectors are those of the transformer and the
companion in both ways; "transformer" are searches with the transformer's vectors of the queries, "static" those with
the student's, each by vector and hybrid. Folders are data sets in BEIR layout; of more than 600 queries, 600 are drawn
once. The metric is nDCG@10, or MRR@10 where one document answers. No label chooses anything. Differences have the 95 %
interval of a bootstrap over the queries. Beside them stand the seconds of distilling, mostly the transformer's, and how
long one query takes in each way.
"""

import time
from typing import Any

import numpy as np
from adapt import MOST_QUERIES, searched
from comparison import interval, over, show
from record import arguments, be_quiet, record
from yardstick import MINILM, Judge, Retrieval, retrieval_sets

import likewise

TIMED = 50  # queries, one by one


def measure(data: Retrieval, seeds: int) -> dict[str, Any]:
    """Both ways on one data set."""
    judge, queries = Judge(data), [*data.queries.values()]
    print(f"\n{data.name}: {len(data.ids):,} documents, {len(queries):,} queries; {judge.measure}", flush=True)
    runs: list[dict[str, np.ndarray]] = []
    agreement: dict[str, list[float]] = {"queries, cosine": [], "queries, nearest texts": [], "seconds": []}
    documents = None
    for seed in range(seeds):
        started = time.perf_counter()
        model = likewise.train(data.texts, encoder=MINILM, queries="static", seed=seed, progress=False)
        agreement["seconds"].append(time.perf_counter() - started)
        for name, values in agreement.items():
            if name in model.card.scores:
                values.append(model.card.scores[name])
        if documents is None:
            documents, of_transformer = model.encode(data.texts), model.encode(queries)
        run = searched(judge, model, of_transformer, documents, "transformer")
        run |= searched(judge, model, model.queries.encode(queries), documents, "static")
        print({name: round(float(values.mean()), 4) for name, values in run.items()}, flush=True)
        runs.append(run)
    numbers: dict[str, Any] = {name: over([float(run[name].mean()) for run in runs]) for name in runs[0]}
    means = {name: np.mean([run[name] for run in runs], axis=0) for name in runs[0]}
    numbers["difference"] = {
        f"static - transformer, {way}": interval(means[f"static, {way}"] - means[f"transformer, {way}"])
        for way in ("vector", "hybrid")
    }
    numbers |= {name: over(values) for name, values in agreement.items()}
    numbers["milliseconds of a query"] = {
        "static": milliseconds(model.encode_query, queries),
        "transformer": milliseconds(model.encode, queries),
    }
    show(numbers)
    return numbers


def milliseconds(encode: Any, queries: list[str]) -> float:
    """The median over some queries."""
    taken = []
    for query in queries[:TIMED]:
        started = time.perf_counter()
        encode([query])
        taken.append(1000 * (time.perf_counter() - started))
    return float(np.median(taken))


def main() -> None:
    """Score every data set and record what came out."""
    parser = arguments(__doc__, quick="cranfield", folders=True, seeds=1)
    given = parser.parse_args()
    be_quiet()
    for data in retrieval_sets(given, MOST_QUERIES):
        numbers = measure(data, given.seeds)
        if not given.quick:
            record("static_queries", data.configuration | {"measure": Judge(data).measure}, numbers, given.seeds)


if __name__ == "__main__":
    main()
