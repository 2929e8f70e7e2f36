"""What a slow encoder can teach a static one: search by the distilled model beside the teacher and two other ways.

    python benchmarks/distill.py --data DATA [--quick] [--kept FILE] [--peer FOLDER] [FOLDER ...]

`likewise.distill` learns from all-MiniLM-L6-v2 and the documents alone, with several seeds. Beside it stand
`likewise.train` on the same documents with its defaults, which knows no teacher; `model2vec.distill` of the same
teacher with its defaults, which knows no documents; and the teacher. Folders are data sets in BEIR layout; the metric
is nDCG@10, or MRR@10 where one document answers; in AskUbuntu the query's own row is left out. The teacher reads the
first 90 words of a document, the others read it whole. No label chooses a setting of a run. Differences have the 95 %
interval of a bootstrap over the queries, each with the mean over the seeds.

The teacher's vectors are kept from one seed to the next and, with `--kept FILE`, from one run to the next. So the
seconds of distilling are without those of the teacher; beside them stands how many texts the first seed needs, and how
many the teacher encodes in a second.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison import interval, over, show, timed
from model2vec import StaticModel
from model2vec.distill import distill
from record import arguments, record
from yardstick import CachedEncoder, Judge, Retrieval, compile_loops, model_folder, retrieval_sets

import likewise
from likewise.training.distill import LONGEST

TEACHER = str(model_folder())
MOST_QUERIES = 600  # drawn once from those of a corpus that has more
SPEED_TEXTS, SPEED_REPEATS, FEW = 20_000, 5, 100


def searched(judge: Judge, model: Any, *, cut: int | None = None) -> np.ndarray:
    """The measure of each query, by the model's own ways for queries and documents where it has them."""
    texts = [text if cut is None else " ".join(text.split()[:cut]) for text in judge.data.texts]
    documents = getattr(model, "encode_document", model.encode)(texts)
    queries = getattr(model, "encode_query", model.encode)([*judge.data.queries.values()])
    if not isinstance(model, likewise.Model):
        documents, queries = (_unit(side) for side in (documents, queries))
    return judge.scored(queries @ documents.T)


def measure(data: Retrieval, seeds: int, teacher: CachedEncoder, peer: Any) -> dict[str, Any]:
    """All ways on one data set."""
    judge = Judge(data)
    print(f"\n{data.name}: {len(data.ids):,} documents, {len(data.queries):,} queries; {judge.measure}", flush=True)
    ways = {
        "distilled": lambda seed: likewise.distill(teacher, data.texts, seed=seed, progress=False),
        "from scratch": lambda seed: likewise.train(data.texts, seed=seed, progress=False),
    }
    found: dict[str, list[np.ndarray]] = {name: [] for name in ways}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    models: dict[str, Any] = {"model2vec": peer, "teacher": teacher.encoder}
    teacher.seen.clear()
    seen = 0
    for seed in range(seeds):
        for name, way in ways.items():
            started, before = time.perf_counter(), teacher.seconds
            models[name] = way(seed)
            seconds[name].append(time.perf_counter() - started - (teacher.seconds - before))
            teacher.keep()
            found[name].append(searched(judge, models[name]))
            seen = seen or len(teacher.seen)
            print(f"  seed {seed} {name}: {found[name][-1].mean():.4f}, {seconds[name][-1]:.0f} s", flush=True)
    each = {name: np.stack(several).mean(axis=0) for name, several in found.items()}
    each |= {"model2vec": searched(judge, peer), "teacher": searched(judge, teacher, cut=LONGEST)}
    numbers: dict[str, Any] = {name: over([float(one.mean()) for one in several]) for name, several in found.items()}
    numbers |= {name: float(each[name].mean()) for name in ("model2vec", "teacher")}
    mine = each.pop("distilled")
    numbers["difference"] = {f"distilled - {name}": interval(mine - other) for name, other in each.items()}
    show(numbers)
    numbers["seconds"] = {"distilled, without the teacher": over(seconds["distilled"])}
    numbers["seconds"] |= {"from scratch": over(seconds["from scratch"])}
    numbers["texts asked about"] = seen
    return numbers | {"texts a second": speeds(data.texts, models)}


def speeds(texts: list[str], models: dict[str, Any]) -> dict[str, float]:
    """How many documents of the corpus each encodes in a second, the best of some runs."""
    many = (texts * (SPEED_TEXTS // len(texts) + 1))[:SPEED_TEXTS]
    seen = {"distilled": (many, SPEED_REPEATS), "model2vec": (many, 2), "teacher": (texts[:FEW], 1)}
    found = {}
    for name, (some, repeats) in seen.items():
        model = models[name]
        found[name] = len(some) / min(timed(lambda model=model, some=some: model.encode(some)) for _ in range(repeats))
    return found


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def main() -> None:
    """Teach on every data set and record what came out."""
    parser = arguments(__doc__, quick="cranfield, one seed", folders=True, seeds=2)
    parser.add_argument("--kept", type=Path, help="an .npz file of the teacher's vectors, to be read and written")
    parser.add_argument("--peer", type=Path, help="folder of what model2vec made of the teacher, likewise")
    given = parser.parse_args()
    compile_loops()
    if given.quick:
        given.seeds = 1
    teacher = CachedEncoder(likewise.load(TEACHER), given.kept)
    if given.peer and given.peer.exists():
        peer = StaticModel.from_pretrained(given.peer)
    else:
        peer = distill(model_name=TEACHER)
        if given.peer:
            peer.save_pretrained(given.peer)
    for data in retrieval_sets(given, MOST_QUERIES):
        numbers = measure(data, given.seeds, teacher, peer)
        if not given.quick:
            record("distill", data.configuration | {"measure": Judge(data).measure}, numbers, given.seeds)


if __name__ == "__main__":
    main()
