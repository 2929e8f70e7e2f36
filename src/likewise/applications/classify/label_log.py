"""The labels of a labelling session in one file, which keeps every label as it is given and can undo the last ones.

It is an SQLite database: what was acknowledged survives a crash, several processes may have it open, and one writes at
a time. Every change raises the revision; who gives the revision that it has seen is refused if another changed the
labels since.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likewise.atomic import replacing_file
from likewise.corpus.values import equal_but_for_case
from likewise.errors import ConflictError, InputError, LikewiseError

FORMAT = 1
MAX_CLASSES, MAX_NAME = 200, 200  # classes, and characters of the name of one
MAX_ROWS = 1_000  # texts that are labelled at once
WAIT_SECONDS = 10.0  # for another writer
_APPLICATION_ID = 0x4C696B6C  # "Likl", in the header of the file
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SCHEMA = (
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE classes (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # The label of a text is that of its latest action; null if it was skipped.
    """CREATE TABLE labels (action INTEGER NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, label TEXT,
        PRIMARY KEY (action, id))""",
    # Of the classifier after so many labels, to draw how it rose.
    "CREATE TABLE estimates (labels INTEGER PRIMARY KEY, accuracy REAL, low REAL, high REAL, macro_f1 REAL)",
)


@dataclass(frozen=True)
class Labelled:
    """The labels at one revision.

    Attributes:
        revision: how many changes there were.
        classes: in the order that they were given in.
        texts: those with a label or skipped, by id, in the order of their first action.
        labels: of the same ids; None if skipped.
    """

    revision: int
    classes: tuple[str, ...]
    texts: dict[str, str]
    labels: dict[str, str | None]

    def counts(self) -> dict[str, int]:
        """Return how many texts each class has."""
        found = dict.fromkeys(self.classes, 0)
        for label in self.labels.values():
            if label is not None:
                found[label] += 1
        return found


@dataclass(frozen=True)
class EstimatePoint:
    """The estimate of a classifier after so many labels.

    Attributes:
        labels: number of labelled texts.
        accuracy: by cross-validation.
        low: lower end of its 95 % interval.
        high: upper end.
        macro_f1: by cross-validation.
    """

    labels: int
    accuracy: float
    low: float
    high: float
    macro_f1: float


class LabelLog:
    """The file of the labels of a session. Every call opens it, so that any thread and process may call.

    Args:
        path: the file, which exists.

    Raises:
        InputError: there is no such file, or it is damaged or of another format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise InputError(f"{path} is no labelling session: there is no such file")
        with self._reading() as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
                raise InputError(f"{path} is no labelling session: another program wrote it")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != FORMAT:
                raise InputError(f"{path} has format {version}, this version reads format {FORMAT}: start a new one")

    @classmethod
    def create(cls, path: Path, classes: Sequence[str]) -> "LabelLog":
        """Write the file of a new session.

        Raises:
            InputError: `path` exists, or the classes are not 2 to 200 distinct names.
            LikewiseError: the disk is full.
        """
        names = checked_classes(classes)
        with replacing_file(path, overwrite=False) as temporary, closing(sqlite3.connect(temporary)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO settings VALUES ('revision', 0)")
            connection.executemany("INSERT INTO classes VALUES (?, ?)", enumerate(names))
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
        return cls(path)

    @property
    def revision(self) -> int:
        """How many changes there were."""
        with self._reading() as connection:
            return _revision(connection)

    def read(self) -> Labelled:
        """Return all labels."""
        with self._reading() as connection:
            classes = tuple(name for (name,) in connection.execute("SELECT name FROM classes ORDER BY position"))
            texts: dict[str, str] = {}
            labels: dict[str, str | None] = {}
            for id, text, label in connection.execute("SELECT id, text, label FROM labels ORDER BY action, rowid"):
                texts[id], labels[id] = text, label
            return Labelled(_revision(connection), classes, texts, labels)

    def label(self, texts: dict[str, str], label: str | None, revision: int | None = None) -> int:
        """Give some texts a label, or skip them, as one action; a text that has a label gets the new one.

        Args:
            texts: by their ids.
            label: a class; None to skip.
            revision: that the labels must have; any if None.

        Returns:
            The new revision.

        Raises:
            InputError: there are no texts or too many, or `label` is no class of the session.
            ConflictError: the labels have another revision.
        """
        if not 1 <= len(texts) <= MAX_ROWS:
            raise InputError(f"{len(texts):,} texts are to be labelled: expected 1 to {MAX_ROWS:,} at once")
        with self._writing(revision) as connection:
            classes = [name for (name,) in connection.execute("SELECT name FROM classes ORDER BY position")]
            if label is not None and label not in classes:
                listed = ", ".join(map(repr, classes[:10]))
                raise InputError(f"{label!r} is no class of this session: its classes are {listed}; add it first")
            action = 1 + _last_action(connection)
            rows = ((action, id, text, label) for id, text in texts.items())
            connection.executemany("INSERT INTO labels VALUES (?, ?, ?, ?)", rows)
            _drop_estimates(connection)
            return _revision(connection)

    def undo(self, revision: int | None = None) -> list[str]:
        """Undo the last action: its texts have the label again that they had before, or none.

        Args:
            revision: that the labels must have; any if None.

        Returns:
            The ids of these texts.

        Raises:
            InputError: there is nothing to undo.
            ConflictError: the labels have another revision.
        """
        with self._writing(revision) as connection:
            action = _last_action(connection)
            ids = [id for (id,) in connection.execute("SELECT id FROM labels WHERE action = ?", (action,))]
            if not ids:
                raise InputError("there is nothing to undo: no text has a label")
            connection.execute("DELETE FROM labels WHERE action = ?", (action,))
            _drop_estimates(connection)
            return ids

    def set_classes(self, classes: Sequence[str], revision: int | None = None) -> int:
        """Add classes, order them anew, or leave out those that no text has; returns the new revision.

        Raises:
            InputError: the classes are not 2 to 200 distinct names, or one is missing that a text has.
            ConflictError: the labels have another revision.
        """
        names = checked_classes(classes)
        with self._writing(revision) as connection:
            used = "SELECT DISTINCT label FROM labels WHERE label IS NOT NULL ORDER BY label"
            missing = [label for (label,) in connection.execute(used) if label not in names]
            if missing:
                raise InputError(f"the class {missing[0]!r} has labelled texts: it cannot be left out")
            connection.execute("DELETE FROM classes")
            connection.executemany("INSERT INTO classes VALUES (?, ?)", enumerate(names))
            return _revision(connection)

    def keep_estimate(self, point: EstimatePoint) -> None:
        """Keep an estimate, unless there are fewer labels by now; it is no change of the labels."""
        row = (point.labels, point.accuracy, point.low, point.high, point.macro_f1)
        with self._connected("BEGIN IMMEDIATE") as connection:
            connection.execute("INSERT OR REPLACE INTO estimates VALUES (?, ?, ?, ?, ?)", row)
            _drop_estimates(connection)

    def estimates(self) -> list[EstimatePoint]:
        """Return the estimates that were kept, by the number of labels."""
        with self._reading() as connection:
            return [EstimatePoint(*row) for row in connection.execute("SELECT * FROM estimates ORDER BY labels")]

    def _reading(self) -> Any:
        return self._connected("BEGIN")

    @contextmanager
    def _writing(self, revision: int | None) -> Iterator[sqlite3.Connection]:
        with self._connected("BEGIN IMMEDIATE") as connection:
            found = _revision(connection)
            if revision is not None and revision != found:
                raise ConflictError(
                    f"these labels have revision {found}, not {revision}: somebody else has labelled meanwhile;"
                    " read them again"
                )
            connection.execute("UPDATE settings SET value = ? WHERE name = 'revision'", (found + 1,))
            yield connection

    @contextmanager
    def _connected(self, begin: str) -> Iterator[sqlite3.Connection]:
        """Open the file for a transaction, which is rolled back if the block raises."""
        try:
            uri = f"{self.path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(uri, WAIT_SECONDS, uri=True, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = FULL")  # what was acknowledged is on the disk
                connection.execute(begin)
                try:
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _in_one_line(self.path, error) from error


def checked_classes(classes: Sequence[str]) -> list[str]:
    """Return the names of classes without outer blanks, if they can be told from one another.

    Raises:
        InputError: there are fewer than 2 or more than 200, or one is blank, too long, or twice among them.
    """
    names = [" ".join(name.split()) for name in classes]
    if not 2 <= len(names) <= MAX_CLASSES:
        raise InputError(f"{len(names)} classes were given: expected 2 to {MAX_CLASSES}")
    for name in names:
        if not name or len(name) > MAX_NAME or _CONTROL.search(name):
            raise InputError(f"the class {name[:60]!r} has no name of 1 to {MAX_NAME} characters: choose another one")
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise InputError(f"the class {twice!r} is given twice: leave one out")
    if pairs := equal_but_for_case(names):
        first, second = pairs[0]
        raise InputError(f"the classes {first!r} and {second!r} differ only by case: choose other names")
    return names


def _revision(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT value FROM settings WHERE name = 'revision'").fetchone()[0]
    return found


def _last_action(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT coalesce(max(action), 0) FROM labels").fetchone()[0]
    return found


def _drop_estimates(connection: sqlite3.Connection) -> None:
    """Remove the estimates of more labels than there are now."""
    latest = "SELECT label, max(action) FROM labels GROUP BY id"  # SQLite takes `label` from the row of the maximum
    count = f"SELECT count(*) FROM ({latest}) WHERE label IS NOT NULL"  # noqa: S608 - constant
    connection.execute(f"DELETE FROM estimates WHERE labels > ({count})")  # noqa: S608 - constant


def _in_one_line(path: Path, error: sqlite3.Error) -> LikewiseError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LikewiseError(f"another process is writing to {path}: nothing was kept; try again")
    if code == sqlite3.SQLITE_FULL:
        return LikewiseError(f"the disk is full: {path} is unchanged; free some space and try again")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return InputError(f"cannot write or open {path}: {error}")
    return InputError(f"{path} is damaged ({error}): restore it from a copy, or start a new session")
