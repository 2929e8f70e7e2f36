"""Does any request make the server fail? Bodies and parameters are mutated for some minutes; a 5xx or a crash fails.

    python benchmarks/fuzz_service.py [--minutes 15] [--seed 0] [--quick]

A real server, in a process of its own, serves an index that may change, a classifier, a recommender, a store of
duplicates and a folder for jobs, all made of the documentation of the running Python. Requests are made from the
examples of its API: values are replaced by others, fields are removed, added and repeated, bytes are changed, and now
and then a body is none of this. The texts of answers are not checked, which is what the tests are for.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from record import arguments, record

JSON = "application/json"
SLOW_SECONDS = 60.0
TOGETHER = 300  # requests of one run of hypothesis
METHODS = ("get", "post", "put", "delete", "patch")
NUMBERS = (0, -1, 1, 10, 50, 2**31, 2**63, 2**64, -(2**63), 0.5, -0.0, 1e308, 1e-320, float("nan"), float("inf"))
TEXTS = (
    "", " ", "a" * 5_000, "10", "2024-01-01", "é", "日本語", "🦊" * 50, "\x00", "\ud800", "\u202e", '"', "'", "*", "-",
    "NEAR",
    "OR AND NOT", "(((", "../../etc/passwd", "..", "/", "%00", "C:\\", "vector", "text", "hybrid", "float", "base64",
    "doc1",
    "kind = long", "length < 10 and (", "kind in (a", "not " * 200 + "a = 1", "(" * 500,
)  # fmt: skip
SHAPES = (
    None, True, False, [], {}, [[]], [{}], [None], {"": ""}, ["a"] * 60, ["kind", "length"], {"kind": ["=", "long"]},
    {"length": ["<", 10]}, {"length": {}},
)  # fmt: skip
EDGES = st.sampled_from([*NUMBERS, *TEXTS, *SHAPES])
VALUES = st.recursive(
    EDGES | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, dict[str, str], subprocess.Popen[bytes]]]:
    """A server of one of everything; its address, the header with a key, and its process."""
    import likewise
    from likewise.applications.duplicates.store import Store
    from likewise.corpus.demo_corpus import pydocs
    from likewise.service.keys import add_key

    texts, rng = pydocs(max_texts=1_500), np.random.default_rng(0)
    model = likewise.train(texts, epochs=1, dim=64, progress=False)
    ids = [f"doc{row}" for row in range(len(texts))]
    kinds = ["short" if len(text) < 200 else "long" for text in texts]
    with likewise.Collection.create(folder / "docs.index", model) as index:
        index.add(texts, ids=ids, kind=kinds, length=[len(text) for text in texts])
    likewise.Classifier(model).fit(texts[:100], kinds[:100]).save(folder / "clf")
    chosen = [{"user": f"u{row % 50}", "item": ids[rng.integers(300)]} for row in range(1_000)]
    items = [{"id": id, "text": text} for id, text in zip(ids[:300], texts[:300], strict=True)]
    likewise.Recommender(model).fit(items, chosen).save(folder / "rec")
    Store.of(likewise.duplicates([*texts[:300], *texts[:20]], model=model)).save(folder / "dup")
    (folder / "data").mkdir()
    key = add_key(folder / "keys", "fuzz", "write")
    options = {
        "classifier": "clf", "recommender": "rec", "duplicates": "dup", "api-key-file": "keys", "data-folder": "data",
    }  # fmt: skip
    command = [sys.executable, "-m", "likewise", "serve", str(folder / "docs.index"), "--port", "0"]
    command += [word for name, place in options.items() for word in (f"--{name}", str(folder / place))]
    command += ["--max-text", "20000", "--max-batch", "100", "--max-body", "200000"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().strip()
            if not address:
                raise RuntimeError((folder / "log").read_text(encoding="utf-8"))
            yield address, {"Authorization": f"Bearer {key}"}, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    """The method, path, body and parameters of each address, with the values of their examples."""
    found = []
    for path, each in description["paths"].items():
        for method in filter(each.__contains__, METHODS):
            one = each[method]
            content = one.get("requestBody", {}).get("content", {})
            answers = one.get("responses", {}).get("200", {}).get("content", {})
            if "text/event-stream" in answers:  # it lasts as long as a job does
                continue
            media_type = next(iter(content), None)
            found.append({
                "method": method.upper(), "path": path, "media_type": media_type,
                "body": content.get(media_type, {}).get("example", {}),
                "parameters": {
                    part["name"]: (part["in"], part.get("example", "doc1")) for part in one.get("parameters", [])
                },
            })  # fmt: skip
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within a value, itself included."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield from places(each, (*path, name))


def mutated(draw: Any, example: Any) -> Any:
    """The example with one to three changes."""
    body = deepcopy(example)
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(places(body))))
        if not path:
            body = deepcopy(draw(VALUES)) if draw(st.integers(0, 9)) == 0 else body
            if isinstance(body, dict):
                body[draw(st.sampled_from(["where", "k", "mode", "columns", "facets", "id", "text"]))] = deepcopy(
                    draw(VALUES)
                )
            continue
        parent = body
        for step in path[:-1]:
            parent = parent[step]
        match draw(st.sampled_from(["replace", "replace", "remove", "repeat"])):
            case "replace":
                parent[path[-1]] = deepcopy(draw(VALUES))
            case "remove":
                del parent[path[-1]]
            case _ if isinstance(parent, list):
                parent.extend([parent[path[-1]]] * draw(st.integers(1, 120)))
    return body


@st.composite
def requests(draw: Any, every: list[dict[str, Any]]) -> dict[str, Any]:
    """A request as `httpx` takes it."""
    one = draw(st.sampled_from(every))
    path, query = one["path"], {}
    for name, (place, example) in one["parameters"].items():
        value = draw(VALUES) if draw(st.booleans()) else example
        if place == "path":
            path = path.replace("{" + name + "}", _quoted(value))
        else:
            query[name] = value if isinstance(value, str | int | float) else json.dumps(value)
    content = None
    if one["media_type"] is not None:
        body = mutated(draw, one["body"])
        lines = body if isinstance(body, list) else [body]
        text = "\n".join(map(json.dumps, lines)) if "ndjson" in one["media_type"] else json.dumps(body)
        content = text.encode()
        if draw(st.integers(0, 9)) == 0:
            at = draw(st.integers(0, len(content)))
            content = content[:at] + draw(st.binary(max_size=20)) + content[at + draw(st.integers(0, 20)) :]
        if draw(st.integers(0, 29)) == 0:
            content = draw(st.binary(max_size=300) | st.just(b"[" * 50_000) | st.just(b'{"a":' * 20_000))
    headers = {"Content-Type": one["media_type"] or JSON}
    if draw(st.integers(0, 9)) == 0:
        headers[draw(st.sampled_from(["If-Match", "If-None-Match", "Accept-Encoding", "Range", "Content-Type"]))] = (
            draw(st.sampled_from(['"1"', '"-1"', '"99999999999999999999"', "*", 'W/"1"', "x", "bytes=0-1", "gzip;q=0"]))
        )
    query = {_encodable(name): _encodable(str(value)) for name, value in query.items()}
    return {"method": one["method"], "url": path, "params": query, "content": content, "headers": headers}


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _quoted(value: Any) -> str:
    from urllib.parse import quote

    return quote(_encodable(str(value)), safe="") or "%20"


def fuzz(address: str, headers: dict[str, str], minutes: float, first: int) -> tuple[Counter[int], dict[str, str]]:
    """Send requests until the time is over; their statuses, and what failed by address and status."""
    statuses: Counter[int] = Counter()
    failures: dict[str, str] = {}
    with httpx.Client(base_url=address, headers=headers, timeout=SLOW_SECONDS) as client:
        every, end, round = operations(client.get("/openapi.json").json()), time.monotonic() + 60 * minutes, first
        while time.monotonic() < end:

            @seed(round)
            @settings(
                max_examples=TOGETHER, phases=[Phase.generate], database=None, deadline=None,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(requests(every))
            def send(request: dict[str, Any]) -> None:
                if time.monotonic() > end:
                    return
                try:
                    status, detail = 0, ""
                    answer = client.request(**request)
                    status, detail = answer.status_code, answer.text[:300]
                except httpx.HTTPError as error:
                    detail = f"{type(error).__name__}: {error}"
                statuses[status] += 1
                if status == 0 or status >= 500:
                    name = f"{request['method']} {request['url'][:60]} {status}"
                    failures.setdefault(name, f"{str(request)[:600]} -> {detail}")

            send()
            round += 1
    return statuses, failures


def main() -> None:
    """Fuzz, then check that the server and the index are sound."""
    options = arguments(__doc__, quick="half a minute", reads_data=False, minutes=15, seed=0).parse_args()
    minutes = 0.5 if options.quick else options.minutes
    with tempfile.TemporaryDirectory() as place, served(Path(place)) as (address, headers, process):
        statuses, failures = fuzz(address, headers, minutes, 1_000_000 * options.seed)
        alive = process.poll() is None and httpx.get(f"{address}/health", timeout=SLOW_SECONDS).status_code == 200
        search = httpx.post(f"{address}/search", json={"query": "open a file"}, headers=headers, timeout=SLOW_SECONDS)
        log = (Path(place) / "log").read_text(encoding="utf-8", errors="replace")
        errors = sorted({line["error"] + " " + line["place"] for line in _lines(log) if "error" in line})
    for name, shown in failures.items():
        print(f"{name}\n    {shown}")
    print(f"{sum(statuses.values()):,} requests: {dict(sorted(statuses.items()))}")
    sound = alive and search.status_code == 200
    print(f"the server {'answers' if sound else 'does NOT answer'}; errors in its log: {errors or 'none'}")
    if not options.quick:
        numbers = {"requests": sum(statuses.values()), "failures": len(failures), "sound": bool(sound)}
        record("fuzz_service", {"minutes": minutes}, numbers, seed=options.seed)
    sys.stdout.flush()
    if failures or not sound:
        os._exit(1)


def _lines(log: str) -> Iterator[dict[str, Any]]:
    for line in log.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


if __name__ == "__main__":
    main()
