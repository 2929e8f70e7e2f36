"""`likewise evaluate`: the Python call of the same name, as a table or as JSON, and each bad input in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_shelf import Shelf, fails, run_likewise, succeeds

import likewise

QUICK = ("--baselines", "tfidf,lsa", "--no-progress")
ALONE = ("--no-baselines", "--no-progress")


@pytest.fixture(scope="module")
def judged(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Retrieval: the halves of some texts look for each other."""
    folder = tmp_path_factory.mktemp("judged") / "halves"
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


def test_json_is_what_python_gives(shelf: Shelf, judged: Path) -> None:
    """Two paths that agree."""
    found = _evaluated(shelf.model, judged, "--baselines", "bm25,fusion,tfidf,lsa,untrained", "--no-progress")
    same = likewise.evaluate(
        shelf.model, judged, baselines=["bm25", "fusion", "tfidf", "lsa", "untrained"], progress=False
    ).as_dict()
    assert found | {"seconds": 0} == same | {"seconds": 0}
    assert found["data"] == "halves" and found["counts"] == {"queries": 80, "documents": 80}
    names = ["docs.model", "docs.model + BM25", "BM25", "TF-IDF", "LSA 32", "untrained encoder"]
    assert [row["name"] for row in found["rows"]] == names


def test_a_table_and_what_is_done_meanwhile(shelf: Shelf, judged: Path) -> None:
    told = run_likewise("evaluate", shelf.model, judged, "--baselines", "bm25")
    assert told.exit_code == 0
    assert "docs.model: 80 documents, 80 queries" in told.stderr
    assert told.stdout.startswith("halves: retrieval, 80 queries, 80 documents\n")
    assert "BM25" in told.stdout and "95 % bootstrap intervals" in told.stdout
    alone = run_likewise("evaluate", shelf.model, judged, "--no-baselines", "--no-progress")
    assert alone.stderr == "" and "BM25" not in alone.stdout


def test_a_terminal_gets_colours(shelf: Shelf, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "90")
    assert "\x1b[1m" in succeeds("evaluate", shelf.model, judged, "--no-baselines", "--no-progress")


def test_a_file_of_the_users_own(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    rows = [f"{n},{shelf.texts[n].split()[0]},{' '.join(shelf.texts[n].split()[1:4])},{n % 5}\n" for n in range(40)]
    path.write_text("n,a,b,c\n" + "".join(row.replace('"', "") for row in rows), encoding="utf-8")
    pairs = _evaluated(shelf.model, path, "--text1", "a", "--text2", "b", "--score", "c", "--on-error", "skip", *QUICK)
    assert pairs["task"] == "similarity"
    labelled = ("--text", "a", "--text", "b", "--label", "c", "--on-error", "skip")
    few = _evaluated(shelf.model, path, *labelled, "--labels-per-class", "2,1", "--draws", 2, *ALONE)
    assert next(iter(few["rows"][0]["figures"])) == "logistic, 1 label" and few["counts"]["draws"] == 2
    clusters = _evaluated(shelf.model, path, *labelled, "--task", "clustering", "--seed", 3, "--draws", 1, *ALONE)
    assert clusters["measure"] == "V-measure" and clusters["seed"] == 3
    same = succeeds("evaluate", shelf.model, "-", *labelled[:-2], "--json", *ALONE, stdin=_as_json(path))
    assert json.loads(same)["data"] == "standard input"


def _as_json(path: Path) -> str:
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in lines[1:] if len(row) == 4]
    return "".join(json.dumps(dict(zip(lines[0], row, strict=True))) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--labels-per-class", "few"], "whole numbers are expected"),
        (["--baselines", "bm25", "--no-baselines"], "either --baselines or --no-baselines"),
        (["--baselines", "bm52"], "there is no baseline 'bm52'"),
        (["--task", "ranking"], "ranking"),
        (["--draws", "0"], "--draws"),
        (["--task", "similarity"], "halves"),
        (["--split", "dev"], "has no split 'dev'"),
    ],
)
def test_bad_input(shelf: Shelf, judged: Path, words: list[str], says: str) -> None:
    assert says in fails("evaluate", shelf.model, judged, *words)


def test_no_model_and_no_data(shelf: Shelf, judged: Path, tmp_path: Path) -> None:
    assert "there is no model nothing" in fails("evaluate", "nothing", judged)
    assert "is no model" in fails("evaluate", tmp_path, judged)
    assert "there is no file" in fails("evaluate", shelf.model, tmp_path / "nothing.csv")
    (tmp_path / "empty.jsonl").write_text("")
    assert "holds no rows" in fails("evaluate", shelf.model, tmp_path / "empty.jsonl")
