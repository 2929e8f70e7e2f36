"""How many requests a second does the server answer, beside sentence-transformers behind a plain FastAPI handler?

    python benchmarks/service.py --data DATA [--repeats 5] [--seconds 3] [--quick]

Both serve the same folder of a static model trained on film reviews, then of all-MiniLM-L6-v2, one process each, and
return the same vectors, as lists of numbers and, of the static model, in base64, which OpenAI's client asks for. wrk
(of the system's packages) is the client, a process of its own, with 1, 8 and 64 connections, and 1 or 64 short texts a
request; of MiniLM 8 texts, and not with 64 connections, as the peer then answers nothing for many seconds. The servers
take turns, and ratios are of one turn.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from comparison import spread
from record import arguments, record
from yardstick import model_folder, sentences, trained

from likewise.cli.screen import counted

CLIENTS, PATIENCE = (1, 8, 64), "60s"
# Texts of a request, how vectors are sent, and numbers of clients.
STATIC = tuple((texts, encoding, CLIENTS) for encoding in ("float", "base64") for texts in (1, 64))
TRANSFORMER = ((1, "float", CLIENTS), (8, "float", CLIENTS[:2]))
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
TRAINED_ON, DIM = 100_000, 256
BODIES = 200  # different requests
HERE = Path(__file__).parent


@contextmanager
def server(command: list[str], port: int) -> Iterator[str]:
    """Run a server until it has answered; yield its address."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/openapi.json", timeout=2)
                break
            except httpx.HTTPError:
                if process.poll() is not None:
                    raise RuntimeError(f"{command} ended") from None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def script(folder: Path, bodies: list[str]) -> Path:
    """The requests, as wrk reads them."""
    path = folder / "bodies.lua"
    listed = ",\n".join(f"[==[{body}]==]" for body in bodies)
    path.write_text(
        f"local bodies = {{\n{listed}\n}}\nlocal n = 0\nwrk.method = 'POST'\n"
        "wrk.headers['Content-Type'] = 'application/json'\n"
        "request = function()\n n = n % #bodies + 1\n return wrk.format(nil, nil, nil, bodies[n])\nend\n",
        encoding="utf-8",
    )
    return path


def load(address: str, requests: Path, clients: int, seconds: int, route: str = "/v1/embeddings") -> dict[str, float]:
    """Requests a second, and milliseconds that half and 99 % of them took at most."""
    command = ["wrk", "--latency", "-t1", "--timeout", PATIENCE, f"-c{clients}", f"-d{seconds}s", "-s", str(requests)]
    printed = subprocess.run([*command, f"{address}{route}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in printed:
        raise RuntimeError(printed)
    found = {"requests/s": float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1])}  # type: ignore[index]
    for share in ("50%", "99%"):
        value, unit = re.search(rf"{share}\s+([\d.]+)(us|ms|s|m)", printed).groups()  # type: ignore[union-attr]
        found[f"{share} ms"] = float(value) * UNITS[unit]
    return found


def compare(
    model: Path, texts: list[str], kinds: Sequence[tuple[int, str, Sequence[int]]], repeats: int, seconds: int
) -> dict[str, Any]:
    """Both servers with every number of clients and texts, and every encoding."""
    rng, numbers = np.random.default_rng(0), {}
    ports = {"likewise": free_port(), "sentence-transformers": free_port()}
    name = model.name.removesuffix(".model")
    commands = {
        "likewise": [sys.executable, "-m", "likewise", "serve", str(model), "--port", str(ports["likewise"])],
        "sentence-transformers": [
            sys.executable, str(HERE / "peer_service.py"), str(model), str(ports["sentence-transformers"]),
        ],
    }  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as place,
        server(commands["likewise"], ports["likewise"]) as ours,
        server(commands["sentence-transformers"], ports["sentence-transformers"]) as theirs,
    ):
        addresses = {"likewise": ours, "sentence-transformers": theirs}
        agree(addresses, name, texts[:20])
        for batch, encoding, numbers_of_clients in kinds:
            drawn = [[texts[row] for row in rng.integers(len(texts), size=batch)] for _ in range(BODIES)]
            bodies = [
                json.dumps({"model": name, "input": some if batch > 1 else some[0], "encoding_format": encoding})
                for some in drawn
            ]
            requests = script(Path(place), bodies)
            for clients in numbers_of_clients:
                found: dict[str, list[dict[str, float]]] = {each: [] for each in addresses}
                for turn in range(repeats + 1):  # the first warms up
                    for each in sorted(addresses, reverse=bool(turn % 2)):
                        measured = load(addresses[each], requests, clients, seconds)
                        found[each] += [measured] if turn else []
                title = f"{counted(batch, 'text')}, {counted(clients, 'client')}, {encoding}"
                numbers[title] = summary(found)
                print(model.name, title, json.dumps(numbers[title]["ratio"]), numbers[title]["likewise"], flush=True)
    return numbers


def agree(addresses: dict[str, str], name: str, texts: list[str]) -> None:
    """Refuse to compare servers that give other vectors."""
    rows = []
    for address in addresses.values():
        data = httpx.post(f"{address}/v1/embeddings", json={"model": name, "input": texts}, timeout=60).json()["data"]
        rows.append(np.array([each["embedding"] for each in data]))
    if rows[0].shape != rows[1].shape or np.abs(rows[0] - rows[1]).max() > 1e-3:
        raise RuntimeError(f"the vectors differ: {[row.shape for row in rows]}")


def summary(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """The spread of each figure, and of its ratio: how many times as many requests, what share of the time."""
    ours, theirs = found["likewise"], found["sentence-transformers"]
    ratios = {
        "requests/s": [a["requests/s"] / b["requests/s"] for a, b in zip(ours, theirs, strict=True)],
        "99% ms": [a["99% ms"] / b["99% ms"] for a, b in zip(ours, theirs, strict=True)],
    }
    plain = {
        who: {name: spread([each[name] for each in turns]).plain() for name in turns[0]} for who, turns in found.items()
    }
    return {**plain, "ratio": {name: spread(values).plain() for name, values in ratios.items()}}


def main() -> None:
    """Serve, load, and record."""
    given = arguments(__doc__, quick="1,000 texts, one repeat", repeats=5, seconds=3, seed=0).parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk, or brew install wrk")
    repeats, seconds = (1, 1) if given.quick else (given.repeats, given.seconds)
    texts = sentences(given.data, 1_000 if given.quick else TRAINED_ON)
    with tempfile.TemporaryDirectory() as place:
        static = Path(place) / "static.model"
        trained(texts, seed=given.seed, dim=DIM).save(static)
        numbers = {"static": compare(static, texts, STATIC, repeats, seconds)}
    numbers["MiniLM"] = compare(model_folder(), texts, TRANSFORMER, repeats, 2 * seconds)
    if not given.quick:
        record("service", {"dim": DIM, "seconds": seconds, "cores": os.cpu_count()}, numbers, given.seed)


if __name__ == "__main__":
    main()
