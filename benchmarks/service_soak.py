"""Is anything lost when the server is killed, and does it stay as it is for half an hour?

    python benchmarks/service_soak.py --data DATA [--kills 100] [--minutes 30] [--quick]

A server of an index of 20,000 sentences of film reviews. First it is killed (SIGKILL) at random times while texts are
written, and started again: every batch that was acknowledged must be there, whole. Then eight clients search, ask,
encode, write, replace and delete for half an hour: no answer may be an error, and the resident memory is read every
ten seconds.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from record import arguments, record
from search_at_scale import query_texts
from yardstick import sentences, trained

import likewise
from service import free_port

TEXTS, BATCH, CLIENTS = 20_000, 5, 8
SETTLED_SECONDS = 300.0  # after which memory has to stay as it is
TICK_SECONDS = 10.0


def started(path: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """A server that has printed its address."""
    command = [sys.executable, "-m", "likewise", "serve", str(path), "--port", str(port), "--no-access-log"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    if not address:
        raise RuntimeError("the server did not start")
    return process, address


def killed(path: Path, texts: list[str], kills: int, rng: np.random.Generator) -> dict[str, Any]:
    """Kill servers while they write; count the batches that were acknowledged, and those that are not there whole."""
    acknowledged: list[int] = []
    begun = 0
    for _ in range(kills):
        process, address = started(path, free_port())
        timer = threading.Timer(float(rng.uniform(0.02, 1.0)), process.send_signal, [signal.SIGKILL])
        timer.start()
        with suppress(httpx.HTTPError), httpx.Client(base_url=address, timeout=30) as client:
            while True:
                batch, begun = begun, begun + 1
                documents = [{"id": f"kill{batch}.{n}", "text": texts[(batch + n) % len(texts)]} for n in range(BATCH)]
                if client.put("/documents", json={"documents": documents}).status_code == 200:
                    acknowledged.append(batch)
        process.wait()
    with likewise.Collection.open(path) as index:
        there = [sum(index.get(f"kill{batch}.{n}") is not None for n in range(BATCH)) for batch in range(begun)]
    lost = sum(there[batch] != BATCH for batch in acknowledged)
    half = sum(0 < count < BATCH for count in there)
    return {"kills": kills, "acknowledged": len(acknowledged), "lost": lost, "half-written": half}


def calls(texts: list[str], queries: list[str], client: int) -> list[Callable[[httpx.Client, int], httpx.Response]]:
    """What a client does, one after the other."""

    def query(number: int) -> str:
        return queries[(number * CLIENTS + client) % len(queries)]

    def document(number: int) -> dict[str, str]:
        return {"id": f"soak{client}.{number % 50}", "text": texts[(number * 7 + client) % len(texts)]}

    return [
        lambda http, n: http.post("/search", json={"query": query(n), "facets": ["brand"]}),
        lambda http, n: http.post("/search", json={"query": query(n), "mode": "text", "where": "brand = acme"}),
        lambda http, n: http.post("/v1/embeddings", json={"model": "films", "input": [query(n), query(n + 1)]}),
        lambda http, n: http.put("/documents", json={"documents": [document(n)]}),
        lambda http, n: http.post("/similar", json={"text": query(n)}),
        lambda http, n: http.post("/v2/rerank", json={"query": query(n), "documents": texts[n % 99 : n % 99 + 10]}),
        lambda http, n: http.request("DELETE", "/documents", json={"ids": [document(n)["id"]]}),
        lambda http, n: http.post("/neighbours", json={"text": query(n), "k": 5}),
        lambda http, n: http.get("/documents", params={"limit": 20}),
        lambda http, n: http.post("/answer", json={"question": query(n)}) if n % 50 == 9 else http.get("/status"),
    ]


def soaked(path: Path, texts: list[str], queries: list[str], minutes: float) -> dict[str, Any]:
    """Mixed calls for some minutes; the statuses, and the memory."""
    process, address = started(path, free_port())
    statuses: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes

    def work(client: int) -> None:
        does = calls(texts, queries, client)
        with httpx.Client(base_url=address, timeout=120) as http:
            for number in range(10**9):
                if time.monotonic() > end:
                    return
                try:
                    status = str(does[number % len(does)](http, number).status_code)
                except httpx.HTTPError as error:
                    status = type(error).__name__
                statuses[status] += 1

    workers = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
    for each in workers:
        each.start()
    begun, memory = time.monotonic(), []
    pages = os.sysconf("SC_PAGE_SIZE")
    while any(each.is_alive() for each in workers):
        time.sleep(TICK_SECONDS if minutes >= 1 else 1.0)
        resident = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]) * pages
        memory.append((time.monotonic() - begun, resident / 1e6))
        print(f"{memory[-1][0]:.0f} s {memory[-1][1]:.1f} MB {dict(statuses)}", flush=True)
    process.terminate()
    process.wait()
    settled = np.array([size for at, size in memory if at >= min(SETTLED_SECONDS, 30 * minutes)])
    quarter = max(1, len(settled) // 4)
    growth = float(np.median(settled[-quarter:]) / np.median(settled[:quarter]) - 1)
    return {
        "calls": sum(statuses.values()), "errors": sum(count for name, count in statuses.items() if name != "200"),
        "megabytes": float(np.median(settled)), "growth": growth, "range": float(np.ptp(settled) / np.median(settled)),
    }  # fmt: skip


def main() -> None:
    """Kill, soak, and record."""
    given = arguments(__doc__, quick="3 kills, half a minute", kills=100, minutes=30, seed=0).parse_args()
    kills, minutes = (3, 0.5) if given.quick else (given.kills, given.minutes)
    rng = np.random.default_rng(given.seed)
    texts = sentences(given.data, TEXTS)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "films.index"
        with likewise.Collection.create(path, trained(texts, seed=given.seed)) as index:
            index.add(texts, brand=rng.choice(["acme", "bolt"], len(texts)).tolist())
        numbers = {"kills": killed(path, texts, kills, rng)}
        print(numbers, flush=True)
        numbers["soak"] = soaked(path, texts, query_texts(texts[:500], rng), minutes)
    print(numbers)
    if not given.quick:
        configuration = {"texts": TEXTS, "clients": CLIENTS, "minutes": minutes, "cores": os.cpu_count()}
        record("service_soak", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
