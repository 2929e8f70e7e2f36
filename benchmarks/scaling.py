"""What a text costs when there are ten thousand of them and when there are a million, and how much memory they take.

    python benchmarks/scaling.py --data DATA [--quick]

The texts are sentences of film reviews, read from a file of one a line. Each run is a process of its own, which first
trains on a few texts, so that imports and compiled code are there; then come `likewise.train` with one epoch, the part
of it that has no fixed cost (tokenising and steps, a whole epoch of them), and `encode`. The sizes take turns.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from comparison import spread, timed
from one_epoch import OneEpoch
from record import arguments, record
from yardstick import lines, sentences

import likewise

WARMUP = 2_000
MEASURED = {"train": "train, one epoch", "epoch": "tokenising and steps", "encode": "encode"}


def one_run(path: Path, warmup: Path, seed: int) -> dict[str, float]:
    """Seconds of training, of its steps and of encoding, and the peak of the memory while training."""
    train = partial(likewise.train, epochs=1, seed=seed, progress=False)
    train(warmup)
    models: list[likewise.Model] = []
    whole = timed(lambda: models.append(train(path)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    model, texts = models[0], lines(path)
    epoch = timed(OneEpoch(texts, model.tokenizer, dim=model.dim, batch=None, seed=seed).tokenising_and_steps)
    encode = min(timed(lambda: model.encode(texts)) for _ in range(2))
    facts = model.card.corpus
    counts = {"texts": facts["texts"], "tokens": facts["tokens"], "steps": model.card.history[-1]["step"]}
    return {"train": whole, "epoch": epoch, "encode": encode, "peak": peak, **counts}


def all_runs(paths: dict[int, Path], warmup: Path, repeats: int, seed: int) -> dict[int, list[dict[str, float]]]:
    """The runs of each size, every one in a process of its own; large ones less often."""
    runs: dict[int, list[dict[str, float]]] = {size: [] for size in paths}
    for repeat in range(repeats):
        for place, (size, path) in enumerate(sorted(paths.items()), 1):
            if repeat < max(1, repeats // place):
                command = [sys.executable, __file__, "--data", ".", "--seed", str(seed)]
                command += ["--run", str(path), str(warmup)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                runs[size].append(json.loads(done.stdout))
    return runs


def main() -> None:
    """Train at every size and record seconds a text and peak memory."""
    parser = arguments(__doc__, quick="5,000 and 20,000 texts, 2 repeats", seed=0)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5, help="of the smallest size; larger ones run less often")
    parser.add_argument("--run", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        path, warmup = given.run
        print(json.dumps(one_run(path, warmup, given.seed)))
        return
    sizes, repeats = ([5_000, 20_000], 2) if given.quick else (given.sizes, given.repeats)

    texts = sentences(given.data, max(sizes))
    with tempfile.TemporaryDirectory() as place:
        paths = {size: Path(place) / f"{size}.txt" for size in {WARMUP, *sizes}}
        for size, path in paths.items():
            path.write_text("\n".join(texts[:size]), encoding="utf-8")
        runs = all_runs({size: paths[size] for size in sizes}, paths[WARMUP], repeats, given.seed)

    numbers: dict[str, object] = {}
    for what, name in MEASURED.items():
        cost = {size: spread([1e6 * run[what] / run["texts"] for run in runs[size]]) for size in sizes}
        medians = [found.median for found in cost.values()]
        numbers[what] = {
            "microseconds_a_text": {str(size): found.plain() for size, found in cost.items()},
            "largest_by_smallest": max(medians) / min(medians),
        }
        shown = ", ".join(f"{size:,} texts {found}" for size, found in cost.items())
        print(f"{name}, microseconds a text: {shown}; largest / smallest {max(medians) / min(medians):.2f}")
    tokens = {str(size): runs[size][0]["tokens"] / runs[size][0]["texts"] for size in sizes}
    peaks = {str(size): max(run["peak"] for run in runs[size]) for size in sizes}
    steps = {str(size): runs[size][0]["steps"] for size in sizes}  # fewer than an epoch where it ended early
    for size, peak in peaks.items():
        about = f"{int(size):,} texts of {tokens[size]:.1f} tokens, {steps[size]:,} steps"
        print(f"{about}: {peak / 2**30:.2f} GiB at the most")
    if not given.quick:
        configuration = {
            "sizes": sizes,
            "tokens_a_text": tokens,
            "steps": steps,
            "runs": {str(s): len(r) for s, r in runs.items()},
        }
        record("scaling", configuration, {**numbers, "peak_bytes": peaks}, given.seed)


if __name__ == "__main__":
    main()
