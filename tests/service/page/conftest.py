"""A Chromium of the system, which the tests of a module share."""

import os
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ARGUMENTS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MILLISECONDS = 20_000  # that a test waits for something to appear: the machine may be busy
HEIGHTS = {1440: 900, 768: 1024, 390: 844}
expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; not for the whole session, as while it runs no other test of the process can run an event loop."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: apt-get install chromium")
        pytest.skip("NO CHROMIUM: the page is not tested; apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open an address of the page, of the shared server or of another one.

    The test fails if the page writes an error to its console or fetches something from elsewhere. `refused` permits the
    line that the browser itself writes for each response that is an error.
    """
    contexts, errors = [], []

    def open_page(
        route: str, *, at: str = "", width: int = 1440, height: int = 900, scheme: str = "light", refused: bool = False
    ) -> Page:
        server = at or address
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.extend(_errors(message, refused)))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda sent: errors.extend(_elsewhere(sent.url, server)))
        page.goto(f"{server}/{route}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def _errors(message: ConsoleMessage, refused: bool) -> list[str]:
    permitted = refused and message.text.startswith("Failed to load resource")
    return [message.text] if message.type == "error" and not permitted else []


def _elsewhere(url: str, address: str) -> list[str]:
    return [] if urlsplit(url).netloc in ("", urlsplit(address).netloc) else [f"fetched {url}"]


@pytest.fixture
def inaccessible() -> Callable[[Page], list[str]]:
    """What axe finds in a page once it waits for nothing: what is about to be replaced is pale."""
    from axe_playwright_python.sync_playwright import Axe

    def found(page: Page) -> list[str]:
        expect(page.locator(".stale, [aria-busy=true]")).to_have_count(0)
        violations = Axe().run(page).response["violations"]
        return [f"{each['id']}: {node['html'][:200]}" for each in violations for node in each["nodes"]]

    return found


@pytest.fixture
def usable(inaccessible: Callable[[Page], list[str]]) -> Callable[[Page], None]:
    """Check a page as it is: axe finds nothing in light and dark, and nothing is wider than a window of any size."""

    def check(page: Page) -> None:
        for width, scheme in ((1440, "light"), (768, "light"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{width} px is too narrow"
            if width != 768:  # between the two nothing appears that neither has
                assert inaccessible(page) == []

    return check
