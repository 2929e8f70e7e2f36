"""How long `make demo` takes once the package is installed: training on Python's documentation and five searches.

python benchmarks/demo.py [--quick]
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from comparison import spread, timed
from record import record
from texts import add_data

ROOT = Path(__file__).parents[1]
LEFT = ROOT / "likewise-demo"  # what the demo writes, and does not overwrite


def make(target: str, cache: str | None = None) -> str:
    """What `make` of a target prints, with a folder for numba's compiled code."""
    environment = os.environ if cache is None else {**os.environ, "NUMBA_CACHE_DIR": cache}
    asked = ["make", "-C", str(ROOT), target]
    return subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout


def main() -> None:
    """Install, then time the demo and record it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)  # as every benchmark; the demo brings its own texts
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="once, nothing recorded")
    given = parser.parse_args()
    if LEFT.exists():
        raise SystemExit(f"{LEFT} is there from an earlier demo: remove it first")
    make("install")
    first: list[float] = []
    again: list[float] = []
    for _ in range(1 if given.quick else given.repeats):
        with tempfile.TemporaryDirectory() as cache:
            for seconds in (first, again):
                seconds.append(timed(partial(make, "demo", cache)))
                shutil.rmtree(LEFT)
    print(f"make demo on a new machine: {spread(first)} s; again: {spread(again)} s")
    if not given.quick:
        numbers = {"seconds_on_a_new_machine": spread(first).plain(), "seconds_again": spread(again).plain()}
        record("demo", {"repeats": given.repeats}, numbers, seed=0)


if __name__ == "__main__":
    main()
