"""`likewise report`: the page that the Python call writes, where it goes, and what is refused."""

from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds

import likewise
from likewise.report.page import write_report

pytestmark = pytest.mark.slow


def test_the_page_is_that_of_the_python_call(shelf: Shelf, tmp_path: Path) -> None:
    """Two paths that agree: to the byte, with texts of a file."""
    out = tmp_path / "a.html"
    shown = succeeds("report", shelf.model, "--texts", shelf.file, "--text", "body", "--out", out)
    assert shown == f"the report is in {out}: open it in a browser\n"
    write_report(likewise.load(shelf.model), tmp_path / "b.html", texts=shelf.texts)
    assert out.read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_default_path_is_next_to_the_model(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    likewise.load(shelf.model).save(tmp_path / "it.model")
    monkeypatch.chdir(tmp_path)
    assert "it.report.html" in succeeds("report", "it.model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["it.model", "it.report.html"]
    assert "--overwrite" in fails("report", "it.model")
    succeeds("report", "it.model", "--overwrite")


def test_what_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    assert "is no model folder" in fails("report", tmp_path / "none.model", "--out", out)
    assert "give --texts FILE too" in fails("report", shelf.model, "--text", "body", "--out", out)
    assert "no column 'title'" in fails("report", shelf.model, "--texts", shelf.file, "--text", "title", "--out", out)
    assert not out.exists()
