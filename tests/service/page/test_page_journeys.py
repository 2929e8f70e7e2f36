"""The page in a real browser over a real server: what a person does, at three widths, light and dark."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "src" / "likewise" / "service" / "assets"
Visit = Callable[..., Page]
pytestmark = pytest.mark.slow


def test_search_answers_while_one_types(visit: Visit) -> None:
    page = visit("#/search")
    page.get_by_role("searchbox").fill("open a file")
    marked = page.locator("mark", has_text="open").first
    expect(marked).to_be_visible()
    page.wait_for_url("**q=open*")
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("open a file")
    expect(page.locator("mark").first).to_be_visible()


def test_a_facet_filters_and_stays_in_the_address(visit: Visit) -> None:
    page = visit("#/search?q=open%20a%20file")
    page.get_by_role("checkbox", name="long").first.click()
    page.wait_for_url("**long*")
    hits = page.get_by_role("article")
    expect(hits.filter(has_text="long").first).to_be_visible()
    expect(hits.filter(has_text="kind: short")).to_have_count(0)


def test_a_question_is_answered_or_not(visit: Visit) -> None:
    page = visit("#/answer?q=zxqv%20wvut%20qqq")
    expect(page.get_by_role("heading", name="Nothing here answers that")).to_be_visible(timeout=30_000)


def test_neighbours_of_a_word_are_shown(visit: Visit) -> None:
    page = visit("#/learned")
    page.get_by_placeholder("A word or a text").fill("file")
    expect(page.get_by_text("doc", exact=False).first).to_be_visible()
    expect(page.frame_locator("iframe").get_by_role("heading").first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 768, 390])
def test_everyone_can_use_it(visit: Visit, width: int, scheme: str) -> None:
    """Axe finds nothing, and nothing is wider than the window."""
    for route in ("#/search?q=open%20a%20file", "#/answer?q=How%20is%20a%20file%20opened", "#/nowhere"):
        page = visit(route, width=width, scheme=scheme)
        page.wait_for_load_state("networkidle")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_shipped_is_what_the_source_gives(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("no npm: the page cannot be built")
        pytest.skip("NO NPM: the page is not compared with its source; apt-get install npm")
    shutil.copytree(ROOT / "page", tmp_path / "page", ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--silent"], cwd=tmp_path / "page", check=True)
    subprocess.run(["node", "build.mjs", str(tmp_path / "built")], cwd=tmp_path / "page", check=True)
    built = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    assert built == {path.name: path.read_bytes() for path in ASSETS.iterdir()}, "run make page"
