"""Draw docs/search.svg, the picture of the README: searches of Python's documentation in a terminal.

python benchmarks/picture.py
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from record import ROOT
from rich.console import Console
from rich.text import Text

QUERIES = ("popup asking yes or no", "parse web markup")
WIDTH = 100


def shown(*words: str, folder: Path) -> str:
    """What `likewise ...` prints in a terminal of `WIDTH` columns."""
    environment = {**os.environ, "COLUMNS": str(WIDTH)}
    command = [sys.executable, "-m", "likewise", *words]
    return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Train on the documentation of the running Python, search it twice, and write the picture."""
    with tempfile.TemporaryDirectory() as place, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        shown("demo", "--out", "demo", "--overwrite", folder=Path(place))
        index = next(path.name for path in sorted((Path(place) / "demo").iterdir()) if path.suffix == ".index")
        for query in QUERIES:
            console.print(Text(f'$ likewise search python.index "{query}" -k 3', style="bold"))
            console.print(Text.from_ansi(shown("search", f"demo/{index}", query, "-k", "3", folder=Path(place))))
        svg = console.export_svg(title="likewise search")
    (ROOT / "docs" / "search.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
