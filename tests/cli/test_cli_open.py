"""`likewise open` with real processes: from a file to a page that answers, interrupted, continued, and opened again."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import likewise
from likewise.cli import open as cli
from likewise.cli.app import app
from likewise.errors import InputError
from likewise.service.job_queue import EventLog, Queue

SECONDS = 180.0


@pytest.fixture
def file(tmp_path: Path, python_docs: list[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "docs.csv"
    with path.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows([("id", "body"), *enumerate(python_docs[:600])])
    return path


@contextmanager
def opened(*arguments: str) -> Iterator[tuple[httpx.Client, Callable[[], str]]]:
    """Run the command; yields a client of its server, and what ends it with Ctrl-C and returns its standard error."""
    command = [sys.executable, "-m", "likewise", "open", *arguments, "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def interrupt() -> str:
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=60)[1]

    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with httpx.Client(base_url=address or "http://none", timeout=SECONDS) as client:
            yield client, interrupt
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@contextmanager
def paused(jobs: Path) -> Iterator[None]:
    """Stop the process that does jobs, and let it go on."""
    process = int((jobs / ".process.lock").read_text().split()[1])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return value


def answers(client: httpx.Client) -> bool:
    answer = client.post("/search", json={"query": "open a file", "k": 3})
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200 and len(answer.json()["results"][0]["hits"]) == 3


@pytest.mark.slow
def test_from_a_file_to_a_page_that_answers(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened("docs.csv", "--text", "body") as (client, interrupt):
        assert "<title>" in client.get("/").text
        (job,) = client.get("/jobs").json()["jobs"]
        assert job["kind"] == "open" and client.get("/status").json()["jobs"] is True
        with client.stream("GET", f"/jobs/{job['id']}/events") as events:
            next(line for line in events.iter_lines() if line == "event: step")
            with paused(file.parent / ".docs.jobs"):  # so that the training cannot end before the first answer
                until(lambda: answers(client))
        assert "goes on" in interrupt().splitlines()[-1]
    with likewise.Collection.open("docs.index") as index:
        first = index.describe().model  # which could be searched before the model was trained
    with opened("docs.csv", "--text", "body") as (client, interrupt):
        assert answers(client)
        document = {"id": "new", "text": "written while the model was trained", "columns": {}}
        assert client.put("/documents", json={"documents": [document]}).status_code == 200
        while client.get(f"/jobs/{job['id']}").json()["state"] != "done":
            assert answers(client)
            time.sleep(0.05)
        status = client.get("/status").json()["index"]
        assert status["texts"] == 601 and status["model"] != first
        assert client.get("/documents/new").status_code == 200
        output = interrupt()
        assert "ready: http://127.0.0.1:" in output and "likewise serve" in output.splitlines()[-1]
    with opened("docs.csv", "--text", "body") as (client, interrupt):
        assert answers(client)  # at once
        assert [job["state"] for job in client.get("/jobs").json()["jobs"]] == ["done"]
        assert "exists, and is served" in interrupt()
    assert {path.name for path in file.parent.iterdir() if not path.name.startswith(".")} == {
        "docs.csv", "docs.index", "docs.model"
    }  # fmt: skip
    assert likewise.load("docs.model").dim
    with pytest.raises(SystemExit) as ended:
        app(["search", "docs.index", "open a file", "--json"])
    assert ended.value.code == 0 and "text" in capsys.readouterr().out
    (file.parent / "other.csv").write_text("body\nnothing of this is in the index\nnor is that\n", encoding="utf-8")
    with pytest.raises(InputError, match="has other texts than other"):
        cli.open_file("other.csv", out="docs", text=["body"])
    shutil.rmtree("docs.index")
    with pytest.raises(InputError, match="was trained on docs"):
        cli.open_file("other.csv", out="docs", text=["body"])


def test_what_cannot_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="standard input cannot be opened"):
        cli.open_file("-")
    with pytest.raises(InputError, match="none"):
        cli.open_file("none.csv")
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(InputError, match="no text"):
        cli.open_file("empty.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["empty.txt"]


@pytest.mark.parametrize(
    ("there", "finished", "expected"),
    [
        (["a.index", "a.model"], True, "likewise serve"),
        (["a.index", "a.model"], False, "with a first model only, as it was interrupted: likewise open a.csv goes on"),
        (["a.model"], False, "is trained, and there is no index yet: likewise open a.csv goes on"),
        (["a.model.training"], False, "the training was interrupted: likewise open a.csv goes on where it ended"),
        ([], False, "nothing was made of a.csv"),
    ],
)
def test_the_last_line_of_each_end(tmp_path: Path, there: list[str], finished: bool, expected: str) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    assert expected in cli._left("a.csv", tmp_path / "a.model", tmp_path / "a.index", finished=finished)


def test_a_job_that_fails_ends_in_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = Queue(tmp_path / "jobs")
    other = queue.add("open", {"file": "b.csv"}, {"data_folder": None, "index": None})
    id = cli._ordered(queue, {"file": "a.csv"})  # the other one is of a file that is not opened now
    assert queue.get(other.id).state == "cancelled"
    job = queue.get(id)
    assert cli._ordered(queue, job.request) == id
    EventLog(queue.folder / id).write({"kind": "warning", "text": "row 7 has no text"})
    queue.note(job, state="failed", detail="a.csv has no column body")
    cli._follow(queue, id, "http://127.0.0.1:1", threading.Event())
    assert capsys.readouterr().err.splitlines() == ["warning: row 7 has no text", "error: a.csv has no column body"]


def test_a_port_that_is_taken_is_not_used() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert cli._free(listener.getsockname()[1]) == 0


def test_a_browser_is_opened_where_there_is_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not cli._has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert cli._has_browser()
