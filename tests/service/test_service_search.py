"""Search, similar texts, answers and documents over HTTP, beside the same calls in Python."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

import likewise
from likewise.applications.snippets import excerpts
from likewise.index.stems import matching, terms_of

Serve = Callable[..., AbstractContextManager[str]]
QUERY = "open a file"


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_search_finds_what_python_finds(client: httpx.Client, served_index: Path, mode: str) -> None:
    found = client.post("/search", json={"query": QUERY, "k": 5, "mode": mode, "columns": ["kind"]}).json()
    with likewise.Collection.open(served_index) as index:
        hits = index.search(QUERY, 5, mode)
    (result,) = found["results"]
    assert [hit["id"] for hit in result["hits"]] == [hit.id for hit in hits]
    for hit, expected in zip(result["hits"], hits, strict=True):
        assert hit["score"] == pytest.approx(expected.score)
        parts = [part for part in (hit["meaning"], hit["words"]) if part is not None]
        assert sum(parts) == pytest.approx(hit["score"])
        assert len(parts) == (2 if mode == "hybrid" else 1)
        assert list(hit["columns"]) == ["kind"]
        part = hit["snippet"]
        assert hit["text"][part["start"] : part["end"]] == part["text"]
    assert found["mode"] == mode and found["generation"] == 1


def test_what_matched_is_marked(client: httpx.Client) -> None:
    hit = client.post("/search", json={"query": QUERY, "k": 1, "mode": "text"}).json()["results"][0]["hits"][0]
    part = hit["snippet"]
    words = [part["text"][first:last].lower() for first, last in part["matches"]]
    assert any(word.startswith("open") or word.startswith("file") for word in words)
    first, last = part["answer"]
    assert 0 <= first < last <= len(part["text"])


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Straße, naïve Café!", "CAFE strasse", ["Straße", "Café"]),
        ("我今天去北京买东西", "北京", ["北京"]),
        ("กรุงเทพเป็นเมืองหลวง", "เมืองหลวง", ["เมืองหลวง"]),
        ("हिन्दी भाषा है", "भाषा", ["भाषा"]),
        ("한국어를 공부한다", "공부", ["공부"]),
        ("nothing here", "else", []),
        ("", "a", []),
    ],
)
def test_matches_are_found_in_every_script(text: str, query: str, expected: list[str]) -> None:
    assert [text[first:last] for first, last in matching(text, terms_of(query))] == expected


def test_an_excerpt_begins_where_the_answer_is(served_index: Path) -> None:
    text = f"{'Something else is written here first. ' * 20}The kettle must be descaled twice a year. Goodbye."
    with likewise.Collection.open(served_index) as index:
        (found,) = excerpts(index, "when is the kettle descaled", [text], 120)
        (plain,) = excerpts(index, "", [text], 120)
    assert found.answer is not None
    assert found.text[slice(*found.answer)] == "The kettle must be descaled twice a year."
    assert text[found.start : found.end] == found.text and len(found.text) <= 120
    assert (plain.start, plain.matches, plain.answer) == (0, (), None)


def test_facets_count_the_best_texts_and_filters_hold(client: httpx.Client, served_index: Path) -> None:
    body = {"query": QUERY, "facets": ["kind"], "k": 3}
    whole = client.post("/search", json=body).json()["results"][0]
    counts = {each["value"]: each["count"] for each in whole["facets"]["kind"]}
    assert sum(counts.values()) == 200
    plain = client.post("/search", json={"query": QUERY, "k": 3}).json()["results"][0]
    assert [hit["id"] for hit in plain["hits"]] == [hit["id"] for hit in whole["hits"]]
    some = client.post("/search", json={**body, "where": {"kind": "long"}}).json()["results"][0]
    assert {hit["columns"]["kind"] for hit in some["hits"]} == {"long"}
    assert [each["value"] for each in some["facets"]["kind"]] == ["long"]


def test_an_empty_query_lists_texts(client: httpx.Client) -> None:
    seen: list[str] = []
    body = {"query": "", "k": 150, "where": "length < 300", "facets": ["kind"]}
    while True:
        found = client.post("/search", json={**body, **({"after": seen[-1]} if seen else {})}).json()["results"][0]
        seen += [hit["id"] for hit in found["hits"]]
        assert sum(each["count"] for each in found["facets"]["kind"]) == found["texts"]
        if len(found["hits"]) < 150:
            break
    assert len(seen) == len(set(seen)) == found["texts"]
    assert found["hits"][0]["score"] is None


def test_several_queries_and_similar_texts(client: httpx.Client, served_index: Path) -> None:
    several = client.post("/search", json={"queries": [QUERY, "sort a list"], "k": 2, "snippets": False}).json()
    assert [result["query"] for result in several["results"]] == [QUERY, "sort a list"]
    assert several["results"][0]["hits"][0]["snippet"] is None
    with likewise.Collection.open(served_index) as index:
        expected = [hit.id for hit in index.like("doc7", 4)]
    near = client.post("/similar", json={"id": "doc7", "k": 4}).json()["results"][0]["hits"]
    assert [hit["id"] for hit in near] == expected and "doc7" not in expected
    assert client.post("/similar", json={"text": "read lines of a file", "k": 4}).json()["results"][0]["hits"]
    assert client.post("/similar", json={"id": "nowhere"}).status_code == 404


def test_answers_have_a_confidence(client: httpx.Client) -> None:
    found = client.post("/answer", json={"question": "How is a file opened?", "confidence": 0.0}).json()
    assert found["found"] and found["answer"] == found["evidence"][0]["sentence"]
    best = found["evidence"][0]
    assert best["text"][best["start"] : best["end"]] == best["sentence"]
    none = client.post("/answer", json={"question": "zxqv wvut", "confidence": 1.0}).json()
    assert not none["found"] and none["answer"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/search", {}, 422, "exactly one of query and queries"),
        ("/search", {"queries": []}, 422, "queries has 0 queries"),
        ("/search", {"query": "a", "k": 0}, 422, "k is 0"),
        ("/search", {"query": "a", "k": 5_000}, 422, "expected 1 to 1,000"),
        ("/search", {"query": "a", "mode": "fuzzy"}, 422, "$.mode"),
        ("/search", {"query": "a", "wher": "x"}, 422, "wher"),
        ("/search", {"query": "a", "where": "length <"}, 422, "filter"),
        ("/search", {"query": "a", "where": "colour = 'red'"}, 422, "colour"),
        ("/search", {"query": "a", "where": "a" * 5_000}, 422, "at most 4,000"),
        ("/search", {"query": "a", "where": {"length": {"deep": [1]}}}, 422, ""),
        ("/search", {"query": "a", "facets": ["colour"]}, 422, "the index has kind, length"),
        ("/search", {"query": "a" * 20_000}, 413, "expected at most 10,000"),
        ("/search", {"query": "", "after": "nowhere"}, 422, "nowhere"),
        ("/similar", {}, 422, "exactly one of id and text"),
        ("/answer", {"question": " "}, 422, "question is empty"),
        ("/answer", {"question": "a", "passages": 0}, 422, "passages is 0"),
        ("/answer", {"question": "a", "confidence": 2}, 422, "confidence is 2"),
    ],
)
def test_a_bad_search_is_one_line(
    client: httpx.Client, path: str, body: dict[str, object], status: int, message: str
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, message in answer.json()["detail"]) == (status, True), answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]


def test_documents_are_searchable_when_acknowledged(serve: Serve, own_index: Path) -> None:
    with serve(index=str(own_index)) as address, httpx.Client(base_url=address) as client:
        added = {"id": "new", "text": "the zebra ate my homework", "columns": {"kind": "short", "fresh": True}}
        written = client.put("/documents", json={"documents": [added]}).json()
        assert written == {"count": 1, "generation": 2}
        assert client.get("/documents/new").json()["text"] == added["text"]
        hits = client.post("/search", json={"query": "zebra homework", "k": 1}).json()["results"][0]["hits"]
        assert hits[0]["id"] == "new" and hits[0]["columns"]["fresh"] is True
        assert client.post("/documents", json={"documents": [added]}).status_code == 409
        again = client.put("/documents", json={"documents": [{**added, "text": "a giraffe"}]})
        assert again.json()["generation"] == 3
        assert client.request("DELETE", "/documents", json={"ids": ["new", "nobody"]}).json()["count"] == 1
        assert client.get("/documents/new").status_code == 404
        with likewise.Collection.open(own_index) as index:
            assert len(index) == 400
        numbered = client.post("/documents", json={"documents": [{"text": "one"}, {"text": "two"}]})
        assert numbered.json()["count"] == 2


def test_a_write_can_expect_a_generation(serve: Serve, own_index: Path) -> None:
    body = {"documents": [{"id": "a", "text": "a text"}]}
    with serve(index=str(own_index)) as address, httpx.Client(base_url=address) as client:
        refused = client.put("/documents", json=body, headers={"if-match": '"7"'})
        assert refused.status_code == 412 and "expected 7" in refused.json()["detail"]
        assert client.put("/documents", json=body, headers={"if-match": '"1"'}).status_code == 200
        gone = client.request("DELETE", "/documents", json={"ids": ["a"]}, headers={"if-match": "1"})
        assert gone.status_code == 412
        assert client.put("/documents", json=body, headers={"if-match": "*"}).status_code == 200
        assert client.put("/documents", json=body, headers={"if-match": "W/x"}).status_code == 422


def test_documents_stream_in_and_out(serve: Serve, own_index: Path) -> None:
    lines = [json.dumps({"id": f"s{n}", "text": f"streamed text {n}", "columns": {"length": n}}) for n in range(2_500)]
    with serve(index=str(own_index)) as address, httpx.Client(base_url=address, timeout=60) as client:
        answer = client.post("/documents/stream", content="\n".join(lines))
        assert [json.loads(line)["count"] for line in answer.text.splitlines()] == [1_000, 2_000, 2_500]
        whole = client.get("/documents").text.splitlines()
        assert len(whole) == 2_900 and json.loads(whole[-1]) == json.loads(lines[-1]) | {
            "columns": {"kind": None, "length": 2_499}
        }
        some = client.get("/documents", params={"limit": 3, "after": "s5", "where": "length > 10"}).text.splitlines()
        assert [json.loads(line)["id"] for line in some] == ["s11", "s12", "s13"]
        broken = client.post("/documents/stream", content="\n".join([*lines[:1_200], "{"]))
        ended = [json.loads(line) for line in broken.text.splitlines()]
        assert ended[-1]["count"] == 1_000 and "line 1201" in ended[-1]["detail"]


@pytest.mark.parametrize(
    ("method", "body", "message"),
    [
        ("PUT", {"documents": []}, "0 texts"),
        ("PUT", {"documents": [{"text": "a"}, {"id": "b", "text": "b"}]}, "all of them one, or none"),
        ("PUT", {"documents": [{"id": "b", "text": "a"}, {"id": "b", "text": "b"}]}, "occurs twice"),
        ("PUT", {"documents": [{"text": "a", "columns": {"ids": 1}}]}, "rename it"),
        ("PUT", {"documents": [{"text": "a", "columns": {"x": [1]}}]}, "$.documents[0].columns"),
        ("DELETE", {"ids": []}, "0 ids"),
    ],
)
def test_a_bad_write_changes_nothing(
    serve: Serve, client: httpx.Client, method: str, body: dict[str, object], message: str
) -> None:
    answer = client.request(method, "/documents", json=body)
    assert (answer.status_code, message in answer.json()["detail"]) == (422, True), answer.json()["detail"]
    assert client.get("/status").json()["index"]["generation"] == 1
