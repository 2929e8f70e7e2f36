"""The map of the index: every text as a point, its regions, colours by a column, and the texts of points.

A point is named by the row id of its text, which no other text ever gets: what a page holds stays true while others
write. Arrays are sent as they lie in memory, after a JSON header that says which there are.
"""

import datetime
import gzip
import json
import sqlite3
from collections import Counter
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from likewise.applications.map.text_map import FILE, TextMap, load_map
from likewise.arrays import Int64
from likewise.index.columns import from_cell
from likewise.index.entries import column_positions, read_entries
from likewise.index.record import Record, fetch_row_ids, read_setting
from likewise.service.problems import Problem
from likewise.service.routing import Route
from likewise.service.served import Place, Service, place_of

BINARY = "application/octet-stream"
TAG = "Map"
MAX_POINTS, MAX_IDS = 200, 1_000  # of a request
MAX_CHARACTERS = 2_000  # of the beginning of a text
CATEGORIES = 9  # values of a column that have a colour of their own; the others share one
OTHER, NONE = 254, 255  # numbers of the other values, and of none
SCALE = 0.8  # share of the values of a column that are numbers, or dates, if it is coloured by a scale
EDGES = (0.02, 0.98)  # quantiles between which a scale lies: one price of a million leaves colours for the others
FINE = 65_535  # steps of a position
GZIP = 5

RowId = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class ColoursQuery(msgspec.Struct, kw_only=True):
    """Which column colours the points.

    Attributes:
        column: its name.
    """

    column: str


class MapTextsRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Points whose texts are wanted.

    Attributes:
        rows: row ids of points, at most 200.
        characters: of each text, from its beginning.
    """

    rows: Annotated[list[RowId], msgspec.Meta(max_length=MAX_POINTS)]
    characters: Annotated[int, msgspec.Meta(ge=1, le=MAX_CHARACTERS)] = 240


class MapText(msgspec.Struct, kw_only=True):
    """A text of the map.

    Attributes:
        row: row id of the point.
        id: of the text.
        text: its beginning.
        cut: whether there is more of it.
        columns: its columns.
    """

    row: int
    id: str
    text: str
    cut: bool
    columns: dict[str, Any]


class MapTextsResponse(msgspec.Struct, kw_only=True):
    """Texts in the order of the points.

    Attributes:
        texts: a text for each point; those that were removed since are missing.
    """

    texts: list[MapText]


class MapPointsRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Texts whose points are wanted, such as hits of a search.

    Attributes:
        ids: of texts, at most 1,000.
    """

    ids: Annotated[list[str], msgspec.Meta(max_length=MAX_IDS)]


class MapPointsResponse(msgspec.Struct, kw_only=True):
    """Points.

    Attributes:
        rows: the row id of each text; null for an id that no text has.
    """

    rows: list[int | None]


async def whole(service: Service, _: Any, request: Request) -> Response:
    """Return the map: a little-endian uint32 with the length of a JSON header, the header, and the arrays it lists.

    `rows` are differences of row ids, `x` and `y` from 0 to 65535, `regions` numbers of regions of the finest level.
    A level has for each region the words that name it, where it is, and how many texts it has; and `of_finest`, the
    region that each of the finest is part of.
    """
    key = await service.compute(_state, service.index_path)
    tag = f'"{key[-1]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if tag in {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    return _binary(await service.compute(_packed_map, *key), request, headers)


async def colours(service: Service, query: ColoursQuery, request: Request) -> Response:
    """Return what a column says of each point, in the format of the map.

    Of a column of numbers or dates: `values`, and the ends of a scale. Of others: `codes`, the numbers of its most
    frequent values, 254 for other values and 255 for none. `rows` are those of the map, unless texts were added since.
    """
    packed = await service.compute(_packed_colours, service.index_path, query.column)
    return _binary(packed, request, {"Cache-Control": "no-store", "Vary": "Accept-Encoding"})


async def texts(service: Service, body: MapTextsRequest, _: Request) -> MapTextsResponse:
    """Return the beginnings of the texts of points."""
    return MapTextsResponse(texts=await service.compute(_texts, service.index_path, body))


async def points(service: Service, body: MapPointsRequest, _: Request) -> MapPointsResponse:
    """Return the points of texts."""
    return MapPointsResponse(rows=await service.compute(_points, service.index_path, body.ids))


def _binary(packed: bytes, request: Request, headers: dict[str, str]) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=BINARY, headers=headers | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=BINARY, headers=headers)


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Return a header and arrays as bytes, compressed by gzip."""
    header["arrays"] = [[name, each.dtype.name, len(each)] for name, each in arrays.items()]
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    parts = [head, *(each.astype(each.dtype.newbyteorder("<")).tobytes() for each in arrays.values())]
    padded = [part + b" " * (-len(part) % 4) for part in parts]  # arrays begin where a browser can view them
    return gzip.compress(len(padded[0]).to_bytes(4, "little") + b"".join(padded), GZIP, mtime=0)


def _state(index: Path) -> tuple[Path, Place, str]:
    """Return what the present map depends on; the last is a name of it.

    Raises:
        Problem: there is no map.
    """
    place = place_of(index / FILE)
    with closing(Record.open(index)) as record, record.reading() as connection:
        collection, generation = (read_setting(connection, name) for name in ("collection", "generation"))
    if place is None or _made(index, place) is None:
        raise Problem(404, "the index has no map yet: make it with likewise map INDEX, or as a job of the kind map")
    return index, place, f"{collection[:8]}-{place[1]:x}-{place[2]:x}-{generation}"


@lru_cache(maxsize=2)
def _made(index: Path, _: Place) -> TextMap | None:
    """Return the map as it was made, read once."""
    return load_map(index)


@lru_cache(maxsize=2)
def _packed_map(index: Path, place: Place, _: str) -> bytes:
    made = _made(index, place)
    if made is None:
        raise Problem(404, "the map of the index was removed")
    with closing(Record.open(index)) as record, record.reading() as connection:
        found = made.updated(connection)
        generation = read_setting(connection, "generation")
    header = {
        "generation": generation,
        "made_from": made.generation,
        "texts": len(found),
        "added": found.added,
        "levels": [_level(found, number) for number in range(len(found.levels))],
    }
    fine = np.rint(found.positions * FINE).astype(np.uint16)
    arrays = {"rows": _differences(found.row_ids), "x": fine[:, 0], "y": fine[:, 1], "regions": found.regions}
    return pack(header, arrays)


def _level(found: TextMap, number: int) -> dict[str, Any]:
    level = found.levels[number]
    counts = np.bincount(level.of_finest[found.regions], minlength=len(level.names))
    centres = np.rint(level.centres * FINE).astype(int)
    return {
        "of_finest": level.of_finest.tolist(),
        "regions": [
            {"words": words, "x": x, "y": y, "texts": count}
            for words, (x, y), count in zip(level.names, centres.tolist(), counts.tolist(), strict=True)
        ],
    }


def _differences(row_ids: Int64[np.ndarray, " texts"]) -> np.ndarray:
    return np.diff(row_ids, prepend=0).astype(np.uint32)


def _packed_colours(index: Path, column: str) -> bytes:
    with closing(Record.open(index)) as record, record.reading() as connection:
        positions = column_positions(connection)
        if column not in positions:
            known = ", ".join(positions) or "none"
            raise Problem(422, f"the index has no column {column[:80]!r}: it has {known[:400]}")
        row_ids = fetch_row_ids(connection.execute("SELECT row_id FROM fields ORDER BY row_id"))
        values = _values(connection, positions[column])
    header, arrays = _coloured(values)
    return pack({"column": column, **header}, {"rows": _differences(row_ids), **arrays})


def _values(connection: sqlite3.Connection, position: int) -> list[Any]:
    sql = f"SELECT c{position}, o{position} FROM fields ORDER BY row_id"  # noqa: S608 - columns by position
    return [(cell, from_cell(cell, written)) for cell, written in connection.execute(sql)]


def _coloured(values: list[tuple[Any, Any]]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return how values are coloured: by a scale where most are numbers or dates, by the most frequent ones if not."""
    given = sum(value is not None for _, value in values)
    for kind, read in (("number", _number), ("date", _day)):
        numbers = np.array([read(cell) for cell, _ in values], np.float64)
        known = numbers[np.isfinite(numbers)]
        if len(known) > SCALE * given and len(np.unique(known)) > CATEGORIES:
            low, high = np.quantile(known, EDGES).tolist()
            ends = [_date(each) for each in (low, high)] if kind == "date" else [low, high]
            return {"kind": kind, "low": low, "high": high, "ends": ends}, {"values": numbers.astype(np.float32)}
    counts = Counter((type(value).__name__, value) for _, value in values if value is not None)
    top = [key for key, _ in counts.most_common(CATEGORIES)]
    codes = {key: number for number, key in enumerate(top)}
    found = [NONE if value is None else codes.get((type(value).__name__, value), OTHER) for _, value in values]
    categories = [{"value": value, "texts": counts[kind, value]} for kind, value in top]
    rest = {"other": given - sum(each["texts"] for each in categories), "none": len(values) - given}
    return {"kind": "categories", "values": categories, **rest}, {"codes": np.array(found, np.uint8)}


def _number(cell: Any) -> float:
    return float(cell) if isinstance(cell, int | float) else np.nan


def _day(cell: Any) -> float:
    """Return days since 1970 of an ISO date or time; not a number for any other value."""
    if not isinstance(cell, str) or not cell[:4].isdigit():
        return np.nan
    try:
        return (datetime.datetime.fromisoformat(cell).replace(tzinfo=datetime.UTC).timestamp()) / 86_400
    except ValueError:
        return np.nan


def _date(days: float) -> str:
    return (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(days)).date().isoformat()


def _texts(index: Path, body: MapTextsRequest) -> list[MapText]:
    with closing(Record.open(index)) as record, record.reading() as connection:
        found = read_entries(connection, np.array(body.rows, np.int64))
    return [
        MapText(
            row=row, id=entry.id, text=entry.text[: body.characters], cut=len(entry.text) > body.characters,
            columns=entry.columns,
        )
        for row in body.rows if (entry := found.get(row)) is not None
    ]  # fmt: skip


def _points(index: Path, ids: list[str]) -> list[int | None]:
    with closing(Record.open(index)) as record, record.reading() as connection:
        sql = f"SELECT id, row_id FROM texts WHERE id IN ({', '.join('?' * len(ids))})"  # noqa: S608 - question marks
        found: dict[str, int] = dict(
            connection.execute(sql, [each.encode("utf-8", "replace").decode() for each in ids]).fetchall()
        )
    return [found.get(id) for id in ids]


ROUTES = (
    Route(
        method="GET", path="/map", handler=whole, summary="The map of all texts", tag=TAG, media_type=BINARY,
        statuses=(404,),
    ),
    Route(
        method="GET", path="/map/colours", handler=colours, summary="What a column says of each point", tag=TAG,
        query=ColoursQuery, media_type=BINARY, example={"column": "stars"}, statuses=(404,),
    ),
    Route(
        method="POST", path="/map/texts", handler=texts, summary="The texts of points", tag=TAG, body=MapTextsRequest,
        response=MapTextsResponse, example={"rows": [0, 1, 2]}, statuses=(404,),
    ),
    Route(
        method="POST", path="/map/points", handler=points, summary="The points of texts", tag=TAG,
        body=MapPointsRequest, response=MapPointsResponse, example={"ids": ["17", "4"]}, statuses=(404,),
    ),
)  # fmt: skip
