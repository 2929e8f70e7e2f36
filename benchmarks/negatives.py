"""What the number of negatives brings, at fixed steps and at fixed compute, with and without masking near-duplicates.

    python benchmarks/negatives.py --data DATA [--quick] [--seeds 3] [--only NAME ...]

The encoder of `likewise.train` is trained with 1 to 2,047 negatives: for the same number of steps, where more negatives
also means more texts seen, and for the same seconds of processor, where it means fewer steps. The learning rate of
each is the one of three that scores best without labels. What comes out is the score without labels, the labelled
measure of vector search, and the bound on mutual information, log(negatives + 1) - InfoNCE, of texts put aside.

Corpora are abstracts (scifact, npl), questions (AskUbuntu, whose duplicates are searched for), and npl with
near-copies as logs have them: 30 % of the texts are copies of 30 texts, each with one word changed. At 511 negatives
they are copies of 1,000 texts down to one, too. No label chooses anything.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # seconds of processor are to be those of one thread
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
from negatives_corpora import CORPORA, Judged, read_judged, with_near_copies
from negatives_run import DIM, TEMPERATURE, Budget, Ground, Run
from record import record
from texts import add_data

from likewise.negatives.near_duplicates import DISTANCE

NEGATIVES = tuple(2**power - 1 for power in range(1, 12))
RATES = (0.05, 0.2, 0.8)
BUDGETS = {"fixed steps": Budget(steps=80), "fixed seconds": Budget(seconds=1.5)}
MASKS = {"masked": DISTANCE, "unmasked": None}
SHARE, ORIGINALS = 0.3, 30  # of near-copies
DOSES, DOSED = (1_000, 100, 10, 1), 511


def chosen_rate(ground: Ground, negatives: int, budget: Budget) -> dict[float, Run]:
    """A run with each learning rate, the best by the score without labels first."""
    runs = {rate: ground.run(negatives, budget, distance=DISTANCE, rate=rate, seed=0) for rate in RATES}
    return dict(sorted(runs.items(), key=lambda item: -item[1].mrr))


def both_masks(ground: Ground, negatives: int, budget: Budget, rate: float, seed: int, first: Run | None) -> list[Run]:
    """A run with near-duplicates masked and one without; where none was met, both are the same run."""
    masked = first or ground.run(negatives, budget, distance=DISTANCE, rate=rate, seed=seed)
    if not masked.left_out:
        return [masked, masked]
    return [masked, ground.run(negatives, budget, distance=None, rate=rate, seed=seed)]


def measure(ground: Ground, sizes: Sequence[int], budget: Budget, seeds: int) -> dict[str, Any]:
    """All sizes under one budget: for each figure a row a size, with one value a seed."""
    rates, by_rate, found = [], [], {name: [] for name in MASKS}
    for negatives in sizes:
        tried = chosen_rate(ground, negatives, budget)
        rate, best = next(iter(tried.items()))
        rates.append(rate)
        by_rate.append([tried[each].labelled for each in RATES])
        runs = [both_masks(ground, negatives, budget, rate, seed, best if seed == 0 else None) for seed in range(seeds)]
        for name, some in zip(MASKS, zip(*runs, strict=True), strict=True):
            found[name].append([asdict(run) for run in some])
        means = [f"{name} {np.mean([run['labelled'] for run in rows[-1]]):.4f}" for name, rows in found.items()]
        print(f"  {negatives:5} negatives, learning rate {rate}: {', '.join(means)}", flush=True)
    figures = {
        name: {key: [[run[key] for run in row] for row in rows] for key in rows[0][0]} for name, rows in found.items()
    }
    return {"rates": rates, "labelled by rate": by_rate, **figures}


def study(judged: Judged, sizes: Sequence[int], budgets: Mapping[str, Budget], seeds: int) -> dict[str, Any]:
    """Both budgets on one corpus."""
    ground = Ground(judged)
    ground.run(1, Budget(steps=2), distance=DISTANCE, rate=RATES[0], seed=0)  # what is compiled counts for nobody
    start = [asdict(ground.untrained(seed)) for seed in range(seeds)]
    numbers: dict[str, Any] = {"untrained": {key: [run[key] for run in start] for key in ("mrr", "labelled")}}
    for name, budget in budgets.items():
        print(f"{judged.name}, {name}", flush=True)
        numbers[name] = measure(ground, sizes, budget, seeds)
    return numbers


def kept(judged: Judged, numbers: Mapping[str, Any], sizes: Sequence[int], seeds: int) -> None:
    """Record what one corpus gave."""
    configuration = {
        "data": judged.name, "texts": len(judged.texts), "copies": judged.copies,
        "documents": len(judged.retrieval.ids), "queries": len(judged.retrieval.queries), "measure": judged.measure,
        "negatives": [*sizes], "rates": [*RATES], "dim": DIM, "temperature": TEMPERATURE,
        "steps": BUDGETS["fixed steps"].steps, "seconds": BUDGETS["fixed seconds"].seconds,
    }  # fmt: skip
    record("negatives", configuration, rounded(numbers), seeds)


def rounded(value: Any) -> Any:
    """Six digits: the lines are long."""
    if isinstance(value, Mapping):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def main() -> None:
    """Study every corpus and record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[*CORPORA, "copies", "doses"], help="corpora, copies or doses")
    parser.add_argument("--quick", action="store_true", help="npl, four sizes, small budgets, nothing recorded")
    given = parser.parse_args()
    if given.quick:
        short = {"fixed steps": Budget(steps=8), "fixed seconds": Budget(seconds=0.15)}
        study(read_judged(given.data, "npl"), NEGATIVES[::3], short, given.seeds)
        return
    for name in given.only:
        source = read_judged(given.data, name if name in CORPORA else "npl")
        if name == "doses":
            steps = {"fixed steps": BUDGETS["fixed steps"]}
            for originals in DOSES:
                dosed = with_near_copies(source, np.random.default_rng(0), share=SHARE, originals=originals)
                kept(dosed, study(dosed, (DOSED,), steps, given.seeds), (DOSED,), given.seeds)
            continue
        if name == "copies":
            source = with_near_copies(source, np.random.default_rng(0), share=SHARE, originals=ORIGINALS)
        kept(source, study(source, NEGATIVES, BUDGETS, given.seeds), NEGATIVES, given.seeds)


if __name__ == "__main__":
    main()
