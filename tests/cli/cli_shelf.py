"""A small real corpus, and the model and index that the command line makes of it, once for all tests of this room."""

import csv
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from likewise.cli.app import app
from likewise.corpus.demo_corpus import pydocs


def run_likewise(*words: str | Path, stdin: str | None = None) -> Result:
    """Run the command line within this process."""
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin, prog_name="likewise")


def succeeds(*words: str | Path, stdin: str | None = None) -> str:
    """What a command that ends well writes to standard output."""
    result = run_likewise(*words, stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def fails(*words: str | Path, code: int = 2, stdin: str | None = None) -> str:
    """The one line of a command that ends with an error."""
    result = run_likewise(*words, stdin=stdin)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n"), result.stderr
    return result.stderr


@dataclass(frozen=True)
class Shelf:
    """A corpus as CSV with the columns id, body, price and module, its texts, and what was made of it."""

    file: Path
    texts: list[str]
    model: Path
    index: Path


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("shelf")
    texts = pydocs(Path(sysconfig.get_path("stdlib")) / "asyncio")[:400]
    shelf = Shelf(folder / "docs.csv", texts, folder / "docs.model", folder / "docs.index")
    with shelf.file.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "body", "price", "module"])
        for row, text in enumerate(texts):
            writer.writerow([f"d{row}", text, f"{row / 2:.2f}", text.split(".")[0]])
    succeeds("train", shelf.file, "--text", "body", "--out", shelf.model, "--dim", 32, "--epochs", 3, "--no-progress")
    succeeds("index", shelf.model, shelf.file, "--text", "body", "--out", shelf.index)
    return shelf
