"""A store of texts: finds the duplicates of one more text among a million in milliseconds, and is kept in a folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Int64, UInt64
from pyarrow import feather
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likewise.applications.duplicates.calibration import Calibration, Curve
from likewise.applications.duplicates.candidates import Lists, lists_of
from likewise.applications.duplicates.minhash import TextHashes
from likewise.applications.duplicates.result import REASONS, Duplicates, Member, Pairs, checked_precision
from likewise.applications.duplicates.similarity import COARSE, Features, Similarities, Space, similarities
from likewise.applications.duplicates.templates import fill_template, neighbours
from likewise.atomic import refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import as_arrow

RECORD, FEATURES, TEXTS = "duplicates.json", "features.safetensors", "texts.arrow"
FORMAT = 5  # raised when what is kept of a text, or how it is scored, changes
OTHER = "something else"  # what a path is that is neither such a folder nor free
MOST_OF_BUCKET = 32  # texts of a full bucket that are compared
PROBES = 4  # lists
NEAREST = 32


@dataclass(frozen=True)
class Table:
    """Some texts.

    Attributes:
        features: of them.
        first: the number of the first of them in the store; the others follow.
        exact: their hashes, rising.
        by_exact: whose they are.
        bands: the hashes of each band, rising.
        by_band: whose they are.
        lists: of their vectors.
    """

    features: Features
    first: int
    exact: UInt64[np.ndarray, " texts"]
    by_exact: Int64[np.ndarray, " texts"]
    bands: UInt64[np.ndarray, "bands texts"]
    by_band: Int64[np.ndarray, "bands texts"]
    lists: Lists

    def __len__(self) -> int:
        return len(self.features)

    @classmethod
    def of(cls, features: Features, first: int, rng: np.random.Generator) -> "Table":
        """Put texts in order, of which the first has the number `first`."""
        by_exact = np.argsort(features.hashes.exact, kind="stable")
        bands = features.hashes.bands
        by_band = np.argsort(bands, axis=1, kind="stable")
        lists = lists_of(features.vectors[:, :COARSE].astype(np.float32), rng)
        exact = features.hashes.exact[by_exact]
        return cls(features, first, exact, by_exact, np.take_along_axis(bands, by_band, 1), by_band, lists)

    def candidates(self, one: Features) -> Int64[np.ndarray, " candidates"]:
        """Which of the texts are worth comparing with a single one, rising."""
        found = [self._within(self.exact, self.by_exact, one.hashes.exact[0])]
        bands = zip(self.bands, self.by_band, one.hashes.bands[:, 0], strict=True)
        found += [self._within(hashes, places, hashed) for hashes, places, hashed in bands]
        if one.vectors.shape[1]:
            found.append(self._near(one.vectors[0, :COARSE].astype(np.float32)))
        return np.unique(np.concatenate(found))

    def _within(
        self, hashes: UInt64[np.ndarray, " texts"], places: Int64[np.ndarray, " texts"], wanted: np.uint64
    ) -> Int64[np.ndarray, " some"]:
        first, last = np.searchsorted(hashes, wanted, side="left"), np.searchsorted(hashes, wanted, side="right")
        return places[first : min(last, first + MOST_OF_BUCKET)]

    def _near(self, query: Float32[np.ndarray, " coarse"]) -> Int64[np.ndarray, " some"]:
        order = np.argsort(-(self.lists.centroids @ query), kind="stable")[:PROBES]
        rows = np.concatenate([np.zeros(0, np.int64), *(self.lists.of(int(number)) for number in order)])
        some = self.features.vectors[rows, :COARSE].astype(np.float32)
        lengths = np.maximum(np.linalg.norm(some, axis=1), 1e-12)
        cosines = (some @ query) / lengths
        best: np.ndarray = rows[np.argsort(-cosines, kind="stable")[:NEAREST]]
        return best


class Store:
    """Distinct texts that further ones are compared with.

    New texts are kept in tables of their own, which are joined as they grow: each text is put in order anew some twenty
    times at the most, however many there become.

    Attributes:
        ids: of the texts, by their number.
        texts: the texts.
        space: in which they are compared; None for lexical similarity alone.
        calibration: what precision a similarity has.
        precision: of calls without one.
    """

    def __init__(
        self,
        ids: Sequence[str],
        texts: Sequence[str],
        features: Features,
        space: Space | None,
        calibration: Calibration,
        precision: float,
    ) -> None:
        self.ids, self.texts = list(ids), list(texts)
        self.space, self.calibration, self.precision = space, calibration, precision
        self._tables = [Table.of(features, 0, np.random.default_rng(0))]

    def __len__(self) -> int:
        return len(self.ids)

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
        texts = compared.texts.to_pylist()
        return cls(compared.ids, texts, compared.features, compared.space, found.calibration, found.precision)

    def duplicates_of(self, text: str, precision: float | None = None) -> list[Member]:
        """The texts that a text is a duplicate of, the surest first; none for a blank one.

        Args:
            text: any.
            precision: the share of pairs that are to be duplicates; that of the store if None.

        Raises:
            InputError: `text` is no string, or `precision` is not above 0 and at most 1.
        """
        one = Features.of(as_arrow([text]), self.space)
        wanted = self.precision if precision is None else checked_precision(precision)
        if not one.hashes.exact[0]:
            return []
        numbers, lexical, semantic, same = [], [], [], []
        for table in self._tables:
            rows = table.candidates(one)
            alike = similarities(one, table.features, np.zeros(len(rows), np.int64), rows, self.space)
            numbers.append(rows + table.first)
            lexical.append(alike.lexical)
            semantic.append(alike.semantic)
            same.append(table.features.hashes.exact[rows] == one.hashes.exact[0])
        every, alike = np.concatenate(numbers), Similarities(np.concatenate(lexical), np.concatenate(semantic))
        likely = self.calibration.lexical.precisions(alike.lexical) >= wanted - 1e-9
        alike.lexical[self._fill_template(text, every, alike.lexical, np.flatnonzero(likely))] = 0.0
        pairs = Pairs.of(np.zeros(len(every), np.int64), every, alike, np.concatenate(same), self.calibration)
        found: list[Member] = []
        for at in np.flatnonzero(pairs.precision >= wanted - 1e-9).tolist():
            row, reason = int(pairs.second[at]), REASONS[pairs.reason[at]]
            score, sure = float(pairs.score[at]), float(pairs.precision[at])
            found.append(Member(row, self.ids[row], self.texts[row], reason, score, sure))
        return sorted(found, key=lambda member: (-member.precision, -member.score, member.row))

    def _fill_template(
        self, text: str, rows: np.ndarray, lexical: Float32[np.ndarray, " candidates"], likely: np.ndarray
    ) -> Int64[np.ndarray, " some"]:
        """Which of the likely candidates share a template with a text, judged by its most similar candidates."""
        if not len(likely):
            return likely
        texts = pa.array([text, *(self.texts[row] for row in rows)], pa.large_string())
        zeros, every = np.zeros(len(rows), np.int64), np.arange(1, len(texts))
        near = neighbours(zeros, every, lexical, np.ones(len(texts), bool))
        found: np.ndarray = likely[fill_template(texts, zeros[likely], every[likely], near)]
        return found

    def add(self, texts: Sequence[str], ids: Sequence[str] | None = None) -> None:
        """Keep further texts, whether they are duplicates or not; blank ones are left out.

        Args:
            texts: any.
            ids: of them; their numbers if None.

        Raises:
            InputError: there are not as many ids as texts, or something is no string.
        """
        array = as_arrow(list(texts))
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
        self.ids += [names[row] for row in with_words]
        self.texts += array.take(pa.array(with_words)).to_pylist()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the folder, the encoder with it where it is one that can be written.

        Raises:
            InputError: `path` exists and `overwrite` is false, or is something else than such a folder.
        """
        path = Path(path)
        refuse_other(path, RECORD, OTHER)
        features = self.features
        arrays = {
            "exact": features.hashes.exact, "numbers": features.hashes.numbers,
            "offsets": features.hashes.offsets, "sketches": features.hashes.sketches,
            "sketch_offsets": features.hashes.sketch_offsets, "bands": features.hashes.bands,
            "vectors": features.vectors, "tokens": features.tokens.ids, "token_offsets": features.tokens.offsets,
            "axes": self.space.axes if self.space else np.zeros((0, 0), np.float32),
        }  # fmt: skip
        arrays |= {
            f"{name}_{of}": getattr(getattr(self.calibration, name), of)
            for name in ("lexical", "semantic")
            for of in ("precision", "recall")
        }
        with replacing_folder(path, overwrite=overwrite) as folder:
            kept = store_embedder(self.space.encoder, folder).plain() if self.space else None
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / FEATURES)
            table = pa.table({"id": pa.array(self.ids, pa.string()), "text": pa.array(self.texts, pa.large_string())})
            feather.write_feather(table, str(folder / TEXTS), compression="zstd")
            record = {"format": FORMAT, "precision": self.precision, "encoder": kept}
            (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

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
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            if (version := int(record["format"])) != FORMAT:
                raise InputError(f"{folder} is of format {version}, and {FORMAT} is read: make it anew")
            stored = load_file(folder / FEATURES)
            table = feather.read_table(str(folder / TEXTS))
            hashes = TextHashes(*(stored[field] for field in TextHashes.__dataclass_fields__))
            features = Features(hashes, stored["vectors"], Ragged(stored["tokens"], stored["token_offsets"]))
            curves = [Curve(stored[f"{name}_precision"], stored[f"{name}_recall"]) for name in ("lexical", "semantic")]
            ids, texts, precision, axes = table["id"], table["text"], float(record["precision"]), stored["axes"]
        except InputError:
            raise
        except (OSError, ValueError, KeyError, TypeError, SafetensorError, pa.ArrowInvalid) as error:
            raise InputError(f"{folder} is damaged: restore it, or make it anew ({error})") from error
        space = None
        if record["encoder"]:
            space = Space(load_stored(folder, Identity.of_plain(record["encoder"]), model), axes)
        return cls(ids.to_pylist(), texts.to_pylist(), features, space, Calibration(*curves), precision)
