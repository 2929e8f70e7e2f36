"""Does `likewise compare` rank encoders of different origin, without labels, as judged queries do?

    python benchmarks/compare.py --data DATA [--seeds 1] [--documents 600] [--quick] [FOLDER ...]

On each data set in BEIR layout: static encoders by three recipes, all-MiniLM-L6-v2, the same with a static companion,
and the baselines of `likewise.compare`. All are compared on the documents alone, of which 600 are taken: those judged
for 250 queries, filled up with others. The seeds draw the held-out texts and the tests; training has one. Then the
judged queries say what `likewise evaluate` measures, nDCG@10 by vector. Recorded are both for every encoder,
Spearman's rank correlation of both, and the regret: by how much the encoder with the best score is below the best
one, as a share. The correlation is also given for the static encoders and baselines alone, which learned all that
they know from these texts. No label chooses anything.
"""

from pathlib import Path
from typing import Any

import numpy as np
from comparison import over, show
from record import arguments, be_quiet, record
from scipy.stats import spearmanr
from yardstick import MINILM, Retrieval, model_folder, read_retrieval, some_queries

import likewise
from likewise.evaluation.data import Retrieval as Judged

SETS = (
    "cranfield", "xquad_de", "squad_sentences", "xquad_hi", "npl", "cmrc2018", "scifact", "piaf", "askubuntu_dups",
    "xquad_tr", "conala", "arabic_qa", "xquad_en", "tquad", "xquad_es", "xquad_zh",
)  # fmt: skip
RECIPES: dict[str, dict[str, Any]] = {
    "static": {},
    "static, 2 epochs": {"epochs": 2},
    "static, temperature 1": {"temperature": 1.0},
}
PRETRAINED = ("MiniLM", "MiniLM + companion")
MOST_QUERIES = 250


def excerpt(data: Retrieval, documents: int) -> tuple[list[str], Judged]:
    """The documents that are compared on, and the same with the judged queries."""
    data = some_queries(data, MOST_QUERIES)
    needed = {id for query in data.queries for id in data.judged[query]}
    rng = np.random.default_rng(0)
    order = sorted(rng.permutation(len(data.ids)).tolist(), key=lambda place: data.ids[place] not in needed)
    taken = sorted(order[:documents])
    texts = {data.ids[place]: data.texts[place] for place in taken}
    judged = {query: {id: g for id, g in data.judged[query].items() if id in texts} for query in data.queries}
    judged = {query: grades for query, grades in judged.items() if grades}
    return [*texts.values()], Judged(texts, {query: data.queries[query] for query in judged}, judged, data.name)


def encoders(texts: list[str]) -> dict[str, Any]:
    """All encoders of one corpus."""
    found: dict[str, Any] = {
        name: likewise.train(texts, progress=False, **settings) for name, settings in RECIPES.items()
    }
    minilm = likewise.load(model_folder())
    companion = likewise.train(texts, encoder=MINILM, progress=False)
    return found | dict(zip(PRETRAINED, (minilm, companion), strict=True))


def measured(models: dict[str, Any], judged: Judged) -> dict[str, float]:
    """nDCG@10 of all encoders, and of the baselines."""
    found = {}
    for name, model in models.items():
        baselines = "bm25,tfidf,lsa,untrained" if name == "static" else False
        for row in likewise.evaluate(model, judged, baselines=baselines, name=name, progress=False).rows:
            if row.metrics:
                found[row.name.replace("LSA 256", "LSA")] = row.metrics["nDCG@10"].value
    return found


def agreement(scores: dict[str, float], truth: dict[str, float], names: list[str]) -> tuple[float, float, str]:
    """Spearman's correlation, the regret, and the encoder with the best score."""
    known = [name for name in names if name in scores and name in truth]
    one, other = ([values[name] for name in known] for values in (scores, truth))
    chosen, best = known[int(np.argmax(one))], max(other)
    return float(spearmanr(one, other)[0]), (best - truth[chosen]) / best, chosen


def measure(texts: list[str], judged: Judged, seeds: int) -> dict[str, Any]:
    """All numbers of one data set."""
    models = encoders(texts)
    truth = measured(models, judged)
    runs = []
    for seed in range(seeds):
        rows = likewise.compare(models, texts, seed=seed, progress=False).rows
        runs.append({row.name: row.metrics["score"].value for row in rows if row.metrics})
    names = list(truth)
    local = [name for name in names if name not in PRETRAINED]
    every, own = ([agreement(run, truth, some) for run in runs] for some in (names, local))
    numbers: dict[str, Any] = {
        "nDCG@10": truth,
        "score": {name: over([run[name] for run in runs]) for name in names if name in runs[0]},
        "Spearman": over([found[0] for found in every]),
        "regret": over([found[1] for found in every]),
        "Spearman, of these texts": over([found[0] for found in own]),
        "regret, of these texts": over([found[1] for found in own]),
        "chosen": [found[2] for found in every],
    }
    show({name: value for name, value in numbers.items() if name not in ("nDCG@10", "score")})
    return numbers


def main() -> None:
    given = arguments(__doc__, quick="one data set", folders=True, seeds=1, documents=600).parse_args()
    be_quiet()
    folders: list[Path] = given.folders or [given.data / name for name in SETS]
    for folder in folders[:1] if given.quick else folders:
        texts, judged = excerpt(read_retrieval(folder), given.documents)
        print(f"\n{folder.name}: {len(texts)} documents, {len(judged.queries)} queries", flush=True)
        numbers = measure(texts, judged, given.seeds)
        if not given.quick:
            configuration = {"data": folder.name, "documents": len(texts), "queries": len(judged.queries)}
            record("compare", configuration | {"seeds": given.seeds}, numbers, 0)


if __name__ == "__main__":
    main()
