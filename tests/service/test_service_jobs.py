"""Jobs over HTTP with real processes: what they make, how they are watched, cancelled, killed and continued."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

import likewise
from likewise.index.collection import Collection
from likewise.service import job_process, job_queue
from likewise.service.job_queue import EventLog, Queue, QueueFullError, Supervisor
from likewise.service.settings import Settings

Serve = Callable[..., AbstractContextManager[str]]
SECONDS = 120.0


def write_texts(path: Path, texts: list[str]) -> None:
    path.write_text("".join(json.dumps({"body": text}) + "\n" for text in texts), encoding="utf-8")


@pytest.fixture(scope="module")
def other_model(python_docs: list[str]) -> likewise.Model:
    """A model that knows less than the one that is served."""
    model = likewise.train(python_docs[:300], dim=32, epochs=1, lexical_weight=0.0, progress=False)
    assert isinstance(model, likewise.Model)
    return model


def wait_for(client: httpx.Client, id: str, *states: str) -> dict[str, Any]:
    end = time.monotonic() + SECONDS
    while (job := client.get(f"/jobs/{id}").json())["state"] not in (states or job_queue.ENDED):
        assert time.monotonic() < end, job
        time.sleep(0.1)
    return dict(job)


def parsed(stream: str) -> list[tuple[int, str, dict[str, Any]]]:
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in stream.split("\n\n") if block]
    return [(int(each["id"]), each["event"], json.loads(each["data"])) for each in blocks if "id" in each]


def done(folder: Path, kind: str, request: dict[str, Any], **places: str | None) -> job_queue.Job:
    """Do a job in this process."""
    queue = Queue(folder)
    job = queue.add(kind, request, {"data_folder": None, "index": None, **places})
    return job_process.do(queue, job)


@pytest.mark.slow
def test_from_a_file_to_results_over_http(serve: Serve, data: Path) -> None:
    with serve(data_folder=str(data)) as address, httpx.Client(base_url=address, timeout=SECONDS) as client:
        assert client.get("/status").json()["jobs"] is True
        trained = client.post("/jobs", json={"kind": "train", "file": "docs.jsonl", "text": "body"}).json()
        assert trained["state"] == "queued"
        waiting = client.post("/jobs", json={"kind": "index", "file": "docs.jsonl", "model": "docs.model"})
        assert waiting.status_code == 422  # the model is not there yet
        events = parsed(client.get(f"/jobs/{trained['id']}/events").text)
        assert [number for number, _, _ in events] == [*range(1, len(events) + 1)]
        kinds = [kind for _, kind, _ in events]
        assert {"message", "warning", "step", "evaluation", "end"} == {*kinds} and kinds[-1] == "end"
        assert str(data) not in str(events)  # names only
        evaluation = next(event for _, kind, event in events if kind == "evaluation")
        assert {"mrr", "alignment", "uniformity", "effective_rank", "done", "total"} <= {*evaluation}
        assert events[-1][2]["state"] == "done" and events[-1][2]["result"]["model"] == "docs.model"
        again = client.get(f"/jobs/{trained['id']}/events", headers={"Last-Event-ID": str(len(events) - 2)})
        assert [number for number, _, _ in parsed(again.text)] == [len(events) - 1, len(events)]
        order = {"kind": "index", "file": "docs.jsonl", "model": "docs.model", "text": "body"}
        job = wait_for(client, client.post("/jobs", json=order).json()["id"])
        assert job["result"] == {"index": "docs.index", "texts": 320, "skipped": 0}
        order = {"kind": "duplicates", "file": "docs.jsonl", "model": "docs.model", "text": "body"}
        job = wait_for(client, client.post("/jobs", json=order).json()["id"])
        assert job["result"]["store"] == "docs.store" and job["result"]["groups"] >= 20
        assert [each["state"] for each in client.get("/jobs").json()["jobs"]] == ["done"] * 3
        names = [each["name"] for each in client.get("/files").json()["files"]]
        assert names == ["docs.index", "docs.jsonl", "docs.model", "docs.store"]
        assert client.post("/jobs", json=order).status_code == 409
        assert client.get("/jobs/0193f0c0a1b2-c3d4e5").status_code == 404
    with likewise.Collection.open(data / "docs.index") as index:
        assert len(index) == 320 and index.search("open a file", 1)
    assert {each.name for each in data.iterdir() if each.name.startswith(".")} == {".jobs"}


@pytest.mark.slow
def test_another_model_without_a_gap(serve: Serve, own_index: Path, other_model: likewise.Model, data: Path) -> None:
    """A law: while the model is replaced and switched back no search fails and no write is lost."""
    other_model.save(data / "other.model")
    with (
        serve(index=str(own_index), data_folder=str(data)) as address,
        httpx.Client(base_url=address, timeout=SECONDS) as client,
    ):
        before = client.get("/status").json()["index"]
        failures: list[str] = []
        written: list[str] = []
        end = threading.Event()

        def search() -> None:
            with httpx.Client(base_url=address, timeout=SECONDS) as own:
                while not end.is_set():
                    answer = own.post("/search", json={"query": "open a file", "k": 3})
                    if answer.status_code != 200 or len(answer.json()["results"][0]["hits"]) != 3:
                        failures.append(answer.text)
                    end.wait(0.02)

        def write() -> None:
            with httpx.Client(base_url=address, timeout=SECONDS) as own:
                for number in range(10_000):
                    document = {"id": f"w{number}", "text": f"written while it was replaced {number}"}
                    answer = own.put("/documents", json={"documents": [document]})
                    if answer.status_code == 200:
                        written.append(document["id"])
                    else:
                        failures.append(answer.text)
                    if end.wait(0.05):
                        return

        threads = [threading.Thread(target=each) for each in (search, write)]
        for thread in threads:
            thread.start()
        try:
            order = {"kind": "replace_model", "model": "other.model", "switch": "always"}
            job = wait_for(client, client.post("/jobs", json=order).json()["id"])
            assert job["state"] == "done" and job["result"]["switched"], job
            assert 0 < job["result"]["score"]["value"] <= 1 and 0 < job["result"]["score_before"]["value"] <= 1
            after = client.get("/status").json()["index"]
            assert after["model"] == job["result"]["model"] != before["model"]
            back = wait_for(client, client.post("/jobs", json={"kind": "switch_back"}).json()["id"])
            assert back["state"] == "done", back
        finally:
            end.set()
            for thread in threads:
                thread.join()
        assert client.get("/status").json()["index"]["model"] == before["model"]
        assert failures == [] and len(written) > 10
        assert all(client.get(f"/documents/{id}").status_code == 200 for id in written)
        failed = wait_for(client, client.post("/jobs", json={"kind": "switch"}).json()["id"])
        assert failed["state"] == "failed" and "no next index" in failed["detail"]


@pytest.mark.slow
def test_a_cancelled_job_leaves_nothing(serve: Serve, data: Path, python_docs: list[str]) -> None:
    write_texts(data / "many.jsonl", [f"{text} {number}" for number in range(2) for text in python_docs])
    with serve(data_folder=str(data)) as address, httpx.Client(base_url=address, timeout=SECONDS) as client:
        orders = [{"kind": "train", "file": "many.jsonl", "text": "body"}, {"kind": "train", "file": "docs.jsonl"}]
        first, second = [client.post("/jobs", json=order).json()["id"] for order in orders]
        assert client.delete(f"/jobs/{second}").json()["state"] == "cancelled"  # it had not begun
        with client.stream("GET", f"/jobs/{first}/events") as stream:
            lines = stream.iter_lines()
            next(line for line in lines if line == "event: step")
            assert client.get("/status").json()["job"] == {"id": first, "kind": "train", "state": "running"}
            assert client.delete(f"/jobs/{first}").status_code == 200
            assert parsed("\n".join(["id: 0", "event: cut", *lines]))[-1][2]["state"] == "cancelled"
        assert client.delete(f"/jobs/{first}").json()["state"] == "cancelled"
        assert client.get("/status").json()["job"] is None
    assert {each.name for each in data.iterdir()} == {"many.jsonl", "docs.jsonl", ".jobs"}


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
def test_a_killed_process_and_a_killed_server_continue(data: Path, own_index: Path, python_docs: list[str]) -> None:
    write_texts(data / "many.jsonl", python_docs[:1000])
    command = [sys.executable, "-m", "likewise", "serve", "--port", "0", "--no-access-log"]
    environment = {**os.environ, "LIKEWISE_DATA_FOLDER": str(data)}
    command.append(str(own_index))

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        with process.stdout as output:
            return process, output.readline().strip()

    def owner() -> int:
        end = time.monotonic() + SECONDS
        while True:
            try:
                return int((data / ".jobs" / ".process.lock").read_text().split()[1])
            except (OSError, IndexError):
                assert time.monotonic() < end
                time.sleep(0.05)

    server, address = start()
    try:
        with httpx.Client(base_url=address, timeout=SECONDS) as client:
            id = client.post("/jobs", json={"kind": "train", "file": "many.jsonl", "text": "body"}).json()["id"]
            wait_for(client, id, "running")
            os.kill(owner(), signal.SIGKILL)
            end = time.monotonic() + SECONDS
            while client.get(f"/jobs/{id}").json()["attempts"] < 2:
                assert time.monotonic() < end
                time.sleep(0.1)
        process = owner()
        server.kill()
        server.wait()
        end = time.monotonic() + SECONDS
        while is_alive(process):  # it ends with its server
            assert time.monotonic() < end
            time.sleep(0.1)
        server, address = start()
        with httpx.Client(base_url=address, timeout=SECONDS) as client:
            job = wait_for(client, id)
            assert job["state"] == "done" and job["attempts"] == 3, job
            texts = [event.get("text") for _, _, event in parsed(client.get(f"/jobs/{id}/events").text)]
            assert texts.count("it was interrupted, and continues") == 2
        server.send_signal(signal.SIGINT)
        assert server.wait(30) in (0, 130, -signal.SIGINT)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    assert likewise.load(data / "many.model").dim


def test_jobs_that_cannot_be_done_are_refused(serve: Serve, data: Path, served_index: Path, tmp_path: Path) -> None:
    (data / "link.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    (data / "some.model").mkdir()
    (data / "docs.model").mkdir()
    with serve(data_folder=str(data)) as address, httpx.Client(base_url=address) as client:
        for status, order in [
            (422, {"kind": "train", "file": "../docs.jsonl"}),
            (422, {"kind": "train", "file": "none.jsonl"}),
            (422, {"kind": "train", "file": "link.jsonl"}),
            (422, {"kind": "train", "file": "some.model"}),
            (422, {"kind": "train", "file": "docs.jsonl", "out": "a/b.model"}),
            (422, {"kind": "train", "file": "docs.jsonl", "wrong": 1}),
            (422, {"kind": "open", "file": "docs.jsonl", "model": "/x", "index": "/y"}),
            (422, {"kind": "index", "file": "docs.jsonl", "model": "../some.model"}),
            (409, {"kind": "train", "file": "docs.jsonl"}),
            (404, {"kind": "replace_model"}),
            (404, {"kind": "switch_back"}),
        ]:
            answer = client.post("/jobs", json=order)
            assert answer.status_code == status, (order, answer.text)
        described = client.get("/openapi.json").json()["paths"]
        assert described["/jobs/{id}/events"]["get"]["responses"]["200"]["content"].keys() == {"text/event-stream"}
    with serve(index=str(served_index)) as address:
        answer = httpx.post(f"{address}/jobs", json={"kind": "train", "file": "docs.jsonl"})
        assert answer.status_code == 404 and "--data-folder" in answer.json()["detail"]
        assert httpx.get(f"{address}/jobs").json() == {"jobs": []}


def test_jobs_in_this_process(tmp_path: Path, data: Path, served_index: Path) -> None:
    """The same work as over HTTP, without a server; failures are one line without the place of the folder."""
    folder, places = tmp_path / "jobs", {"data_folder": str(data)}
    (data / "one.jsonl").write_text('{"body": "a single text"}\n')
    job = done(folder, "train", {"file": "one.jsonl", "text": "body"}, **places)
    assert (job.state, job.detail.count("\n")) == ("failed", 0)
    assert "at least 2" in job.detail and str(data) not in job.detail
    assert done(folder, "train", {"file": "docs.jsonl", "text": "none"}, **places).state == "failed"
    assert done(folder, "train", {"file": "docs.jsonl"}).detail.startswith("the server has no data folder")
    assert done(folder, "switch", {}).detail.startswith("the server has no index")
    job = done(folder, "index", {"file": "docs.jsonl", "model": "no.model"}, **places)
    assert job.detail.startswith("there is no folder 'no.model'")
    assert {each.name for each in data.iterdir()} == {"docs.jsonl", "one.jsonl"}
    assert [each.state for each in Queue(folder).jobs()] == ["failed"] * 5


def test_open_in_this_process(tmp_path: Path, data: Path) -> None:
    request = {
        "file": str(data / "docs.jsonl"), "text": ["body"], "model": str(tmp_path / "d.model"),
        "index": str(tmp_path / "d.index"),
    }  # fmt: skip
    job = done(tmp_path / "jobs", "open", request)
    assert job.result == {"model": "d.model", "index": "d.index"}, job
    with Collection.open(tmp_path / "d.index") as index:
        assert len(index) == 320
    events = [event for _, event in Queue(tmp_path / "jobs").events(job.id)]
    assert {"message", "step", "evaluation", "count"} <= {event["kind"] for event in events}


def test_a_better_model_is_switched_to_and_a_worse_one_is_not(
    tmp_path: Path, own_index: Path, other_model: likewise.Model, data: Path
) -> None:
    other_model.save(data / "poor.model")
    places = {"data_folder": str(data), "index": str(own_index)}
    job = done(tmp_path / "jobs", "replace_model", {"model": "poor.model"}, **places)
    assert (job.state, job.result["switched"]) == ("done", False) and "scores lower" in job.detail, job
    job = done(tmp_path / "jobs", "switch", {}, **places)
    assert job.result["switched"] and job.result["texts"] == 400
    job = done(tmp_path / "jobs", "replace_model", {}, **places)  # trained on the texts of the index
    assert job.state == "done" and job.result["score"]["value"] > job.result["score_before"]["value"], job
    assert job.result["switched"] and not (tmp_path / "jobs" / job.id / job_queue.WORK).exists()
    job = done(tmp_path / "jobs", "switch_back", {}, **places)
    assert job.result["switched"]


def test_the_queue_is_bounded_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "MAX_QUEUED", 3)
    monkeypatch.setattr(job_queue, "KEPT", 1)
    queue = Queue(tmp_path / "jobs")
    assert queue.jobs() == [] and queue.first() is None and queue.get("../..") is None
    made = [queue.add("switch", {}, {}) for _ in range(3)]
    with pytest.raises(QueueFullError, match="are waiting"):
        queue.add("switch", {}, {})
    queue.cancel(made[0].id)
    queue.cancel("no-such-job")
    first = queue.first()
    assert first is not None and first.id == made[1].id
    queue.note(first, state="done", result={"switched": True})
    queue.forget_old()
    assert [job.id for job in Queue(tmp_path / "jobs").jobs()] == [made[1].id, made[2].id]


def test_a_job_whose_process_always_ends_is_given_up(tmp_path: Path, data: Path) -> None:
    queue = Queue(tmp_path / "jobs")
    job = queue.add("train", {"file": "docs.jsonl"}, {"data_folder": str(data), "index": None})
    job = queue.note(job, state="running", attempts=job_process.MAX_ATTEMPTS)
    assert "perhaps for lack of memory" in job_process.do(queue, job).detail


def test_events_are_few_and_survive_half_a_line(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    folder = tmp_path / "0193f0c0a1b2-c3d4e5"
    folder.mkdir()
    log = EventLog(folder)
    for step in range(1000):
        log.write({"kind": "step", "done": step, "total": 999})
    with (folder / job_queue.EVENTS).open("ab") as file:
        file.write(b'{"kind": "mess')
    EventLog(folder).write({"kind": "message", "text": "again"})
    found = queue.events(folder.name)
    assert found[0][1]["done"] == 0 and found[-2][1]["done"] == 999 and found[-1][1]["text"] == "again"
    assert 3 <= len(found) < 20
    assert queue.events(folder.name, found[-1][0] - 1) == found[-1:]


def test_the_supervisor_starts_and_ends_a_process(tmp_path: Path, data: Path) -> None:
    queue, ended = Queue(tmp_path / "jobs"), list[str]()
    job = queue.add("switch", {}, {"data_folder": None, "index": None})

    async def watch() -> None:
        async def note(job: job_queue.Job) -> None:
            if job.has_ended:
                ended.append(f"{job.id} {job.state}")

        supervisor = Supervisor(queue, note)
        task = asyncio.create_task(supervisor.run())
        while not ended:
            await asyncio.sleep(0.05)
        task.cancel()
        supervisor.stop()

    asyncio.run(asyncio.wait_for(watch(), SECONDS))
    assert ended == [f"{job.id} failed"]


def test_a_process_that_cannot_start_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # there is no Python
    queue = Queue(tmp_path / "jobs")
    job = queue.add("switch", {}, {"data_folder": None, "index": None})

    async def watch() -> None:
        supervisor = Supervisor(queue)
        task = asyncio.create_task(supervisor.run())
        while queue.first() is not None:
            await asyncio.sleep(0.05)
        task.cancel()
        supervisor.stop()

    asyncio.run(asyncio.wait_for(watch(), SECONDS))
    failed = queue.get(job.id)
    assert failed is not None and failed.state == "failed" and job_queue.LOG in failed.detail
    assert "Python" in (queue.folder / job_queue.LOG).read_text()


def test_where_jobs_are_kept(tmp_path: Path, served_index: Path) -> None:
    assert Settings(index=str(served_index)).jobs_path == served_index.parent / ".docs.index.jobs"
    assert Settings(index=str(served_index), data_folder=str(tmp_path)).jobs_path == tmp_path / ".jobs"
    assert Settings(index=str(tmp_path)).jobs_path is None  # a model alone
    assert Settings(jobs_folder=str(tmp_path / "x")).jobs_path == tmp_path / "x"


@pytest.fixture(autouse=True)
def no_job_is_kept_there(served_index: Path) -> Iterator[None]:
    yield
    assert not (served_index.parent / ".docs.index.jobs").exists()
