"""Jobs and their files over HTTP: order, watch, cancel; upload, list, delete."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from likewise.service.data_folder import DataFolder, FileStatus, TooLargeError
from likewise.service.job_queue import Job, Queue, QueueFullError, Supervisor
from likewise.service.job_requests import (
    FindDuplicates,
    MakeIndex,
    ReplaceModel,
    Switch,
    SwitchBack,
    Train,
    output_of,
)
from likewise.service.job_requests import Request as JobRequest
from likewise.service.problems import Problem, busy, not_served
from likewise.service.routing import Route
from likewise.service.served import Service

TAG = "Jobs"
STREAM = "text/event-stream"
POLL_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0
MAX_STREAMS, MAX_UPLOADS = 64, 4  # at a time, of a process
_open = {"streams": 0, "uploads": 0}


class JobQuery(msgspec.Struct, kw_only=True):
    """Which job.

    Attributes:
        id: of it.
    """

    id: Annotated[str, Meta(max_length=40)]


class EventsQuery(msgspec.Struct, kw_only=True):
    """Which events.

    Attributes:
        id: of the job.
        after: number of the event after which they begin; the header Last-Event-ID says the same.
    """

    id: Annotated[str, Meta(max_length=40)]
    after: Annotated[int, Meta(ge=0)] = 0


class Jobs(msgspec.Struct):
    """Jobs.

    Attributes:
        jobs: in the order in which they were ordered; of those that have ended, the latest.
    """

    jobs: list[Job]


class FileQuery(msgspec.Struct, kw_only=True):
    """Which file.

    Attributes:
        name: of the file.
    """

    name: Annotated[str, Meta(max_length=200)]


class UploadQuery(msgspec.Struct, kw_only=True):
    """How a file is kept.

    Attributes:
        name: that it gets in the data folder.
        overwrite: replace the file that has the name.
    """

    name: Annotated[str, Meta(max_length=200)]
    overwrite: bool = False


class Files(msgspec.Struct):
    """What is in the data folder.

    Attributes:
        files: in the order of their names.
    """

    files: list[FileStatus]


async def order(service: Service, body: JobRequest, _: Request) -> Job:
    """Order a job; it begins when those before it have ended."""
    queue = _queue(service)
    if isinstance(body, Train | MakeIndex | FindDuplicates):
        await service.compute(_check_files, _data(service), body)
    if isinstance(body, ReplaceModel | Switch | SwitchBack) and not service.has_index:
        raise not_served("index", "likewise serve INDEX")
    if isinstance(body, ReplaceModel) and body.model is not None:
        await service.compute(_data(service).folder, body.model)
    request = msgspec.to_builtins(body)
    kind = request.pop("kind")
    places = {
        "data_folder": None if service.data is None else str(service.data.path),
        "index": str(service.index_path.absolute()) if service.has_index else None,
    }
    try:
        return await service.compute(queue.add, kind, request, places)
    except QueueFullError as error:
        raise Problem(429, str(error), {"Retry-After": "60"}) from None


async def read_all(service: Service, _: Any, __: Request) -> Jobs:
    """Return the jobs."""
    return Jobs(await service.compute(_queue(service).jobs))


async def read_one(service: Service, body: JobQuery, _: Request) -> Job:
    """Return one job."""
    return await _found(service, body.id)


async def cancel(service: Service, body: JobQuery, _: Request) -> Job:
    """End a job and remove what it has not finished; one that has ended stays as it is."""
    job = await _found(service, body.id)
    if not job.has_ended:
        await service.compute(_queue(service).cancel, body.id)
    return await _found(service, body.id)


async def events(service: Service, body: EventsQuery, request: Request) -> Response:
    """Stream what happens to a job as server-sent events, until it ends.

    The events are `message`, `warning`, `step`, `evaluation` and `count`; the last one, `end`, is the job. A client
    that was cut off sends the number of the last event that it has as Last-Event-ID.
    """
    await _found(service, body.id)
    last = request.headers.get("last-event-id", "")
    after = int(last) if last.isascii() and last.isdigit() and len(last) <= 12 else body.after
    if _open["streams"] >= MAX_STREAMS:
        raise busy("too many clients watch jobs: try again later")
    headers = {"X-Accel-Buffering": "no"}  # proxies pass each event on at once
    return StreamingResponse(_events(_queue(service), body.id, after), media_type=STREAM, headers=headers)


async def upload(service: Service, body: UploadQuery, request: Request) -> FileStatus:
    """Put a file of texts into the data folder: the body of the request is its content."""
    data = _data(service)
    if service.settings.api_key_file is None:
        raise Problem(403, "files are taken from clients with a key only: start the server with --api-key-file")
    if _open["uploads"] >= MAX_UPLOADS:
        raise busy("too many files are being sent: try again later")
    limit = service.settings.max_upload
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limit:
        raise Problem(413, f"the file has more than {limit:,} bytes: split it, or compress it with gzip")
    if not body.overwrite and (await service.compute(data.output, body.name)).exists():
        raise Problem(409, f"{body.name} exists already: choose another name, or add overwrite=true")
    _open["uploads"] += 1
    try:
        size = await data.receive(body.name, request.stream(), limit, overwrite=body.overwrite)
    except TooLargeError as error:
        raise Problem(413, str(error)) from None
    finally:
        _open["uploads"] -= 1
    return FileStatus(body.name, size)


async def list_files(service: Service, _: Any, __: Request) -> Files:
    """List files and results in the data folder."""
    return Files(await service.compute(_data(service).list))


async def delete_file(service: Service, body: FileQuery, _: Request) -> None:
    """Delete a file in the data folder; results that are folders stay."""
    await service.compute(_data(service).remove, body.name)


async def supervise(service: Service) -> None:
    """Have the jobs done while the server runs, and serve what `likewise open` has made."""
    if service.queue is None:
        return
    if service.data is not None:
        await asyncio.to_thread(service.data.sweep)

    async def changed(job: Job) -> None:
        if job.kind == "open" and not service.has_index and Path(job.request["index"]).exists():
            await asyncio.to_thread(service.open, job.request["index"])
            await service.warm_up()

    # Nobody searches before there is a model: the job may use all processors.
    supervisor = Supervisor(service.queue, changed, use_all=not service.has_model)
    try:
        await supervisor.run()
    finally:
        await asyncio.shield(asyncio.to_thread(supervisor.stop))


def _queue(service: Service) -> Queue:
    if service.queue is None:
        raise not_served("job", "--data-folder FOLDER")
    return service.queue


def _data(service: Service) -> DataFolder:
    if service.data is None:
        raise not_served("data folder", "--data-folder FOLDER")
    return service.data


def _check_files(data: DataFolder, body: Train | MakeIndex | FindDuplicates) -> None:
    """Refuse a job at once whose files do not exist or whose result does.

    Raises:
        Problem: its result exists.
        InputError: a file does not exist.
    """
    data.file(body.file)
    model = getattr(body, "model", None)
    if model is not None:
        data.folder(model)
    name = output_of(body)
    if data.output(name).exists() and not body.overwrite:
        raise Problem(409, f"{name} exists already: give another name as out, or overwrite: true")


async def _found(service: Service, id: str) -> Job:
    job = await service.compute(_queue(service).get, id)
    if job is None:
        raise Problem(404, f"there is no job {id!r}: GET /jobs lists the latest")
    return job


async def _events(queue: Queue, id: str, after: int) -> AsyncIterator[bytes]:
    """Yield the events of a job as they happen; the job itself when it has ended."""
    _open["streams"] += 1
    loop = asyncio.get_running_loop()
    alive = loop.time()
    try:
        while True:
            job = await asyncio.to_thread(queue.get, id)  # read before its events, so that none is missing at the end
            for number, event in await asyncio.to_thread(queue.events, id, after):
                after, alive = number, loop.time()
                yield _event(number, str(event["kind"]), event)
            if job is None or job.has_ended:
                if job is not None:
                    yield _event(after + 1, "end", msgspec.to_builtins(job))
                return
            if _is_stopping():
                return
            if loop.time() - alive > KEEP_ALIVE_SECONDS:
                alive = loop.time()
                yield b": still running\n\n"
            await asyncio.sleep(POLL_SECONDS)
    finally:
        _open["streams"] -= 1


def _event(number: int, kind: str, data: dict[str, Any]) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), orjson.dumps(data))


def _is_stopping() -> bool:
    """Whether uvicorn ends this process, for which it waits until no response is being sent."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))


ROUTES = (
    Route(method="POST", path="/jobs", handler=order, summary="Order a job", tag=TAG, access="write", body=JobRequest,
          response=Job, statuses=(404, 409), example={"kind": "train", "file": "reviews.csv", "text": "body"}),
    Route(method="GET", path="/jobs", handler=read_all, summary="List jobs", tag=TAG, response=Jobs, statuses=(404,)),
    Route(method="GET", path="/jobs/{id}", handler=read_one, summary="Read a job", tag=TAG, query=JobQuery,
          response=Job, statuses=(404,), example={"id": "0193f0c0a1b2-c3d4e5"}),
    Route(method="DELETE", path="/jobs/{id}", handler=cancel, summary="Cancel a job", tag=TAG, access="write",
          query=JobQuery, response=Job, statuses=(404,), example={"id": "0193f0c0a1b2-c3d4e5"}),
    Route(method="GET", path="/jobs/{id}/events", handler=events, summary="Watch a job", tag=TAG, query=EventsQuery,
          media_type=STREAM, statuses=(404,), example={"id": "0193f0c0a1b2-c3d4e5"}),
    Route(method="POST", path="/files", handler=upload, summary="Upload a file", tag=TAG, access="write",
          query=UploadQuery, response=FileStatus, accepts="application/octet-stream", statuses=(404, 409, 413),
          example={"name": "reviews.csv"}),
    Route(method="GET", path="/files", handler=list_files, summary="List files", tag=TAG, response=Files,
          statuses=(404,)),
    Route(method="DELETE", path="/files/{name}", handler=delete_file, summary="Delete a file", tag=TAG, access="write",
          query=FileQuery, statuses=(404,), example={"name": "reviews.csv"}),
)  # fmt: skip
