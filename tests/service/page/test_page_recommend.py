"""Recommendation on the page, in a real browser over a real server: a user, liked items, a sentence; and why."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(recommender: Path, serve: Callable[..., object]) -> Iterator[str]:
    """A server of the recommender alone."""
    with serve(recommender=str(recommender)) as found:
        yield found


def test_for_a_user_with_reasons(visit: Visit) -> None:
    page = visit("#/recommend")
    page.get_by_role("combobox", name="User").fill("u2")
    expect(page.locator("datalist option[value=u21]")).to_be_attached()
    page.get_by_role("button", name="Recommend").click()
    page.wait_for_url("**user=u2")
    first = page.get_by_role("article").first
    expect(first.get_by_role("heading", level=2)).to_contain_text("lamp")
    expect(first.get_by_text("Because of")).to_be_visible()
    expect(first.locator("svg.bar").first).to_be_visible()
    first.get_by_role("button", name="Items similar to").click()
    expect(page.get_by_text("Items similar to").first).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("combobox", name="User")).to_have_value("u2")


def test_for_liked_items(visit: Visit) -> None:
    page = visit("#/recommend?by=items")
    for item in ("tent1", "tent2"):
        page.get_by_role("combobox", name="Liked item").fill(item)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"Remove {item}")).to_be_visible()
    expect(page.get_by_role("article").first.get_by_role("heading", level=2)).to_contain_text("tent")
    page.get_by_role("button", name="Remove tent1").click()
    expect(page.get_by_role("button", name="Remove tent1")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Remove tent2")).to_be_visible()


def test_for_a_sentence_with_its_words(visit: Visit) -> None:
    page = visit("#/recommend?by=text")
    page.get_by_role("textbox", name="Sentence").fill("a warm light for reading at my desk")
    page.keyboard.press("Enter")
    first = page.get_by_role("article").first
    expect(first.get_by_role("heading", level=2)).to_contain_text("lamp")
    expect(first.get_by_text("Your sentence")).to_be_visible()
    expect(first.locator(".words .chip").first).to_be_visible()


def test_an_unknown_user_is_an_error_of_one_line(visit: Visit) -> None:
    page = visit("#/recommend?user=nobody", refused=True)
    expect(page.get_by_role("alert")).to_contain_text("there is no user 'nobody'")


def test_everyone_can_see_why(visit: Visit, usable: Callable[[Page], None]) -> None:
    for query in ("?user=u1", "?by=items&liked=tent1%0Alamp2", "?by=text&text=rain"):
        page = visit(f"#/recommend{query}")
        page.locator("article, .empty").first.wait_for()
        page.wait_for_load_state("networkidle")
        usable(page)
