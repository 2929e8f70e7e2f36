"""Duplicates over HTTP: checking a text, reviewing the groups, deciding, and exporting what remains."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import likewise
from likewise.applications.duplicates.store import Store

WORDS = "red blue small large copper wooden quiet heavy glass paper".split()
THINGS = "kettle lamp chair table clock mirror basket ladder candle drawer".split()


def records() -> list[str]:
    """Texts of which every tenth has a copy, every seventh a near copy; one would be a formula in a spreadsheet."""
    texts = [
        f"The {colour} {thing} arrived on day {7 * row + column} and stood by the {WORDS[(row + 3) % 10]} window"
        for row, colour in enumerate(WORDS)
        for column, thing in enumerate(THINGS)
    ]
    copies = [text.upper() for text in texts[::10]]
    near = [text.replace("arrived", "arived") + "!" for text in texts[::7]]
    return [*texts, *copies, *near, "=HYPERLINK(1)", ""]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("duplicates") / "made.store"
    Store.of(likewise.duplicates(records(), precision=0.9)).save(path)
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    Store.load(made).save(tmp_path / "own.store")
    return tmp_path / "own.store"


@pytest.fixture
def reviewer(store, serve):
    with serve(duplicates=str(store)) as address, httpx.Client(base_url=address, timeout=60) as found:
        yield found


def test_pairs_are_drawn_until_none_is_left(reviewer: httpx.Client, store: Path) -> None:
    def question(**query: Any) -> dict[str, Any]:
        response = reviewer.get("/duplicates/question", params={"precision": 0.9, **query})
        assert response.status_code == 200
        found: dict[str, Any] = response.json()
        return found

    first = question()
    pair = first["first"]["row"], first["second"]["row"]
    assert first["decisions"] == 0 and first["answers"] is first["low"] is None and first["precision"] == 0.9
    assert first["differences"]["kept"] and first["first"]["text"] == records()[pair[0]]
    assert question() == first  # nobody decided on it meanwhile
    others = [question(draw=draw) for draw in range(1, 6)]
    assert any((each["first"]["row"], each["second"]["row"]) != pair for each in others)
    for count in range(1, 100):
        body = {"first": pair[0], "second": pair[1], "duplicate": True}
        sent = reviewer.post("/duplicates/decisions", json={"version": first["version"], "decisions": [body]})
        assert sent.json() == {"decisions": count}
        found = question()
        if found["first"] is None:
            break
        pair = found["first"]["row"], found["second"]["row"]
    assert found["first"] is found["second"] is found["differences"] is None and found["decisions"] == count
    assert found["answers"] == count and 0 <= found["low"] <= found["high"] <= 1
    assert reviewer.get("/duplicates/question", params={"precision": 2}).status_code == 422


def test_is_this_one_of_ours(reviewer: httpx.Client, store: Path) -> None:
    text = records()[20]
    found = reviewer.post("/duplicates", json={"texts": [text.lower(), "otters are new here"], "precision": 0.9}).json()
    assert [each["duplicate"] for each in found["results"]] == [True, False]
    best = found["results"][0]["duplicates"][0]
    assert best["text"] == text and best["reason"] == "exact" and best["precision"] == 1.0 and best["row"] == 20
    assert reviewer.post("/duplicates", json={"text": text}).json()["results"][0]["duplicate"] is True
    for body, words in (
        ({}, "either text or texts"), ({"text": "a", "texts": ["b"]}, "either text or texts"),
        ({"text": "a", "precision": 2}, "is no share"), ({"texts": []}, "expected 1 to"), ({"text": 3}, "text"),
    ):  # fmt: skip
        answer = reviewer.post("/duplicates", json=body)
        assert answer.status_code == 422 and words in answer.json()["detail"]


def test_groups_a_page_at_a_time(reviewer: httpx.Client) -> None:
    """Law: the pages are disjoint, in order, and hold all groups, also if one is decided on between them."""
    seen, after, version = [], None, None
    while True:
        query = {"limit": 4, "precision": 0.6} | ({"after": after} if after else {})
        answer = reviewer.get("/duplicates/groups", params=query).json()
        seen += answer["groups"]
        if version is None:
            version = answer["version"]
            first = answer["groups"][0]
            pair = {"first": first["row"], "second": first["members"][-1]["row"], "duplicate": True}
            assert reviewer.post("/duplicates/decisions", json={"version": version, "decisions": [pair]}).json() == {
                "decisions": 1
            }
        if (after := answer["after"]) is None:
            break
    rows = [group["row"] for group in seen]
    assert len(set(rows[1:])) == len(rows) - 1 and {*rows} == {group["row"] for group in seen}
    assert len(set(rows)) == answer["total"]
    precisions = [group["precision"] for group in seen]
    assert precisions == sorted(precisions)
    group = next(each for each in seen if any(member["reason"] == "near" for member in each["members"]))
    member = next(each for each in group["members"] if each["reason"] == "near")
    (start, end), *_ = member["differences"]["member"]
    assert "arived" in member["text"][start:end]
    alone = reviewer.get(
        f"/duplicates/groups/{member['row']}", params={"precision": 0.6, "limit": 1, "offset": 0}
    ).json()
    assert alone["row"] == group["row"] and len(alone["members"]) == 1
    assert reviewer.get("/duplicates/groups/99999").status_code == 404


def test_decisions_are_kept_and_taken_back(reviewer: httpx.Client, store: Path) -> None:
    group = reviewer.get("/duplicates/groups", params={"limit": 1}).json()
    one, other = group["groups"][0]["row"], group["groups"][0]["members"][0]["row"]
    before = reviewer.get("/duplicates/groups", params={"limit": 1}).json()["kept"]
    body = {"version": group["version"], "decisions": [{"first": one, "second": other, "duplicate": False}]}
    assert reviewer.post("/duplicates/decisions", json=body).json()["decisions"] == 1
    assert reviewer.get("/duplicates/groups", params={"limit": 1}).json()["kept"] == before + 1
    assert Store.load(store).found.decided == ((one, other, False),)  # on the disk when it was acknowledged
    listed = reviewer.get("/duplicates/decisions").json()
    assert listed["total"] == 1 and listed["decisions"][0]["first"]["row"] == one
    third = next(row for row in range(len(records())) if row not in {one, other})
    pairs = [(one, third, True), (third, other, True)]
    contradiction = {**body, "decisions": [{"first": a, "second": b, "duplicate": c} for a, b, c in pairs]}
    refused = reviewer.post("/duplicates/decisions", json=contradiction)
    assert refused.status_code == 409 and "cannot be duplicates" in refused.json()["detail"]
    address = f"/duplicates/decisions/{one}/{other}"
    assert reviewer.delete(address, params={"version": "another"}).status_code == 409
    assert reviewer.delete(address, params={"version": group["version"]}).json() == {"decisions": 0}
    assert reviewer.get("/duplicates/groups", params={"limit": 1}).json()["kept"] == before
    for wrong in (
        [],
        [{"first": 0, "second": 0, "duplicate": True}],
        [{"first": 0, "second": 10**30, "duplicate": True}],
    ):
        assert reviewer.post("/duplicates/decisions", json={**body, "decisions": wrong}).status_code == 422


def test_ten_decisions_correct_the_precision(reviewer: httpx.Client) -> None:
    """The summary has an interval then; where a person refuses all pairs, there are none."""
    before = reviewer.get("/duplicates/summary").json()
    assert before["answers"] is None and before["counts"][0]["low"] is None
    found = reviewer.get("/duplicates/groups", params={"limit": 100}).json()
    members = [
        (group["row"], member["row"])
        for group in found["groups"] for member in group["members"] if member["reason"] != "exact"
    ]  # fmt: skip
    assert len(members) >= 10

    def decided(every: int) -> dict[str, Any]:
        made = [{"first": one, "second": two, "duplicate": at % every > 0} for at, (one, two) in enumerate(members)]
        posted = reviewer.post("/duplicates/decisions", json={"version": found["version"], "decisions": made})
        assert posted.status_code == 200
        counted: dict[str, Any] = reviewer.get("/duplicates/summary").json()
        return counted

    mixed, refused = decided(3), decided(1)
    assert mixed["answers"] == refused["answers"] == len(members)
    loose = mixed["counts"][0]
    assert 0 < loose["low"] < loose["high"] < 1
    assert refused["counts"][0]["kept"] > loose["kept"] and refused["counts"][0]["low"] is None


def test_the_store_is_made_anew(reviewer: httpx.Client, store: Path) -> None:
    """Decisions on rows of a store that was replaced are refused; those that were made stay."""
    group = reviewer.get("/duplicates/groups").json()
    one, other = group["groups"][0]["row"], group["groups"][0]["members"][0]["row"]
    body = {"version": group["version"], "decisions": [{"first": one, "second": other, "duplicate": False}]}
    reviewer.post("/duplicates/decisions", json=body)
    Store.of(likewise.duplicates(["a new text", *records()], precision=0.9)).save(store, overwrite=True)
    assert reviewer.post("/duplicates/decisions", json=body).status_code == 409
    assert reviewer.get("/duplicates/decisions").json()["decisions"][0]["second"]["row"] == other + 1


def test_what_remains(reviewer: httpx.Client) -> None:
    """Two ways that must agree: the summary and the exports; and a spreadsheet runs nothing."""
    summary = reviewer.get("/duplicates/summary").json()
    assert summary["texts"] == len(records()) and summary["precision"] == 0.9
    at = {each["precision"]: each for each in summary["counts"]}
    for precision in (0.5, 0.9, 1.0):
        answer = reviewer.get("/duplicates/kept", params={"precision": precision})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert len(lines) == at[precision]["kept"] and all(records()[line["row"]] == line["text"] for line in lines)
    most = at[0.9]["kept"] + 3
    answer = reviewer.get("/duplicates/kept", params={"keep_at_most": most, "format": "csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["row", "id", "text"] and len(rows) - 1 <= most
    assert int(answer.headers["likewise-kept"]) == len(rows) - 1 and float(answer.headers["likewise-precision"]) >= 0.9
    assert any(row[2] == "'=HYPERLINK(1)" for row in rows)
    share = reviewer.get("/duplicates/groups", params={"keep_at_most": "0.95"}).json()
    assert share["kept"] <= 0.95 * share["texts"]


def test_what_cannot_be_used(reviewer: httpx.Client) -> None:
    for path, words in (
        ("groups?keep_at_most=2", "cannot be reached"), ("groups?keep_at_most=x", "expected a number"),
        ("groups?keep_at_most=1.e999", "cannot be kept"), ("groups?keep_at_most=9&precision=0.5", "exclude each other"),
        ("groups?precision=nan", "is no share"), ("groups?limit=0", "expected 1 to 100"),
        ("groups?after=x", "after is not"), (f"groups?after=0.5:{10**30}", "after is not"),
        ("groups?colour=red", "colour"), ("decisions?limit=0", "expected 1 to"), ("kept?format=xls", "format"),
        ("groups?precision=0", "is no share"),
    ):  # fmt: skip
        answer = reviewer.get(f"/duplicates/{path}")
        assert answer.status_code == 422 and words in answer.json()["detail"], (path, answer.text)


def test_without_a_store(client: httpx.Client) -> None:
    answer = client.get("/duplicates/groups")
    assert answer.status_code == 404 and "--duplicates FOLDER" in answer.json()["detail"]


def test_a_record_is_checked_as_a_text_with_a_cell_a_line(serve, tmp_path: Path) -> None:
    rows = [{"name": text, "price": 10 * number} for number, text in enumerate(records()[:-2])]
    Store.of(likewise.duplicates(rows, columns=["name", "price"], precision=0.5)).save(tmp_path / "records.store")
    with serve(duplicates=str(tmp_path / "records.store")) as address, httpx.Client(base_url=address) as client:
        found = client.post("/duplicates", json={"text": f"{rows[3]['name']}\n30"}).json()["results"][0]
        assert found["duplicates"][0]["row"] == 3 and found["duplicates"][0]["reason"] == "exact"
        refused = client.post("/duplicates", json={"text": "a kettle"})
        assert refused.status_code == 422 and "a record has the columns name, price" in refused.text
