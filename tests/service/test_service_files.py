"""Files of the data folder over HTTP: by name only, with a write key only, whole or not at all."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from likewise.errors import InputError
from likewise.service.data_folder import DataFolder, TooLargeError, checked_name
from likewise.service.keys import add_key

Serve = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    path = tmp_path_factory.mktemp("keys") / "keys"
    return path, {access: add_key(str(path), access, access) for access in ("read", "write")}  # type: ignore[arg-type]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_files_are_taken_with_a_write_key_only(serve: Serve, data: Path, keys: tuple[Path, dict[str, str]]) -> None:
    file, by_access = keys
    with serve(data_folder=str(data)) as address:
        answer = httpx.post(f"{address}/files?name=a.csv", content=b"a\n1\n")
        assert answer.status_code == 403 and "--api-key-file" in answer.json()["detail"]
    settings = {"data_folder": str(data), "api_key_file": str(file), "max_upload": 1000}
    with serve(**settings) as address, httpx.Client(base_url=address) as client:
        assert client.post("/files?name=a.csv", content=b"a").status_code == 401
        client.headers.update(bearer(by_access["read"]))
        assert client.post("/files?name=a.csv", content=b"a").status_code == 403
        assert client.post("/jobs", json={"kind": "train", "file": "docs.jsonl"}).status_code == 403
        assert client.get("/files").json()["files"][0]["name"] == "docs.jsonl"
        client.headers.update(bearer(by_access["write"]))
        answer = client.post("/files?name=a.csv", content=b"body\nsome text\n")
        assert answer.json() == {"name": "a.csv", "bytes": 15, "is_folder": False}
        assert (data / "a.csv").read_bytes() == b"body\nsome text\n"
        assert client.post("/files?name=a.csv", content=b"x").status_code == 409
        assert client.post("/files?name=a.csv&overwrite=true", content=b"x").status_code == 200
        assert client.post("/files?name=b.csv", content=b"x" * 1001).status_code == 413
        assert client.post("/files?name=b.csv", content=iter([b"x" * 600, b"x" * 600])).status_code == 413
        for name in ("../a.csv", "a/b.csv", ".hidden.csv", "a.py", "a\\b.csv", "a.csv\n", "C:a.csv", "", "x" * 130):
            assert client.post("/files", params={"name": name}, content=b"x").status_code == 422, name
        assert client.delete("/files/a.csv").status_code == 204
        assert client.delete("/files/a.csv").status_code == 422
    assert [path.name for path in data.iterdir() if path.name != ".jobs"] == ["docs.jsonl"]


def test_names_lead_nowhere_else(data: Path) -> None:
    for name in ("a.csv", "Über uns (2).csv.gz", "7.txt"):
        assert checked_name(name) == name
    for name in ("", ".", "..", ".a", "a/", "/a", "a/b", "a\\b", "a:b", "a\0", "a\n", " a", "a ", "a.", "-a"):
        with pytest.raises(InputError, match="no name"):
            checked_name(name)
    folder = DataFolder(data)
    (data / "link.csv").symlink_to(data / "docs.jsonl")
    assert [each.name for each in folder.list()] == ["docs.jsonl"]
    with pytest.raises(InputError, match="is a link"):
        folder.output("link.csv")
    assert folder.hide(f"{data}/docs.jsonl is wrong") == "docs.jsonl is wrong"


def test_what_is_sent_appears_whole_or_not_at_all(data: Path) -> None:
    folder = DataFolder(data)

    async def sent(*parts: bytes) -> int:
        async def content() -> Any:
            for part in parts:
                yield part

        return await folder.receive("b.csv", content(), 10, overwrite=True)

    assert asyncio.run(sent(b"12345", b"67890")) == 10
    with pytest.raises(TooLargeError, match="more than 10 bytes"):
        asyncio.run(sent(b"12345", b"678901"))
    assert (data / "b.csv").read_bytes() == b"1234567890"
    old = data / ".0123.upload"
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    (data / ".4567.upload").write_bytes(b"")
    folder.sweep()
    assert {path.name for path in data.iterdir()} == {"b.csv", "docs.jsonl", ".4567.upload"}
