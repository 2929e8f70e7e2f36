"""The map over HTTP: bytes that a browser can read, colours, texts of points, points of texts."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import likewise
from likewise.applications.map.text_map import FILE, load_map, make_map
from likewise.service.map import pack

COLUMNS = {
    "stars": [n % 5 + 1 for n in range(60)],
    "price": [float(n) * 1.5 for n in range(60)],
    "bought": [f"2021-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(60)],
    "shop": [f"shop {n % 12}" if n % 3 else None for n in range(60)],
    "kept": [bool(n % 2) for n in range(60)],
}


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    size = int.from_bytes(content[:4], "little")
    header, at, arrays = json.loads(content[4 : 4 + size]), 4 + size, {}
    for name, kind, length in header["arrays"]:
        assert at % 4 == 0
        arrays[name] = np.frombuffer(content, np.dtype(kind).newbyteorder("<"), length, at)
        at += -(-arrays[name].nbytes // 4) * 4
    assert at == len(content)
    return header, arrays


@pytest.fixture(scope="module")
def mapped(service_model: "likewise.Model", python_docs: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "mapped.index"
    with likewise.Collection.create(path, service_model) as index:
        index.add(python_docs[:60], ids=[f"doc{n}" for n in range(60)], **COLUMNS)
    make_map(path)
    return path


@pytest.fixture(scope="module")
def reader(mapped: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    with serve(index=str(mapped)) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def test_the_map_has_every_text(reader: httpx.Client, mapped: Path) -> None:
    made = load_map(mapped)
    assert made is not None
    header, arrays = unpacked(reader.get("/map").content)
    assert header["texts"] == 60 and header["added"] == 0
    np.testing.assert_array_equal(np.cumsum(arrays["rows"]), made.row_ids)
    found = np.stack([arrays["x"], arrays["y"]], axis=1) / 65535
    np.testing.assert_allclose(found, made.positions, atol=1e-5)
    np.testing.assert_array_equal(arrays["regions"], made.regions)
    for level in header["levels"]:
        assert sum(region["texts"] for region in level["regions"]) == 60
        assert len(level["of_finest"]) == len(header["levels"][-1]["regions"])
    assert reader.get("/status").json()["map"] is True


def test_the_map_is_compressed_and_not_sent_twice(reader: httpx.Client) -> None:
    with reader.stream("GET", "/map", headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    plain = reader.get("/map", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and gzip.decompress(packed) == plain.content
    again = reader.get("/map", headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


def test_a_column_of_numbers_is_a_scale(reader: httpx.Client) -> None:
    header, arrays = unpacked(reader.get("/map/colours", params={"column": "price"}).content)
    assert header["kind"] == "number" and header["low"] == pytest.approx(np.quantile(COLUMNS["price"], 0.02))
    np.testing.assert_allclose(arrays["values"], COLUMNS["price"])


def test_a_column_of_dates_is_a_scale(reader: httpx.Client) -> None:
    header, arrays = unpacked(reader.get("/map/colours", params={"column": "bought"}).content)
    assert header["kind"] == "date" and header["ends"][0].startswith("2021-01")
    assert arrays["values"][1] - arrays["values"][0] == 32  # from 1 January to 2 February


def test_other_columns_are_categories(reader: httpx.Client) -> None:
    header, arrays = unpacked(reader.get("/map/colours", params={"column": "stars"}).content)
    assert header["kind"] == "categories" and {each["value"] for each in header["values"]} == {1, 2, 3, 4, 5}
    assert [header["values"][code]["value"] for code in arrays["codes"]] == COLUMNS["stars"]
    header, arrays = unpacked(reader.get("/map/colours", params={"column": "shop"}).content)
    assert len(header["values"]) == 8 and header["other"] == 0 and header["none"] == 20
    assert [code == 255 for code in arrays["codes"]] == [value is None for value in COLUMNS["shop"]]
    header, _ = unpacked(reader.get("/map/colours", params={"column": "kept"}).content)
    assert {each["value"] for each in header["values"]} == {True, False}


def test_an_unknown_column_is_named(reader: httpx.Client) -> None:
    answer = reader.get("/map/colours", params={"column": "colour"})
    assert answer.status_code == 422 and "it has stars, price" in answer.json()["detail"]
    assert reader.get("/map/colours").status_code == 422


def test_points_have_texts_and_texts_have_points(reader: httpx.Client, python_docs: list[str]) -> None:
    rows = reader.post("/map/points", json={"ids": ["doc3", "nothing", "doc7"]}).json()["rows"]
    assert rows[1] is None
    texts = reader.post("/map/texts", json={"rows": [rows[2], 10**9, rows[0]], "characters": 20}).json()["texts"]
    assert [each["id"] for each in texts] == ["doc7", "doc3"]
    assert texts[0]["text"] == python_docs[7][:20] and texts[0]["cut"] and texts[0]["columns"]["stars"] == 3


@pytest.mark.parametrize(
    ("route", "body", "named"),
    [
        ("texts", {"rows": list(range(201))}, "rows"),
        ("texts", {"rows": [-1]}, "rows"),
        ("texts", {"rows": [2**64]}, "rows"),
        ("texts", {"rows": [1], "characters": 0}, "characters"),
        ("texts", {"rows": [1], "more": 1}, "more"),
        ("points", {"ids": ["a"] * 1001}, "ids"),
        ("points", {"ids": [1]}, "ids"),
    ],
)
def test_what_does_not_fit_is_refused(reader: httpx.Client, route: str, body: dict[str, Any], named: str) -> None:
    answer = reader.post(f"/map/{route}", json=body)
    assert answer.status_code == 422 and named in answer.json()["detail"]


def test_added_and_removed_texts_change_the_map(
    own_index: Path, serve: Callable[..., Any], python_docs: list[str]
) -> None:
    with serve(index=str(own_index)) as address, httpx.Client(base_url=address, timeout=30) as client:
        missing = client.get("/map")
        assert missing.status_code == 404 and "likewise map INDEX" in missing.json()["detail"]
        assert client.get("/status").json()["map"] is False
        make_map(own_index)
        before = client.get("/map")
        with likewise.Collection.open(own_index) as index:
            index.add(python_docs[500:510], ids=[f"new{n}" for n in range(10)])
            index.delete(["doc0", "doc1"])
        after = client.get("/map")
        assert before.headers["etag"] != after.headers["etag"]
        (old, _), (new, arrays) = unpacked(before.content), unpacked(after.content)
        assert new["texts"] == old["texts"] + 8 and new["added"] == 10 and new["generation"] > new["made_from"]
        rows = client.post("/map/points", json={"ids": ["new3", "doc0"]}).json()["rows"]
        assert rows[0] in np.cumsum(arrays["rows"]) and rows[1] is None
        (own_index / FILE).unlink()
        assert client.get("/map").status_code == 404


def test_bytes_are_what_was_packed() -> None:
    arrays = {
        "one": np.arange(5, dtype=np.uint8),
        "two": np.array([1.5, np.nan], np.float32),
        "none": np.zeros(0, np.uint16),
    }
    header, found = unpacked(gzip.decompress(pack({"word": "ü"}, arrays)))
    assert header["word"] == "ü"
    for name, each in arrays.items():
        np.testing.assert_array_equal(found[name], each)
