"""The queue of jobs on disk, which all processes of a server share, and the process that does one job after the other.

A job is a folder: `job.json` is what was ordered, `state.json` how far it is, `events.jsonl` what happened. The process
that does the jobs is the only writer of the last two; whoever cancels a job puts an empty file `cancel` into it.
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from likewise.atomic import os_error, replacing_file
from likewise.errors import LikewiseError

ID = re.compile(r"[0-9a-f]{12}-[0-9a-f]{6}")
JOB, STATE, EVENTS, CANCEL, WORK = "job.json", "state.json", "events.jsonl", "cancel", "work"
PROCESS, LOG = "process", "process.log"
MAX_QUEUED = 16
KEPT = 50  # jobs that have ended
MAX_ATTEMPTS = 3
POLL_SECONDS, IDLE_SECONDS = 0.2, 0.5
RETRY_SECONDS = 10.0  # between two processes where another server process may have one
STOP_SECONDS = 5.0
BUSY = 75  # the exit code of a process that found another one at work
ENDED = ("done", "failed", "cancelled")
EVENTS_A_SECOND = 5.0  # of steps and counts
THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class QueueFullError(LikewiseError):
    """More jobs wait than the queue takes."""


class Job(msgspec.Struct, kw_only=True):
    """A job.

    Attributes:
        id: of it.
        kind: what it does.
        state: "queued", "running", "done", "failed" or "cancelled".
        created: when it was ordered, in seconds since 1970.
        started: when it began; null before.
        finished: when it ended; null before.
        attempts: how often it began: more than once after an interruption.
        detail: why it failed, or what is to be known about its result.
        result: of a job that is done: names in the data folder, counts, scores.
        request: what was ordered.
    """

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"] = "queued"
    created: float
    started: float | None = None
    finished: float | None = None
    attempts: int = 0
    detail: str = ""
    result: dict[str, Any] = {}
    request: dict[str, Any] = {}

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


class Queue:
    """The jobs of a folder.

    Args:
        folder: is made with the first job.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._ended: dict[str, Job] = {}  # which change no more

    def add(self, kind: str, request: dict[str, Any], places: dict[str, str | None]) -> Job:
        """Put a job at the end of the queue.

        Args:
            kind: of the job.
            request: what is to be done, as JSON values.
            places: the folders of the server that it works with.

        Raises:
            QueueFullError: too many are waiting.
            LikewiseError: the folder cannot be written.
        """
        jobs = self.jobs()
        if sum(not job.has_ended for job in jobs) >= MAX_QUEUED:
            raise QueueFullError(f"{MAX_QUEUED} jobs are waiting: wait for one to end, or cancel one")
        now = time.time_ns() // 1_000_000
        if jobs:  # ids are in order, however quickly they are given
            now = max(now, int(jobs[-1].id.partition("-")[0], 16) + 1)
        job = Job(id=f"{now:012x}-{secrets.token_hex(3)}", kind=kind, created=time.time())
        content = {"id": job.id, "kind": kind, "created": job.created, "request": request, "places": places}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f".{job.id}"
            part.mkdir()
            (part / JOB).write_text(json.dumps(content), encoding="utf-8")
            part.rename(self.folder / job.id)
        except OSError as error:
            raise os_error(error, self.folder) from error
        job.request = request
        return job

    def jobs(self) -> list[Job]:
        """Return the jobs in the order in which they were ordered."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if ID.fullmatch(path.name))
        return [job for name in names if (job := self.get(name)) is not None]

    def get(self, id: str) -> Job | None:
        """Return a job; None if there is none with this id."""
        if ID.fullmatch(id) is None:
            return None
        folder = self.folder / id
        if id in self._ended and folder.exists():
            return self._ended[id]
        try:
            ordered = json.loads((folder / JOB).read_bytes())
        except OSError:
            return None
        state = {}
        with suppress(OSError):
            state = json.loads((folder / STATE).read_bytes())
        if not state and (folder / CANCEL).exists():
            state = {"state": "cancelled"}  # before it began
        del ordered["places"]
        job = msgspec.convert(ordered | state, Job)
        if job.has_ended:
            self._ended[id] = job
        return job

    def places(self, job: Job) -> dict[str, str | None]:
        """Return the folders of the server that a job works with."""
        places: dict[str, str | None] = json.loads((self.folder / job.id / JOB).read_bytes())["places"]
        return places

    def first(self) -> Job | None:
        """Return the job that is running or the next one; None if all have ended."""
        return next((job for job in self.jobs() if not job.has_ended), None)

    def cancel(self, id: str) -> None:
        """Have a job end as soon as possible."""
        with suppress(FileNotFoundError):
            (self.folder / id / CANCEL).touch()

    def is_cancelled(self, id: str) -> bool:
        """Whether a job is to end."""
        return (self.folder / id / CANCEL).exists()

    def note(self, job: Job, **changes: Any) -> Job:
        """Change the state of a job; called by the process that does it."""
        job = msgspec.structs.replace(job, **changes)
        names = ("state", "started", "finished", "attempts", "detail", "result")
        with replacing_file(self.folder / job.id / STATE) as temporary:
            temporary.write_text(json.dumps({name: getattr(job, name) for name in names}), encoding="utf-8")
        return job

    def forget_old(self) -> None:
        """Remove all but the latest jobs that have ended."""
        ended = [job.id for job in self.jobs() if job.has_ended]
        for id in ended[:-KEPT]:
            shutil.rmtree(self.folder / id, ignore_errors=True)

    def events(self, id: str, after: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """Return the events of a job with their numbers, which begin with 1, those after a number."""
        found = []
        with suppress(OSError), (self.folder / id / EVENTS).open("rb") as file:
            for number, line in enumerate(file, 1):
                if number > after and line.endswith(b"\n"):
                    with suppress(ValueError):  # a line that a killed process began
                        found.append((number, json.loads(line)))
        return found


class EventLog:
    """Appends the events of a job to its file; steps and counts some times a second only.

    Args:
        folder: of the job.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / EVENTS
        self._last: dict[str, float] = {}
        if self._path.exists() and not self._path.read_bytes().endswith(b"\n"):
            self._append(b"\n")  # after half a line of a process that was killed

    def write(self, event: dict[str, Any]) -> None:
        """Append an event, unless it is one of too many."""
        kind, now = str(event["kind"]), time.monotonic()
        if kind in ("step", "count") and event.get("done") != event.get("total"):
            if now - self._last.get(kind, -1.0) < 1 / EVENTS_A_SECOND:
                return
            self._last[kind] = now
        self._append(json.dumps({"time": round(time.time(), 3), **event}, allow_nan=False).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(line)


_started: dict[Path, subprocess.Popen[bytes]] = {}  # before there is a supervisor


def start_early(queue: Queue) -> None:
    """Start the process that does jobs while the server is still being imported; its supervisor takes it over."""
    _started[queue.folder] = _new_process(queue, os.cpu_count() or 1)


def _new_process(queue: Queue, threads: int) -> subprocess.Popen[bytes]:
    environment = {name: str(threads) for name in THREADS} | os.environ
    command = [sys.executable, "-m", "likewise.service.job_process", str(queue.folder)]
    # In a session of its own, Ctrl-C reaches the server alone; the end of its standard input ends the process.
    with (queue.folder / LOG).open("wb") as log:
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, env=environment,
            start_new_session=True,
        )  # fmt: skip


class Supervisor:
    """Keeps a process running while there is a job to do.

    Args:
        queue: of the jobs.
        changed: called with the job again and again while it runs, and when it has ended.
        use_all: whether the process may use all processors; otherwise one is left, for requests.
    """

    def __init__(
        self, queue: Queue, changed: Callable[[Job], Awaitable[None]] | None = None, *, use_all: bool = False
    ) -> None:
        self.queue, self._changed = queue, changed
        every = os.cpu_count() or 1
        self._threads = every if use_all else max(1, every - 1)
        self._process = _started.pop(queue.folder, None)
        self._watched: set[str] = set()
        self._to_clean_up: str | None = None  # a job that was cancelled before the process began
        self._not_before, self._failures = 0.0, 0

    async def run(self) -> None:
        """Watch the queue until it is cancelled."""
        while True:
            job = await asyncio.to_thread(self.queue.first)
            await self._report()
            if job is not None:
                self._watched.add(job.id)
                await asyncio.to_thread(self._drive, job)
            await asyncio.sleep(IDLE_SECONDS if job is None else POLL_SECONDS)

    def _drive(self, job: Job) -> None:
        """Start a process if there is none, or end it if its job is cancelled."""
        if self._process is not None:
            if self._process.poll() is None:
                if job.state == "running" and job.id != self._to_clean_up and self.queue.is_cancelled(job.id):
                    self._process.kill()  # the next one cleans up
                return
            # Another process of the server may have one, which holds the lock: this one ended at once then.
            code = self._process.returncode
            self._not_before = time.monotonic() + (RETRY_SECONDS if code == BUSY else 0)
            self._close()
            self._failures = self._failures + 1 if code > 0 and code != BUSY else 0
            if self._failures >= MAX_ATTEMPTS:
                self._failures = 0
                self.queue.note(job, state="failed", detail=f"its process ends at once: {LOG} beside the jobs says why")
                return
        if time.monotonic() >= self._not_before:
            self._to_clean_up = job.id if self.queue.is_cancelled(job.id) else None
            self._process = _new_process(self.queue, self._threads)

    async def _report(self) -> None:
        for id in [*self._watched]:
            job = await asyncio.to_thread(self.queue.get, id)
            if job is None or job.has_ended:
                self._watched.discard(id)
            if job is not None and self._changed is not None:
                await self._changed(job)

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def stop(self) -> None:
        """End the process: what it has done is kept, and the next server continues."""
        process = self._process
        if process is None:
            return
        self._close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
