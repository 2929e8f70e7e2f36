"""Search in the browser: as one types, why something was found, filters, keys, files."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

import likewise

Visit = Callable[..., Page]
pytestmark = pytest.mark.slow


def query_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment.partition("?")[2]).items()}


def shown(page: Page) -> list[str]:
    page.locator(".hits[aria-busy=false]").wait_for()
    return page.locator(".hit").evaluate_all("hits => hits.map(hit => hit.dataset.id)")


def test_results_come_as_one_types_and_the_address_follows(visit: Visit, client: httpx.Client) -> None:
    page = visit("#/search")
    page.locator("article").first.wait_for()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("open a file", delay=20)
    page.wait_for_url("**/#/search?q=open+a+file")
    expected = client.post("/search", json={"query": "open a file", "k": 20}).json()["results"][0]["hits"]
    expect(page.locator(".hit").first).to_have_attribute("data-id", expected[0]["id"])
    assert shown(page) == [hit["id"] for hit in expected]
    first = page.locator(".hit").first
    assert first.locator("mark").count() == len(expected[0]["snippet"]["matches"]) > 0
    words = first.locator(".why").inner_text()
    assert words in {"meaning", "words", "meaning and words", "words and meaning"}
    expect(page.locator(".summary .count")).to_contain_text("ms")
    # The address alone brings the same page back.
    again = visit(f"#{urlsplit(page.url).fragment}")
    again.locator(".hit mark").first.wait_for()
    assert shown(again) == shown(page)


def test_marks_are_at_the_offsets_of_the_server_also_beyond_the_basic_plane(
    tmp_path: Path, service_model: "likewise.Model", serve: Callable[..., object], visit: Visit
) -> None:
    path = tmp_path / "signs.index"
    with likewise.Collection.create(path, service_model) as index:
        index.add(["😀😀 the <b>socket</b> of a server 😀 is closed.", "a file is opened"], ids=["<i>1</i>", "2"])
    with serve(index=str(path)) as address:  # type: ignore[attr-defined]
        page = visit("#/search?q=socket", at=address)
        mark = page.locator(".hit mark").first
        expect(mark).to_have_text("socket")
        expect(page.locator(".hit").first).to_contain_text("😀😀 the <b>socket</b> of a server 😀")


def test_modes_filters_and_ranges_narrow_what_is_found(visit: Visit) -> None:
    page = visit("#/search?q=file")
    page.locator(".hit mark").first.wait_for()
    page.get_by_role("radio", name="Words").check()
    page.wait_for_url("**mode=text**")
    expect(page.locator(".why").first).to_have_text("words")
    page.get_by_role("checkbox", name="long").check()
    page.wait_for_url("**filters=**")
    kinds = page.locator(".hit .column").filter(has_text="kind")
    expect(kinds.filter(has_not_text="long")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="long")).to_be_checked()
    expect(page.get_by_role("checkbox", name="short")).not_to_be_checked()  # what could be added is still there
    assert json.loads(query_of(page)["filters"]) == {"kind": {"in": ["long"]}}
    page.get_by_label("length, to").fill("300")
    page.keyboard.press("Enter")
    lengths = page.locator(".hit .column").filter(has_text=re.compile("^length"))
    expect(lengths.filter(has_text=re.compile(r" (30[1-9]|3[1-9]\d|[4-9]\d\d|[\d,]{4,})$"))).to_have_count(0)
    expect(lengths).not_to_have_count(0)
    page.get_by_role("button", name="Clear all filters").click()
    page.wait_for_url(re.compile("^(?!.*filters=)"))


def test_a_condition_is_checked_by_the_server_whose_error_is_shown(visit: Visit) -> None:
    page = visit("#/search?q=file", refused=True)
    field = page.get_by_label("Condition")
    field.fill("lenth < 200")
    field.press("Enter")
    expect(page.locator("#where-error")).to_contain_text("length")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("length < 100")
    field.press("Enter")
    expect(page.locator("#where-error")).to_have_count(0)
    page.locator("article").first.wait_for()


def test_everything_is_done_by_keyboard(visit: Visit) -> None:
    page = visit("#/search?q=file")
    page.locator(".hit mark").first.wait_for()
    found = shown(page)
    page.get_by_role("searchbox").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit.current")).to_have_attribute("data-id", found[1])
    page.keyboard.press("ArrowUp")
    expect(page.locator(".hit.current article")).to_be_focused()
    page.keyboard.press("l")
    page.wait_for_url(f"**like={found[0]}**")
    expect(page.locator(".note.like")).to_contain_text(found[0])
    page.locator(".hits[aria-busy=false]").wait_for()
    assert found[0] not in shown(page)
    page.go_back()
    page.wait_for_url(re.compile("^(?!.*like=)"))
    page.get_by_role("searchbox").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_an_empty_query_lists_the_texts_and_more_of_them(visit: Visit) -> None:
    page = visit("#/search")
    page.locator("article").first.wait_for()
    assert shown(page)[:3] == ["doc0", "doc1", "doc2"]
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".hit")).to_have_count(40)


def test_what_is_shown_is_saved_and_no_cell_is_a_formula(
    tmp_path: Path, service_model: "likewise.Model", serve: Callable[..., object], visit: Visit
) -> None:
    path = tmp_path / "cells.index"
    texts = ['=HYPERLINK("http://example.org") opens a "file",\nand closes it', "-1 file", "a file"]
    with likewise.Collection.create(path, service_model) as index:
        index.add(texts, ids=["a", "b", "c"], by=["@who", "me", None], length=[-1, 2, 3])
    with serve(index=str(path)) as address:  # type: ignore[attr-defined]
        page = visit("#/search", at=address)
        page.locator("article").first.wait_for()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save these results as CSV").click()
        rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8"), newline="")))
        assert [row["text"] for row in rows] == [f"'{texts[0]}", "'-1 file", "a file"]
        assert [(row["by"], row["length"]) for row in rows] == [("'@who", "-1"), ("me", "2"), ("", "3")]
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save these results as JSONL").click()
        lines = [json.loads(line) for line in Path(saved.value.path()).read_text(encoding="utf-8").splitlines()]
        assert [line["text"] for line in lines] == texts and lines[0]["by"] == "@who"


def test_a_late_answer_does_not_replace_a_newer_one(visit: Visit) -> None:
    page = visit("#/search")
    page.locator("article").first.wait_for()

    def late(route: "object") -> None:
        if json.loads(route.request.post_data)["query"] == "file":  # type: ignore[attr-defined]
            page.wait_for_timeout(800)
        route.continue_()  # type: ignore[attr-defined]

    page.route("**/search", late)
    field = page.get_by_role("searchbox")
    field.fill("file")
    page.wait_for_timeout(300)
    field.fill("socket")
    page.wait_for_timeout(1500)
    assert query_of(page)["q"] == "socket"
    assert "socket" in page.locator(".hit mark").first.inner_text().lower()


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_but_the_results_moves_while_they_change(width: int, visit: Visit) -> None:
    page = visit("#/search?q=file", width=width)
    page.locator(".hit mark").first.wait_for()
    parts = ("header nav", ".query", ".choice", "aside", ".summary", ".hits")

    def places() -> list[tuple[float, float]]:
        boxes = [page.locator(each).first.bounding_box() for each in parts]
        return [(box["x"], box["y"]) for box in boxes if box]

    before = places()
    page.get_by_role("searchbox").fill("socket")
    seen = [places() for _ in range(20)]  # while it loads
    page.wait_for_url("**q=socket**")
    page.locator(".hits[aria-busy=false]").wait_for()
    page.get_by_role("searchbox").fill("")
    page.wait_for_url(re.compile("^(?!.*q=)"))
    page.locator(".hits[aria-busy=false]").wait_for()
    assert {*map(tuple, [*seen, places()])} == {tuple(before)}
