"""How well does an encoder trained on the documents alone search them, beside BM25, LSA and MiniLM?

    python benchmarks/search_quality.py --data DATA [--seeds 3] [--set NAME=VALUE ...] [--quick] [FOLDER ...]

`likewise.train` gets the documents and its defaults. Its index answers every judged query by vector (trained components
alone), by words and in hybrid; `single vectors` is the product of `encode_query` and `encode_document`, all components,
which is what a vector database sees. Baselines: BM25 (bm25s, English stop words), LSA with 256 dimensions, and
all-MiniLM-L6-v2, trained on a billion pairs, alone and added to BM25. Folders are data sets in BEIR layout; the metric
is nDCG@10, or MRR@10 where one document answers. No label chooses anything. Figures are means over the seeds with the
lowest and the highest; differences have the 95 % interval of a bootstrap over the queries. `--set` trains with another
recipe, such as `--set lexical_weight=0`, and records it under that name.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison import interval, over, show
from record import arguments, record, setting
from yardstick import Judge, K, Retrieval, bm25, compile_loops, joined, lsa, minilm, retrieval_sets

import likewise

OURS = ("vector", "hybrid", "single vectors")


def megabytes(folder: Path) -> float:
    """The size of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def one_seed(judge: Judge, seed: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Train, index and search once: the metric of each query by mode, seconds and sizes."""
    data, started = judge.data, time.perf_counter()
    model = likewise.train(data.texts, seed=seed, progress=False, **settings)
    found = {"seconds": time.perf_counter() - started, "label-free score": model.card.scores["score"]}
    queries = [*data.queries.values()]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place)
        model.save(path / "model")
        with likewise.Collection.create(path / "index", model) as index:
            index.add(data.texts, ids=data.ids)
            for mode in ("vector", "hybrid", "text"):
                hits = index.search_many(queries, k=K + judge.own, mode=mode)
                found[mode] = judge.found([[hit.id for hit in some] for some in hits])
        found |= {"model MB": megabytes(path / "model"), "index MB": megabytes(path / "index")}
    found["single vectors"] = judge.scored(model.encode_query(queries) @ model.encode_document(data.texts).T)
    print(f"  seed {seed}: {found['seconds']:.0f} s, hybrid {found['hybrid'].mean():.4f}", flush=True)
    return found


def measure(data: Retrieval, seeds: int, settings: dict[str, Any]) -> dict[str, Any]:
    """All baselines and all seeds on one data set."""
    judge = Judge(data)
    print(f"{data.name}: {len(data.ids):,} documents, {len(data.queries):,} queries; {judge.measure}", flush=True)
    words, cosines = bm25(data), minilm(data)
    peers = {"BM25 (bm25s)": judge.scored(words.copy())}
    if cosines is not None:
        peers["all-MiniLM-L6-v2"] = judge.scored(cosines.copy())
        peers["all-MiniLM-L6-v2 + BM25"] = judge.scored(joined(judge.others_only(cosines), judge.others_only(words)))
    runs = [one_seed(judge, seed, settings) for seed in range(seeds)]
    numbers: dict[str, Any] = {name: float(each.mean()) for name, each in peers.items()}
    numbers["LSA 256"] = over([float(judge.scored(lsa(data, seed)).mean()) for seed in range(seeds)])
    numbers["likewise, words"] = float(runs[0]["text"].mean())  # BM25 knows no seed
    for mode in OURS:
        numbers[f"likewise, {mode}"] = over([float(run[mode].mean()) for run in runs])
    for name in ("seconds", "label-free score", "model MB", "index MB"):
        numbers[name] = over([run[name] for run in runs])
    numbers["difference"] = {
        f"{mode} - {name}": interval(np.mean([run[mode] for run in runs], axis=0) - each)
        for name, each in peers.items()
        for mode in OURS[:2]
    }
    show(numbers)
    return numbers


def main() -> None:
    """Score every data set and record the figures."""
    parser = arguments(__doc__, quick="cranfield, 3 epochs, 2 seeds", folders=True, seeds=3)
    parser.add_argument("--set", type=setting, nargs="*", default=[], metavar="NAME=VALUE", help="of the recipe")
    given = parser.parse_args()
    settings = dict(given.set)
    compile_loops()
    if given.quick:
        given.seeds, settings["epochs"] = 2, 3
    for data in retrieval_sets(given):
        numbers = measure(data, given.seeds, settings)
        if not given.quick:
            configuration = {"measure": Judge(data).measure, "recipe": settings or "default"}
            record("search_quality", data.configuration | configuration, numbers, given.seeds)


if __name__ == "__main__":
    main()
