"""What negatives bring by themselves: the same batches and steps, only fewer or more of a batch's texts are contrasted.

    python benchmarks/negatives_alone.py --data DATA [--quick] [--seeds 3]

Where a batch grows, negatives are not all that grows: a step sees more texts, or there are fewer steps. Here each step
has the same 512 texts, which fall into groups of 2 to 512, and a text is contrasted within its group. Corpora,
learning rates and figures are those of negatives.py.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from negatives_corpora import CORPORA, Judged, read_judged, with_near_copies
from negatives_run import DIM, TEMPERATURE, Budget, Ground
from record import record
from texts import add_data

from negatives import BUDGETS, NEGATIVES, ORIGINALS, RATES, SHARE, rounded

TEXTS = 512  # of a batch


def study(judged: Judged, sizes: Sequence[int], budget: Budget, seeds: int) -> dict[str, Any]:
    """All sizes of groups: for each figure a row a size, with one value a seed."""
    rates, by_rate, found = [], [], []
    ground = Ground(judged)
    start = [asdict(ground.untrained(seed)) for seed in range(seeds)]
    for negatives in sizes:
        runs = {rate: ground.run(negatives, budget, distance=None, rate=rate, seed=0, texts=TEXTS) for rate in RATES}
        rate = max(RATES, key=lambda rate: runs[rate].mrr)
        rates.append(rate)
        by_rate.append([runs[each].labelled for each in RATES])
        others = (
            ground.run(negatives, budget, distance=None, rate=rate, seed=seed, texts=TEXTS) for seed in range(1, seeds)
        )
        found.append([asdict(run) for run in (runs[rate], *others)])
        labelled = np.mean([run["labelled"] for run in found[-1]])
        print(f"  {negatives:5} negatives, learning rate {rate}: {labelled:.4f}", flush=True)
    figures = {key: [[run[key] for run in row] for row in found] for key in found[0][0]}
    untrained = {key: [run[key] for run in start] for key in ("mrr", "labelled")}
    return {"untrained": untrained, "rates": rates, "labelled by rate": by_rate, **figures}


def main() -> None:
    """Study every corpus and record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[*CORPORA, "copies"], help="corpora or copies")
    parser.add_argument("--quick", action="store_true", help="npl, three sizes, a tenth of the steps, nothing recorded")
    given = parser.parse_args()
    sizes = [negatives for negatives in NEGATIVES if negatives < TEXTS]
    if given.quick:
        study(read_judged(given.data, "npl"), sizes[::4], Budget(steps=8), given.seeds)
        return
    for name in given.only:
        judged = read_judged(given.data, name if name in CORPORA else "npl")
        if name == "copies":
            judged = with_near_copies(judged, np.random.default_rng(0), share=SHARE, originals=ORIGINALS)
        print(judged.name, flush=True)
        budget = BUDGETS["fixed steps"]
        configuration = {
            "data": judged.name, "measure": judged.measure, "negatives": sizes, "rates": [*RATES],
            "texts a step": TEXTS, "steps": budget.steps, "dim": DIM, "temperature": TEMPERATURE,
        }  # fmt: skip
        record("negatives_alone", configuration, rounded(study(judged, sizes, budget, given.seeds)), given.seeds)


if __name__ == "__main__":
    main()
