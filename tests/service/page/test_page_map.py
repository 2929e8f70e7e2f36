"""The map in a real browser: what is drawn, what a person does with it, and the same without seeing it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import likewise
from likewise.applications.map.text_map import make_map

pytestmark = pytest.mark.slow
TEXTS = 300
HEIGHTS = {1440: 900, 768: 1024, 390: 844}
# How many pixels of the map are not empty, and how many of them are opaque as those of texts that are lit up.
DRAWN = """() => {
  const canvas = document.querySelector(".plot canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [any, lit] = [0, 0];
  for (let n = 3; n < data.length; n += 4) { any += data[n] > 0; lit += data[n] === 255; }
  return { any, lit };
}"""


@pytest.fixture(scope="module")
def map_address(
    service_model: "likewise.Model", python_docs: list[str], tmp_path_factory: pytest.TempPathFactory, serve: Any
) -> Iterator[str]:
    path = tmp_path_factory.mktemp("served") / "mapped.index"
    texts = python_docs[:TEXTS]
    with likewise.Collection.create(path, service_model) as index:
        kinds = ["short" if len(text) < 200 else "long" for text in texts]
        index.add(texts, ids=[f"doc{n}" for n in range(TEXTS)], kind=kinds, length=[len(text) for text in texts])
    make_map(path)
    with serve(index=str(path)) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, map_address: str) -> Iterator[Callable[..., Page]]:
    """Open the map; whatever the page writes to its console as an error fails the test."""
    contexts, errors = [], []

    def opened(parameters: str = "", *, width: int = 1440, scheme: Any = "light", **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{map_address}/#/map{parameters}")
        expect(page.get_by_role("application")).to_be_visible(timeout=20_000)
        page.wait_for_selector(".labels span")
        page.wait_for_timeout(100)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def box_of(page: Page) -> tuple[float, float, float, float]:
    box = page.locator(".plot").bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def first_point(page: Page) -> tuple[float, float]:
    """The place of a point on the screen: the first pixel that is drawn and under no name, in the order of rows."""
    found = page.evaluate("""() => {
      const canvas = document.querySelector(".plot canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const { left, top } = canvas.getBoundingClientRect();
      for (let n = 3; n < data.length; n += 4) {
        const place = [left + ((n - 3) / 4) % canvas.width + 1, top + Math.floor((n - 3) / 4 / canvas.width) + 2];
        if (data[n] > 200 && !document.elementFromPoint(...place)?.closest(".labels span")) return place;
      }
      return null;
    }""")
    return found[0], found[1]


def test_every_text_is_drawn_and_regions_are_named(visit: Callable[..., Page]) -> None:
    page = visit()
    assert page.evaluate(DRAWN)["any"] > TEXTS
    rows = page.get_by_role("table").get_by_role("row")
    assert rows.count() > 4
    named = {each.strip() for each in page.locator(".regions button").all_inner_texts()}
    assert {each.strip() for each in page.locator(".labels span").all_inner_texts()} <= named
    counts = [int(each.replace(",", "")) for each in page.locator(".regions td.number").all_inner_texts()]
    assert sum(counts) == TEXTS


def test_names_do_not_cover_each_other(visit: Callable[..., Page]) -> None:
    page = visit(width=390)
    boxes = [each.bounding_box() for each in page.locator(".labels span").all()]
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            assert one and other
            apart = (
                abs(one["x"] + one["width"] / 2 - other["x"] - other["width"] / 2)
                >= (one["width"] + other["width"]) / 2
            )
            assert apart or abs(one["y"] - other["y"]) >= one["height"]


def test_a_region_becomes_a_list_and_stays_in_the_address(visit: Callable[..., Page]) -> None:
    page = visit()
    row = page.get_by_role("table").get_by_role("row").nth(1)
    words, count = row.get_by_role("button").inner_text().strip(), row.locator("td.number").inner_text()
    row.get_by_role("button").click()
    expect(page.get_by_role("heading", name=words)).to_be_visible()
    expect(page.locator(".list .about")).to_contain_text(f"{count} texts")
    page.wait_for_url("**region=0.0**")
    assert page.evaluate(DRAWN)["lit"] > 0
    page.reload()
    expect(page.get_by_role("heading", name=words)).to_be_visible()
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_role("heading", name="Regions")).to_be_visible()


def test_a_lasso_lists_what_is_in_it(visit: Callable[..., Page]) -> None:
    page = visit()
    left, top, width, height = box_of(page)
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(left + 5, top + 5)
    page.mouse.down()
    for across, down in ((width - 5, 5), (width - 5, height - 5), (5, height - 5), (5, 8)):
        page.mouse.move(left + across, top + down, steps=8)
    page.mouse.up()
    expect(page.locator(".list .about")).to_contain_text(f"{TEXTS} texts")
    assert "lasso=" in page.url
    expect(page.locator(".list li")).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".list li")).to_have_count(100)


def test_hits_are_lit_up(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("searchbox").fill("open a file")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hits for open a file")).to_be_visible()
    expect(page.locator(".list li").first).to_contain_text("file")
    page.wait_for_timeout(100)
    assert page.evaluate(DRAWN)["lit"] > 0
    page.locator(".list li button").first.click()
    expect(page.locator(".point .whole")).to_contain_text("file")
    page.get_by_role("button", name="Nearest texts").click()
    expect(page.locator(".list .about")).to_contain_text("31 texts")


def test_a_point_shows_its_text(visit: Callable[..., Page]) -> None:
    page = visit()
    place = first_point(page)
    page.mouse.move(*place)
    expect(page.locator(".tip")).to_be_visible()
    begin = page.locator(".tip").inner_text().removesuffix(" …")[:40]
    page.mouse.click(*place)
    expect(page.locator(".point .whole")).to_contain_text(begin)
    expect(page.locator(".point dl")).to_contain_text("length")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".point")).to_have_count(0)


def test_colours_by_a_column(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_label("Colour by").select_option("kind")
    legend = page.get_by_role("group", name="Values of kind")
    expect(legend.get_by_role("checkbox")).to_have_count(2)
    before = page.evaluate(DRAWN)["any"]
    legend.get_by_role("checkbox", name="short").uncheck()
    page.wait_for_timeout(200)
    assert 0 < page.evaluate(DRAWN)["any"] < before
    page.get_by_label("Colour by").select_option("length")
    expect(page.locator(".legend.scale")).to_be_visible()
    assert "colour=length" in page.url


def test_the_keyboard_moves_and_opens(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("application").focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_url("**view=**")
    page.keyboard.press("0")
    page.wait_for_url(lambda address: "view=" not in address)
    page.get_by_role("table").get_by_role("button").first.click()
    page.get_by_role("application").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".point .whole")).to_be_visible()


def test_zooming_names_smaller_regions(visit: Callable[..., Page]) -> None:
    page = visit()
    first = page.locator(".labels span").all_inner_texts()
    page.locator(".labels span").first.hover(force=True)
    for _ in range(6):
        page.mouse.wheel(0, -200)
    page.wait_for_url("**view=**")
    assert page.locator(".labels span").all_inner_texts() != first
    page.reload()
    page.wait_for_selector(".labels span")
    assert "view=" in page.url


def test_two_fingers_zoom(visit: Callable[..., Page]) -> None:
    page = visit(width=390, has_touch=True)
    page.evaluate("""() => {
      const plot = document.querySelector(".plot");
      plot.setPointerCapture = () => {};
      const { left, top, width, height } = plot.getBoundingClientRect();
      const touch = { pointerType: "touch", button: 0, bubbles: true, clientY: top + height / 2 };
      const send = (type, pointerId, x) => {
        plot.dispatchEvent(new PointerEvent(type, { ...touch, pointerId, clientX: left + x }));
      };
      send("pointerdown", 1, width / 2 - 20);
      send("pointerdown", 2, width / 2 + 20);
      for (let n = 1; n <= 10; n++) send("pointermove", 2, width / 2 + 20 + 10 * n);
      send("pointerup", 1, 0);
      send("pointerup", 2, 0);
    }""")
    page.wait_for_url("**view=**")
    assert float(page.url.split("%2C")[-1]) > 2


def test_everyone_can_use_it(visit: Callable[..., Page], usable: Callable[[Page], None]) -> None:
    for parameters in ("", "?q=open%20a%20file&colour=kind&point=3"):
        page = visit(parameters)
        page.wait_for_load_state("networkidle")
        usable(page)
