"""The server as a process: its first line, signals, several workers, granian; settings, batches and folders."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

import likewise
from likewise.errors import InputError
from likewise.service.batching import Batcher
from likewise.service.problems import Problem
from likewise.service.settings import Settings

Serve = Callable[..., AbstractContextManager[str]]
BODY = {"model": "docs", "input": "open a file"}


@contextmanager
def started(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `likewise serve` and yield the process and its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "likewise", "serve", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.slow
def test_the_first_line_is_an_address_that_answers(served_index: Path) -> None:
    with started(str(served_index), "--port", "0") as (process, line):
        assert httpx.get(f"{line}/ready").status_code == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert "Traceback" not in errors
        assert process.returncode in (0, 130)


@pytest.mark.slow
def test_several_processes_answer_by_the_environment_alone(served_index: Path) -> None:
    variables = {"LIKEWISE_INDEX": str(served_index), "LIKEWISE_PORT": "0", "LIKEWISE_WORKERS": "2"}
    with started(environment=variables) as (process, line):
        with httpx.Client(base_url=line, timeout=20) as client:
            answers = {client.post("/v1/embeddings", json=BODY).status_code for _ in range(20)}
        assert answers == {200}
        process.terminate()
        assert process.wait(30) in (0, 143)


@pytest.mark.slow
def test_what_was_accepted_is_answered_before_the_end(served_index: Path) -> None:
    with started(str(served_index), "--port", "0", "--no-access-log") as (process, line):
        body = {"model": "docs", "input": [f"text number {n} " * 300 for n in range(2_000)]}
        found: list[int] = []
        with httpx.Client(base_url=line, timeout=60) as client:
            thread = threading.Thread(target=lambda: found.append(client.post("/v1/embeddings", json=body).status_code))
            thread.start()
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            thread.join(60)
        assert found == [200]
        assert process.wait(30) in (0, 143)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"host": "0.0.0.0"}, "likewise keys add"),
        ({"host": "example.org"}, "likewise keys add"),
        ({"port": 70_000}, "expected 0 to 65535"),
        ({"workers": 0}, "expected at least 1"),
        ({"classifier": "nowhere"}, "nowhere is no folder"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(served_index: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings(**{"index": str(served_index), **settings}).checked()  # type: ignore[arg-type]


def test_what_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "likewise", "serve", "nowhere.index"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "nowhere.index is no folder" in done.stderr


def test_a_taken_port_is_one_line(serve: Serve, served_index: Path, address: str) -> None:
    port = int(address.rpartition(":")[2])
    with pytest.raises(InputError, match="another --port"), serve(index=str(served_index), port=port):
        pass


def test_settings_go_through_the_environment(served_index: Path) -> None:
    settings = Settings(index=str(served_index), port=0, max_batch=7, access_log=False)
    assert Settings.from_environment(settings.to_environment()) == settings
    with pytest.raises(InputError, match="LIKEWISE_"):
        Settings.from_environment({"LIKEWISE_PORT": "many"})
    assert settings.name == "docs"


def test_a_model_alone_is_served(serve: Serve, service_model: likewise.Model, tmp_path: Path) -> None:
    service_model.save(tmp_path / "own.model")
    with serve(index=str(tmp_path / "own.model")) as address, httpx.Client(base_url=address) as client:
        found = client.post("/v1/embeddings", json={**BODY, "model": "own"}).json()
        assert len(found["data"][0]["embedding"]) == service_model.dim
        assert client.get("/status").json()["index"] is None
        shorter = {**BODY, "model": "own", "dimensions": service_model.components[0].dim}
        assert len(client.post("/v1/embeddings", json=shorter).json()["data"][0]["embedding"]) < service_model.dim


def test_an_index_that_is_replaced_is_opened_again(
    serve: Serve, own_index: Path, served_index: Path, tmp_path: Path
) -> None:
    with serve(index=str(own_index)) as address, httpx.Client(base_url=address) as client:
        assert client.get("/status").json()["index"]["texts"] == 400
        shutil.copytree(served_index, tmp_path / "next")
        with likewise.Collection.open(tmp_path / "next") as index:
            index.delete([f"doc{number}" for number in range(100)])
        own_index.rename(tmp_path / "old")
        (tmp_path / "next").rename(own_index)
        assert client.get("/status").json()["index"]["texts"] == 300
        assert client.post("/v1/embeddings", json={**BODY, "model": "own"}).status_code == 200


def test_requests_that_wait_become_one_batch_and_too_many_are_refused() -> None:
    batches: list[list[int]] = []

    def run(items: list[int]) -> list[int]:
        batches.append(list(items))
        time.sleep(0.05)
        if 13 in items:
            raise InputError("thirteen")
        return [2 * item for item in items]

    async def submit() -> tuple[list[int | BaseException], list[int | BaseException]]:
        with ThreadPoolExecutor(1) as pool:
            batcher = Batcher(run, pool, max_weight=4, max_waiting=6)  # type: ignore[var-annotated, arg-type]
            first = asyncio.create_task(batcher.submit(0))
            await asyncio.sleep(0.01)
            gone = asyncio.create_task(batcher.submit(99))
            await asyncio.sleep(0)
            gone.cancel()
            rest = await asyncio.gather(*(batcher.submit(n) for n in range(1, 9)), return_exceptions=True)
            failed = await asyncio.gather(*(batcher.submit(n) for n in (13, 14)), return_exceptions=True)
            return [await first, *rest], failed

    found, failed = asyncio.run(submit())
    assert found[:6] == [0, 2, 4, 6, 8, 10]
    assert all(isinstance(each, Problem) and each.status == 429 for each in found[6:])
    assert all(len(batch) <= 4 for batch in batches) and [0] in batches
    assert not any(99 in batch for batch in batches)
    assert all(isinstance(each, InputError) for each in failed[:1])
