"""What each view is good for: every one alone, and useful pairs, for the static encoder and for a transformer.

    python benchmarks/view_ablation.py --data DATA [--encoder static minilm] [--views NAMES ...] [--quick]

Each row is trained on the texts alone with the defaults of `likewise.train`, but for the views, and judged in three
ways: search on cranfield (abstracts; nDCG@10) and on npl (short titles; nDCG@10), similarity on STS-B (trained on the
sentences of its train pairs; Spearman on its test pairs), and few labels on the sentences of movie reviews (logistic
regression on the vectors of 64 labelled ones of each class; accuracy on the test split, mean of five draws). Of a
transformer, all-MiniLM-L6-v2, the vectors of `encode` are judged, without a static encoder beside it, and it goes
farther than by default: 30 steps at 5e-5 on views of up to 32 tokens, and nothing of its old weights is put back.
"None" is the encoder before training. Views whose tool is missing on the machine are left out and named.
"""

import argparse
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from minilm import PACKAGE
from quality import Judge, over
from record import record
from retrieval import Retrieval, read_retrieval
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from texts import add_data, rows, table

import likewise
from likewise.errors import InputError
from likewise.paraphrase.paraphraser import make_paraphraser
from likewise.views.spec import rewritings

VIEWS = (
    "crop", "halves", "delete", "dropout", "synonyms", "back-translation",
    "crop,halves", "crop+delete:0.1", "crop,back-translation", "delete,synonyms",
)  # fmt: skip
LABELS, DRAWS = 64, 5
FAR = {"steps": 30, "length": 32, "learning_rate": 5e-5, "weight_interpolation": 0.0}  # of the transformer
Judged = Callable[[likewise.Model], float]


def search(data: Retrieval) -> Judged:
    judge, queries = Judge(data), [*data.queries.values()]
    return lambda model: float(judge.scored(model.encode_query(queries) @ model.encode_document(data.texts).T).mean())


def similarity(pairs: list[dict[str, str]]) -> Judged:
    test = [row for row in pairs if row["split"] == "test"]
    scores = [float(row["score"]) for row in test]

    def judged(model: likewise.Model) -> float:
        one, other = (model.encode([row[side] for row in test]) for side in ("text1", "text2"))
        return 100 * float(spearmanr((one * other).sum(axis=1), scores).statistic)

    return judged


def few_labels(reviews: list[dict[str, str]]) -> Judged:
    splits = {name: [row for row in reviews if row["split"] == name] for name in ("train", "test")}
    labels = {name: np.array([row["label"] for row in some]) for name, some in splits.items()}

    def judged(model: likewise.Model) -> float:
        vectors = {name: model.encode([row["text"] for row in some]) for name, some in splits.items()}
        found = []
        for draw in range(DRAWS):
            rng = np.random.default_rng(draw)
            chosen = np.concatenate(
                [
                    rng.permutation(np.flatnonzero(labels["train"] == label))[:LABELS]
                    for label in np.unique(labels["train"])
                ]
            )
            fitted = LogisticRegression(C=10, max_iter=1000).fit(vectors["train"][chosen], labels["train"][chosen])
            found.append(float(fitted.score(vectors["test"], labels["test"])))
        return 100 * float(np.mean(found))

    return judged


def tasks(data: Path) -> dict[str, tuple[list[str], Judged]]:
    """Of each task the texts to train on, and how a model is judged."""
    cranfield, npl = (read_retrieval(data / name) for name in ("cranfield", "npl"))
    stsb, reviews = list(table(data / "stsb" / "pairs.tsv")), list(rows(data / "sst2" / "data.jsonl"))
    sentences = [row[side] for row in stsb if row["split"] == "train" for side in ("text1", "text2")]
    return {
        "search, abstracts": (cranfield.texts, search(cranfield)),
        "search, titles": (npl.texts, search(npl)),
        "similarity": (sentences, similarity(stsb)),
        "few labels": ([row["text"] for row in reviews if row["split"] == "train"], few_labels(reviews)),
    }


def trained(texts: list[str], encoder: str, views: str | None, seed: int, quick: bool) -> likewise.Model:
    if encoder == "static":
        settings: dict[str, Any] = {"tune": False} | ({"epochs": 1} if quick or views is None else {})
        settings |= {"learning_rate": 1e-9} if views is None else {}
    else:
        settings = {"encoder": PACKAGE, "static_weight": 0.0} | FAR | ({"steps": 2} if quick else {})
        settings |= {"learning_rate": 1e-12, "steps": 1} if views is None else {}
    return likewise.train(texts, views=views, seed=seed, progress=False, **settings)


def main() -> None:
    """Train and judge every view, and record the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--encoder", nargs="+", choices=("static", "minilm"), default=["static", "minilm"])
    parser.add_argument("--views", nargs="+", default=list(VIEWS))
    parser.add_argument("--tasks", nargs="+", help="of those in the table; all if not given, and else nothing recorded")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="next to no training, nothing recorded")
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.filterwarnings("ignore")
    some = {name: task for name, task in tasks(given.data).items() if name in (given.tasks or [name])}
    for encoder in given.encoder:
        numbers: dict[str, Any] = {}
        for views in [None, *given.views]:
            if encoder == "static" and views == "dropout":
                continue  # it has none
            try:
                for name in rewritings(views) if views else []:
                    make_paraphraser(name)
            except InputError as error:
                print(f"{views}: left out, {error}")
                continue
            row = {}
            for task, (texts, judged) in some.items():
                found = [judged(trained(texts, encoder, views, seed, given.quick)) for seed in range(given.seeds)]
                row[task] = over(found)
            numbers[views or "none"] = row
            told = "  ".join(f"{task} {value['mean']:.4g}" for task, value in row.items())
            print(f"{encoder:8} {views or 'none':24} {told}", flush=True)
        if not given.quick and not given.tasks:
            record("view_ablation", {"data": encoder, "seeds": given.seeds}, numbers, given.seeds)


if __name__ == "__main__":
    main()
