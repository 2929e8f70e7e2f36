"""The files of the page, the report and the neighbours, over HTTP."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from likewise.service.keys import add_key
from likewise.service.page import assets

ROOT = Path(__file__).parents[2]
Serve = Callable[..., AbstractContextManager[str]]


def test_the_page_is_served_from_memory_with_its_policy(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "style=" not in page.text and "<script>" not in page.text
    again = client.get("/", headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_file_is_the_same_compressed_or_not(client: httpx.Client) -> None:
    for name, asset in assets().items():
        plain = client.get(f"/assets/{name}", headers={"accept-encoding": "identity"})
        packed = client.get(f"/assets/{name}", headers={"accept-encoding": "gzip"})
        assert plain.content == packed.content == asset.content
        assert "content-encoding" not in plain.headers
    whole = sum(len(asset.compressed or asset.content) for name, asset in assets().items() if name != "licences.txt")
    assert whole < 150_000


def test_no_journey_styles_a_class_of_another() -> None:
    """All styles become one file: what begins a rule in one journey must be in no rule of another."""
    begins: dict[str, str] = {}
    anywhere: set[tuple[str, str]] = set()
    for file in (ROOT / "page" / "src" / "journeys").glob("*.css"):
        for selectors in re.findall(r"(?m)^ *([^@{}/]+) \{", file.read_text(encoding="utf-8")):
            for selector in map(str.strip, selectors.split(",")):
                begins |= dict.fromkeys(re.findall(r"^(\.[\w-]+)(?![\w.-])", selector), file.name)  # not `.note.like`
                anywhere |= {(each, file.name) for each in re.findall(r"\.[a-z][\w-]*", selector)}
    assert len(begins) > 50
    assert sorted((name, file) for name, file in anywhere if begins.get(name, file) != file) == []


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "%2e%2e/page.py", "__init__.py"])
def test_no_other_file_can_be_read(client: httpx.Client, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_the_licences_of_what_is_in_the_bundle_are_shipped() -> None:
    text = assets()["licences.txt"].content.decode()
    assert "preact 11" in text and "htm 3" in text and "Permission is hereby granted" in text and "Apache" in text


def test_no_address_of_a_registry_is_in_the_lock_file() -> None:
    lock = (ROOT / "page" / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock and "integrity" in lock


@pytest.mark.slow
def test_what_is_shipped_is_what_the_source_gives(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("no npm: the page cannot be built")
        pytest.skip("NO NPM: the page is not compared with its source; apt-get install npm")
    shutil.copytree(ROOT / "page", tmp_path / "page", ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--silent"], cwd=tmp_path / "page", check=True)
    subprocess.run(["node", "build.mjs", str(tmp_path / "built")], cwd=tmp_path / "page", check=True)
    built = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    shipped = {name: asset.content for name, asset in assets().items()}
    assert sorted(built) == sorted(shipped), "run make page"
    assert [name for name in built if built[name] != shipped[name]] == [], "run make page"


def test_neighbours_are_words_and_texts(client: httpx.Client) -> None:
    found = client.post("/neighbours", json={"text": "file", "k": 4}).json()
    assert len(found["words"]) == len(found["texts"]) == 4
    assert "file" not in {each["word"] for each in found["words"]}
    cosines = [each["cosine"] for each in found["words"]]
    assert cosines == sorted(cosines, reverse=True)
    for body in ({"text": " "}, {"text": "a", "k": 0}, {"text": "a" * 200_001}):
        assert client.post("/neighbours", json=body).status_code == 422


@pytest.mark.slow
def test_the_report_opens_with_a_key_or_a_ticket(serve: Serve, served_index: Path, tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys", "ann", "read")
    running = serve(index=str(served_index), api_key_file=str(tmp_path / "keys"))
    with running as address, httpx.Client(base_url=address, timeout=60) as client:
        headers = {"authorization": f"Bearer {key}"}
        assert client.get("/report").status_code == 401
        assert client.get("/report?ticket=wrong").status_code == 401
        path = client.post("/report/ticket", headers=headers).json()["path"]
        page = client.get(path)
        assert page.status_code == 200 and "<html" in page.text
        assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
        whole = client.get(path, headers={"accept-encoding": "identity"})
        assert whole.content == page.content


def test_without_keys_the_report_needs_no_ticket(client: httpx.Client) -> None:
    assert client.post("/report/ticket").json() == {"path": "/report"}
