"""The gate: hosts, origins, keys, headers, metrics and the log."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from likewise.errors import InputError
from likewise.service.keys import Keys, add_key, read_keys, revoke_key

Serve = Callable[..., AbstractContextManager[str]]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:80", "localhost.evil:8000"])
def test_another_host_is_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_names_of_this_machine_are_served(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"host": host}).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "content-type": "text/plain"},
    ],
)
def test_a_page_of_another_site_may_not_write(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.post("/v1/embeddings", json={"model": "docs", "input": "a"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.json()["detail"]


def test_a_page_of_this_server_may_write(client: httpx.Client, address: str) -> None:
    headers = {"origin": address, "sec-fetch-site": "same-origin"}
    assert client.post("/v1/embeddings", json={"model": "docs", "input": "a"}, headers=headers).status_code == 200


def test_every_answer_has_the_headers_of_safety(client: httpx.Client) -> None:
    for path in ("/health", "/nowhere", "/status"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/nowhere", b"", 404, "no such address"),
        ("DELETE", "/v1/embeddings", b"", 405, "another method"),
        ("POST", "/v1/embeddings", b"{", 400, "no JSON"),
        ("POST", "/v1/embeddings", b"\xff", 400, "no JSON"),
        ("POST", "/v1/embeddings", b"[" * 100_000, 422, "does not fit"),
        ("POST", "/v1/embeddings", b'{"input": 3, "model": "docs"}', 422, "$.input"),
        ("POST", "/v1/embeddings", b'{"input": "a", "model": "\\ud800"}', 400, "no JSON"),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    client: httpx.Client, method: str, path: str, body: bytes, status: int, message: str
) -> None:
    answer = client.request(method, path, content=body)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert message in problem["detail"] and "\n" not in problem["detail"]
    assert problem["error"]["message"] == problem["detail"]


def test_limits_name_what_to_change(serve: Serve, served_index: Path) -> None:
    with (
        serve(index=str(served_index), max_body=2_000, max_text=50, max_batch=2) as address,
        httpx.Client(base_url=address) as client,
    ):

        def post(given: object) -> tuple[int, str]:
            answer = client.post("/v1/embeddings", json={"model": "docs", "input": given})
            return answer.status_code, answer.json()["detail"]

        assert post("a" * 5_000) == (413, "the body has more than 2,000 bytes: send less at once")
        assert post(["a" * 60]) == (413, "text 0 of input has 60 characters: expected at most 50")
        assert post(["a", "b", "c"]) == (422, "input has 3 texts: expected 1 to 2")
        chunks = client.post("/v1/embeddings", content=iter([b"{" + b" " * 1_500, b" " * 1_500]))
        assert chunks.status_code == 413


def test_keys_are_for_reading_or_writing_and_can_be_revoked(
    serve: Serve, served_index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys.json"
    reader, writer = add_key(file, "ann", "read"), add_key(file, "bob", "write")
    assert reader not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    running = serve(index=str(served_index), api_key_file=str(file), access_log=True)
    with running as address, httpx.Client(base_url=address) as client:

        def status(key: str | None) -> int:
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            return client.post(
                "/v1/embeddings", json={"model": "docs", "input": "secret text"}, headers=headers
            ).status_code

        assert [status(key) for key in (None, "lw_wrong", reader, writer)] == [401, 401, 200, 200]
        assert client.get("/status").json()["access"] == {"keys": True, "read": False, "write": False}
        assert client.get("/status").json()["index"] is None
        assert client.get("/health").status_code == 200
        revoke_key(file, "ann")
        assert [status(reader), status(writer)] == [401, 200]
        file.write_text("{", encoding="utf-8")  # damaged: nobody gets in
        assert status(writer) == 401
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert "secret" not in json.dumps(lines)
    posts = [line for line in lines if line["route"] == "/v1/embeddings"]
    assert [(line["status"], line["key"]) for line in posts][:3] == [
        (401, None), (200, "ann"), (200, "bob"),
    ]  # fmt: skip


def test_a_bad_file_of_keys_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    with pytest.raises(InputError, match="likewise keys add"):
        Keys(file)
    add_key(file, "ann", "read")
    with pytest.raises(InputError, match="a key named ann"):
        add_key(file, "ann", "write")
    with pytest.raises(InputError, match="cannot be used"):
        add_key(file, "a name/with", "write")
    with pytest.raises(InputError, match="it has ann"):
        revoke_key(file, "eve")
    revoke_key(file, "ann")
    assert read_keys(file) == []
    file.write_text('{"format": 9, "keys": []}', encoding="utf-8")
    with pytest.raises(InputError, match="format 9"):
        read_keys(file)
    file.write_text("no json", encoding="utf-8")
    with pytest.raises(InputError, match="no file of keys"):
        read_keys(file)


def test_metrics_count_without_naming_texts(client: httpx.Client) -> None:
    client.post("/v1/embeddings", json={"model": "docs", "input": ["a", "b"]})
    client.get("/nowhere/secret")
    text = client.get("/metrics").text
    assert 'likewise_requests_total{method="POST",route="/v1/embeddings",status="200"}' in text
    assert "likewise_index_texts 400.0" in text
    assert "likewise_batch_texts_bucket" in text
    assert "secret" not in text


def test_the_description_names_every_address(client: httpx.Client) -> None:
    found = client.get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    assert {"/v1/embeddings", "/v2/rerank", "/status", "/health"} <= set(found["paths"])
    body = found["paths"]["/v1/embeddings"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"]["input"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    assert "encoding_format" in found["components"]["schemas"][name]["properties"]
    for operations in found["paths"].values():
        for operation in operations.values():
            assert operation["summary"] and "422_" not in operation["responses"]
