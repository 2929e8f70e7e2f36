"""A million texts on this machine: how long does their index take, how long a search, and what does it miss?

    python benchmarks/search_at_scale.py --data DATA [--texts 1000000] [--quick]

Distinct sentences of film reviews. A static model learns from 200,000 of them, then all are indexed: encoded, written
with their words, and the search by vector prepared. Queries are 500 other sentences of the same kind, cut to four to
eight words, asked one by one. Milliseconds are of whole calls of `search`, after one that opens what has to be open.
Recall@10 is the share of the ten highest cosines among the stored vectors, computed one by one, that the search by
vector finds.
"""

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from comparison import milliseconds, timed
from record import arguments, record
from yardstick import sentences, trained

import likewise

QUERIES, WARM = 500, 20
TRAINED_ON = 200_000
AT_ONCE = 100_000


def query_texts(texts: list[str], rng: np.random.Generator) -> list[str]:
    """A few words of each text, one after the other."""
    found = []
    for text in texts:
        words = text.split()
        length = min(len(words), int(rng.integers(4, 9)))
        first = int(rng.integers(len(words) - length + 1))
        found.append(" ".join(words[first : first + length]))
    return found


def exact_ten(model: Any, texts: list[str], queries: list[str]) -> list[set[int]]:
    """Of each query the rows of the ten highest cosines, by the vectors that the index stores."""
    vectors = model.encode_query(queries)
    best = np.full((len(queries), 10), -np.inf, np.float32)
    rows = np.zeros((len(queries), 10), np.int64)
    for first in range(0, len(texts), AT_ONCE):
        stored = model.encode_document(texts[first : first + AT_ONCE]).astype(np.float16).astype(np.float32)
        scores = np.concatenate([best, vectors @ stored.T], axis=1)
        names = np.concatenate(
            [rows, np.broadcast_to(np.arange(first, first + len(stored)), (len(queries), len(stored)))], 1
        )
        top = np.argpartition(-scores, 9, axis=1)[:, :10]
        best, rows = np.take_along_axis(scores, top, 1), np.take_along_axis(names, top, 1)
    return [set(row) for row in rows.tolist()]


def main() -> None:
    """Index, ask, and record."""
    given = arguments(__doc__, quick="20,000 texts", texts=1_000_000, seed=0).parse_args()
    count = 20_000 if given.quick else given.texts
    rng = np.random.default_rng(given.seed)
    every = sentences(given.data, count + QUERIES)
    rng.shuffle(every)
    texts, queries = every[:-QUERIES], query_texts(every[-QUERIES:], rng)
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    model = trained(texts[:TRAINED_ON], seed=given.seed)
    seconds["train"] = time.perf_counter() - started
    numbers: dict[str, Any] = {"seconds": seconds}
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        with likewise.Collection.create(Path(place) / "all.index", model) as index:
            index.add(texts)
            index.build()
            seconds["index"] = time.perf_counter() - started
            known = index.describe()
            numbers["gigabytes"] = known.bytes / 1e9
            for mode in ("vector", "hybrid", "text"):
                numbers[mode] = latencies(index, queries, mode)
                print(mode, numbers[mode], flush=True)
            found = index.search_many(queries, k=10, mode="vector")
            nearest = exact_ten(index.model, texts, queries)
        shares = [len({int(hit.id) for hit in hits} & near) / 10 for hits, near in zip(found, nearest, strict=True)]
    numbers["recall@10"] = float(np.mean(shares))
    print(seconds, known.kind, numbers["recall@10"])
    if not given.quick:
        configuration = {"texts": len(texts), "dim": model.dim, "queries": QUERIES, "kind": known.kind}
        record("search_at_scale", configuration | {"cores": os.cpu_count()}, numbers, given.seed)


def latencies(index: likewise.Collection, queries: list[str], mode: str) -> dict[str, float]:
    """Milliseconds of one search, quantiles over the queries."""
    for query in queries[:WARM]:
        index.search(query, mode=mode)
    return milliseconds([timed(partial(index.search, query, mode=mode)) for query in queries])


if __name__ == "__main__":
    main()
