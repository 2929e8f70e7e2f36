"""What each kind of negatives, each loss and each mode of training a transformer costs, and what it gives.

    python benchmarks/transformer_options.py --data DATA [--options NAMES ...] [--quick]

all-MiniLM-L6-v2 is adapted to the abstracts of cranfield without labels, by 30 steps at 5e-5 on views of up to 32
tokens with nothing of its old weights put back, so that options differ; each row changes one thing. The vectors of
`encode` are judged, without a static encoder beside them: nDCG@10, and the difference to the first row with the 95 %
interval of a bootstrap over the queries. Seconds are of the whole of `likewise.train`. "Untouched" is the encoder
before training. One seed: most of the differences are smaller than what the queries say of them, and the table is for
finding the few that are not.
"""

import argparse
import os
import time
import warnings
from typing import Any

from minilm import PACKAGE, model_folder
from quality import Judge, difference
from record import record
from retrieval import read_retrieval
from texts import add_data

import likewise

FAR: dict[str, Any] = {
    "encoder": PACKAGE, "static_weight": 0.0, "steps": 30, "length": 32, "learning_rate": 5e-5,
    "weight_interpolation": 0.0,
}  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    **{f"--negatives {names}": {"negatives": names} for names in (
        "queue", "queue,momentum", "hard", "hard-own", "guide", "clusters",
    )},
    **{f"--loss {name}": {"loss": name} for name in (
        "decoupled", "debiased:0.01", "debiased:0.01:0.5", "matryoshka:64:128:384",
    )},
    "--freeze 4": {"freeze": 4},
    "--lora 8": {"lora": 8, "learning_rate": 5e-4},
    "--precision single": {"precision": "single"},
    "--activation-memory 0.001": {"activation_memory": 0.001},
    "--batch 256": {"batch": 256, "steps": 10},
    "--weight-interpolation 0.5": {"weight_interpolation": 0.5},
}  # fmt: skip


def main() -> None:
    """Train and judge every row, and record them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--options", nargs="+", choices=OPTIONS, default=list(OPTIONS), help="nothing recorded then")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two steps each, nothing recorded")
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.filterwarnings("ignore")
    data = read_retrieval(given.data / "cranfield")
    judge, queries = Judge(data), [*data.queries.values()]

    def judged(model: likewise.Model) -> Any:
        return judge.scored(model.encode(queries) @ model.encode(data.texts).T)

    numbers: dict[str, Any] = {"untouched": {"nDCG@10": float(judged(likewise.load(model_folder())).mean())}}
    first = None
    for name in given.options:
        settings = FAR | OPTIONS[name] | ({"steps": 2} if given.quick else {})
        started = time.perf_counter()
        model = likewise.train(data.texts, seed=given.seed, progress=False, **settings)
        seconds, each = time.perf_counter() - started, judged(model)
        first = each if first is None else first
        row = {"seconds": seconds, "nDCG@10": float(each.mean()), "MRR of halves": model.card.scores["MRR"]}
        if name != "default":
            row["difference"] = difference(each - first)
        numbers[name] = row
        print(f"{name:34} {seconds:5.0f} s  {each.mean():.4f}  {each.mean() - first.mean():+.4f}", flush=True)
    if not given.quick and given.options == list(OPTIONS):
        configuration = {"data": data.name, "texts": len(data.texts), "steps": FAR["steps"]}
        record("transformer_options", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
