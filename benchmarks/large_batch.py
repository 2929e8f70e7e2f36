"""A batch of 2,048 pairs in little memory: likewise beside CachedMultipleNegativesRankingLoss.

    python benchmarks/large_batch.py --data DATA [--quick]

One step of all-MiniLM-L6-v2 on 2,048 pairs of the documentation of the running Python, cut at 128 tokens, with in-batch
InfoNCE over the whole batch, in single precision: how long it takes, and the most memory that the process held. Each
contestant has a process of its own; likewise is told how much its graphs may take, the peer how many texts it encodes
at once.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from functools import partial
from typing import Any

import numpy as np
from comparison import timed
from record import arguments, be_quiet, record
from train_transformer import BATCH, LONGEST, Ours, python_texts, trainer

import likewise

MEMORY = 1.0  # GiB for the graphs of likewise
MINI = 32  # texts that the peer encodes at once: its default


def by_likewise(texts: list[str]) -> float:
    """Seconds of a step."""
    ours = Ours(texts, batch=len(texts), half=False, activation_memory=int(MEMORY * (1 << 30)))
    ours.encoder.encode(ours.found.tokenizer.encode(texts[:BATCH]))  # compiles
    return timed(ours)


def by_sentence_transformers(texts: list[str]) -> float:
    """Seconds of a step of the trainer."""
    from sentence_transformers.losses import CachedMultipleNegativesRankingLoss

    loss = partial(CachedMultipleNegativesRankingLoss, mini_batch_size=MINI)
    with tempfile.TemporaryDirectory() as place:
        one = trainer(texts, place, loss, longest=LONGEST, batch=len(texts), max_steps=1)
        return timed(one.train)


CONTESTANTS = {"likewise": by_likewise, "sentence-transformers": by_sentence_transformers}


def alone(name: str, pairs: int, seed: int) -> dict[str, float]:
    """A contestant in a process of its own: seconds, and the most GiB it held."""
    command = [sys.executable, __file__, "--contestant", name, "--pairs", str(pairs)]
    done = subprocess.run([*command, "--seed", str(seed)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{name:24} {found['seconds']:8.1f} s  {found['gibibytes']:5.2f} GiB", flush=True)
    return found


def main() -> None:
    """Take turns, and record seconds and memory."""
    parser = arguments(__doc__, quick="256 pairs", reads_data=False, pairs=2048, repeats=1, seed=0)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    be_quiet()
    if given.quick:
        given.pairs = 256
    if given.contestant:
        texts = python_texts(given.pairs, given.seed)
        seconds = CONTESTANTS[given.contestant](texts)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
        print(json.dumps({"seconds": seconds, "gibibytes": held}))
        return
    runs = [{name: alone(name, given.pairs, given.seed) for name in CONTESTANTS} for _ in range(given.repeats)]
    numbers: dict[str, Any] = {
        name: {what: round(float(np.median([run[name][what] for run in runs])), 2) for what in ("seconds", "gibibytes")}
        for name in CONTESTANTS
    }
    numbers["times as fast"] = round(numbers["sentence-transformers"]["seconds"] / numbers["likewise"]["seconds"], 2)
    print(f"{numbers['times as fast']} times as fast; likewise {likewise.__version__}")
    if not given.quick:
        configuration = {"pairs": given.pairs, "memory_for_graphs_gib": MEMORY, "repeats": given.repeats}
        record("large_batch", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
