"""Texts that were seen, in a folder: whether one more is a duplicate of a million of them takes milliseconds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import feather
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likewise.applications.duplicates.calibration import Calibration, Curve
from likewise.applications.duplicates.features import Features, alikeness
from likewise.applications.duplicates.minhash import Letters
from likewise.applications.duplicates.result import EXACT, NEAR, REASONS, SEMANTIC, Member, checked_precision
from likewise.applications.duplicates.space import Space
from likewise.applications.duplicates.table import Table
from likewise.atomic import refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import as_arrow

__all__ = ["OTHER", "RECORD", "Store"]

RECORD, FEATURES, TEXTS = "duplicates.json", "features.safetensors", "texts.arrow"
FORMAT = 4  # raised when what is kept of a text, or what a likeness is, changes
OTHER = "something else"  # what a path is that is neither such a folder nor free


class Store:
    """Distinct texts that further ones are compared with.

    New texts are kept in tables of their own, which are joined as they grow: each text is put in order anew some twenty
    times at the most, however many there become.

    Attributes:
        ids: of the texts, by their number.
        texts: the texts.
        space: in which they are compared; None where their letters alone are.
        calibration: what a likeness is worth.
        precision: that is asked for where a call names none.
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

    def of(self, text: str, precision: float | None = None) -> list[Member]:
        """The texts that a text is a duplicate of, the surest first; none for a blank one.

        Args:
            text: any.
            precision: the share of pairs that are to be duplicates; that of the store if None.

        Raises:
            InputError: `text` is no string, or `precision` is not above 0 and at most 1.
        """
        return self._matches(Features.of(as_arrow([text]), self.space), precision)

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
        spoken = np.flatnonzero(features.letters.exact != 0)
        if not len(spoken):
            return
        rng = np.random.default_rng(0)
        tables = [*self._tables, Table.of(features.take(spoken), len(self), rng)]
        while len(tables) > 1 and len(tables[-2]) <= 2 * len(tables[-1]):
            last, before = tables.pop(), tables.pop()
            tables.append(Table.of(before.features.joined(last.features), before.first, rng))
        self._tables = tables
        self.ids += [names[row] for row in spoken]
        self.texts += array.take(pa.array(spoken)).to_pylist()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the folder, the encoder with it where it is one that can be written.

        Raises:
            InputError: `path` exists and `overwrite` is false, or is something else than such a folder.
        """
        path = Path(path)
        refuse_other(path, RECORD, OTHER)
        features = self.features
        arrays = {
            "exact": features.letters.exact, "numbers": features.letters.numbers,
            "offsets": features.letters.offsets, "sketches": features.letters.sketches,
            "sketch_offsets": features.letters.sketch_offsets, "bands": features.letters.bands,
            "vectors": features.vectors, "pieces": features.pieces.ids, "piece_offsets": features.pieces.offsets,
            "axes": self.space.axes if self.space else np.zeros((0, 0), np.float32),
        }  # fmt: skip
        arrays |= {
            f"{name}_{of}": getattr(getattr(self.calibration, name), of)
            for name in ("letters", "meaning")
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
        version, record = _record(folder)
        if version != FORMAT:
            raise InputError(f"{folder} is of format {version}, and {FORMAT} is read: make it anew")
        try:
            said = load_file(folder / FEATURES)
            table = feather.read_table(str(folder / TEXTS))
            letters = Letters(*(said[field] for field in Letters.__dataclass_fields__))
            features = Features(letters, said["vectors"], Ragged(said["pieces"], said["piece_offsets"]))
            curves = [Curve(said[f"{name}_precision"], said[f"{name}_recall"]) for name in ("letters", "meaning")]
            ids, texts, precision, axes = table["id"], table["text"], float(record["precision"]), said["axes"]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError, pa.ArrowInvalid) as error:
            raise _damaged(folder, error) from error
        space = None
        if record["encoder"]:
            space = Space(load_stored(folder, Identity.of_plain(record["encoder"]), model), axes)
        return cls(ids.to_pylist(), texts.to_pylist(), features, space, Calibration(*curves), precision)

    def _matches(self, one: Features, precision: float | None) -> list[Member]:
        wanted = self.precision if precision is None else checked_precision(precision)
        found: list[tuple[float, Member]] = []
        for table in self._tables if one.letters.exact[0] else ():
            rows = table.candidates(one)
            alike = alikeness(one, table.features, np.zeros(len(rows), np.int64), rows, self.space)
            same = table.features.letters.exact[rows] == one.letters.exact[0]
            sure = np.where(same, 1.0, self.calibration.precisions(alike))
            scores = np.where(same, np.float32(1), self.calibration.scores(alike))
            reasons = np.where(same, EXACT, np.where(self.calibration.by_letters(alike), NEAR, SEMANTIC))
            for at in np.flatnonzero(sure >= wanted - 1e-9):
                row = int(rows[at]) + table.first
                told = REASONS[reasons[at]], float(scores[at]), float(sure[at])
                member = Member(row, self.ids[row], self.texts[row], *told)
                found.append((float(sure[at]), member))
        return [member for _, member in sorted(found, key=lambda one: (-one[0], -one[1].score, one[1].row))]


def _record(folder: Path) -> tuple[int, dict[str, Any]]:
    """The format of a folder, and what its record says."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return int(record["format"]), record
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> InputError:
    return InputError(f"{folder} is damaged: restore it, or make it anew ({error})")
