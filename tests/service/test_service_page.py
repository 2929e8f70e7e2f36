"""The files of the page, the report and the neighbours, over HTTP."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from likewise.service.keys import add_key
from likewise.service.page import assets

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


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "%2e%2e/page.py", "__init__.py"])
def test_no_other_file_can_be_read(client: httpx.Client, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


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
