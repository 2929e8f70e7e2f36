"""Draw docs/page.png, the picture of the page in the README: a search of Python's documentation in a real browser.

python benchmarks/page_picture.py
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import likewise
from likewise.corpus.demo_corpus import pydocs

PICTURE = Path(__file__).parents[1] / "docs" / "page.png"
QUERY = "read a compressed file line by line"
WIDTH, HEIGHT = 1280, 760
LARGEST = 200_000  # bytes


def made_index(folder: Path) -> Path:
    """An index of the documentation of the running Python, with the module and the kind of each text."""
    texts = pydocs()
    names = [text.partition(":")[0] for text in texts]
    modules = [name.partition(".")[0] for name in names]
    kinds = ["module" if "." not in name else "class" if name.rpartition(".")[2][:1].isupper() else "function"
             for name in names]  # fmt: skip
    with likewise.Collection.create(folder / "python.index", likewise.train(texts, progress=False)) as index:
        index.add(texts, module=modules, kind=kinds, length=[len(text) for text in texts])
    return folder / "python.index"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--route", default=f"#/search?q={QUERY.replace(' ', '+')}", help="what the page shows")
    parser.add_argument("--out", type=Path, default=PICTURE)
    chosen = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        index = made_index(Path(folder))
        command = [sys.executable, "-m", "likewise", "serve", str(index), "--port", "0", "--no-access-log"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
            address = server.stdout.readline().strip() if server.stdout else ""
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            for _ in range(2):  # the second time the server is warm, and the time that is shown is the usual one
                page.goto(f"{address}/")
                page.goto(f"{address}/{chosen.route}")
                page.wait_for_load_state("networkidle")
                page.locator("main h1").first.wait_for(state="attached")
            page.screenshot(path=chosen.out)
            browser.close()
            server.terminate()
    size = chosen.out.stat().st_size
    print(f"{chosen.out}: {size:,} bytes")
    if size > LARGEST:
        sys.exit(f"expected at most {LARGEST:,} bytes")


if __name__ == "__main__":
    main()
