"""The process that does jobs, and how each kind of job is done.

`python -m likewise.service.job_process FOLDER` takes one job of the queue after the other, until all have ended or its
standard input ends, which it does with the server. Whatever it does can be killed at any time: results appear whole.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from likewise.atomic import begun, locking, refuse_existing, refuse_other, replacing_folder
from likewise.errors import InputError, LikewiseError
from likewise.service.data_folder import DataFolder
from likewise.service.job_queue import BUSY, MAX_ATTEMPTS, PROCESS, WORK, EventLog, Job, Queue
from likewise.service.job_requests import (
    FindDuplicates,
    MakeIndex,
    Open,
    Reading,
    ReplaceModel,
    Request,
    Switch,
    SwitchBack,
    Train,
    output_of,
)
from likewise.training.progress import Event, Watch

NICENESS = 5
LISTED = 1_000  # texts that are read from an index at once
FIRST_TEXTS, FIRST_EPOCHS = 50_000, 2  # of the model that is searched with while a better one is trained


@dataclass(frozen=True)
class Task:
    """A job at work.

    Attributes:
        folder: for what is kept between attempts.
        data: the data folder; None if there is none.
        index: the index that is served; None if there is none.
        watch: writes an event.
        resumed: whether an earlier attempt had begun.
    """

    folder: Path
    data: DataFolder | None
    index: Path | None
    watch: Watch
    resumed: bool

    def message(self, line: str) -> None:
        """Write a message."""
        self.watch(Event("message", line))

    def counter(self, name: str) -> Callable[..., None]:
        """Return a function that takes how many texts are done and, if it is known, of how many."""
        return lambda done, total=None: self.watch(Event("count", name, done, total))

    @property
    def files(self) -> DataFolder:
        """The data folder, which a job with files has."""
        if self.data is None:
            raise InputError("the server has no data folder: start it with --data-folder FOLDER")
        return self.data

    @property
    def served(self) -> Path:
        """The index that is served.

        Raises:
            InputError: there is none.
        """
        if self.index is None:
            raise InputError("the server has no index whose model could be replaced: start it with an index")
        return self.index


def _train(request: Train, task: Task) -> dict[str, Any]:
    from likewise.training.train import train

    out = task.files.output(output_of(request))
    model = train(
        task.files.file(request.file), out=out, resume=task.resumed, overwrite=request.overwrite or task.resumed,
        progress=False, watch=task.watch, **request.training_options(),
    )  # fmt: skip
    return {"model": out.name, "scores": dict(model.card.scores), "warnings": list(model.card.warnings)}


def _make_index(request: MakeIndex, task: Task) -> dict[str, Any]:
    from likewise.model.load import load_model

    out = task.files.output(output_of(request))
    model = load_model(str(task.files.folder(request.model)))
    overwrite = request.overwrite or task.resumed
    texts, skipped = fill_index(out, model, task.files.file(request.file), request, task, overwrite=overwrite)
    return {"index": out.name, "texts": texts, "skipped": skipped}


def fill_index(out: Path, model: Any, file: Path, request: Reading, task: Task, *, overwrite: bool) -> tuple[int, int]:
    """Make an index of a file; returns how many texts it has, and how many rows could not be read."""
    from likewise.applications.passages import Passages
    from likewise.corpus.read import read
    from likewise.index.collection import Collection
    from likewise.index.record import FILE

    refuse_other(out, FILE, "no index")
    corpus = read(file, columns=True, **request.options())
    length = getattr(request, "passages", None)
    with replacing_folder(out, overwrite=overwrite) as folder, Collection.create(folder, model, True) as made:
        count = made.add_corpus(corpus if length is None else Passages(corpus, length), task.counter("indexing"))
        made.build()
    return count, corpus.skipped


def _find_duplicates(request: FindDuplicates, task: Task) -> dict[str, Any]:
    from likewise.applications.duplicates.find import duplicates
    from likewise.applications.duplicates.store import OTHER, RECORD, Store

    out = task.files.output(output_of(request))
    overwrite = request.overwrite or task.resumed
    refuse_other(out, RECORD, OTHER)
    with locking(out, overwrite=overwrite):
        model = None if request.model is None else str(task.files.folder(request.model))
        file = task.files.file(request.file)
        found = duplicates(file, model, request.precision, watch=task.watch, **request.options())
        Store.of(found).save(str(out), overwrite=overwrite)
    return {"store": out.name, "texts": len(found.ids), "kept": len(found.kept), "groups": len(found.groups)}


def _replace_model(request: ReplaceModel, task: Task) -> dict[str, Any]:
    from likewise.index.collection import Collection
    from likewise.index.replacement import fill_next, switch
    from likewise.model.load import load_model
    from likewise.training.train import train

    index, done = task.served, task.folder / "filled.json"
    if done.exists():  # an earlier attempt was killed, perhaps after the switch
        result: dict[str, Any] = json.loads(done.read_bytes())
        with Collection.open(index) as served:
            if served.describe().model == result["model"]:
                return result | {"switched": True}
    if request.model is not None:
        model = load_model(str(task.files.folder(request.model)))
    else:
        task.message("training on the texts of the index")
        out = task.folder / "new.model"
        model = load_model(str(out)) if out.exists() else train(
            _texts_of(index), out=out, resume=task.resumed, progress=False, watch=task.watch
        )  # fmt: skip
    task.message("filling a new index")
    filled = fill_next(index, model, progress=task.counter("filling"))
    with Collection.open(filled.path) as new:
        result = {"model": new.describe().model, "texts": filled.texts}
    result |= {"score": _finite(asdict(filled.score)), "score_before": _finite(asdict(filled.score_before))}
    done.write_text(json.dumps(result), encoding="utf-8")
    better = filled.is_better
    task.message(f"score without labels: {filled.score.value:.3f}, before {filled.score_before.value:.3f}")
    if request.switch == "never" or (request.switch == "better" and not better):
        reason = "the new model scores lower" if request.switch == "better" else "as ordered"
        return result | {"switched": False, "detail": f"not switched, {reason}: a job of kind switch does it"}
    switch(index)
    return result | {"switched": True}


def _switch(request: Switch | SwitchBack, task: Task) -> dict[str, Any]:
    from likewise.index.collection import Collection
    from likewise.index.replacement import NEXT, PREVIOUS, switch

    task.message("copying what was written since")
    switch(task.served, NEXT if isinstance(request, Switch) else PREVIOUS)
    with Collection.open(task.served) as index:
        return {"switched": True, "model": index.describe().model, "texts": len(index)}


def _open(request: Open, task: Task) -> dict[str, Any]:
    from likewise.index.collection import Collection
    from likewise.index.replacement import discard_previous, fill_next, switch
    from likewise.model.embedder import identity_of
    from likewise.model.load import load_model

    file, model, index = Path(request.file), Path(request.model), Path(request.index)
    if not model.exists():
        if not index.exists():
            _make_first_index(request, task)
        _train_to_open(request, task)
    trained = load_model(str(model))
    if index.exists():
        with Collection.open(index) as found:
            fingerprint = found.describe().model.rpartition(" ")[2]
        if not identity_of(trained).fingerprint.startswith(fingerprint):
            task.message("filling the index with the trained model")
            fill_next(index, trained, progress=task.counter("filling"))
            switch(index)
        discard_previous(index)
    else:
        task.message("indexing")
        fill_index(index, trained, file, request, task, overwrite=False)
    return {"model": model.name, "index": index.name}


def _make_first_index(request: Open, task: Task) -> None:
    """Make an index that can be searched while the model is trained: with a model that saw the texts a few times."""
    from likewise.corpus.read import read
    from likewise.training.train import train

    texts: list[str] = []
    for batch in read(request.file, **request.options()):
        texts += batch.texts.to_pylist()
        if len(texts) > FIRST_TEXTS:
            return
    task.message("training a first model, to search with meanwhile")
    try:
        first = train(texts, epochs=FIRST_EPOCHS, progress=False)
    except InputError:
        raise
    except LikewiseError:  # it collapsed: so may the other one, which says why
        return
    fill_index(Path(request.index), first, Path(request.file), request, task, overwrite=False)
    task.message("the first model can be searched; the trained one takes its place")


def _train_to_open(request: Open, task: Task) -> None:
    from likewise.training.train import train

    model = Path(request.model)
    options = {**request.training_options(), "out": model, "progress": False, "watch": task.watch}
    interrupted = begun(model).exists()
    try:
        train(request.file, resume=interrupted, **options)
    except InputError:
        if not interrupted:
            raise
        task.message("the file has changed since an earlier run was interrupted: training begins again")
        train(request.file, **options)


DONE_BY: dict[type, Callable[[Any, Task], dict[str, Any]]] = {
    Train: _train, MakeIndex: _make_index, FindDuplicates: _find_duplicates, ReplaceModel: _replace_model,
    Switch: _switch, SwitchBack: _switch, Open: _open,
}  # fmt: skip


def _texts_of(index: Path) -> Iterator[str]:
    """Yield the texts of an index, some at a time."""
    from likewise.index.collection import Collection

    with Collection.open(index) as served:
        after = None
        while entries := served.entries(LISTED, after=after).entries:
            yield from (entry.text for entry in entries)
            after = entries[-1].id


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if value == value else None for name, value in values.items()}  # noqa: PLR0124 - NaN


def _refuse_existing(request: Any, task: Task) -> None:
    if isinstance(request, Train | MakeIndex | FindDuplicates):
        refuse_existing(task.files.output(output_of(request)), overwrite=request.overwrite)


def _clean_up(request: Any, task: Task) -> None:
    """Remove what a job that ends without a result left behind."""
    from likewise.index.replacement import discard_next

    if isinstance(request, ReplaceModel) and task.index is not None:
        discard_next(task.index)
    if isinstance(request, Train | MakeIndex | FindDuplicates) and task.data is not None:
        out = task.files.output(output_of(request))
        shutil.rmtree(begun(out), ignore_errors=True)
        with locking(out, overwrite=True):  # which removes what a killed writer of it left
            pass


def do(queue: Queue, job: Job) -> Job:
    """Do a job to its end, or continue it."""
    places, folder = queue.places(job), queue.folder / job.id
    data = None if places["data_folder"] is None else DataFolder(places["data_folder"])
    log, work = EventLog(folder), folder / WORK
    resumed = job.attempts > 0 and work.exists()
    index = None if places["index"] is None else Path(places["index"])

    def write(event: Event) -> None:
        text = event.text if data is None else data.hide(event.text)
        log.write(replace(event, text=text).plain())

    task = Task(work, data, index, write, resumed)
    request = msgspec.convert({"kind": job.kind, **job.request}, Request | Open)
    try:
        if queue.is_cancelled(job.id):
            state: dict[str, Any] = {"state": "cancelled", "detail": "it was cancelled"}
        elif job.attempts >= MAX_ATTEMPTS:
            reason = f"its process ended {job.attempts} times without a result, perhaps for lack of memory"
            state = {"state": "failed", "detail": reason}
        else:
            job = queue.note(job, state="running", attempts=job.attempts + 1, started=job.started or time.time())
            if resumed:
                task.message("it was interrupted, and continues")
            else:
                _refuse_existing(request, task)
                work.mkdir(exist_ok=True)  # what has the name of the result from now on is ours
            result = DONE_BY[type(request)](request, task)
            state = {"state": "done", "detail": result.pop("detail", ""), "result": result}
    except LikewiseError as error:
        state = {"state": "failed", "detail": str(error)}
    except Exception as error:  # its message could hold a text
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}"
        state = {"state": "failed", "detail": f"unexpected: {type(error).__name__}{place}"}
    if state["state"] != "done" and work.exists():
        with suppress(LikewiseError, OSError):
            _clean_up(request, task)
    shutil.rmtree(work, ignore_errors=True)
    state["detail"] = " ".join((data.hide(state["detail"]) if data else state["detail"]).split())
    return queue.note(job, finished=time.time(), **state)


def _end_with_server() -> None:
    """End this process when its standard input ends: nobody would see what it does."""
    with suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 1):  # unbuffered: a buffer would be locked when this process ends
            pass
    os._exit(0)


def _end_when_cancelled(queue: Queue, running: list[str]) -> None:
    """End this process when its job is cancelled, by whichever process of the server; the next one cleans up."""
    while True:
        time.sleep(0.2)
        if running and queue.is_cancelled(running[0]):
            os._exit(0)


def _give_way() -> None:
    """Leave the processors to those who answer requests."""
    with suppress(OSError, AttributeError):  # Windows has none
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def main(folder: str) -> int:
    """Do the jobs of a queue, if no other process does."""
    queue, running = Queue(folder), list[str]()
    threading.Thread(target=_end_with_server, daemon=True).start()
    try:
        with locking(queue.folder / PROCESS, overwrite=True):
            threading.Thread(target=_end_when_cancelled, args=(queue, running), daemon=True).start()
            while (job := queue.first()) is not None:
                if job.kind != "open":  # for which everybody waits
                    _give_way()
                running[:] = [] if queue.is_cancelled(job.id) else [job.id]
                do(queue, job)
                running.clear()
                queue.forget_old()
    except LikewiseError:
        return BUSY
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
