"""Another model for an index without a gap: a second index is filled, follows the writes, and takes its place.

Both indexes have the same texts under the same row ids, so that what was added and removed since a generation of one
can be repeated in the other. `reviews.index` is replaced by `reviews.next.index`, and is then `reviews.previous.index`,
which follows in turn if it is switched back.
"""

import json
import shutil
import uuid
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Float16, Int64
from likewise.atomic import exchange_folders, locking
from likewise.errors import InputError
from likewise.geometry.score import Score
from likewise.index.collection import Collection
from likewise.index.columns import CHUNK
from likewise.index.entries import remove, update_totals
from likewise.index.model_score import score_models
from likewise.index.record import Changes, Record, fetch_row_ids
from likewise.index.stems import indexed_text
from likewise.index.stored_model import StoredModel
from likewise.model.embedder import identity_of

NEXT, PREVIOUS = "next", "previous"
# Settings of an index that was made to replace another one.
REPLACES = "replaces"  # the other one
MODEL = "replaces_with"  # identity of its model: a fill is resumed with the same one only
FOLLOWS = "follows"  # up to where it has the writes of the other one
SWITCHED = "switched"  # its own state when it took the place of the other one, which had the same texts then


@dataclass(frozen=True)
class Filled:
    """What `fill_next` returns.

    Attributes:
        path: the index that can be switched to.
        texts: how many it has.
        score: of its model, without labels, on texts of the index.
        score_before: of the model of the index, on the same texts.
    """

    path: Path
    texts: int
    score: Score
    score_before: Score

    @property
    def is_better(self) -> bool:
        """Whether the new model scores at least as high; false where there is no score."""
        return self.score.value >= self.score_before.value


def sibling(path: str | Path, which: str) -> Path:
    """Return the path of the `next` or the `previous` index.

    >>> sibling("shop/reviews.index", "next").name
    'reviews.next.index'
    """
    path = Path(path)
    return path.with_name(f"{path.name.removesuffix('.index')}.{which}.index")


def fill_next(
    path: str | Path, model: Any, *, old_model: Any = None, progress: Callable[[int, int], None] | None = None
) -> Filled:
    """Fill an index with another model beside an index, which can be searched and changed meanwhile.

    It is done in parts, each of which is kept: a fill that was interrupted continues.

    Args:
        path: of the index.
        model: the new model.
        old_model: of the index, if it is not stored in it.
        progress: called with how many texts are copied, and how many there are.

    Raises:
        InputError: there is no index, `model` is no model, or another index has the name of the new one.
        LikewiseError: another process is replacing the index, or the disk is full.
    """
    path, target = Path(path), sibling(path, NEXT)
    with ExitStack() as stack:
        source = _open_locked(path, stack)
        _settle(path, source)
        stack.enter_context(locking(target, overwrite=True))
        new = _resumed_or_created(source, target, model, stack)
        with new.reading(), source.reading():
            stored = StoredModel(new, model)
            StoredModel.check(source, old_model)
            old = StoredModel(source, old_model)
        _catch_up(source, new, stored, progress)
        with Collection.open(target, model) as made:
            made.build()
        score, before = score_models(source, [stored, old])
        with new.reading():
            return Filled(target, new.setting("texts"), score, before)


def switch(path: str | Path, which: str = NEXT, *, model: Any = None) -> Path:
    """Put the `next` or the `previous` index in the place of an index, with all that was written to that one.

    Writers wait for the last part; readers go on. Whoever has the index open gets `ReplacedError` at the next read or
    write, and opens it again. The index that was replaced becomes the `previous` one.

    Args:
        path: of the index.
        which: `NEXT` or `PREVIOUS`.
        model: of the other index, if it is not stored in it.

    Returns:
        The path of the index that was replaced.

    Raises:
        InputError: there is no such index, or it was not made from this one.
        LikewiseError: another process is replacing the index, or writes to it without an end.
    """
    path, target = Path(path), sibling(path, which)
    with ExitStack() as stack:
        source = _open_locked(path, stack)
        _settle(path, source)
        if not target.exists():
            raise InputError(f"{target} does not exist: there is no {which} index to switch to")
        stack.enter_context(locking(target, overwrite=True))
        new = stack.enter_context(closing(Record.open(target)))
        with new.reading():
            StoredModel.check(new, model)
            stored = StoredModel(new, model)
        if which == NEXT:
            _check_previous(path, source)
        if _catch_up(source, new, stored, None):
            with Collection.open(target, model) as made:
                made.build()
        with source.blocking_writers():
            _catch_up(source, new, stored, None)
            state = {"collection": _name(source), "row": _last_row_id(source)}
            with new.writing(changes=False) as generation:
                new.set_setting(SWITCHED, json.dumps(state | {"generation": generation}))
            exchange_folders(path, target)
        if which == NEXT:
            _keep_as_previous(path)
    return sibling(path, PREVIOUS)


def discard_next(path: str | Path) -> None:
    """Remove an index that was being filled; nothing happens where there is none."""
    path, target = Path(path), sibling(path, NEXT)
    with ExitStack() as stack:
        source = _open_locked(path, stack)
        _settle(path, source)
        if target.exists() and _is_replacement(target):
            stack.enter_context(locking(target, overwrite=True))
            _remove(target)


def discard_previous(path: str | Path) -> None:
    """Remove the index that was replaced, if there is one: it cannot be switched back to any more."""
    path, old = Path(path), sibling(path, PREVIOUS)
    with ExitStack() as stack:
        source = _open_locked(path, stack)
        _settle(path, source)
        if not old.exists():
            return
        stack.enter_context(locking(old, overwrite=True))
        with closing(Record.open(old)) as record, record.reading(), source.reading():
            replaced = source.setting(REPLACES) == _name(record)
        if replaced:
            _remove(old)


def _open_locked(path: Path, stack: ExitStack) -> Record:
    Record.open(path).close()  # refuses what is no index before there is a lock
    stack.enter_context(locking(path, overwrite=True))
    return stack.enter_context(closing(Record.open(path)))


def _settle(path: Path, source: Record) -> None:
    """Finish a switch that was killed between the exchange and the new name of the index that was replaced."""
    other = sibling(path, NEXT)
    if not other.exists():
        return
    with closing(Record.open(other)) as record, record.reading(), source.reading():
        exchanged = source.setting(REPLACES) == _name(record)
    if exchanged:
        _keep_as_previous(path)


def _check_previous(path: Path, source: Record) -> None:
    """Refuse to remove an index that has the name of the previous one, but was never replaced.

    Raises:
        InputError: it has.
    """
    old = sibling(path, PREVIOUS)
    if not old.exists():
        return
    with closing(Record.open(old)) as record, record.reading(), source.reading():
        if record.setting(REPLACES) is None and source.setting(REPLACES) != _name(record):
            raise InputError(f"{old} is an index of its own: rename it, as the one that is replaced gets this name")


def _keep_as_previous(path: Path) -> None:
    """Give the index that was replaced its name; the one before it is removed."""
    old = sibling(path, PREVIOUS)
    with locking(old, overwrite=True):
        _remove(old)
        sibling(path, NEXT).rename(old)


def _remove(path: Path) -> None:
    """Remove an index whose lock the caller has: a killed process leaves all of it, or a part under another name."""
    if path.exists():
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        path.rename(part)
        shutil.rmtree(part)


def _is_replacement(path: Path) -> bool:
    with closing(Record.open(path)) as record, record.reading():
        return record.setting(REPLACES) is not None


def _resumed_or_created(source: Record, target: Path, model: Any, stack: ExitStack) -> Record:
    """Return the index to fill: what an interrupted fill with the same model left, or a new one."""
    identity = json.dumps(identity_of(model).plain())
    with source.reading():
        name = _name(source)
    if target.exists():
        record = Record.open(target)
        with record.reading():
            replaces, filled_with = record.setting(REPLACES), record.setting(MODEL)
        if replaces is None and _has_texts(record):
            record.close()
            raise InputError(f"{target} is an index of its own: rename it, as the new index is put there")
        if (replaces, filled_with) == (name, identity):
            return stack.enter_context(closing(record))
        record.close()
    Collection.create(target, model, overwrite=True).close()
    record = stack.enter_context(closing(Record.open(target)))
    with record.writing(changes=False):
        record.set_setting(REPLACES, name)
        record.set_setting(MODEL, identity)
    return record


def _has_texts(record: Record) -> bool:
    """Whether an index has a text."""
    with record.reading():
        return bool(record.setting("texts"))


@dataclass(frozen=True)
class _Part:
    """What one part of a fill copies: the rows of the tables of the record, as they are stored.

    Attributes:
        removed: row ids that the other index has no more.
        texts: row id, id, text and document of those that were added.
        fields: the values of their columns.
        columns: names of all columns, in order.
        generation: of the index that is followed.
        next_id: the number that the next text without an id gets.
        last: the highest row id there ever was.
        complete: whether nothing is missing after this part.
    """

    removed: Int64[np.ndarray, " removed"]
    texts: list[tuple[int, str, str, str | None]]
    fields: list[tuple[Any, ...]]
    columns: list[tuple[int, str]]
    generation: int
    next_id: int
    last: int
    complete: bool


def _catch_up(source: Record, target: Record, stored: StoredModel, progress: Callable[[int, int], None] | None) -> bool:
    """Copy what `target` lacks, a part at a time; returns whether there was anything.

    Raises:
        InputError: neither index was made from the other.
    """
    changed = False
    while True:
        generation, row = _position(target, source)
        part = _read_part(source, target, generation, row)
        if part.texts or len(part.removed) or part.generation != generation:
            changed = changed or bool(part.texts) or len(part.removed) > 0
            _write_part(source, target, part, stored.documents([text for _, _, text, _ in part.texts]))
        if progress is not None:
            with source.reading(), target.reading():
                progress(target.setting("texts"), source.setting("texts"))
        if part.complete:
            return changed


def _position(target: Record, source: Record) -> tuple[int, int]:
    """Return up to which generation and row of `source` the other index has its writes."""
    with source.reading(), target.reading():
        states = [(target.setting(FOLLOWS), _name(source)), (source.setting(SWITCHED), _name(target))]
        found = [(-1, -1)] if target.setting(REPLACES) == _name(source) else []
        for state, name in states:
            known = json.loads(state or "{}")
            if known.get("collection") == name:
                found.append((known["generation"], known["row"]))
    if not found:
        raise InputError(f"{target.folder} was not made from {source.folder}: it cannot take its place")
    return max(found)


def _read_part(source: Record, target: Record, generation: int, row: int) -> _Part:
    with source.reading() as connection:
        changes = Changes.since(connection, generation, row)
        removed = changes.removed
        if changes.incomplete:  # the list of removed texts was cleared: the row ids themselves are compared
            sql = "SELECT row_id FROM fields WHERE row_id <= ?"
            present = fetch_row_ids(connection.execute(sql, (row,)))
            with target.reading() as other:
                removed = np.setdiff1d(fetch_row_ids(other.execute(sql, (row,))), present)
        sql = "SELECT row_id, id, text, document FROM texts WHERE row_id > ? ORDER BY row_id LIMIT ?"
        texts = connection.execute(sql, (row, CHUNK)).fetchall()
        fields: list[tuple[Any, ...]] = []
        if texts:
            sql = "SELECT * FROM fields WHERE row_id BETWEEN ? AND ? ORDER BY row_id"
            fields = connection.execute(sql, (texts[0][0], texts[-1][0])).fetchall()
        columns = connection.execute("SELECT position, name FROM columns ORDER BY position").fetchall()
        return _Part(
            removed, texts, fields, columns, source.setting("generation"), source.setting("next_id"),
            _last_row_id(source), len(texts) < CHUNK,
        )  # fmt: skip


def _write_part(source: Record, target: Record, part: _Part, vectors: Float16[np.ndarray, "rows dim"]) -> None:
    with source.reading():
        name = _name(source)
    with target.writing() as own:
        connection = target.connection
        generation = max(own, part.generation)  # one that a client knows never comes back with other texts
        target.set_setting("generation", generation)
        remove(target, generation, part.removed)
        known = connection.execute("SELECT count(*) FROM columns").fetchone()[0]
        for position, column in part.columns[known:]:
            for side in "co":
                connection.execute(f"ALTER TABLE fields ADD COLUMN {side}{position}")
            connection.execute("INSERT INTO columns VALUES (?, ?)", (position, column))
        row_ids = [row[0] for row in part.texts]
        many = connection.executemany
        many("INSERT INTO texts VALUES (?, ?, ?, ?)", part.texts)
        many("INSERT INTO vectors VALUES (?, ?)", zip(row_ids, map(bytes, vectors), strict=True))
        words = ((row_id, indexed_text(text, target.stems)) for row_id, _, text, _ in part.texts)
        many("INSERT INTO words (rowid, text) VALUES (?, ?)", words)
        many(f"INSERT INTO fields VALUES (?{', ?, ?' * len(part.columns)})", part.fields)  # noqa: S608 - by position
        update_totals(target, len(row_ids), vectors.sum(axis=0, dtype=np.float64))
        target.set_setting("next_id", max(part.next_id, target.setting("next_id")))
        _reserve_row_ids(target, part.last)
        row = row_ids[-1] if row_ids and not part.complete else part.last
        target.set_setting(FOLLOWS, json.dumps({"collection": name, "generation": part.generation, "row": row}))


def _reserve_row_ids(target: Record, last: int) -> None:
    """Give no row id a second time, also not one whose text was removed before it was copied."""
    execute = target.connection.execute
    execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'texts'", (last,))
    if not execute("SELECT 1 FROM sqlite_sequence WHERE name = 'texts'").fetchone():
        execute("INSERT INTO sqlite_sequence VALUES ('texts', ?)", (last,))


def _last_row_id(record: Record) -> int:
    """Return the highest row id that an index ever gave; -1 if none. Called within a transaction."""
    found = record.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'texts'").fetchone()
    return int(found[0]) if found else -1


def _name(record: Record) -> str:
    """Return what names an index whatever its path is. Called within a transaction."""
    return str(record.setting("collection"))
