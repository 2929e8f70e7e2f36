"""What pays, and what does not: one thing at a time changed against the default recipe, judged by labels.

    python benchmarks/experiments.py --data DATA [--quick] [--seeds 3] [--only NAME ...]

Each experiment gives an encoder, or another search with the one of the default recipe; what counts is its difference to
the default of the same seed, in nDCG@10 (MRR@10 for AskUbuntu, whose questions look for their duplicates), by vector
and by vector and words together. The default is that of `likewise.train` without tuning, but for half its dimensions
and, on three of the four corpora, a fifth of its epochs: one thing after the other is to take minutes, not hours.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # seconds of processor are to be those of one thread
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
from experiments_ground import DIM, EPOCHS, Found, Ground
from experiments_list import EXPERIMENTS, as_is, learned
from record import record
from retrieval import read_retrieval
from texts import add_data

MOST_QUERIES = 800  # drawn once from those of a corpus that has more


def words_alone(ground: Ground) -> dict[str, list[float]]:
    """Search by words alone: the mean over the queries, and two standard errors of its difference to what is kept."""
    stems = learned(ground).prepared.word_stems
    ways: dict[str, Any] = {"learned stems": (stems, False), "no stems": (None, False)}
    ways |= {"learned stems, no English stop words": (stems, True), "no stems, no English stop words": (None, True)}
    if stemmer := _stemmer():
        ways["Porter's stems"] = (stemmer, False)
    found = {
        name: ground.answered_by_words(ground.words(stem, english=english)) for name, (stem, english) in ways.items()
    }
    kept = found["learned stems"]
    return {name: [float(each.mean()), _error(each - kept)] for name, each in found.items()}


def measure(ground: Ground, seeds: int, only: list[str]) -> dict[str, Any]:
    """All experiments on one corpus: for each seed the difference to the default, by vector and by both."""
    runs: dict[str, list[Found]] = {}
    spent: dict[str, float] = {}
    names = {name: run for group in EXPERIMENTS.values() for name, run in group.items() if not only or name in only}
    for seed in range(seeds):
        for name, run in {"default": as_is, **names}.items():
            if name == "Porter's stems" and not _stemmer():
                continue
            before, started = ground.seconds, time.perf_counter()
            runs.setdefault(name, []).append(run(ground, seed))
            spent[name] = spent.get(name, 0.0) + ground.seconds - before
            shown = " ".join(f"{side} {np.mean(getattr(runs[name][-1], side)):.4f}" for side in ("vector", "hybrid"))
            print(f"{ground.data.name:15} {seed}  {name:40} {shown}  {time.perf_counter() - started:.1f} s", flush=True)
    sides = ("vector", "hybrid")
    kept = {side: np.array([getattr(run, side) for run in runs["default"]]) for side in sides}
    numbers: dict[str, Any] = {"default": {side: kept[side].mean(axis=1).tolist() for side in sides}}
    for group, some in EXPERIMENTS.items():
        numbers[group] = {}
        for name in (name for name in some if name in runs):
            gains = {side: np.array([getattr(run, side) for run in runs[name]]) - kept[side] for side in sides}
            found: dict[str, Any] = {side: gain.mean(axis=1).tolist() for side, gain in gains.items()}
            found |= {f"{side} error": _error(gain.mean(axis=0)) for side, gain in gains.items()}
            numbers[group][name] = found | {"cost": spent[name] / spent["default"]}
    return numbers


def _error(differences: np.ndarray) -> float:
    """Two standard errors of a mean over the queries."""
    return float(2 * differences.std(ddof=1) / np.sqrt(len(differences)))


def _stemmer() -> Callable[[str], str] | None:
    try:
        import Stemmer
    except ImportError:
        return None
    return Stemmer.Stemmer("english").stemWord


def read_ground(data: Path, name: str, epochs: int | None) -> Ground:
    """A corpus, and at most 800 of its queries."""
    found = read_retrieval(data / name)
    ids = [*found.queries]
    drawn = np.sort(np.random.default_rng(0).permutation(len(ids))[:MOST_QUERIES])
    return Ground(replace(found, queries={ids[place]: found.queries[ids[place]] for place in drawn}), epochs)


def main() -> None:
    """Run every experiment on every corpus, and record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], help="experiments by name; nothing is recorded")
    parser.add_argument("--corpora", nargs="+", default=[*EPOCHS], choices=[*EPOCHS])
    parser.add_argument("--quick", action="store_true", help="cranfield, 5 epochs, 2 seeds, nothing recorded")
    given = parser.parse_args()
    known = {name for group in EXPERIMENTS.values() for name in group}
    if unknown := set(given.only) - known:
        parser.error(f"no experiment is called {'; '.join(sorted(unknown))}; there are: {'; '.join(sorted(known))}")
    if given.quick:
        given.corpora, given.seeds = ["cranfield"], 2
    for name in given.corpora:
        ground = read_ground(given.data, name, 5 if given.quick else None)
        started = time.process_time()
        words, numbers = words_alone(ground), measure(ground, given.seeds, given.only)
        configuration = {
            "data": name, "texts": learned(ground).prepared.facts.texts, "queries": len(ground.data.queries),
            "measure": ground.measure, "epochs": ground.epochs, "dim": DIM, "seeds": given.seeds,
        }  # fmt: skip
        numbers |= {"words": words, "seconds": time.process_time() - started}
        print(f"{name}: {numbers['seconds']:.0f} seconds of processor")
        if not (given.quick or given.only):
            record("experiments", configuration, numbers, given.seeds)


if __name__ == "__main__":
    main()
