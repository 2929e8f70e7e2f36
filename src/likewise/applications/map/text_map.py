"""The map of an index: a position and a region for every text, computed once, kept in the folder of the index."""

import json
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from likewise.applications.map.projection import LANDMARKS, SEED, Projection
from likewise.applications.map.regions import Level, find_centroids, find_levels, nearest_centroids
from likewise.arrays import Float32, Int64, UInt16
from likewise.atomic import locking, replacing_file
from likewise.errors import InputError
from likewise.index.entries import iter_vectors, read_vectors, sample_row_ids
from likewise.index.record import FILE as RECORD
from likewise.index.record import Record, fetch_row_ids, read_setting

FILE = "map.safetensors"
FORMAT = 1
Progress = Callable[[float, str], None]
READ, PLACED, OTHERS = 0.05, 0.75, 0.9  # share of the time until a step is done
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TextMap:
    """A map.

    Attributes:
        collection: the identity of the index.
        generation: of the index that the map was made from.
        last: the highest row id of that generation.
        row_ids: of the texts, in ascending order.
        positions: of the texts, from 0 to 1, with the origin at the bottom left.
        regions: of the finest level that each text is in.
        levels: the coarsest first; a region of the finest is part of one of each.
        projection: places texts that were added since.
        landmark_regions: of the finest level that each landmark is in.
        added: how many of the texts were added since the map was made.
    """

    collection: str
    generation: int
    last: int
    row_ids: Int64[np.ndarray, " texts"]
    positions: Float32[np.ndarray, "texts 2"]
    regions: UInt16[np.ndarray, " texts"]
    levels: tuple[Level, ...]
    projection: Projection
    landmark_regions: UInt16[np.ndarray, " landmarks"]
    added: int = 0

    def __len__(self) -> int:
        return len(self.row_ids)

    def updated(self, connection: Connection) -> "TextMap":
        """Return the map of the present texts: those added since stand next to similar ones, removed ones are gone.

        Args:
            connection: to the record of the same index, within a transaction.
        """
        if read_setting(connection, "generation") == self.generation:
            return self
        present = fetch_row_ids(connection.execute("SELECT row_id FROM fields ORDER BY row_id"))
        kept = np.isin(self.row_ids, present, assume_unique=True)
        added = present[np.searchsorted(present, self.last, side="right") :]
        places, landmarks = _placed(connection, self.projection, len(added), self.last)
        return replace(
            self,
            row_ids=np.concatenate([self.row_ids[kept], added]),
            positions=np.concatenate([self.positions[kept], places]),
            regions=np.concatenate([self.regions[kept], self.landmark_regions[landmarks]]),
            added=len(added),
        )


def make_map(index: str | Path, *, progress: Progress | None = None) -> TextMap:
    """Make the map of an index and store it in its folder; one of an earlier state is replaced.

    It takes about a minute for 50,000 texts and one more for each 500,000 beyond, on one core. Run it in a process of
    its own where there is a server: while PaCMAP works, what the process prints is not shown.

    Args:
        index: the folder.
        progress: called with the share that is done and the name of the step.

    Raises:
        InputError: there is no index, or it has no texts.
        LikewiseError: PaCMAP is not installed, another process makes the map, or the disk is full.
    """
    folder, report = Path(index), progress or (lambda share, step: None)
    if not (folder / RECORD).is_file():
        raise InputError(f"{folder} is no index: make one with likewise index, then its map")
    with locking(folder / FILE, overwrite=True), closing(Record.open(folder)) as record:
        report(0.0, "reading vectors")
        with record.reading() as connection:
            drawn, vectors = _landmarks(connection, folder)
        projection = Projection.fit(vectors, lambda share: report(READ + share * (PLACED - READ), "placing texts"))
        report(PLACED, "placing texts")
        # The texts of this state are on the map: while PaCMAP worked, others may have come or gone.
        with record.reading() as connection:
            made = _made(connection, drawn, projection, report)
        _save(made, folder / FILE)
    report(1.0, "done")
    return made


def load_map(index: str | Path) -> TextMap | None:
    """Read the map of an index as it was made; `TextMap.updated` brings it to the present texts.

    Args:
        index: the folder.

    Returns:
        The map; None if there is none yet, or it is damaged, or of another index or format: it can be made again.

    Raises:
        InputError: there is no index.
    """
    folder = Path(index)
    with closing(Record.open(folder)) as record, record.reading() as connection:
        collection = read_setting(connection, "collection")
    return read_map(folder, collection)


def read_map(folder: Path, collection: str) -> TextMap | None:
    """Read the map of the index with this identity, as `load_map`."""
    try:
        with safe_open(str(folder / FILE), "numpy") as stored:
            facts = json.loads(stored.metadata()["likewise"])
            if facts["format"] != FORMAT or facts["collection"] != collection:
                return None
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - it is no mapping
        return _checked(facts, arrays)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError, SafetensorError) as error:
        _log.warning("%s is damaged and is not used (%s): make the map again", folder / FILE, error)
        return None


def _landmarks(
    connection: Connection, folder: Path
) -> tuple[Int64[np.ndarray, " landmarks"], Float32[np.ndarray, "landmarks dim"]]:
    drawn = sample_row_ids(connection, LANDMARKS, np.random.default_rng(SEED))
    if not len(drawn):
        raise InputError(f"{folder} has no texts: add some before its map is made")
    return drawn, read_vectors(connection, drawn).vectors.astype(np.float32)


def _made(
    connection: Connection, drawn: Int64[np.ndarray, " landmarks"], projection: Projection, report: Progress
) -> TextMap:
    row_ids = fetch_row_ids(connection.execute("SELECT row_id FROM fields ORDER BY row_id"))
    if len(drawn) == len(row_ids) and (drawn == row_ids).all():
        positions = projection.positions
    else:
        positions, _ = _placed(connection, projection, len(row_ids))
        known = np.isin(drawn, row_ids, assume_unique=True)
        positions[np.searchsorted(row_ids, drawn[known])] = projection.positions[known]
    report(OTHERS, "naming regions")
    centroids = find_centroids(positions)
    regions = nearest_centroids(centroids, positions)
    texts = (text for (text,) in connection.execute("SELECT text FROM texts ORDER BY row_id"))
    levels = find_levels(positions, regions, texts)
    collection, generation = (read_setting(connection, name) for name in ("collection", "generation"))
    of_landmarks = nearest_centroids(centroids, projection.positions)
    last = int(row_ids.max(initial=-1))
    return TextMap(collection, generation, last, row_ids, positions, regions, levels, projection, of_landmarks)


def _placed(
    connection: Connection, projection: Projection, count: int, after: int = -1
) -> tuple[Float32[np.ndarray, "texts 2"], Int64[np.ndarray, " texts"]]:
    """Return positions and landmarks of the texts whose row id is above `after`."""
    vectors = ((part.row_ids, part.vectors) for part in iter_vectors(connection, after))
    parts = list(projection.place(vectors, count)) if count else []
    positions, landmarks = [places for places, _ in parts], [nearest for _, nearest in parts]
    none = np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
    return np.concatenate([none[0], *positions]), np.concatenate([none[1], *landmarks])


def _save(made: TextMap, path: Path) -> None:
    facts = {
        "format": FORMAT,
        "collection": made.collection,
        "generation": made.generation,
        "last": made.last,
        "names": [level.names for level in made.levels],
    }
    projection = made.projection
    arrays = {
        "row_ids": made.row_ids, "positions": made.positions, "regions": made.regions, "mean": projection.mean,
        "components": projection.components, "landmarks": projection.landmarks.astype(np.float16),
        "landmark_positions": projection.positions, "spacing": projection.spacing,
        "landmark_regions": made.landmark_regions,
        **{f"of_finest.{number}": level.of_finest for number, level in enumerate(made.levels)},
        **{f"centres.{number}": level.centres for number, level in enumerate(made.levels)},
    }  # fmt: skip
    metadata = {"likewise": json.dumps(facts, ensure_ascii=False)}
    with replacing_file(path) as temporary:
        temporary.write_bytes(save({name: np.ascontiguousarray(each) for name, each in arrays.items()}, metadata))


def _checked(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> TextMap:
    """Return the map of what a file holds.

    Raises:
        ValueError: shapes do not fit together, or a number is out of range.
    """
    projection = Projection(
        arrays["mean"],
        arrays["components"],
        arrays["landmarks"].astype(np.float32),
        arrays["landmark_positions"],
        arrays["spacing"],
    )
    row_ids, positions, regions = arrays["row_ids"], arrays["positions"], arrays["regions"]
    landmark_regions = arrays["landmark_regions"]
    levels = tuple(
        Level(arrays[f"of_finest.{number}"], tuple(map(tuple, names)), arrays[f"centres.{number}"])
        for number, names in enumerate(facts["names"])
    )
    count, landmarks = len(row_ids), len(projection.landmarks)
    finest = len(levels[-1].names)
    fits = (
        positions.shape == (count, 2)
        and regions.shape == (count,)
        and projection.positions.shape == (landmarks, 2)
        and projection.spacing.shape == landmark_regions.shape == (landmarks,)
        and projection.components.shape == (projection.landmarks.shape[1], len(projection.mean))
        and max(int(regions.max(initial=0)), int(landmark_regions.max(initial=0))) < finest
        and bool((np.diff(row_ids) > 0).all())
        and np.isfinite(positions).all()
        and all(
            level.of_finest.shape == (finest,)
            and int(level.of_finest.max(initial=0)) < len(level.names)
            and level.centres.shape == (len(level.names), 2)
            for level in levels
        )
    )
    if not fits:
        raise ValueError("its parts do not fit together")
    return TextMap(
        str(facts["collection"]), int(facts["generation"]), int(facts["last"]), row_ids, positions, regions, levels,
        projection, landmark_regions,
    )  # fmt: skip
