"""A small real index and real servers, which the tests of the service and of the page share."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn

import likewise
from likewise.service.app import create_app
from likewise.service.server import bound
from likewise.service.settings import Settings

TEXTS = 400
SECONDS = 30.0  # that a server has to start


@contextmanager
def serving(**settings: object) -> Iterator[str]:
    """Run a real server in a thread of this process, where coverage sees it; yields its address."""
    chosen = Settings(**{"port": 0, "access_log": False, **settings}).checked()  # type: ignore[arg-type]
    with bound(chosen) as listener:
        config = uvicorn.Config(create_app(chosen), log_level="warning", access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        end = time.monotonic() + SECONDS
        while not server.started:
            assert thread.is_alive() and time.monotonic() < end, "the server did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(SECONDS)


@pytest.fixture(scope="session")
def service_model(python_docs: list[str]) -> "likewise.Model":
    """A small model of real text, with all its components."""
    model = likewise.train(python_docs, epochs=1, progress=False)
    assert isinstance(model, likewise.Model)
    return model


@pytest.fixture(scope="session")
def served_index(
    service_model: "likewise.Model", python_docs: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An index of 400 texts with columns, which nobody changes."""
    path = tmp_path_factory.mktemp("served") / "docs.index"
    texts = python_docs[:TEXTS]
    with likewise.Collection.create(path, service_model) as index:
        index.add(
            texts,
            ids=[f"doc{number}" for number in range(len(texts))],
            kind=["short" if len(text) < 200 else "long" for text in texts],
            length=[len(text) for text in texts],
        )
    return path


@pytest.fixture
def own_index(served_index: Path, tmp_path: Path) -> Path:
    """A copy of the index that a test may change."""
    path = tmp_path / "own.index"
    shutil.copytree(served_index, path)
    return path


@pytest.fixture(scope="session")
def address(served_index: Path) -> Iterator[str]:
    """The address of a server of the index that nobody changes."""
    with serving(index=str(served_index)) as found:
        yield found


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=address, timeout=SECONDS) as found:
        yield found


@pytest.fixture(scope="session")
def serve() -> Callable[..., object]:
    """Start a server with settings of the test's own: `with serve(index=...) as address`."""
    return serving


@pytest.fixture
def data(tmp_path: Path, python_docs: list[str]) -> Path:
    """A data folder with a file of 320 texts, 20 of which are there twice."""
    folder = tmp_path / "data"
    folder.mkdir()
    texts = [*python_docs[:300], *python_docs[:20]]
    lines = (json.dumps({"body": text}) for text in texts)
    (folder / "docs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


KINDS = {
    "kettle": "boils water quickly in the kitchen for tea",
    "tent": "keeps two campers dry outdoors in the rain",
    "lamp": "gives a warm light for reading at the desk",
}


@pytest.fixture(scope="session")
def recommender(service_model: "likewise.Model", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty items of three kinds, and thirty users who each like one kind."""
    rng = np.random.default_rng(0)
    items = [{"id": f"{kind}{n}", "text": f"{kind} {n}, {words}"} for kind, words in KINDS.items() for n in range(10)]
    rows = [
        {"user": f"u{user}", "item": f"{[*KINDS][user % 3]}{item}"}
        for user in range(30)
        for item in rng.permutation(9)[:5]
    ]
    path = tmp_path_factory.mktemp("recommend") / "rec"
    likewise.Recommender(service_model).fit(items, rows).save(path)
    return path
