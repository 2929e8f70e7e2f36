"""What benchmarks record is what the pages show."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
SPREAD = {"median": 1_185_000.0, "low": 1_100_000.0, "high": 1_200_000.0, "repeats": 7}


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """`benchmarks/tables.py`, and with it `record`: they stand outside the package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("tables")
    for name in ("tables", "record", "figures"):
        sys.modules.pop(name, None)


@pytest.fixture
def record(tables: ModuleType) -> ModuleType:
    """`benchmarks/record.py`."""
    return sys.modules["record"]


def test_the_pages_show_the_figures_that_were_recorded(tables: ModuleType) -> None:
    written = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert written == tables.page(tables.RESULTS), "docs/benchmarks.md is not up to date: run make docs"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == tables.with_headline(readme, tables.RESULTS), "README.md is not up to date: run make docs"


def test_a_line_has_what_was_measured_and_where(record: ModuleType, tmp_path: Path) -> None:
    path = record.record("encode", {"texts": 10}, {"error": np.float32(0.5)}, seed=3, results=tmp_path / "results")
    record.record("encode", {"texts": 20}, {"error": np.arange(2)}, seed=4, results=tmp_path / "results")
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert path == tmp_path / "results" / "encode.jsonl"
    assert (first["benchmark"], first["seed"], first["configuration"], first["numbers"]) == (
        "encode", 3, {"texts": 10}, {"error": 0.5},
    )  # fmt: skip
    assert second["numbers"] == {"error": [0, 1]}
    assert first["threads"] >= 1
    assert first["cpu"]
    assert first["versions"]["numpy"] == np.__version__


def test_code_that_differs_from_its_commit_is_marked(record: ModuleType, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    assert record.commit(tmp_path) == "unknown"
    git("init", "--quiet")
    assert record.commit(tmp_path) == "unknown"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("1")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")
    clean = record.commit(tmp_path)
    assert len(clean) == 12
    (tmp_path / "notes.md").write_text("not measured")
    assert record.commit(tmp_path) == clean
    (tmp_path / "src" / "code.py").write_text("2")
    assert record.commit(tmp_path) == f"{clean}+changes"


def test_a_table_has_the_last_line_of_each_benchmark_and_the_best_figure_bold(
    tables: ModuleType, record: ModuleType, tmp_path: Path
) -> None:
    record.record("encode", {"texts": 1}, {"texts_a_second": {"likewise": 1.0, "model2vec": 2.0}}, 0, results=tmp_path)
    numbers = {"texts_a_second": {"likewise": SPREAD, "model2vec": 60_000.0, "sentence-transformers": 40_000.0}}
    record.record("encode", {"texts": 200_000}, numbers, 0, results=tmp_path)
    for data, hybrid in (("scifact", 0.7), ("npl", 0.3)):
        quality = {"BM25 (bm25s)": 0.341, "all-MiniLM-L6-v2 + BM25": 0.4}
        quality["likewise, hybrid"] = {"mean": hybrid, "low": hybrid - 0.01, "high": hybrid + 0.01}
        record.record("search_quality", {"data": data}, quality, 3, results=tmp_path)
        record.record(
            "search_quality", {"data": data, "recipe": {"epochs": 1}}, {"BM25 (bm25s)": 9.0}, 3, results=tmp_path
        )
    page = tables.page(tmp_path)
    assert "| likewise | **1,185,000** <sub>1,100,000–1,200,000</sub> |" in page
    assert "| likewise, hybrid | **0.700** <sub>0.690–0.710</sub> | 0.300 <sub>0.290–0.310</sub> |" in page
    assert "| all-MiniLM-L6-v2 + BM25 | 0.400 | **0.400** |" in page
    assert "| search, mean of 2 judged corpora in English | **0.500** | BM25 0.341 | MiniLM + BM25 0.400 |" in page
    assert "3 seeds; commit" in page
    assert "No run has been recorded" in tables.page(tmp_path / "nothing")
    readme = "before\n<!-- headline -->\nold\n<!-- end headline -->\nafter\n"
    made = tables.with_headline(readme, tmp_path)
    assert made.startswith("before\n<!-- headline -->\n\n| task |")
    assert made.endswith("<!-- end headline -->\nafter\n")
    assert "old" not in made


def test_the_best_of_a_row_is_bold_where_systems_are_columns(tables: ModuleType) -> None:
    cells = {"a": {"x": 1.0, "y": 2.0}, "b": {"y": 1.0}}
    assert tables.table(cells, ".0f", across=True).splitlines()[2:] == ["| a | 1 | **2** |", "| b |  | 1 |"]
    assert tables.table(cells, ".0f", best=min).splitlines()[2:] == ["| a | 1 | 2 |", "| b |  | **1** |"]
