"""`likewise evaluate`: the Python call of the same name, as a table or as JSON, and each bad input in one line."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cli_shelf import Shelf, fails, run_likewise, succeeds
from rich.console import Console

import likewise
from likewise.cli.evaluate import as_parts
from likewise.evaluation.bootstrap import Estimate, Row
from likewise.evaluation.evaluate import Evaluation

QUICK = ("--baselines", "tfidf,lsa", "--no-progress")
ALONE = ("--no-baselines", "--no-progress")


@pytest.fixture(scope="module")
def labelled(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Retrieval: the halves of some texts are queries and documents."""
    folder = tmp_path_factory.mktemp("labelled") / "halves"
    folder.mkdir()
    texts = shelf.texts[:80]
    rows = [{"_id": f"d{n}", "text": " ".join(text.split()[1::2])} for n, text in enumerate(texts)]
    queries = [{"_id": f"q{n}", "text": " ".join(text.split()[::2])} for n, text in enumerate(texts)]
    for name, some in (("corpus", rows), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    lines = "".join(f"q{n}\td{n}\t1\n" for n in range(80))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{lines}")
    return folder


def _evaluated(*words: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(succeeds("evaluate", *words, "--json"))
    return found


def test_json_is_what_python_gives(shelf: Shelf, labelled: Path) -> None:
    """Two paths that agree."""
    found = _evaluated(shelf.model, labelled, "--baselines", "bm25,fusion,tfidf,lsa,untrained", "--no-progress")
    same = likewise.evaluate(
        shelf.model, labelled, baselines=["bm25", "fusion", "tfidf", "lsa", "untrained"], progress=False
    ).as_dict()
    assert found | {"seconds": 0} == same | {"seconds": 0}
    assert found["data"] == "halves" and found["counts"] == {"queries": 80, "documents": 80}
    names = ["docs.model", "docs.model + BM25", "BM25", "TF-IDF", "LSA 32", "untrained encoder"]
    assert [row["name"] for row in found["rows"]] == names


def test_a_table_and_progress(shelf: Shelf, labelled: Path) -> None:
    result = run_likewise("evaluate", shelf.model, labelled, "--baselines", "bm25")
    assert result.exit_code == 0
    assert "docs.model: 80 documents, 80 queries" in result.stderr
    assert result.stdout.startswith("halves: retrieval, 80 queries, 80 documents\n")
    assert "BM25" in result.stdout and "95 % bootstrap intervals" in result.stdout
    alone = run_likewise("evaluate", shelf.model, labelled, "--no-baselines", "--no-progress")
    assert alone.stderr == "" and "BM25" not in alone.stdout


def test_a_narrow_terminal_shows_the_metrics_that_fit() -> None:
    metrics = {name: Estimate(0.5, 0.4, 0.6) for name in ("nDCG@10", "MRR@10", "recall@100", "MAP@100")}
    rows = (Row("it", metrics), Row("BM25", metrics, Estimate(0.1, -0.1, 0.2)), Row("LSA", note="no words"))
    found = Evaluation("retrieval", "topics", "nDCG@10", rows, {"queries": 3}, ("a note",), 0, 1000, 1.0)

    def drawn(width: int) -> list[str]:
        console = Console(file=StringIO(), width=width, record=True)
        for part in as_parts(found, width):
            console.print(part)
        return console.export_text().splitlines()

    assert "MAP@100" in drawn(120)[1] and not any("a wider terminal" in line for line in drawn(120))
    assert "MAP@100" not in drawn(60)[1] and "- a wider terminal, or --json, also shows MAP@100" in drawn(60)
    assert max(map(len, drawn(60)[:6])) <= 60
    assert "LSA: no words" in drawn(60) and "- a note" in drawn(60)
    assert [line.split()[-2:] for line in drawn(60) if "+0.200" in line] == [["-0.100", "+0.200"]]


def test_a_terminal_gets_colours(shelf: Shelf, labelled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "90")
    assert "\x1b[1m" in succeeds("evaluate", shelf.model, labelled, "--no-baselines", "--no-progress")


def test_a_file_of_the_users_own(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    rows = [f"{n},{shelf.texts[n].split()[0]},{' '.join(shelf.texts[n].split()[1:4])},{n % 5}\n" for n in range(40)]
    path.write_text("n,a,b,c\n" + "".join(row.replace('"', "") for row in rows), encoding="utf-8")
    pairs = _evaluated(shelf.model, path, "--text1", "a", "--text2", "b", "--score", "c", "--on-error", "skip", *QUICK)
    assert pairs["task"] == "similarity"
    columns = ("--text", "a", "--text", "b", "--label", "c", "--on-error", "skip")
    few = _evaluated(shelf.model, path, *columns, "--labels-per-class", "2,1", "--repeats", 2, *ALONE)
    assert next(iter(few["rows"][0]["metrics"])) == "logistic, 1 label" and few["counts"]["repeats"] == 2
    clusters = _evaluated(shelf.model, path, *columns, "--task", "clustering", "--seed", 3, "--repeats", 1, *ALONE)
    assert clusters["metric"] == "V-measure" and clusters["seed"] == 3
    same = succeeds("evaluate", shelf.model, "-", *columns[:-2], "--json", *ALONE, stdin=_as_json(path))
    assert json.loads(same)["data"] == "standard input"


def _as_json(path: Path) -> str:
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in lines[1:] if len(row) == 4]
    return "".join(json.dumps(dict(zip(lines[0], row, strict=True))) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--labels-per-class", "few"], "integers are expected"),
        (["--baselines", "bm25", "--no-baselines"], "either --baselines or --no-baselines"),
        (["--baselines", "bm52"], "there is no baseline 'bm52'"),
        (["--task", "ranking"], "ranking"),
        (["--repeats", "0"], "--repeats"),
        (["--task", "similarity"], "halves"),
        (["--split", "dev"], "has no split 'dev'"),
    ],
)
def test_bad_input(shelf: Shelf, labelled: Path, words: list[str], message: str) -> None:
    assert message in fails("evaluate", shelf.model, labelled, *words)


def test_no_model_and_no_data(shelf: Shelf, labelled: Path, tmp_path: Path) -> None:
    assert "there is no model nothing" in fails("evaluate", "nothing", labelled)
    assert "is no model" in fails("evaluate", tmp_path, labelled)
    assert "there is no file" in fails("evaluate", shelf.model, tmp_path / "nothing.csv")
    (tmp_path / "empty.jsonl").write_text("")
    assert "holds no rows" in fails("evaluate", shelf.model, tmp_path / "empty.jsonl")
