"""`likewise open`: from a file of text to its page in a browser, with one command."""

import os
import shlex
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from likewise.atomic import begun
from likewise.cli.options import Encoding, File, Header, Id, NoId, OnError, Text, reading_of, stem
from likewise.errors import InputError, require
from likewise.service import NEEDED

PORT = 8000  # unless it is taken
COMPARED = 20  # texts of a file that are searched in an index that exists already
POLL_SECONDS = 0.2


def open_file(
    file: File,
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="NAME",
            help="Write NAME.model and NAME.index. Default: the name of the file, in this folder.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help=f"Port to listen on. Default: {PORT}, or a free one.", show_default=False),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Open a file of text as a page: search, answers and what was learned, in a browser.

    Trains a model and makes an index if they do not exist yet, with a page that shows how far it is. The page is for
    this machine only. Ctrl-C ends it; the same command goes on where it ended.
    """
    require("serve", "a page needs", *NEEDED)
    from likewise.service.job_queue import Queue, start_early
    from likewise.service.settings import Settings

    if file == "-":
        raise InputError("standard input cannot be opened twice: put the texts into a file")
    reading = reading_of(text, id, no_id=no_id, encoding=encoding, header=header, on_error=on_error)
    name = Path(out or stem(file)).absolute()
    model, index = (name.with_name(name.name + suffix) for suffix in (".model", ".index"))
    _check_outputs(file, model, index, reading)
    queue, job = Queue(name.with_name(f".{name.name}.jobs")), None
    if not index.exists() or _was_interrupted(queue, index):
        request = {**reading, "file": str(Path(file).absolute()), "model": str(model), "index": str(index)}
        job = _ordered(queue, request)
        start_early(queue)
    settings = Settings(
        index=str(index) if index.exists() else None, port=_free(PORT) if port is None else port,
        jobs_folder=str(queue.folder), access_log=False,
    ).checked()  # fmt: skip
    try:
        _serve(settings, queue, job, browser=browser and _has_browser())
    finally:
        typer.echo(_left(file, model, index, finished=not _was_interrupted(queue, index)), err=True)


def _serve(settings: Any, queue: Any, job: str | None, *, browser: bool) -> None:
    """Serve until a signal ends it; the page shows the job first, if there is one."""
    from likewise.service.server import serve

    ended, followers = threading.Event(), []

    def ready(address: str) -> None:
        typer.echo(address)
        if browser:
            webbrowser.open(f"{address}/#/progress" if job else address)
        if job:
            followers.append(threading.Thread(target=_follow, args=(queue, job, address, ended)))
            followers[0].start()

    try:
        serve(settings, ready=ready)
    finally:
        ended.set()
        for each in followers:
            each.join()  # no line comes after those of the caller


def _check_outputs(file: str, model: Path, index: Path, reading: dict[str, Any]) -> None:
    """Read the beginning of the file, and refuse a model or an index of the same name that is of other texts.

    Raises:
        InputError: the file cannot be read, or they are.
    """
    from likewise.corpus.read import read

    batch = next(iter(read(file, **reading)), None)
    if batch is None:
        raise InputError(f"{file} has no text")
    if index.exists():
        from likewise.index.collection import Collection

        first = list(zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True))[:COMPARED]
        with Collection.open(index) as collection:
            found = [(collection.get(str(id)), text) for id, text in first]
        same = sum(entry is not None and entry.text == text for entry, text in found)
        if 2 * same < len(first):
            raise InputError(
                f"{index} exists and has other texts than {file}: give another name with --out, or serve it as it is"
                f" with likewise serve {shlex.quote(str(index))}"
            )
        note = (
            "" if _is_older(Path(file), index) else f"; {file} has changed since: remove {index} to have it made anew"
        )
        typer.echo(f"{index} exists, and is served{note}", err=True)
    elif model.exists():
        from likewise.model.load import load_model

        trained_on = Path(str(load_model(str(model)).card.corpus.get("name", ""))).name
        if trained_on != Path(file).name:
            raise InputError(
                f"{model} exists and was trained on {trained_on or 'other texts'}: give another name with --out"
            )
        typer.echo(f"{model} exists, and is used", err=True)


def _is_older(file: Path, index: Path) -> bool:
    return file.is_dir() or file.stat().st_mtime <= (index / "record.sqlite").stat().st_mtime


def _was_interrupted(queue: Any, index: Path) -> bool:
    """Whether an index can be searched with its first model only: the last job that made it did not end well."""
    jobs = [job for job in queue.jobs() if job.kind == "open" and job.request.get("index") == str(index)]
    return bool(jobs) and jobs[-1].state != "done"


def _ordered(queue: Any, request: dict[str, Any]) -> str:
    """Return the id of the job that makes model and index: one that was interrupted, or a new one."""
    for job in queue.jobs():
        if not job.has_ended:
            if job.kind == "open" and job.request == request:
                return str(job.id)
            queue.cancel(job.id)
    return str(queue.add("open", request, {"data_folder": None, "index": None}).id)


def _follow(queue: Any, id: str, address: str, ended: threading.Event) -> None:
    """Write what happens to a job to standard error, a line each, until the job or the server has ended."""
    last = 0
    while True:
        job = queue.get(id)
        for number, event in queue.events(id, last):
            last = number
            if event["kind"] in ("message", "warning", "evaluation"):
                typer.echo(f"{'warning: ' if event['kind'] == 'warning' else ''}{event.get('text', '')}", err=True)
        if job is None or job.has_ended or ended.wait(POLL_SECONDS):
            break
    if job is not None and job.state == "done":
        typer.echo(f"ready: {address}", err=True)
    elif job is not None and job.has_ended:
        typer.echo(f"error: {job.detail}", err=True)


def _left(file: str, model: Path, index: Path, *, finished: bool) -> str:
    """Say what is there after the end."""
    if index.exists() and finished:
        return f"{index} has the texts and the model: likewise serve {shlex.quote(str(index))}"
    again = shlex.join(["likewise", "open", file])
    if index.exists():
        return f"{index} can be searched with a first model only, as it was interrupted: {again} goes on"
    if model.exists():
        return f"{model} is trained, and there is no index yet: {again} goes on"
    if begun(model).exists():
        return f"the training was interrupted: {again} goes on where it ended"
    return f"nothing was made of {file}"


def _free(port: int) -> int:
    """Return a port if nothing listens on it, else 0."""
    from likewise.service.server import bound
    from likewise.service.settings import Settings

    try:
        bound(Settings(port=port)).close()
    except InputError:
        return 0
    return port


def _has_browser() -> bool:
    """Whether a page can be shown without taking the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
