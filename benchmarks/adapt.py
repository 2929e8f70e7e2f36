"""What a static companion, and adapting without labels, bring to a pretrained encoder's search and similarity.

    python benchmarks/adapt.py --data DATA [--seeds 3] [--adapted 1] [--set NAME=VALUE ...] [--quick] [FOLDER ...]

`likewise.train` with `encoder=` all-MiniLM-L6-v2 gets the documents alone and its defaults, with several seeds: the
encoder stays as it was, and a static encoder is trained beside it. "Companion, vector" is what an index stores of such
a model, "companion, hybrid" its default search. With the first seeds (`--adapted`) the encoder is also trained for 60
steps: "adapted" is the encoder by itself, which is what sentence-transformers loads from the folder, "adapted, vector"
and "adapted, hybrid" the same with the companion. Beside them stand the encoder untouched, BM25 added to it in equal
shares, and the hybrid search of an index made with it alone. Folders are data sets in BEIR layout; of more than 600
queries, 600 are drawn once. The metric is nDCG@10, or MRR@10 where one document answers; in AskUbuntu the query's own
row is left out. Last, the train sentences of STS-B, without their scores, and Spearman's correlation on its test pairs.
With `--set` nothing is recorded. No label chooses anything. Differences have the 95 % interval of a bootstrap over the
queries, each with the mean over the seeds.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison import interval, over, show
from record import arguments, be_quiet, record, setting
from scipy.stats import spearmanr
from yardstick import MINILM, Judge, K, Retrieval, bm25, joined, model_folder, retrieval_sets, table

import likewise
from likewise.evaluation.baselines import System
from likewise.evaluation.retrieval import CachedEmbedder, hybrid_search

MOST_QUERIES = 600
ADAPTED = {"steps": 60}  # how the encoder is trained too


def untouched() -> likewise.Model:
    """The encoder as it was."""
    return likewise.load(model_folder())


def trained(texts: list[str], seed: int, **settings: Any) -> tuple[likewise.Model, float]:
    """The encoder with its companion, and the seconds that it took."""
    started = time.perf_counter()
    model = likewise.train(texts, encoder=MINILM, seed=seed, progress=False, **settings)
    return model, time.perf_counter() - started


def hybrid(judge: Judge, model: likewise.Model, query_vectors: np.ndarray, document_vectors: np.ndarray) -> np.ndarray:
    """The measure of each query for the search of an index, whose vectors are known already."""
    data, queries = judge.data, [*judge.data.queries.values()]
    entrant = System("model", model.encode, False, model.encode_query, model.encode_document)
    known = CachedEmbedder(model, entrant, (queries, query_vectors), (data.texts, document_vectors))
    places = hybrid_search(known, queries, data.texts, K + judge.own)
    return judge.found([[data.ids[place] for place in some] for some in places])


def searched(
    judge: Judge, model: likewise.Model, query_vectors: np.ndarray, document_vectors: np.ndarray, name: str
) -> dict[str, np.ndarray]:
    """The measure of each query by vector and in hybrid, with the companion beside the vectors of the transformer."""
    static, queries, texts = model.companion.model, [*judge.data.queries.values()], judge.data.texts
    query_vectors = model.companion.concatenate(query_vectors, static.encode_query(queries))
    document_vectors = model.companion.concatenate(document_vectors, static.encode_document(texts))
    return {
        f"{name}, vector": judge.scored(query_vectors @ document_vectors.T),
        f"{name}, hybrid": hybrid(judge, model, query_vectors, document_vectors),
    }


def measure(data: Retrieval, seeds: int, adapted_seeds: int, settings: dict[str, Any]) -> dict[str, Any]:
    """All ways of one data set."""
    judge, queries = Judge(data), [*data.queries.values()]
    print(f"\n{data.name}: {len(data.ids):,} documents, {len(queries):,} queries; {judge.measure}", flush=True)
    words = judge.others_only(bm25(data))
    before = untouched()
    query_vectors, document_vectors = before.encode(queries), before.encode(data.texts)
    cosines = judge.others_only(query_vectors @ document_vectors.T)
    each = {"untouched": judge.scored(cosines), "untouched + BM25": judge.scored(joined(cosines, words))}
    each["untouched, hybrid"] = hybrid(judge, before, query_vectors, document_vectors)
    runs, seconds, adapting = [], [], []
    for seed in range(seeds):
        model, taken = trained(data.texts, seed, **settings)
        seconds.append(taken)
        run = searched(judge, model, query_vectors, document_vectors, "companion")
        if seed < adapted_seeds:
            adapted, taken = trained(data.texts, seed, **ADAPTED | settings)
            adapting.append(taken)
            new = adapted.encode(queries), adapted.encode(data.texts)
            run |= {"adapted": judge.scored(new[0] @ new[1].T)} | searched(judge, adapted, *new, "adapted")
        print(f"  seed {seed}: {seconds[-1]:.0f} s, hybrid {run['companion, hybrid'].mean():.4f}", flush=True)
        runs.append(run)
    numbers: dict[str, Any] = {name: float(values.mean()) for name, values in each.items()}
    several = {name: np.stack([run[name] for run in runs if name in run]) for name in runs[0]}
    numbers |= {name: over(values.mean(axis=1).tolist()) for name, values in several.items()}
    numbers |= {"seconds": over(seconds)} | ({"seconds, adapted": over(adapting)} if adapting else {})
    means = {name: values.mean(axis=0) for name, values in several.items()} | each
    numbers["difference"] = {
        f"{one} - {other}": interval(means[one] - means[other])
        for one, other in (
            ("companion, vector", "untouched"),
            ("companion, hybrid", "untouched + BM25"),
            ("companion, hybrid", "untouched, hybrid"),
            ("adapted", "untouched"),
            ("adapted, vector", "companion, vector"),
            ("adapted, hybrid", "companion, hybrid"),
        )
        if one in means
    }
    show(numbers)
    return numbers


def similarity(folder: Path, seeds: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Spearman's correlation on the test pairs of STS-B, adapted on the sentences of its train pairs."""
    rows = list(table(folder / "pairs.tsv"))
    sentences = [row[side] for row in rows if row["split"] == "train" for side in ("text1", "text2")]
    test = [row for row in rows if row["split"] == "test"]
    scores = [float(row["score"]) for row in test]

    def correlation(model: likewise.Model) -> float:
        one, other = (model.encode([row[side] for row in test]) for side in ("text1", "text2"))
        return 100 * float(spearmanr((one * other).sum(axis=1), scores).statistic)

    print(f"\nstsb: {len(set(sentences)):,} sentences, {len(test):,} pairs; Spearman", flush=True)
    correlations = [
        correlation(likewise.train(sentences, encoder=MINILM, seed=seed, progress=False, **ADAPTED | settings))
        for seed in range(seeds)
    ]
    numbers = {"untouched": correlation(untouched()), "adapted": over(correlations)}
    show(numbers)
    return numbers


def main() -> None:
    """Score every data set and record what came out."""
    parser = arguments(__doc__, quick="cranfield, 10 steps", folders=True, seeds=3)
    parser.add_argument("--set", type=setting, nargs="*", default=[], metavar="NAME=VALUE", help="of the recipe")
    parser.add_argument("--adapted", type=int, default=1, metavar="N", help="seeds with which it is adapted too")
    given = parser.parse_args()
    be_quiet()
    settings = dict(given.set)
    if given.quick:
        given.seeds, settings["steps"] = 1, 10
    for data in retrieval_sets(given, MOST_QUERIES):
        numbers = measure(data, given.seeds, given.adapted, settings)
        if not settings:
            record("adapt", data.configuration | {"measure": Judge(data).measure}, numbers, given.seeds)
    if not given.folders and not given.quick:
        numbers = similarity(given.data / "stsb", given.seeds, settings)
        if not settings:
            record("adapt", {"data": "stsb", "measure": "Spearman"}, numbers, given.seeds)


if __name__ == "__main__":
    main()
