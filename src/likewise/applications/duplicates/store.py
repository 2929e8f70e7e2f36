"""A store of texts: finds the duplicates of one more text among a million in milliseconds, and is kept in a folder."""

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import feather
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likewise.applications.duplicates.calibration import Calibration, Curve
from likewise.applications.duplicates.columns import Cells, Columns, agreement_of, strings
from likewise.applications.duplicates.decisions import (
    Decision,
    DecisionFile,
    Linked,
    append_decisions,
    check_decisions,
    in_force,
    place_of,
    read_decisions,
)
from likewise.applications.duplicates.evidence import Evidence, Weights, evidence_of, without_letters
from likewise.applications.duplicates.minhash import TextHashes
from likewise.applications.duplicates.pairs import DECIDED, EXACT, REASONS, Pairs
from likewise.applications.duplicates.result import WORTH_KEEPING, Duplicates, Member, checked_precision
from likewise.applications.duplicates.space import Features, Space
from likewise.applications.duplicates.tables import Table
from likewise.applications.duplicates.templates import fill_template, neighbours
from likewise.arrays import Float32, Int64
from likewise.atomic import refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder
from likewise.tokens.tokenizer import as_arrow

RECORD, FEATURES, TEXTS, PAIRS = "duplicates.json", "features.safetensors", "texts.arrow", "pairs.arrow"
FORMAT = 9  # raised when what is kept of a text, or how it is scored, changes
OTHER = "something else"  # what a path is that is neither such a folder nor free


class Store:
    """Texts that further ones are compared with, and whose duplicates a person decides on.

    New texts are kept in tables of their own, which are joined as they grow: each text is put in order anew some twenty
    times at the most, however many there become.

    Attributes:
        space: in which they are compared.
        calibration: what evidence is worth.
        precision: of calls without one.
        decisions: what a person decided, as `refresh` found it last.
    """

    def __init__(
        self,
        found: Duplicates,
        rows: Int64[np.ndarray, " distinct"],
        features: Features,
        space: Space,
        compared: int | None = None,
    ) -> None:
        if found.calibration is None:
            raise InputError("no store can be made without a calibration: find duplicates among some texts")
        self.space, self.calibration, self.precision = space, found.calibration, found.precision
        self.decisions: tuple[Decision, ...] = ()
        self._found, self._rows = found, rows  # of each number, the distinct texts, the row in `_found`
        self._compared = len(rows) if compared is None else compared  # numbers whose pairs are among the candidates
        self._added: list[tuple[str, str]] = []  # ids and texts that are not in `_found` yet
        self._tables = [Table.of(features, 0, np.random.default_rng(0))]
        self._decided: Duplicates | None = None
        self._file: DecisionFile | None = None
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._rows) + len(self._added)

    @property
    def ids(self) -> list[str]:
        """Of the distinct texts, by their number."""
        return [*(self._found.ids[row] for row in self._rows.tolist()), *(id for id, _ in self._added)]

    @property
    def texts(self) -> pa.Array:
        """The distinct texts, by their number."""
        added = pa.array([text for _, text in self._added], pa.large_string())
        return pa.concat_arrays([self._found.texts.take(pa.array(self._rows)), added])

    @property
    def found(self) -> Duplicates:
        """All texts with their duplicates, as a person decided; texts that were added are compared now."""
        with self._lock:
            self._absorb()
            self._compare()
            return self._obeying()

    def decide(self, decisions: Sequence[tuple[int, int, bool | None]]) -> None:
        """Keep what a person decided; in the folder, if there is one, when this returns. All of it or nothing.

        Args:
            decisions: rows of two texts of `found`, and whether they are duplicates; None takes a decision back.

        Raises:
            InputError: there is no such row.
            ContradictionError: a decision is excluded by others.
            LikewiseError: the folder was replaced or cannot be written.
        """
        with self._lock, ExitStack() as held:
            write = held.enter_context(self._file.writing()) if self._file else None
            found = self.found
            check_decisions(found.decided, decisions, found.ids)
            made = [
                Decision(
                    (found.ids[one], found.ids[other]),
                    (found.texts[one].as_py(), found.texts[other].as_py()),
                    duplicate,
                )
                for one, other, duplicate in decisions
            ]
            if write:
                write(made)
                self.refresh()
            else:
                self.decisions, self._decided = in_force([*self.decisions, *made]), None

    def refresh(self) -> None:
        """Read the decisions of the folder, if another process changed them."""
        with self._lock:
            changed = self._file.changed() if self._file else None
            if changed is not None:
                self.decisions, self._decided = changed, None

    def _absorb(self) -> None:
        """Put texts that were added among the others."""
        if not self._added:
            return
        before, (ids, texts) = self._found, zip(*self._added, strict=True)
        rows = np.arange(len(before.ids), len(before.ids) + len(ids))
        self._found = replace(
            before,
            texts=pa.concat_arrays([before.texts, pa.array(texts, pa.large_string())]),
            ids=(*before.ids, *ids),
            order=np.concatenate([before.order, rows]),
            copies=np.concatenate([before.copies, rows]),
        )
        self._rows, self._added, self._decided = np.concatenate([self._rows, rows]), [], None

    def _compare(self) -> None:
        """Compare the texts that were added with those before them."""
        if self._compared == len(self._rows):
            return
        copies, parts = self._found.copies.copy(), [self._found.candidates]
        for number in range(self._compared, len(self._rows)):
            row = int(self._rows[number])
            pairs = self._pairs_of(self._found.texts[row].as_py(), WORTH_KEEPING)
            pairs = pairs.take(np.flatnonzero((pairs.second < number) & (pairs.precision >= WORTH_KEEPING)))
            same = pairs.second[pairs.reason == EXACT]
            if len(same):
                copies[row] = copies[self._rows[same.min()]]
            else:
                pairs = pairs.take(np.flatnonzero(copies[self._rows[pairs.second]] == self._rows[pairs.second]))
            first = self._rows[pairs.second]
            parts.append(replace(pairs, first=first, second=np.full(len(pairs), row, np.int64)))
        self._found = replace(self._found, candidates=Pairs.joined(parts).ranked(), copies=copies)
        self._compared, self._decided = len(self._rows), None

    @property
    def features(self) -> Features:
        """Of all texts."""
        joined = self._tables[0].features
        for table in self._tables[1:]:
            joined = joined.joined(table.features)
        return joined

    @classmethod
    def of(cls, found: Duplicates) -> "Store":
        """Make a store of the texts of a search for duplicates.

        Raises:
            InputError: there are no texts, or they were compared with others.
        """
        compared = found.compared
        if compared is None or found.calibration is None:
            reason = "they are all blank" if found.others is None else "they were compared with other texts"
            raise InputError(f"no store can be made of these texts: {reason}; make one of the texts to compare with")
        plain = replace(found.undecided(), compared=None, most_pairs=None)
        plain = replace(plain, candidates=plain.candidates.ranked())
        return cls(plain, compared.rows, compared.features, compared.space)

    def duplicates_of(self, text: str | Mapping[str, Any], precision: float | None = None) -> list[Member]:
        """The texts that a text is a duplicate of, the surest first; none for a blank one.

        Args:
            text: any; of records the cells by the names of their columns, or a text with a cell a line.
            precision: the share of pairs that are to be duplicates; that of the store if None.

        Raises:
            InputError: `text` is no string, or `precision` is not above 0 and at most 1.
        """
        wanted = self.precision if precision is None else checked_precision(precision)
        (given,) = strings([text], self.space.columns)
        pairs = self._pairs_of(given, wanted)
        decided = self._obeying()
        if decided.answers is not None:
            pairs = replace(pairs, precision=decided.answers.corrected(pairs))
        exact = {self._row(number) for number in pairs.second[pairs.reason == EXACT].tolist()}
        linked = Linked(decided.decided) if exact else Linked()
        same = {row for each in exact for row in linked.with_row(each)} - exact
        opposed = {row for each in exact for row in linked.opposed_to(each)} - exact
        found: list[Member] = []
        for at in np.flatnonzero(pairs.precision >= wanted - 1e-9).tolist():
            number = int(pairs.second[at])
            row, reason = self._row(number), REASONS[pairs.reason[at]]
            if row not in same and row not in opposed:
                score, sure = float(pairs.score[at]), float(pairs.precision[at])
                found.append(Member(row, *self._named(number), reason, score, sure))
        ids, texts = self._found.ids, self._found.texts
        found += [Member(row, ids[row], texts[row].as_py(), REASONS[DECIDED], 1.0, 1.0) for row in same]
        found = [replace(each, agreement=agreement_of(self._found.columns, each.text, given)) for each in found]
        return sorted(found, key=lambda member: (-member.precision, -member.score, member.row))

    def _row(self, number: int) -> int:
        """The row of a distinct text."""
        beyond = number - len(self._rows)
        return int(self._rows[number]) if beyond < 0 else len(self._found.ids) + beyond

    def _named(self, number: int) -> tuple[str, str]:
        """Id and text of a distinct text."""
        if number >= len(self._rows):
            return self._added[number - len(self._rows)]
        row = int(self._rows[number])
        return self._found.ids[row], self._found.texts[row].as_py()

    def _obeying(self) -> Duplicates:
        """The texts with their duplicates, as a person decided; texts that were added are not compared."""
        with self._lock:
            self.refresh()
            if self._decided is None:
                self._decided = self._found.with_decisions(self.decisions)
            return self._decided

    def _pairs_of(self, text: str, least: float) -> Pairs:
        """A text with its candidates, by number; none for a blank one. Those below a precision may have another one."""
        one = Features.of(as_arrow([text]), self.space)
        numbers, parts, same = [], [], []
        for table in self._tables if one.hashes.exact[0] else ():
            rows = table.candidates(one)
            parts.append(evidence_of(one, table.features, np.zeros(len(rows), np.int64), rows, self.space))
            numbers.append(rows + table.first)
            same.append(table.features.hashes.exact[rows] == one.hashes.exact[0])
        if not numbers:
            return self._found.candidates.take(np.zeros(0, np.int64))
        every, evidence = np.concatenate(numbers), Evidence.joined(parts)
        likely = self.calibration.near.precisions(evidence.words) >= least - 1e-9
        template = self._fill_template(text, every, evidence.words, np.flatnonzero(likely))
        evidence = without_letters(evidence, template)
        return Pairs.of(np.zeros(len(every), np.int64), every, evidence, np.concatenate(same), self.calibration)

    def _fill_template(
        self, text: str, rows: np.ndarray, letters: Float32[np.ndarray, " candidates"], likely: np.ndarray
    ) -> Int64[np.ndarray, " some"]:
        """Which of the likely candidates share a template with a text, judged by its most similar candidates."""
        if not len(likely):
            return likely
        texts = pa.array([text, *(self._named(number)[1] for number in rows.tolist())], pa.large_string())
        zeros, every = np.zeros(len(rows), np.int64), np.arange(1, len(texts))
        near = neighbours(zeros, every, letters, np.ones(len(texts), bool))
        found: np.ndarray = likely[fill_template(texts, zeros[likely], every[likely], near)]
        return found

    def add(self, texts: Sequence[str | Mapping[str, Any]], ids: Sequence[str] | None = None) -> None:
        """Keep further texts, whether they are duplicates or not; blank ones are left out.

        Args:
            texts: any; of records as in `duplicates_of`.
            ids: of them; their numbers if None.

        Raises:
            InputError: there are not as many ids as texts, or something is no string.
        """
        array = as_arrow(strings(texts, self.space.columns))
        names = [str(len(self) + number) for number in range(len(array))] if ids is None else [str(id) for id in ids]
        if len(names) != len(array):
            raise InputError(f"{len(array)} texts were given with {len(names)} ids: give as many of each")
        features = Features.of(array, self.space)
        with_words = np.flatnonzero(features.hashes.exact != 0)
        if not len(with_words):
            return
        rng = np.random.default_rng(0)
        tables = [*self._tables, Table.of(features.take(with_words), len(self), rng)]
        while len(tables) > 1 and len(tables[-2]) <= 2 * len(tables[-1]):
            last, before = tables.pop(), tables.pop()
            tables.append(Table.of(before.features.joined(last.features), before.first, rng))
        self._tables = tables
        self._added += [(names[row], array[row].as_py()) for row in with_words.tolist()]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the folder, the encoder with it where it is one that can be written.

        What a person decided goes with it, and so do the decisions in a folder that is replaced. Later ones are kept in
        this folder.

        Raises:
            InputError: `path` exists and `overwrite` is false, or is something else than such a folder.
        """
        path = Path(path)
        refuse_other(path, RECORD, OTHER)
        with self._lock:
            self._absorb()
            features, found = self.features, self._found
            arrays = {name: getattr(features.hashes, name) for name in TextHashes.__dataclass_fields__}
            rest = np.setdiff1d(np.arange(len(found.ids)), self._rows)
            arrays |= {
                "vectors": features.vectors, "axes": self.space.axes,
                "gram_weights": self.space.gram_weights, "word_weights": self.space.word_weights,
                "order": found.order, "copies": found.copies, "rows": np.concatenate([self._rows, rest]),
            }  # fmt: skip
            arrays |= {
                f"{name}_{of}": getattr(getattr(self.calibration, name), of)
                for name in ("near", "semantic")
                for of in ("precision", "recall")
            }
            columns = self.space.columns
            arrays |= {"column_weights": columns.gram_weights} if columns else {}
            with replacing_folder(path, overwrite=overwrite) as folder:
                kept = store_embedder(self.space.encoder, folder).plain() if self.space.dim else None
                save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / FEATURES)
                table = pa.table({"id": pa.array(found.ids, pa.string()), "text": found.texts})
                feather.write_feather(table, str(folder / TEXTS), compression="zstd")
                pairs = pa.table({name: getattr(found.candidates, name) for name in Pairs.__dataclass_fields__})
                feather.write_feather(pairs, str(folder / PAIRS), compression="uncompressed")
                self.refresh()
                append_decisions(folder, in_force([*read_decisions(path), *self.decisions]))
                record = {
                    "format": FORMAT, "precision": self.precision, "encoder": kept, "distinct": len(self._rows),
                    "compared": self._compared, "notes": found.notes, "weights": asdict(self.calibration.weights),
                    "columns": dict(zip(columns.names, columns.kinds, strict=True)) if columns else {},
                }  # fmt: skip
                (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            self._file = DecisionFile(path, RECORD, place_of(path / RECORD))
            self.refresh()

    @classmethod
    def load(cls, path: str | Path, model: Any = None) -> "Store":
        """Read the folder.

        Args:
            path: where `save` wrote.
            model: the encoder, where it could not be written with the texts.

        Raises:
            InputError: it is no such folder, is damaged, or its encoder is not there.
        """
        folder = Path(path)
        if not (folder / RECORD).is_file():
            raise InputError(f"{folder} holds no texts to compare with: likewise duplicates FILE --save {folder} does")
        place = place_of(folder / RECORD)
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            if (version := int(record["format"])) != FORMAT:
                raise InputError(f"{folder} is of format {version}, and {FORMAT} is read: make it anew")
            stored = load_file(folder / FEATURES)
            table = feather.read_table(str(folder / TEXTS)).combine_chunks()
            pairs = feather.read_table(str(folder / PAIRS), memory_map=True)
            hashes = TextHashes(*(stored[field] for field in TextHashes.__dataclass_fields__))
            named = record["columns"]
            columns = Columns(tuple(named), tuple(named.values()), stored["column_weights"]) if named else None
            curves = [Curve(stored[f"{name}_precision"], stored[f"{name}_recall"]) for name in ("near", "semantic")]
            calibration = Calibration(
                Weights(**{**record["weights"], "columns": tuple(record["weights"]["columns"])}), *curves
            )
            found = Duplicates(
                _one_array(table["text"]), tuple(table["id"].to_pylist()), None, None, float(record["precision"]),
                Pairs(*(pairs[name].to_numpy() for name in Pairs.__dataclass_fields__)), calibration,
                stored["order"], stored["copies"], tuple(record["notes"]), columns=tuple(named),
            )  # fmt: skip
            rows, compared = stored["rows"][: int(record["distinct"])], int(record["compared"])
            cells = Cells.of(found.texts.take(pa.array(rows)), columns) if columns else None
            features = Features(hashes, stored["vectors"], cells)
            axes, weights = stored["axes"], (stored["gram_weights"], stored["word_weights"])
        except InputError:
            raise
        except (OSError, ValueError, KeyError, TypeError, SafetensorError, pa.ArrowInvalid) as error:
            raise InputError(f"{folder} is damaged: restore it, or make it anew ({error})") from error
        kept = record["encoder"]
        space = Space(load_stored(folder, Identity.of_plain(kept), model) if kept else None, axes, *weights, columns)
        store = cls(found, rows, features, space, compared)
        store._file = DecisionFile(folder, RECORD, place)
        store.refresh()
        return store


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
