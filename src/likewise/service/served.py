"""What a server serves: its folders, opened in threads of their own, and opened again when one was replaced."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from likewise.applications.answer import Answerer
from likewise.applications.classify.classifier import RECORD as CLASSIFIER
from likewise.applications.classify.classifier import Classifier
from likewise.applications.duplicates.store import RECORD as DUPLICATES
from likewise.applications.duplicates.store import Store
from likewise.applications.recommend.recommender import RECORD as RECOMMENDER
from likewise.applications.recommend.recommender import Recommender
from likewise.arrays import Float32, Int64
from likewise.errors import ReplacedError
from likewise.index.collection import Collection
from likewise.index.record import FILE
from likewise.model.embedder import TextModel, document_vectors, unit_vectors
from likewise.model.load import UnloadedModel, load_embedder
from likewise.model.model import Model
from likewise.service.batching import Batcher
from likewise.service.data_folder import DataFolder
from likewise.service.job_queue import Queue
from likewise.service.metrics import Metrics
from likewise.service.problems import busy, not_served
from likewise.service.settings import Settings

Result = TypeVar("Result")
SAVED = "served"  # in the folder of labelling sessions: the name of the classifier that was saved last
READERS = 2  # threads that search; numba's loops use all cores in each
ENCODED_TOGETHER = 4_096  # texts
MANY = 64  # texts that compiled loops encode, rather than numpy

Place = tuple[int, int, int] | None


def place_of(file: Path) -> Place:
    """Return what tells a file from another at the same path; None if there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns


def labelling_folder(index: str | Path) -> Path:
    """Return where the labelling sessions of an index are kept, next to it."""
    path = Path(index).absolute()
    return path.with_name(f"{path.name.removesuffix('.index')}.labelling")


class Folder:
    """A folder that is read as a whole, and again when its record was replaced.

    Args:
        path: the folder; None if nothing is served.
        record: name of the file that is written last, or is another one when the folder was replaced.
        load: reads the folder.
        saved: a file with the name of the folder next to it that is served, once the file is written or, without
            `path`, if it is there.
    """

    def __init__(self, path: str | None, record: str, load: Callable[[str], Any], saved: Path | None = None) -> None:
        self.path, self._record, self._load, self._saved = path, record, load, saved
        self._read_saved = place_of(saved) if saved is not None and path is not None else None
        self._lock = threading.Lock()
        self._place: Place = None
        self._loaded: Any = None
        self.get()

    def get(self) -> Any:
        """Return what was read; None if nothing is served. While the folder is being exchanged, the old one."""
        if self._saved is not None and (now := place_of(self._saved)) not in (None, self._read_saved):
            self.path, self._read_saved = str(self._saved.with_name(self._saved.read_text(encoding="ascii"))), now
        if self.path is None:
            return None
        place = place_of(Path(self.path) / self._record)
        if place != self._place and (place is not None or self._loaded is None):
            with self._lock:
                if place != self._place:
                    self._loaded, self._place = self._load(self.path), place
        return self._loaded


class IndexHandles:
    """Handles of the served index, one for each thread that uses it; they share one model.

    Args:
        path: of the index.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file, self._lock = Path(path) / FILE, threading.Lock()
        self._of_thread = threading.local()
        self._model: tuple[Place, Any] = None, None

    def get(self) -> Collection:
        """Return the handle of this thread, a new one if the index was replaced.

        Raises:
            InputError: there is no index at the path.
        """
        place = self._place()
        held: tuple[Place, Collection] | None = getattr(self._of_thread, "held", None)
        if held is not None and held[0] == place:
            return held[1]
        with self._lock:
            of, model = self._model
            index = Collection.open(self.path, model if of == place else None)
            self._model = place, index.model
        if held is not None:
            held[1].close()
        self._of_thread.held = place, index
        return index

    def answerer(self, confidence: float, passages: int) -> Answerer:
        """Return what answers questions from the index, with the scores that it has measured already."""
        index = self.get()
        key, held = (id(index), confidence, passages), getattr(self._of_thread, "answerer", None)
        if held is None or held[0] != key:
            held = self._of_thread.answerer = key, Answerer(index, confidence=confidence, passages=passages)
        answerer: Answerer = held[1]
        return answerer

    def _place(self) -> Place:
        found = place_of(self._file)
        return found and (*found[:2], 0)  # every write changes the time; another file is another index


@dataclass(frozen=True)
class Encoded:
    """Texts as vectors.

    Attributes:
        vectors: a unit row for each text.
        tokens: how many the model read.
    """

    vectors: Float32[np.ndarray, "texts dim"]
    tokens: int


def encoded(model: Any, texts: list[str]) -> tuple[Float32[np.ndarray, "texts dim"], Int64[np.ndarray, " texts"]]:
    """Return a unit vector for each text, and how many tokens it has; words, for a model of another library."""
    if isinstance(model, Model):  # tokenised once
        ids = model.tokenizer.encode(texts)
        return model.encoder.encode(ids), np.diff(ids.offsets)
    vectors = unit_vectors(model, texts)
    if isinstance(model, TextModel):
        return vectors, np.diff(model.tokenizer.encode(texts).offsets)
    return vectors, np.array([len(text.split()) for text in texts])


def _using(get: Callable[[], Any], function: Callable[[Any], Result]) -> Result:
    """Call a function with a handle; with one of the new index if it was replaced meanwhile."""
    try:
        return function(get())
    except ReplacedError:
        return function(get())


class Service:
    """What the routes work with.

    Args:
        settings: of the server.

    Attributes:
        settings: of the server.
        metrics: of this process.
        queue: the jobs; None without a folder for them.
        data: the data folder; None if there is none.
        started: whether everything was opened.

    Raises:
        InputError: something that is to be served cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.metrics = settings, Metrics()
        self._readers = ThreadPoolExecutor(READERS, "likewise-read")
        self._writer = ThreadPoolExecutor(1, "likewise-write")
        self._workers = ThreadPoolExecutor(READERS, "likewise-work")
        self._encoder = ThreadPoolExecutor(1, "likewise-encode")
        self._waiting = 0
        self.queue = None if settings.jobs_path is None else Queue(settings.jobs_path)
        self.data = None if settings.data_folder is None else DataFolder(settings.data_folder)
        self._index: IndexHandles | None = None
        self._model: Any = None
        if settings.index is not None:
            self.open(settings.index)
        saved = labelling_folder(settings.index) / SAVED if settings.index else None
        self._classifier = Folder(settings.classifier, CLASSIFIER, Classifier.load, saved)
        self._recommender = Folder(settings.recommender, RECOMMENDER, Recommender.load)
        self._duplicates = Folder(settings.duplicates, DUPLICATES, Store.load)
        self._batcher: Batcher[list[str], Encoded] = Batcher(
            self._encode, self._encoder, max_weight=ENCODED_TOGETHER, max_waiting=settings.max_waiting
        )
        self.metrics.waiting.set_function(lambda: self._waiting + len(self._batcher))
        self.started = False

    async def warm_up(self) -> None:
        """Do once what is slow the first time, such as loading compiled loops, and be ready."""
        if self._index is not None:
            await self.read(lambda index: (index.model, index.search("warm up", 1)))
        # A transformer whose queries a static student encodes is loaded when it first encodes a document.
        if self.has_model and not isinstance(self.model(), UnloadedModel):
            for texts in (["warm up"], ["warm up"] * MANY):
                await self.encode(texts)
                await self.compute(lambda some: document_vectors(self.model(), some), texts)
        self.started = True

    def open(self, path: str) -> None:
        """Serve an index, or a model alone, from now on.

        Raises:
            InputError: it is neither.
        """
        if (Path(path) / FILE).is_file():
            handles = IndexHandles(path)
            self._readers.submit(handles.get).result()
            self._index, self._model = handles, None
        else:
            self._index, self._model = None, load_embedder(path)
        self.settings = replace(self.settings, index=path)

    @property
    def has_index(self) -> bool:
        """Whether there is an index to search."""
        return self._index is not None

    @property
    def index_path(self) -> Path:
        """The folder of the index.

        Raises:
            Problem: none is served.
        """
        return Path(self._handles().path)

    def classifier(self) -> Classifier:
        """Return the classifier; `Problem` if none is served."""
        found: Classifier = self._served(self._classifier, "classifier", "--classifier FOLDER")
        return found

    def recommender(self) -> Recommender:
        """Return the recommender; `Problem` if none is served."""
        found: Recommender = self._served(self._recommender, "recommender", "--recommender FOLDER")
        return found

    def duplicates(self) -> Store:
        """Return the store of texts to compare with; `Problem` if none is served."""
        found: Store = self._served(self._duplicates, "store of duplicates", "--duplicates FOLDER")
        return found

    def optional(self, name: str) -> Any:
        """Return the `classifier`, `recommender` or `duplicates`, or None if it is not served."""
        folder: Folder = {
            "classifier": self._classifier, "recommender": self._recommender, "duplicates": self._duplicates,
        }[name]  # fmt: skip
        return folder.get()

    async def read(self, function: Callable[[Collection], Result]) -> Result:
        """Call a function with a handle of the index, in a thread that has it to itself.

        Raises:
            Problem: no index is served, or too many requests are waiting.
        """
        handles = self._handles()
        return await self._in_thread(self._readers, lambda: _using(handles.get, function))

    async def write(self, function: Callable[[Collection], Result]) -> Result:
        """Call a function with the one handle of the index that writes.

        Raises:
            Problem: no index is served, or too many requests are waiting.
        """
        handles = self._handles()
        return await self._in_thread(self._writer, lambda: _using(handles.get, function))

    async def answer(self, function: Callable[[Answerer], Result], confidence: float, passages: int) -> Result:
        """Call a function with what answers questions from the index."""
        handles = self._handles()
        return await self._in_thread(
            self._readers, lambda: _using(lambda: handles.answerer(confidence, passages), function)
        )

    async def compute(self, function: Callable[..., Result], *args: Any) -> Result:
        """Call a function that keeps the processor busy.

        Raises:
            Problem: too many requests are waiting.
        """
        return await self._in_thread(self._workers, lambda: function(*args))

    async def encode(self, texts: list[str]) -> "Encoded":
        """Encode texts to compare with one another; those of several requests are encoded together.

        Raises:
            Problem: there is no model, or too many requests are waiting.
        """
        return await self._batcher.submit(texts, len(texts))

    @property
    def has_model(self) -> bool:
        """Whether texts can be encoded."""
        return self._index is not None or self._model is not None

    def close(self) -> None:
        """End the threads, after what they are doing."""
        for pool in (self._readers, self._writer, self._workers, self._encoder):
            pool.shutdown(wait=True, cancel_futures=True)

    def model(self) -> Any:
        """Return the model that encodes; called in a thread.

        Raises:
            Problem: there is none.
        """
        model = self._model if self._index is None else self._index.get().model
        if model is None:
            raise not_served("model", "likewise serve INDEX")
        return model

    def _encode(self, batch: "Sequence[list[str]]") -> "list[Encoded]":
        texts = [text for some in batch for text in some]
        self.metrics.batch_size.observe(len(texts))
        vectors, tokens = encoded(self.model(), texts)
        ends = np.cumsum([len(some) for some in batch])[:-1]
        parts = zip(np.split(vectors, ends), np.split(tokens, ends), strict=True)
        return [Encoded(some, int(counts.sum())) for some, counts in parts]

    def _handles(self) -> IndexHandles:
        if self._index is None:
            raise not_served("index", "likewise serve INDEX")
        return self._index

    def _served(self, folder: Folder, what: str, option: str) -> Any:
        found = folder.get()
        if found is None:
            raise not_served(what, option)
        return found

    async def _in_thread(self, pool: ThreadPoolExecutor, function: Callable[[], Result]) -> Result:
        if self._waiting >= self.settings.max_waiting:
            raise busy()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function)
        finally:
            self._waiting -= 1
