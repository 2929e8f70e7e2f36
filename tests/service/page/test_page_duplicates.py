"""The review of duplicates in a real browser: deciding by keyboard, the slider, reducing, and saving."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import likewise
from likewise.applications.duplicates.store import Store

pytestmark = pytest.mark.slow
Visit = Callable[..., Page]
PLACES = "Harbour Mill Castle Orchard Station Meadow Chapel Market Bridge Garden".split()
TEXTS = [
    f"{place} Street {number}: the {thing} was repaired in {year}, and the neighbours were glad of it"
    for number, place in enumerate(PLACES)
    for year, thing in enumerate(("fountain", "staircase", "bakery"), 1960 + 7 * number)
]
NEAR = [text.replace("neighbours", "neighbors").replace("repaired", "repared") for text in TEXTS[::3]]
ALL = [*TEXTS, *NEAR, TEXTS[1].upper(), "壶用了一个星期就坏了,我把它退回去了", "壶用了两个星期就坏了,我把它退回去了"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "made.store"
    Store.of(likewise.duplicates(ALL, precision=0.6)).save(path)
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    Store.load(made).save(tmp_path / "own.store")
    return tmp_path / "own.store"


@pytest.fixture
def address(store: Path, serve):
    """A server of the store, for `visit`."""
    with serve(duplicates=str(store)) as found:
        yield found


def number(page: Page, name: str) -> int:
    cell = page.locator(".totals div", has_text=name).locator("dd")
    return int(cell.inner_text().replace(",", ""))


def test_deciding_by_keyboard(visit: Visit, store: Path) -> None:
    page = visit("#/duplicates")
    current = page.locator(".member[aria-current=true]")
    expect(current).to_contain_text("Dropped")
    expect(current.locator("mark").first).to_be_visible()
    before = number(page, "Remain")
    first = current.inner_text().splitlines()[1]
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Group 2 of")).to_be_visible()
    expect(page.locator(".totals dd").first).to_have_text(f"{before + 1}")
    page.keyboard.press("ArrowUp")
    expect(current).to_contain_text("Kept, as decided")
    expect(current).to_contain_text(first)
    expect(current).to_be_focused()
    assert [each[2] for each in Store.load(store).found.decided] == [False]
    page.keyboard.press("u")
    expect(page.locator(".totals dd").first).to_have_text(f"{before}")
    expect(current).to_contain_text("Dropped")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Group 3 of")).to_be_visible()
    page.get_by_text("What was decided").click()
    expect(page.get_by_role("button", name="Take back what was decided")).to_have_count(1)
    assert [each[2] for each in Store.load(store).found.decided] == [True]
    page.reload()  # another day
    page.get_by_text("What was decided").click()
    page.get_by_role("button", name="Take back what was decided").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    assert Store.load(store).found.decided == ()


def test_the_slider_counts_at_once(visit: Visit) -> None:
    page = visit("#/duplicates", refused=True)
    slider = page.get_by_role("slider", name="Precision")
    expect(slider).to_be_visible()
    remain = number(page, "Remain")
    page.context.set_offline(True)  # the counts need no request
    slider.focus()
    page.keyboard.press("End")
    assert number(page, "Remain") >= remain and slider.get_attribute("aria-valuetext").startswith("1:")
    page.context.set_offline(False)
    page.keyboard.press("Home")
    page.wait_for_url("**precision=0.5")
    expect(page.get_by_role("heading", name="Group 1 of")).to_be_visible()


def test_questions_measure_the_precision(visit: Visit, store: Path) -> None:
    """One pair after another; ten decisions give an interval, and the groups obey them."""
    page = visit("#/duplicates")
    page.get_by_role("button", name="Check the precision").click()
    texts = page.locator(".check .text")
    expect(texts).to_have_count(2)
    expect(page.locator(".check mark").first).to_be_visible()
    expect(page.get_by_text("0 pairs decided. From 10 on")).to_be_visible()
    before = texts.all_inner_texts()
    page.keyboard.press("s")
    expect(page.locator(".check:not(.stale) .text").first).not_to_have_text(before[0])
    for count in range(1, 10):
        page.keyboard.press("k" if count > 1 else "n")
        expect(page.get_by_text(f"{count} pair{'s' if count > 1 else ''} decided")).to_be_visible()
    page.get_by_role("button", name="Duplicate", exact=True).click()
    expect(page.locator(".check .judged")).to_contain_text("% of these pairs are duplicates")
    assert sorted(each[2] for each in Store.load(store).found.decided) == [False] + [True] * 9
    page.get_by_role("button", name="Back to the groups").click()
    expect(page.get_by_role("heading", name="Group 1 of")).to_be_visible()
    expect(page.locator("aside")).to_contain_text("By 10 decisions")


def test_reducing_and_saving(visit: Visit) -> None:
    page = visit("#/duplicates", refused=True)
    field = page.get_by_role("textbox", name="Keep at most")
    field.fill("1")
    field.press("Enter")
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    field.fill("many")
    field.press("Enter")
    expect(page.get_by_text("That is no number")).to_be_visible()
    most = len(ALL) - 3
    field.fill(str(most))
    field.press("Enter")
    expect(page.get_by_text("which takes a precision of")).to_be_visible()
    assert number(page, "Remain") <= most
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save what remains as JSONL").click()
    rows = [json.loads(line) for line in Path(saved.value.path()).read_text().splitlines()]
    assert len(rows) == number(page, "Remain") and rows[0]["text"] == ALL[rows[0]["row"]]


def test_a_decision_that_cannot_be_kept_is_shown(visit: Visit, store: Path) -> None:
    """The store is made anew while the page is open: nothing is decided about other texts."""
    page = visit("#/duplicates", refused=True)
    expect(page.locator(".member").first).to_be_visible()
    Store.of(likewise.duplicates(["another", *ALL], precision=0.6)).save(store, overwrite=True)
    page.keyboard.press("k")
    expect(page.get_by_role("alert")).to_contain_text("load the groups again")
    assert Store.load(store).found.decided == ()


def test_no_duplicates_are_an_empty_page(visit: Visit, store: Path) -> None:
    Store.of(likewise.duplicates(TEXTS[:2])).save(store, overwrite=True)
    page = visit("#/duplicates")
    expect(page.get_by_role("heading", name="No duplicates at this precision")).to_be_visible()


def test_everyone_can_use_it(visit: Visit, usable: Callable[[Page], None]) -> None:
    page = visit("#/duplicates")
    expect(page.locator(".member").first).to_be_visible()
    with page.expect_response(lambda response: response.url.endswith("/duplicates/summary")):
        page.keyboard.press("k")
    page.get_by_text("What was decided").click()
    usable(page)
