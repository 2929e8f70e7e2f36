"""What a slow encoder can teach a static one: search by the distilled model beside the teacher and two other ways.

    python benchmarks/distill.py --data DATA [--quick] [--kept FILE] [--peer FOLDER] [FOLDER ...]

`likewise.distill` learns from all-MiniLM-L6-v2 and the documents alone, with several seeds. Beside it stand
`likewise.train` on the same documents with its defaults, which knows no teacher; `model2vec.distill` of the same
teacher with its defaults, which knows no documents; and the teacher. Folders are data sets in the layout of BEIR;
cranfield, scifact, npl and askubuntu_dups if none is named. The measure is nDCG@10; of AskUbuntu, whose titles look
for their duplicates, it is MRR@10 without the query's own row. The teacher reads the first 90 words of a document, the
others read it whole. No label chooses a setting of a run. Differences have the 95 % interval of a bootstrap over the
queries, each with the mean over the seeds.

What the teacher said of a text is remembered from one seed to the next and, with `--kept FILE`, from one run to the
next. So the seconds of distilling are told without those of the teacher; beside them stands how many texts the first
seed asks about, and how many the teacher encodes in a second.
"""

import argparse
import json
import sysconfig
import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison import timed
from model2vec import StaticModel
from model2vec.distill import distill
from record import record
from yardstick import (
    DATA_SETS,
    Judge,
    Retrieval,
    add_data,
    difference,
    model_folder,
    over,
    read_retrieval,
    some_queries,
)

import likewise
from likewise.corpus.demo_corpus import pydocs
from likewise.training.distill import LONGEST

TEACHER = str(model_folder())
MOST_QUERIES = 600  # drawn once from those of a corpus that has more
SPEED_TEXTS, SPEED_REPEATS, FEW = 20_000, 5, 100


class Remembered:
    """A teacher that is asked about each text once.

    Attributes:
        seen: how many texts it had to be asked about, were nothing remembered from earlier runs.
        seconds: that it took to answer in this one.
    """

    def __init__(self, teacher: Any, kept: Path | None) -> None:
        self.teacher, self.dim, self.kept = teacher, teacher.dim, kept
        self.known: dict[str, np.ndarray] = {}
        self.seen: set[str] = set()
        self.seconds = 0.0
        if kept and kept.with_suffix(".npy").exists():
            texts = json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))
            self.known = dict(zip(texts, np.load(kept.with_suffix(".npy")), strict=True))

    def encode(self, texts: list[str]) -> np.ndarray:
        """One unit vector a text."""
        started = time.perf_counter()
        self.seen.update(texts)
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known |= dict(zip(new, self.teacher.encode(new), strict=True))
        found = np.stack([self.known[text] for text in texts])
        self.seconds += time.perf_counter() - started
        return found

    def keep(self) -> None:
        """Write down what was said."""
        if self.kept:
            np.save(self.kept.with_suffix(".npy"), np.stack([*self.known.values()]))
            self.kept.with_suffix(".json").write_text(json.dumps([*self.known]), encoding="utf-8")


def searched(judge: Judge, model: Any, *, cut: int | None = None) -> np.ndarray:
    """The measure of each query, by the model's own ways for queries and documents where it has them."""
    texts = [text if cut is None else " ".join(text.split()[:cut]) for text in judge.data.texts]
    documents = getattr(model, "encode_document", model.encode)(texts)
    queries = getattr(model, "encode_query", model.encode)([*judge.data.queries.values()])
    if not isinstance(model, likewise.Model):
        documents, queries = (_unit(side) for side in (documents, queries))
    return judge.scored(queries @ documents.T)


def measure(data: Retrieval, seeds: int, teacher: Remembered, peer: Any) -> dict[str, Any]:
    """All ways on one data set."""
    judge = Judge(data)
    print(f"\n{data.name}: {len(data.ids):,} documents, {len(data.queries):,} queries; {judge.measure}", flush=True)
    ways = {
        "distilled": lambda seed: likewise.distill(teacher, data.texts, seed=seed, progress=False),
        "from scratch": lambda seed: likewise.train(data.texts, seed=seed, progress=False),
    }
    found: dict[str, list[np.ndarray]] = {name: [] for name in ways}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    models: dict[str, Any] = {"model2vec": peer, "teacher": teacher.teacher}
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
    numbers["difference"] = {f"distilled - {name}": difference(mine - other) for name, other in each.items()}
    for name, value in {**numbers, **numbers["difference"]}.items():
        if name != "difference":
            shown = value if isinstance(value, float) else value["mean"]
            between = "" if isinstance(value, float) else f" ({value['low']:.4f} to {value['high']:.4f})"
            print(f"  {name:26} {shown:.4f}{between}", flush=True)
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", help="data sets in the layout of BEIR, .zst or not")
    add_data(parser)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="file of what the teacher said, to be read and written")
    parser.add_argument("--peer", type=Path, help="folder of what model2vec made of the teacher, likewise")
    parser.add_argument("--quick", action="store_true", help="cranfield, one seed, nothing recorded")
    given = parser.parse_args()
    folders = given.folders or [given.data / name for name in DATA_SETS]
    # Loops are compiled once on a machine, and not in the seconds of the first seed.
    likewise.train(pydocs(Path(sysconfig.get_path("stdlib")) / "asyncio"), epochs=1, progress=False)
    if given.quick:
        folders, given.seeds = folders[:1], 1
    teacher = Remembered(likewise.load(TEACHER), given.kept)
    if given.peer and given.peer.exists():
        peer = StaticModel.from_pretrained(given.peer)
    else:
        peer = distill(model_name=TEACHER)
        if given.peer:
            peer.save_pretrained(given.peer)
    for folder in folders:
        data = some_queries(read_retrieval(folder), MOST_QUERIES)
        numbers = measure(data, given.seeds, teacher, peer)
        if not given.quick:
            configuration = {"data": data.name, "documents": len(data.ids), "queries": len(data.queries)}
            record("distill", configuration | {"measure": Judge(data).measure}, numbers, given.seeds)


if __name__ == "__main__":
    main()
