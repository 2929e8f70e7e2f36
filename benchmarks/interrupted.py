"""A run that is killed and resumed, again and again, ends in the bytes of one that was left alone.

    python benchmarks/interrupted.py --data DATA [--quick]

Two runs with the same seed are compared first. Then a run is killed with SIGKILL after a random time, as long as the
whole run at the most, and resumed; when one ends before its kill, its files are compared and the next begins, until so
many were killed. Checkpoints are written at every look at the held-out texts, rather than every few seconds, so that
short runs have some. What is compared is the SHA-256 of every file of the model folder.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from record import record
from texts import add_data, short_texts

import likewise
from likewise.training import loop


def train(texts: Path, out: Path, seed: int) -> None:
    """What the killed process does: begin a run, or go on with it."""
    loop.SECONDS_BETWEEN_CHECKPOINTS = 0.0
    likewise.train(texts, epochs=4, seed=seed, out=out, resume=True, progress=False)


def started(texts: Path, out: Path, seed: int) -> subprocess.Popen[bytes]:
    """A process that trains."""
    asked = [sys.executable, __file__, "--run", str(texts), str(out), "--seed", str(seed), "--data", "."]
    return subprocess.Popen(asked)


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def whole(texts: Path, out: Path, seed: int) -> dict[str, str]:
    """The files of a run that is left alone."""
    if started(texts, out, seed).wait() != 0:
        raise SystemExit("a run that was left alone failed")
    return sums(out)


def standing(out: Path) -> str:
    """How far a killed run had come, by what it left."""
    left = out.with_name(f"{out.name}.training")
    if out.exists():
        return "the model was written"
    if (left / "checkpoint.safetensors").exists():
        return "a checkpoint was there"
    return "the ids were there" if (left / "prepared.json").exists() else "nothing was there yet"


def killed_runs(
    texts: Path, place: Path, kills: int, longest: float, rng: np.random.Generator, seed: int
) -> tuple[list[dict[str, str]], Counter[str]]:
    """The files of runs that were killed and resumed, and where the kills found them."""
    found, moments, number = [], Counter[str](), 0
    while True:
        out = place / f"killed-{number}.model"
        run = started(texts, out, seed)
        try:
            ended = run.wait(rng.uniform(0, longest) if moments.total() < kills else None) == 0
            if not ended:
                raise SystemExit(f"a resumed run failed ({standing(out)})")
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            ended = out.exists()  # killed between the model and tidying up
            moments[standing(out)] += 1
        if ended:
            found.append(sums(out))
            shutil.rmtree(out)
            number += 1
            if moments.total() >= kills:
                return found, moments


def main() -> None:
    """Compare them all; leave with 1 if any file differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="3,000 texts, 4 kills, nothing recorded")
    parser.add_argument("--run", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        texts, out = given.run
        train(texts, out, given.seed)
        return
    count, kills = (3_000, 4) if given.quick else (given.texts, given.kills)

    with tempfile.TemporaryDirectory() as name:
        place, rng = Path(name), np.random.default_rng(given.seed)
        texts = place / "texts.txt"
        texts.write_text("\n".join(short_texts(given.data, count, rng)), encoding="utf-8")
        expected = whole(texts, place / "one.model", given.seed)  # compiled code is there from here on
        began = time.perf_counter()
        again = whole(texts, place / "two.model", given.seed)
        longest = time.perf_counter() - began
        other = whole(texts, place / "three.model", given.seed + 1)
        found, moments = killed_runs(texts, place, kills, longest, rng, given.seed)

    numbers = {
        "files": len(expected),
        "seconds_of_a_run": longest,
        "same_seed_same_bytes": again == expected,
        "other_seed_other_bytes": other["model.safetensors"] != expected["model.safetensors"],
        "kills": moments.total(),
        "killed_when": dict(moments),
        "resumed_to_the_end": len(found),
        "resumed_same_bytes": all(files == expected for files in found),
    }
    print(*(f"{what}: {value}" for what, value in numbers.items()), sep="\n")
    for file, told in expected.items():
        if any(files.get(file) != told for files in [again, *found]):
            print(f"differs: {file}")
    if not given.quick:
        record("interrupted", {"texts": count, "kills": kills, "epochs": 4}, numbers, given.seed)
    if not (numbers["same_seed_same_bytes"] and numbers["resumed_same_bytes"]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
