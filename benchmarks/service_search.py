"""How long does a search take over HTTP with eight clients, alone and while texts are written?

    python benchmarks/service_search.py --data DATA [--texts 1000000] [--repeats 5] [--seconds 20] [--quick]

Hybrid search with snippets over distinct sentences of film reviews, by one server process. wrk is the client, a process
of its own, with eight connections and 500 queries of four to eight words of other sentences. Turns without writes and
turns with 50 texts a second, each acknowledged, take turns; all written texts must be there at the end.
"""

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from comparison import ratio, spread
from record import arguments, record
from search_at_scale import QUERIES, TRAINED_ON, query_texts
from yardstick import sentences, trained

import likewise
from service import free_port, load, script, server

CLIENTS, WRITES, WARM_SECONDS = 8, 50, 20
BRANDS = ("acme", "bolt", "crux", "dune", "echo")


class Writer(threading.Thread):
    """Adds texts at a rate, one a request, and counts what was acknowledged."""

    def __init__(self, address: str, texts: list[str], first: int) -> None:
        super().__init__()
        self.address, self.texts, self.first = address, texts, first
        self.acknowledged: list[str] = []
        self.errors = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Write until it is ended."""
        begun = time.perf_counter()
        with httpx.Client(base_url=self.address, timeout=60) as client:
            for number in range(10**9):
                if self.ended.wait(max(0.0, begun + number / WRITES - time.perf_counter())):
                    return
                id = f"written{self.first + number}"
                document = {"id": id, "text": self.texts[number % len(self.texts)], "columns": {"brand": "acme"}}
                answer = client.put("/documents", json={"documents": [document]})
                if answer.status_code == 200:
                    self.acknowledged.append(id)
                else:
                    self.errors += 1


def measure(address: str, requests: Path, texts: list[str], repeats: int, seconds: int) -> dict[str, Any]:
    """Latencies of both kinds of turns, and what was written."""
    load(address, requests, CLIENTS, WARM_SECONDS if repeats > 1 else 1, "/search")
    found: dict[str, list[dict[str, float]]] = {"alone": [], "with writes": []}
    acknowledged: list[str] = []
    errors, written = 0, 0.0
    for _ in range(repeats):
        found["alone"].append(load(address, requests, CLIENTS, seconds, "/search"))
        writer = Writer(address, texts, len(acknowledged))
        writer.start()
        found["with writes"].append(load(address, requests, CLIENTS, seconds, "/search"))
        writer.ended.set()
        writer.join()
        acknowledged += writer.acknowledged
        errors += writer.errors
        written += len(writer.acknowledged) / seconds
        print({name: turns[-1] for name, turns in found.items()}, len(writer.acknowledged), writer.errors, flush=True)
    with httpx.Client(base_url=address, timeout=60) as client:
        missing = sum(client.get(f"/documents/{id}").status_code != 200 for id in acknowledged)
    plain = {
        who: {name: spread([each[name] for each in turns]).plain() for name in turns[0]} for who, turns in found.items()
    }
    times = ratio([each["99% ms"] for each in found["with writes"]], [each["99% ms"] for each in found["alone"]])
    return {
        **plain, "99% with writes / alone": times.plain(), "writes/s": written / repeats,
        "acknowledged": len(acknowledged), "missing": missing, "refused writes": errors,
    }  # fmt: skip


def main() -> None:
    """Index, serve, load, and record."""
    given = arguments(
        __doc__, quick="20,000 texts, one repeat", texts=1_000_000, repeats=5, seconds=20, seed=0
    ).parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk, or brew install wrk")
    count, repeats, seconds = (20_000, 1, 2) if given.quick else (given.texts, given.repeats, given.seconds)
    rng = np.random.default_rng(given.seed)
    every = sentences(given.data, count + QUERIES)
    rng.shuffle(every)
    texts, queries = every[:-QUERIES], query_texts(every[-QUERIES:], rng)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "films.index"
        with likewise.Collection.create(path, trained(texts[:TRAINED_ON], seed=given.seed)) as index:
            index.add(texts, brand=rng.choice(BRANDS, len(texts)).tolist())
            index.build()
        requests = script(Path(place), [json.dumps({"query": query}) for query in queries])
        port = free_port()
        command = [sys.executable, "-m", "likewise", "serve", str(path), "--port", str(port), "--no-access-log"]
        with server(command, port) as address:
            numbers = measure(address, requests, every[-QUERIES:], repeats, seconds)
    print(json.dumps(numbers, indent=1))
    if not given.quick:
        configuration = {"texts": len(texts), "clients": CLIENTS, "seconds": seconds, "cores": os.cpu_count()}
        record("service_search", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
