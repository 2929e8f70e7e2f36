"""How long from `likewise open` to a page, to the first search that is answered, and to the trained model?

    python benchmarks/open_file.py --data DATA [--texts 10000] [--repeats 3] [--quick]

Distinct sentences of film reviews in a CSV file, a new folder each time, all on one machine; a search is tried five
times a second.
"""

import csv
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from comparison import spread
from record import arguments, record
from yardstick import sentences

QUERY = {"query": "a film that made me laugh", "k": 10}
PATIENCE, POLL_SECONDS = 600.0, 0.2


def opened(texts: list[str]) -> dict[str, float]:
    """Seconds from the command to the address, to the first answer, and to the end of the job."""
    with tempfile.TemporaryDirectory() as place:
        with (Path(place) / "texts.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id", "body"), *enumerate(texts)])
        command = [sys.executable, "-m", "likewise", "open", "texts.csv", "--text", "body", "--no-browser"]
        begun, taken = time.perf_counter(), {}
        with subprocess.Popen(
            [*command, "--port", "0"], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            taken["address"] = time.perf_counter() - begun
            with httpx.Client(base_url=address, timeout=PATIENCE) as client:
                while client.post("/search", json=QUERY).status_code != httpx.codes.OK:
                    time.sleep(POLL_SECONDS)
                taken["first answer"] = time.perf_counter() - begun
                while client.get("/jobs").json()["jobs"][0]["state"] in ("queued", "running"):
                    time.sleep(POLL_SECONDS)
                taken["trained model"] = time.perf_counter() - begun
            process.send_signal(signal.SIGINT)
        return taken


def main() -> None:
    """Open and record."""
    given = arguments(__doc__, quick="1,000 texts, once", texts=10_000, repeats=3, seed=0).parse_args()
    count, repeats = (1_000, 1) if given.quick else (given.texts, given.repeats)
    texts = sentences(given.data, count)
    turns = [opened(texts) for _ in range(repeats)]
    numbers = {name: spread([turn[name] for turn in turns]).plain() for name in turns[0]}
    print(numbers)
    if not given.quick:
        record("open_file", {"texts": count}, numbers, given.seed)


if __name__ == "__main__":
    main()
