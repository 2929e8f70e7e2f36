"""The labelling sessions of an index, in a folder next to it, with the classifiers that were saved from them.

`reviews.labelling` of `reviews.index` holds the labels of each session, `NAME.labels`, the classifiers, `NAME.clf`, and
`served`, the name of the classifier that was saved last, by which every process of the server finds it.
"""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.label_log import LabelLog
from likewise.applications.classify.labelling import ActiveLearningSession, TextSample
from likewise.atomic import replacing_file
from likewise.errors import ConflictError, InputError
from likewise.index.collection import Collection
from likewise.service.problems import Problem
from likewise.service.served import SAVED, Service, labelling_folder

LABELS, CLASSIFIER = ".labels", ".clf"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
MAX_SESSIONS = 200
OPEN = 8  # sessions that are kept in memory

Result = TypeVar("Result")


class Sessions:
    """Opens sessions by their names; all share one sample of the texts.

    Args:
        folder: of the sessions; made with the first of them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._sample: TextSample | None = None
        self._open: dict[str, ActiveLearningSession] = {}

    def names(self) -> list[str]:
        """Return the names of all sessions, sorted."""
        found = (path.stem for path in self.folder.glob(f"*{LABELS}") if path.is_file())
        return sorted(name for name in found if NAME.fullmatch(name))

    def log(self, name: str) -> LabelLog:
        """Return the labels of a session.

        Raises:
            Problem: there is no such session.
        """
        return LabelLog(self._existing(name))

    def create(self, name: str, classes: list[str], index: Collection) -> ActiveLearningSession:
        """Start a session.

        Raises:
            Problem: the name is taken, or there are too many sessions.
            InputError: the name or the classes cannot be used, or the index is empty.
        """
        path = self.folder / f"{_checked(name)}{LABELS}"
        if path.exists():
            raise Problem(409, f"there is a session {name!r} already: go on with it, or choose another name")
        if len(self.names()) >= MAX_SESSIONS:
            raise Problem(
                409, f"there are {MAX_SESSIONS} sessions already: remove one from the folder {self.folder.name}"
            )
        if not len(index):
            raise InputError("the index has no texts to label: add some first")
        LabelLog.create(path, classes)
        return self.get(name, index)

    def get(self, name: str, index: Collection) -> ActiveLearningSession:
        """Return a session, with a sample of the texts as they are now.

        Raises:
            Problem: there is no such session.
        """
        path = self._existing(name)
        with self._lock:
            if self._sample is None or not self._sample.is_current(index):
                self._sample, self._open = TextSample(index, np.random.default_rng(0)), {}
            found = self._open.pop(name, None) or ActiveLearningSession(LabelLog(path), self._sample)
            self._open[name] = found  # the one that was used last is the last
            while len(self._open) > OPEN:
                del self._open[next(iter(self._open))]
        return found

    def save(self, name: str, index: Collection) -> Classifier:
        """Save the classifier of a session, and have it served from now on.

        Raises:
            InputError: the labels are of fewer than two classes, or the folder cannot be written.
        """
        folder = self.folder / f"{name}{CLASSIFIER}"
        found = self.get(name, index).save(index, folder)
        with replacing_file(self.folder / SAVED) as temporary:
            temporary.write_text(folder.name, encoding="ascii")
        return found

    def _existing(self, name: str) -> Path:
        path = self.folder / f"{_checked(name)}{LABELS}"
        if not path.is_file():
            raise Problem(404, f"there is no session {name!r}: GET /labelling lists all")
        return path


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise InputError(f"{name[:80]!r} is no name of a session: expected 1 to 64 of a-z, 0-9, - and _")
    return name


_of_service: WeakKeyDictionary[Service, Sessions] = WeakKeyDictionary()


def sessions_of(service: Service) -> Sessions:
    """Return the sessions of the index that a server was started with.

    Raises:
        Problem: there is no index.
    """
    found = _of_service.get(service)
    if found is None:
        folder = labelling_folder(service.settings.index or service.index_path)
        found = _of_service.setdefault(service, Sessions(folder))
    return found


async def in_session(
    service: Service, name: str, function: Callable[[ActiveLearningSession, Collection], Result]
) -> Result:
    """Call a function with a session and the index, in a thread.

    Raises:
        Problem: there is no such session, or somebody else has changed its labels.
    """
    try:
        return await service.read(lambda index: function(sessions_of(service).get(name, index), index))
    except ConflictError as error:
        raise Problem(409, str(error)) from None
