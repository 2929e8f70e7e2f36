"""Labelling on the page, in a real browser over a real server: by keys, with undo, in bulk, and saved."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(
    served_index: Path, serve: Callable[..., object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A server of an index of its own, as labels and classifiers are kept next to it."""
    path = tmp_path_factory.mktemp("labelled") / "docs.index"
    shutil.copytree(served_index, path)
    with serve(index=str(path)) as found:
        yield found


def length_of(page: Page) -> str:
    """The key of the class of the text that is shown: 1 for short ones, 2 for long ones."""
    return "1" if len(page.locator(".card .text").inner_text()) < 150 else "2"


def label(page: Page, count: int) -> None:
    for _ in range(count):
        before = page.locator(".card .text").inner_text()
        page.keyboard.press(length_of(page))
        expect(page.locator(".card .text")).not_to_have_text(before)


def test_a_person_labels_by_keys_and_saves(visit: Visit, address: str) -> None:
    page = visit("#/label")
    page.get_by_label("Classes").fill("short, long")
    page.get_by_label("Name").fill("By length")
    page.get_by_role("button", name="Start labelling").click()
    page.wait_for_url("**session=by-length")
    expect(page.get_by_role("article")).to_be_visible()
    label(page, 14)
    expect(page.get_by_role("heading", name="14 labels")).to_be_visible()
    standing = page.get_by_role("complementary")
    expect(standing.get_by_text(re.compile("95 % interval: "))).to_be_visible()
    expect(standing.locator("svg polyline")).to_be_attached()

    last = page.locator(".card .text").inner_text()
    page.keyboard.press("s")
    expect(page.locator(".card .text")).not_to_have_text(last)
    page.keyboard.press("u")
    expect(page.locator(".card .text")).to_have_text(last)
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="13 labels")).to_be_visible()

    page.keyboard.press("m")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox").nth(1).check()
    dialog.get_by_role("checkbox").nth(2).check()
    dialog.get_by_role("button", name="long").click()
    expect(page.get_by_role("heading", name="15 labels")).to_be_visible()

    page.get_by_role("radio", name="The rest").check()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Label 1 as predicted").click()
    expect(page.get_by_role("heading", name="16 labels")).to_be_visible()
    page.get_by_role("radio", name="Doubtful labels").check()
    page.wait_for_url("**view=mistakes")

    page.get_by_role("button", name="Save the classifier").click()
    expect(page.get_by_text("Saved as by-length.clf from 16 labels")).to_be_visible()
    found = httpx.post(f"{address}/classify", json={"texts": ["a word"]}).json()["results"][0]
    assert set(found["probabilities"]) == {"short", "long"}

    page.goto(f"{address}/#/label")
    page.get_by_role("button", name="Go on with by-length").click()
    expect(page.get_by_role("heading", name="16 labels")).to_be_visible()


def test_two_tabs_do_not_overwrite_each_other(visit: Visit, address: str) -> None:
    httpx.post(f"{address}/labelling", json={"name": "tabs", "classes": ["short", "long"]})
    page = visit("#/label?session=tabs", refused=True)
    expect(page.get_by_role("article")).to_be_visible()
    httpx.post(f"{address}/labelling/tabs/labels", json={"ids": ["doc3"], "label": "long"})
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("somebody else has labelled")
    expect(page.get_by_role("heading", name="1 label")).to_be_visible()
    label(page, 1)
    expect(page.get_by_role("heading", name="2 labels")).to_be_visible()


def test_classes_from_a_column(visit: Visit) -> None:
    page = visit("#/label")
    page.get_by_label("Or take the values of a column").select_option("kind")
    expect(page.get_by_label("Classes")).to_have_value(re.compile("long"))


def test_everyone_can_label(visit: Visit, address: str, usable: Callable[[Page], None]) -> None:
    httpx.post(f"{address}/labelling", json={"name": "seen", "classes": ["short", "a class with a long name"]})
    for name, ids in (("short", ["doc1", "doc2", "doc3"]), ("a class with a long name", ["doc4", "doc5", "doc6"])):
        httpx.post(f"{address}/labelling/seen/labels", json={"ids": ids, "label": name})
    for view in ("", "?session=seen", "?session=seen&view=rest"):
        page = visit(f"#/label{view}")
        page.locator("aside.standing, form").first.wait_for()
        page.wait_for_load_state("networkidle")
        usable(page)
