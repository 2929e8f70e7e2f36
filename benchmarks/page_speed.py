"""How fast is the page: from the address to the first paint, from a key to its results, and the map of all texts?

    python benchmarks/page_speed.py --data DATA [--texts 100000] [--map-texts 300000] [--quick]

Distinct sentences of film reviews, a server and the system's Chromium on one machine, without a graphics card. Paints
are of a new browser window each; results are those of the whole query, typed key by key, and their milliseconds are
from a key to a list that is not stale; a frame of the map is a step of the wheel, from the event to what is drawn.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright
from record import arguments, record
from search_at_scale import query_texts
from yardstick import sentences, trained

import likewise
from likewise.applications.map.text_map import make_map
from service import free_port, server

LOADS, QUERIES, STEPS, WARM = 9, 30, 20, 5
KEYS_MS, QUIET_MS = 80, 400  # between keys, and before the last
SIZE = {"width": 1440, "height": 900}
# From the next key to the frame in which the list of its results stands, as the page itself sees it.
SHOWN = """() => {
  window.shown = new Promise((done) => addEventListener("keydown", () => {
    const begun = performance.now(), list = document.querySelector("ol.hits");
    let busy = false;
    const watch = new MutationObserver(() => {
      const waits = list.ariaBusy === "true";
      if (busy && !waits) {
        watch.disconnect();
        requestAnimationFrame(() => done(performance.now() - begun));
      }
      busy = waits;
    });
    watch.observe(list, { attributes: true, attributeFilter: ["aria-busy"] });
  }, { capture: true, once: true }));
}"""
# From the event of a step to the second animation frame after it, when it has been drawn.
WHEEL = """async (steps) => {
  const plot = document.querySelector(".plot"), { left, top, width, height } = plot.getBoundingClientRect();
  const found = [];
  for (let n = 0; n < steps; n++) {
    const begun = performance.now();
    plot.dispatchEvent(new WheelEvent("wheel", {
      deltaY: n < steps / 2 ? -60 : 60, clientX: left + width / 2, clientY: top + height / 2,
      bubbles: true, cancelable: true,
    }));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    found.push(performance.now() - begun);
  }
  return found;
}"""


@contextmanager
def served(
    path: Path, model: likewise.Model, texts: list[str], *, with_map: bool = False
) -> Iterator[tuple[str, float]]:
    """A server of an index of texts: its address, and the seconds that their map took."""
    with likewise.Collection.create(path, model) as index:
        index.add(texts)
    begun = time.perf_counter()
    if with_map:
        make_map(path)
    taken, port = time.perf_counter() - begun, free_port()
    command = [sys.executable, "-m", "likewise", "serve", str(path), "--port", str(port), "--no-access-log"]
    with server(command, port) as address:
        yield address, taken


def quantiles(values: list[float]) -> dict[str, float]:
    """The median and the 95 % quantile of milliseconds."""
    return {"median": float(np.median(values)), "95 %": float(np.quantile(values, 0.95))}


def painted(browser: Browser, address: str) -> dict[str, Any]:
    """Milliseconds to the first paint, and bytes that were sent for it."""
    paints, weights = [], []
    for _ in range(LOADS):
        page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
        page.goto(f"{address}/")
        page.locator("article").first.wait_for()
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        weights.append(
            page.evaluate(
                "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/'))"
                ".concat(performance.getEntriesByType('navigation')).reduce((sum, each) => sum + each.transferSize, 0)"
            )
        )
        page.context.close()
    return {"first paint, ms": quantiles(paints), "kilobytes": float(np.median(weights)) / 1000}


def typed(browser: Browser, address: str, queries: list[str]) -> dict[str, float]:
    """Milliseconds from the last key of a query to its results."""
    page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
    page.goto(f"{address}/")
    field, found = page.get_by_role("searchbox").first, []
    for query in queries:
        field.fill("")
        field.press_sequentially(query[:-1], delay=KEYS_MS)
        page.wait_for_timeout(QUIET_MS)
        page.evaluate(SHOWN)
        field.press(query[-1])
        found.append(page.evaluate("window.shown"))
    page.context.close()
    return quantiles(found[WARM:])


def drawn(browser: Browser, address: str) -> dict[str, Any]:
    """Milliseconds from the address of the map to its points, and of each step of a zoom."""
    page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
    begun = time.perf_counter()
    page.goto(f"{address}/#/map")
    page.wait_for_selector(".labels span", timeout=60_000)
    shown = 1000 * (time.perf_counter() - begun)
    steps = page.evaluate(WHEEL, STEPS)
    page.context.close()
    return {"first, ms": shown, "step, ms": quantiles(steps)}


def main() -> None:
    """Index, serve, look, and record."""
    given = arguments(__doc__, quick="2,000 texts", texts=100_000, map_texts=300_000, seed=0).parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium: apt-get install chromium")
    count, points = (2_000, 2_000) if given.quick else (given.texts, given.map_texts)
    texts = sentences(given.data, max(count, points))
    queries = query_texts(texts[:QUERIES], np.random.default_rng(given.seed))
    model, numbers = trained(texts[:count], seed=given.seed), {}
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with served(Path(place) / "search.index", model, texts[:count]) as (address, _):
            numbers["search"] = {**painted(browser, address), "results, ms": typed(browser, address, queries)}
        with served(Path(place) / "map.index", model, texts[:points], with_map=True) as (address, taken):
            numbers["map"] = {"made, s": taken, **drawn(browser, address)}
        print(numbers)
        browser.close()
    if not given.quick:
        configuration = {"texts": count, "map_texts": points, "cores": os.cpu_count()}
        record("page_speed", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
