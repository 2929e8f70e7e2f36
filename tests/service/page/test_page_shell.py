"""The frame of the page: routes, keys, errors, and that every journey is accessible at every width."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import likewise
from likewise.service.keys import add_key

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
HEIGHTS = {1440: 900, 768: 1024, 390: 844}
# Every page that the server of an index shows, with what is there when it is ready.
JOURNEYS = {
    "#/search": "article",
    "#/search?q=open+a+file&filters=%7B%22kind%22%3A%7B%22in%22%3A%5B%22short%22%5D%7D%7D": "article",
    "#/search?q=open+a+file&where=nonsense": "#where-error",
    "#/answer": ".empty",
    "#/answer?q=how+do+I+open+a+file": ".answered li, .best",
    "#/learned?q=file": "iframe:not(.hidden)",
    "#/duplicates": ".empty",
    "#/recommend": ".empty",
    "#/progress": "h1, .empty",
    "#/api": ".operation",
    "#/nowhere": ".empty",
}


@pytest.mark.parametrize("route", JOURNEYS)
def test_everyone_can_use_every_page(route: str, visit: Visit, usable: Callable[[Page], None]) -> None:
    page = visit(route, refused=True)
    page.locator(JOURNEYS[route]).first.wait_for()
    usable(page)


def test_the_navigation_goes_by_keyboard_and_back(visit: Visit) -> None:
    page = visit("#/api")
    page.locator(".operation").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Search", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("article").first.wait_for()
    assert page.url.endswith("#/search") and page.title() == "Search · docs"
    expect(page.get_by_role("link", name="Search", exact=True)).to_have_attribute("aria-current", "page")
    page.go_back()
    page.locator(".operation").first.wait_for()


def test_what_is_not_served_shows_the_option_that_serves_it(
    service_model: "likewise.Model", tmp_path: Path, serve: Callable[..., object], visit: Visit,
    inaccessible: Callable[[Page], list[str]],
) -> None:  # fmt: skip
    service_model.save(tmp_path / "docs.model")
    with serve(index=str(tmp_path / "docs.model")) as address:  # type: ignore[attr-defined]
        page = visit("", at=address)
        expect(page.locator("h1")).to_have_text("Search is not served")
        expect(page.locator(".command")).to_contain_text("likewise open FILE")
        assert inaccessible(page) == []
        page.get_by_role("link", name="Learned").click()
        page.get_by_label("Word or text").fill("file")
        expect(page.locator(".near li button")).not_to_have_count(0)
        expect(page.locator(".near")).to_contain_text("There is no index with texts.")


def test_a_server_with_keys_requires_one(
    served_index: Path, tmp_path: Path, serve: Callable[..., object], visit: Visit,
    inaccessible: Callable[[Page], list[str]],
) -> None:  # fmt: skip
    keys = tmp_path / "keys"
    key = add_key(str(keys), "reader", "read")
    with serve(index=str(served_index), api_key_file=str(keys)) as address:  # type: ignore[attr-defined]
        page = visit("#/search?q=file", at=address, refused=True)
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        assert inaccessible(page) == []
        dialog.get_by_label("Key").fill("lw_wrong")
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("not valid")
        dialog.get_by_label("Key").fill(key)
        page.keyboard.press("Enter")
        page.locator("article").first.wait_for()
        assert page.evaluate("localStorage.length") == 0
        page.evaluate("location.hash = '#/learned'")  # a frame cannot send a key
        page.locator("iframe:not(.hidden)").wait_for()
        assert page.frames[1].locator("h1").inner_text()
        page.get_by_role("button", name="Forget the key").click()
        dialog.wait_for()


def test_a_server_that_went_away_is_reported_and_tried_again(
    served_index: Path, serve: Callable[..., object], visit: Visit
) -> None:
    with serve(index=str(served_index)) as address:  # type: ignore[attr-defined]
        page = visit("#/search", at=address, refused=True)
        page.locator("article").first.wait_for()
    page.get_by_role("searchbox").fill("a file")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert page.locator("article").count() > 0  # what was there stays


def test_the_page_is_painted_within_a_second(visit: Visit) -> None:
    """The best of five, as the machine is busy with other tests: half of it on a quiet one."""
    paints = []
    for _ in range(5):
        page = visit("#/search")
        page.locator("article").first.wait_for()
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        page.close()
    assert min(paints) < 1000
