"""How long a person waits for a small thing: the import, one search from the command line, the help.

    python benchmarks/startup.py --data DATA [--quick]

Each is a process of its own, timed from outside, so Python's own start is in it; what that takes alone stands beside.
"""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from comparison import alternate, spread
from record import arguments, record
from yardstick import short_texts, trained

import likewise

QUERY = "how do I fill a table from a query"


def run(arguments: list[str]) -> str:
    """What a Python with these arguments prints."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Time all of them in turn and record medians and the best."""
    given = arguments(__doc__, quick="2,000 texts, 3 repeats", texts=50_000, repeats=10, seed=0).parse_args()
    count, repeats = (2_000, 3) if given.quick else (given.texts, given.repeats)

    texts = list(dict.fromkeys(short_texts(given.data, count, np.random.default_rng(given.seed))))
    model = trained(texts, epochs=1, seed=given.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "short.index"
        likewise.Collection.create(folder, model).add(texts)
        search = ["-m", "likewise", "search", str(folder), QUERY, "-k", "10"]
        calls = {
            "python alone": ["-c", "pass"],
            "import likewise": ["-c", "import likewise"],
            "likewise search": search,
            "likewise search --mode vector": [*search, "--mode", "vector"],
            "likewise search --mode text": [*search, "--mode", "text"],
            "likewise --help": ["-m", "likewise", "--help"],
        }
        print(run(search))  # and the disk is warm
        seconds = alternate({name: partial(run, arguments) for name, arguments in calls.items()}, repeats)

    for name, taken in seconds.items():
        print(f"{name:30} median {spread(taken)} s, best {min(taken):.3f} s")
    if not given.quick:
        numbers = {name: {**spread(taken).plain(), "best": min(taken)} for name, taken in seconds.items()}
        record("startup", {"texts": len(texts), "dim": model.dim, "repeats": repeats}, numbers, given.seed)


if __name__ == "__main__":
    main()
