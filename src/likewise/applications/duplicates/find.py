"""Find duplicates, exact, near and semantic, in one list of texts or between two."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.applications.duplicates.calibration import Calibration, calibrated
from likewise.applications.duplicates.candidates import distinct_keys, lists_of, minhash_pairs, nearest, neighbour_pairs
from likewise.applications.duplicates.columns import (
    Columns,
    check_same_columns,
    checked_columns,
    hash_records,
    read_records,
)
from likewise.applications.duplicates.evidence import evidence_of, without_letters
from likewise.applications.duplicates.minhash import TextHashes
from likewise.applications.duplicates.pairs import EXACT, Pairs
from likewise.applications.duplicates.result import WORTH_KEEPING, Compared, Duplicates, checked_precision
from likewise.applications.duplicates.space import COARSE, Features, Space
from likewise.applications.duplicates.store import RECORD, Store
from likewise.applications.duplicates.templates import fill_template, neighbours
from likewise.arrays import Float64, Int64
from likewise.corpus.read import read
from likewise.errors import InputError, LikewiseError
from likewise.training.progress import Event, Watch
from likewise.training.train import load_or_train

KEEP = ("first", "longest", "newest")
LEARNED = 1 << 16  # texts that an encoder is trained on where none is given: more improve it little
LEAST = 200  # distinct texts that one is trained on
SAMPLE = 1 << 14  # texts that the principal axes are computed from
FLOOR = 0.3  # cosines of neighbours


def duplicates(
    texts: Any,
    model: Any = None,
    precision: float = 0.99,
    *,
    against: Any = None,
    keep: str = "first",
    text: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    id: str | None = None,
    ids: bool = True,
    encoding: str | None = None,
    header: bool = True,
    on_error: str = "raise",
    seed: int = 0,
    progress: bool = False,
    watch: Watch | None = None,
) -> Duplicates:
    """Find texts that are equal, nearly equal or mean the same, and which of them to keep.

    Args:
        texts: what `corpus.read` takes: a path, a list of strings, a frame, an iterator.
        model: anything with `encode`, or a model folder; None trains a static one on the texts.
        precision: the share of pairs that are to be duplicates, estimated without labels.
        against: other texts, read in the same way, that these are compared with instead of with one another: which of a
            test set stand in the training set. Or a `Store`, or its folder, with its own encoder.
        keep: of each group the `first` text, the `longest`, or the `newest`, which is the last.
        text: the column that holds the texts.
        columns: two and more columns, each of them evidence of its own, instead of one of texts; the first holds text.
        id: the column of ids.
        ids: whether ids are read from a column; otherwise rows are numbered.
        encoding: of a text file; None detects it.
        header: whether the first row of a CSV or TSV file names the columns; they are called 1, 2, ... if not.
        on_error: `raise` at a row that cannot be read, or `skip` it.
        seed: of training, of k-means and of the calibration.
        progress: show the progress of training on standard error.
        watch: called with each `training.progress.Event`: those of training, and that the texts are compared.

    Raises:
        InputError: an argument or a text cannot be used.
    """
    precision = checked_precision(precision)
    if keep not in KEEP:
        raise InputError(f"keep is {keep!r}, and has to be one of {', '.join(KEEP)}")
    given = {
        "text": text,
        "columns": columns,
        "id": id,
        "ids": ids,
        "encoding": encoding,
        "header": header,
        "on_error": on_error,
    }
    store = _stored(against, model, checked_columns(columns, text))
    own = read_texts(texts, given)
    other = None if against is None else read_texts(against, given) if store is None else Texts.of(store)
    cut = len(other) if other else 0
    order = np.concatenate([np.arange(cut), _preferred(own.texts, keep) + cut])
    return _compared(own, other, store, order, model, precision, seed=seed, progress=progress, watch=watch)


@dataclass(frozen=True)
class Texts:
    """Texts with their ids, and the names of their columns if they are records."""

    texts: pa.Array
    ids: tuple[str, ...]
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, store: Store) -> "Texts":
        """Those of a store."""
        return cls(store.texts, tuple(store.ids), store.space.columns.names if store.space.columns else ())

    def __len__(self) -> int:
        return len(self.texts)

    def hashes(self) -> TextHashes:
        """Those of each."""
        return hash_records(self.texts, len(self.columns))


def _compared(
    own: Texts,
    other: Texts | None,
    store: Store | None,
    order: Int64[np.ndarray, " all"],
    model: Any,
    precision: float,
    *,
    seed: int,
    progress: bool,
    watch: Watch | None,
) -> Duplicates:
    """Compare texts with one another, or with those of `other`, which are from `store` where there is one.

    `order` has the rows of all, those of `other` first, in the order in which they are kept.
    """
    cut = 0 if other is None else len(other)
    every = own.texts if other is None else pa.chunked_array([other.texts, own.texts]).combine_chunks()
    hashes = own.hashes()
    if other is not None:
        hashes = TextHashes.joined([store.features.hashes if store else other.hashes(), hashes])
    rows, copies = _distinct(hashes, order, cut)
    some, before = every.take(pa.array(rows)), int(np.count_nonzero(rows < cut))
    if store is not None:
        space, notes = store.space, tuple[str, ...]()
        fresh = Features.of(some.slice(before), space, hashes.take(rows[before:]))
        features = store.features.take(rows[:before]).joined(fresh)
    else:
        distinct = hashes.take(rows)
        columns = Columns.of(own.columns, every.take(pa.array(rows))) if own.columns else None
        space, notes = space_for(
            model, every, rows, distinct, columns=columns, seed=seed, progress=progress, watch=watch
        )
        features = Features.of(some, space, distinct)
    if watch is not None:
        watch(Event("message", f"comparing {len(rows):,} distinct texts"))
    found, calibration, by_words = _found_in(some, features, space, before, seed)
    if templates := int(np.count_nonzero(by_words >= precision - 1e-9)):
        notes += (f"{templates:,} pairs share a template and fill it with different words, which is no duplicate",)
    compared = None
    if other is None and calibration is not None:
        compared = Compared(rows, features, space)
    others, names = (other.texts, other.ids) if other else (None, None)
    pairs = _with_copies(found, rows, copies, cut)
    return Duplicates(
        own.texts, own.ids, others, names, precision, pairs, calibration, order, copies[cut:] - cut, notes,
        compared, columns=own.columns,
    )  # fmt: skip


def _preferred(texts: pa.Array, keep: str) -> Int64[np.ndarray, " texts"]:
    """The rows of texts in the order in which they are kept."""
    if keep == "longest":
        lengths = np.asarray(pc.utf8_length(texts), np.int64)
        return np.argsort(-lengths, kind="stable")
    every = np.arange(len(texts))
    return every[::-1].copy() if keep == "newest" else every


def _distinct(
    hashes: TextHashes, order: Int64[np.ndarray, " all"], cut: int
) -> tuple[Int64[np.ndarray, " distinct"], Int64[np.ndarray, " all"]]:
    """The rows of texts that are no copies, in their order, and of every row the one it is a copy of.

    Blank texts are copies of nothing, and are left out. Those below `cut` and the others are not copies of each other.
    """
    copies = np.arange(len(order))
    rows = []
    for part in (order[:cut], order[cut:]):
        with_words = part[hashes.exact[part] != 0]
        _, first, back = np.unique(hashes.exact[with_words], return_index=True, return_inverse=True)
        copies[with_words] = with_words[first][back]
        rows.append(with_words[np.sort(first)])
    return np.concatenate(rows), copies


def space_for(
    model: Any,
    texts: pa.Array,
    rows: Int64[np.ndarray, " distinct"],
    hashes: TextHashes,
    *,
    columns: Columns | None = None,
    seed: int,
    progress: bool,
    watch: Watch | None,
) -> tuple[Space, tuple[str, ...]]:
    """The space in which texts are compared; without an encoder by words alone, with the reason."""
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(rows, min(len(rows), LEARNED), replace=False)) if len(rows) else rows
    encoder, reason = None, "the texts are too few to train an encoder on"
    if model is not None or len(rows) >= LEAST:
        try:
            encoder = load_or_train(model, texts.take(pa.array(drawn)), seed=seed, progress=progress, watch=watch)
        except LikewiseError:
            if model is not None:
                raise
            reason = "no encoder could be trained on the texts"
    if encoder is None:
        return Space.of(None, [], hashes, columns), (f"{reason}: they were compared by their words alone",)
    if len(rows) == 0:
        return Space.of(None, [], hashes, columns), ()
    sample = np.sort(rng.choice(drawn, min(len(drawn), SAMPLE), replace=False))
    return Space.of(encoder, texts.take(pa.array(sample)), hashes, columns), ()


def _found_in(
    texts: pa.Array, features: Features, space: Space, cut: int, seed: int
) -> tuple[Pairs, Calibration | None, Float64[np.ndarray, " templates"]]:
    """The pairs among distinct texts that are worth keeping, the calibration, and the precision of template pairs.

    That precision is the one which their words would have. The calibration is None without any text. Texts from
    number `cut` on, where it is above 0, are compared with those below it only; on either side no two are alike.
    """
    count = len(texts)
    rng = np.random.default_rng(seed)
    keys = np.zeros(0, np.int64)
    for part in features.parts:
        with_words = np.flatnonzero(np.diff(part.word_offsets))  # others share no words with any text
        keys = distinct_keys(keys, minhash_pairs(part.bands, with_words, cut))
    if space.dim and count > 1:
        coarse = _coarse(features)
        searched = coarse[:cut] if cut else coarse
        if len(searched):
            found = nearest(coarse[cut:], searched, lists_of(searched, rng), FLOOR, same=not cut)
            keys = distinct_keys(keys, neighbour_pairs(found, cut, count))
    ones, others = keys // max(count, 1), keys % max(count, 1)
    evidence = evidence_of(features, features, ones, others, space)
    if not count:
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, np.zeros(0, np.float32), np.zeros(0), np.zeros(0, np.uint8)), None, np.zeros(0)
    possible = float(cut) * (count - cut) if cut else count * (count - 1) / 2
    calibration = calibrated(texts, features, space, evidence, possible, rng)
    certainty = calibration.near.precisions(evidence.words)
    by_meaning = calibration.semantic.precisions(calibration.weights.scores(evidence))
    suspect = np.flatnonzero(certainty >= np.maximum(by_meaning, WORTH_KEEPING))
    wanted = np.zeros(count, bool)
    wanted[ones[suspect]] = wanted[others[suspect]] = True
    near = neighbours(ones, others, evidence.words, wanted)
    template = suspect[fill_template(texts, ones[suspect], others[suspect], near)]
    evidence = without_letters(evidence, template)
    exact = features.hashes.exact
    pairs = Pairs.of(ones, others, evidence, exact[ones] == exact[others], calibration)
    return pairs.take(np.flatnonzero(pairs.precision >= WORTH_KEEPING)), calibration, certainty[template]


def _coarse(features: Features) -> np.ndarray:
    coarse = features.vectors[:, :COARSE].astype(np.float32)
    coarse /= np.maximum(np.linalg.norm(coarse, axis=1, keepdims=True), 1e-12)
    return coarse


def _with_copies(
    found: Pairs, rows: Int64[np.ndarray, " distinct"], copies: Int64[np.ndarray, " all"], cut: int
) -> Pairs:
    """The pairs by row, each side counted from 0, and with them those of each text and its exact copies."""
    copied = np.flatnonzero(copies != np.arange(len(copies)))
    copied = copied[copied >= cut] if not cut else copied[:0]
    count = len(copied)
    return Pairs(
        np.concatenate([rows[found.first], copies[copied]]),
        np.concatenate([rows[found.second], copied]) - cut,
        np.concatenate([found.score, np.ones(count, np.float32)]),
        np.concatenate([found.precision, np.ones(count)]),
        np.concatenate([found.reason, np.full(count, EXACT, np.uint8)]),
    )


def _stored(against: Any, model: Any, columns: tuple[str, ...]) -> Store | None:
    """The store that is meant, if one is; it has to have these columns."""
    if isinstance(against, Store):
        store = against
    elif isinstance(against, str | os.PathLike) and (Path(against) / RECORD).is_file():
        store = Store.load(os.fspath(against), model)
    else:
        return None
    check_same_columns(store.space.columns, columns)
    return store


def read_texts(source: Any, given: dict[str, Any]) -> Texts:
    """Read texts, or records where `columns` are given.

    Args:
        source: what `corpus.read` takes.
        given: its arguments, and `columns`.

    Raises:
        InputError: it cannot be read.
    """
    rest = {name: value for name, value in given.items() if name != "columns"}
    if columns := checked_columns(given["columns"], given["text"]):
        return Texts(*read_records(source, columns, rest), columns)
    parts, names = [], []
    for batch in read(source, **rest):
        parts.append(batch.texts)
        names += batch.ids.to_pylist()
    return Texts(pa.chunked_array(parts, pa.large_string()).combine_chunks(), tuple(names))
