"""What benchmarks record is what the tables show."""

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
    for name in ("tables", "record", "page_blocks", "negatives_tables", "transformer_tables"):
        sys.modules.pop(name, None)


@pytest.fixture
def record(tables: ModuleType) -> ModuleType:
    """`benchmarks/record.py`."""
    return sys.modules["record"]


def test_the_page_shows_the_figures_that_were_recorded(tables: ModuleType) -> None:
    written = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert written == tables.page(tables.RESULTS, BENCHMARKS), "docs/benchmarks.md is not up to date: run make docs"


def test_blocks_of_other_pages_show_the_figures_that_were_recorded(tables: ModuleType) -> None:
    lines = tables.latest_lines(tables.RESULTS)
    for page in sorted(set(tables.ELSEWHERE.values())):
        written = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert written == tables.filled(ROOT / "docs", page, lines), f"docs/{page} is not up to date: run make docs"


def test_a_block_stands_between_its_marks(tables: ModuleType, record: ModuleType, tmp_path: Path) -> None:
    found = {"0.8 to 1.0": {"pairs": 590, "share": {"6": 0.0, "8": 0.234, "10": 5e-7, "12": 0.5, "14": 1.0}}}
    record.record("near_duplicates", {"data": "questions"}, found, 0, results=tmp_path)
    page = "before\n<!-- made: near-duplicates -->\nold\n<!-- end: near-duplicates -->\nafter\n"
    (tmp_path / "negatives.md").write_text(page, encoding="utf-8")
    lines = tables.latest_lines(tmp_path)
    made = tables.filled(tmp_path, "negatives.md", lines)
    assert made.startswith("before\n<!-- made: near-duplicates -->\n\n| corpus |")
    assert "| questions | 0.8 to 1.0 | 590 | 0 | 0.23 | 5e-7 | **0.5** | 1 |" in made
    assert made.endswith("\n<!-- end: near-duplicates -->\nafter\n")
    assert "old" not in made
    assert "[negatives.md](negatives.md)" in tables.page(tmp_path, BENCHMARKS)
    (tmp_path / "negatives.md").write_text("no marks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for near-duplicates"):
        tables.filled(tmp_path, "negatives.md", lines)


def test_the_study_of_negatives_shows_means_and_what_masking_changed(
    tables: ModuleType, record: ModuleType, tmp_path: Path
) -> None:
    def runs(*labelled: float) -> dict[str, list[list[float | None]]]:
        return {
            "mrr": [[0.1, 0.2], [0.3, 0.3]],
            "labelled": [[0.1, 0.1], [*labelled]],
            "bound": [[0.5, 0.5], [None, None]],
            "left_out": [[0.0, 0.0], [0.02, 0.04]],
            "steps": [[40, 60], [80, 80]],
        }

    by_rate = {"rates": [0.2, 0.8], "labelled by rate": [[0.1, 0.2], [0.3, 0.6]]}
    budget = {**by_rate, "masked": runs(0.5, 0.7), "unmasked": runs(0.4, 0.7)}
    numbers = {"untrained": {"mrr": [0.01, 0.01], "labelled": [0.2, 0.3]}}
    numbers |= {"fixed steps": budget, "fixed seconds": budget}
    configuration = {
        "data": "npl, copied", "texts": 1200, "copies": 3, "documents": 900, "queries": 93, "measure": "nDCG@10",
        "negatives": [1, 511], "rates": [0.2, 0.8], "steps": 80, "seconds": 1.5,
    }  # fmt: skip
    record.record("negatives", configuration, numbers, 2, results=tmp_path)
    made = sys.modules["negatives_tables"]
    lines = tables.latest_lines(tmp_path)
    sizes = made.sizes(lines)
    assert "nDCG@10 0.250 ± 0.050" in sizes
    assert "| 1 | 0.1 k | 0.2 | 0.150 ± 0.050 | 0.100 ± 0.000 | 0 | 0.100 | 0.200 |" in sizes
    assert "| 511 | 41 k | 0.8 | 0.300 ± 0.000 | 0.600 ± 0.100 | +0.050 ± 0.050 | 0.300 | 0.600 |" in sizes
    assert "| 1 | 0.69 | 0.50 ± 0.00 |" in made.bounds(lines)
    assert "| 511 | 6.24 | – |" in made.bounds(lines)
    assert "| npl, copied | 511 | 3 % |" in made.doses(lines)
    assert made.bounds([]) == ""


def test_a_line_says_what_was_measured_where(record: ModuleType, tmp_path: Path) -> None:
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


def test_a_table_has_the_last_line_of_each_benchmark_and_data_set(
    tables: ModuleType, record: ModuleType, tmp_path: Path
) -> None:
    numbers = {"texts_a_second": {"likewise": SPREAD}, "ratio": {"model2vec": {**SPREAD, "median": 50.5}}}
    record.record("encode", {"texts": 1}, {"old": 1}, seed=0, results=tmp_path)
    record.record("encode", {"texts": 200_000, "settings": {"peer": {"batch_size": 8}}}, numbers, 0, results=tmp_path)
    for data in ("scifact", "npl"):
        quality = {"BM25": 0.341, "vector": {"mean": 0.35, "low": 0.34, "high": 0.36, "values": [0.34, 0.35, 0.36]}}
        record.record("quality", {"data": data}, quality, 3, results=tmp_path)
    page = tables.page(tmp_path, BENCHMARKS)
    assert "| texts a second · likewise | **1,185,000** | 1,100,000 to 1,200,000 | 7 |" in page
    assert "| ratio · model2vec | **50.5** × |" in page
    assert "settings peer batch size 8" in page
    assert "| BM25 | 0.341 | | |" in page
    assert "| vector | **0.35** | 0.34 to 0.36 | 3 |" in page
    assert page.count("## Quality") == 1
    assert page.index("### npl") < page.index("### scifact")
    assert "| old |" not in page
    assert "No run has been recorded" in tables.page(tmp_path / "nothing", BENCHMARKS)


def test_the_tables_of_transformers_show_what_differs(tables: ModuleType, record: ModuleType, tmp_path: Path) -> None:
    made = importlib.import_module("transformer_tables")
    mean = {"mean": 0.4, "low": 0.39, "high": 0.41, "values": [0.39, 0.41]}
    between = {"mean": 0.03, "low": -0.01, "high": 0.05}
    found = {"untouched": 0.37, "vector": mean, "seconds": mean, "seconds, frozen and nothing beside": mean}
    found["difference"] = dict.fromkeys(made.COMPARED, between)
    record.record("adapt", {"data": "npl", "measure": "nDCG@10"}, found, 2, results=tmp_path)
    stsb = {"untouched": 82.03, "transformer": mean}
    record.record("adapt", {"data": "stsb", "measure": "Spearman"}, stsb, 2, results=tmp_path)
    rows = {
        name: {task: {**mean, "mean": value} for task in made.TASKS} for name, value in (("none", 0.5), ("crop", 0.4))
    }
    record.record("view_ablation", {"data": "static"}, rows, 2, results=tmp_path)
    numbers = {"untouched": {"nDCG@10": 0.3}, "--lora 8": {"seconds": 71.2, "nDCG@10": 0.4, "difference": between}}
    record.record("transformer_options", {"data": "cranfield"}, numbers, 0, results=tmp_path)
    lines = {name: [] for name in ("adapt", "view_ablation", "transformer_options")}
    for line in tables.latest_lines(tmp_path):
        lines[line["benchmark"]].append(line)
    adapted = made.adapted(lines["adapt"])
    assert "| npl, nDCG@10 | 0.370 |  |  | 0.400 |  |  |" in adapted
    assert "| stsb, Spearman | 82.0 | 0.400 |" in adapted
    assert "| npl | +0.030 (-0.010 to +0.050) |" in adapted
    assert "| `--lora 8` | 71 | 0.400 | +0.030 (-0.010 to +0.050) |" in made.options(lines["transformer_options"])
    alone = made.views_alone("static", lines["view_ablation"])
    assert "| none | 0.500 |" in alone
    assert "| `crop` | **0.400** |" in alone
    assert [made.views_alone("minilm", lines["view_ablation"]), made.adapted([]), made.options([])] == ["", "", ""]
