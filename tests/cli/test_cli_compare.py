"""`likewise compare`: the Python call of the same name, as a table or as JSON, and each bad input in one line."""

import json

from cli_shelf import Shelf, fails, run_likewise, succeeds

import likewise


def test_json_is_what_python_gives(shelf: Shelf) -> None:
    """Two paths that agree."""
    found = json.loads(
        succeeds("compare", shelf.model, "--texts", shelf.file, "--text", "body", "--json", "--no-progress")
    )
    same = likewise.compare([shelf.model], shelf.file, text="body", progress=False).as_dict()
    assert found | {"seconds": 0} == same | {"seconds": 0}
    assert {row["name"] for row in found["rows"]} == {"docs.model", "BM25", "TF-IDF", "LSA", "untrained encoder"}


def test_a_table_and_progress(shelf: Shelf) -> None:
    words = ("compare", shelf.model, shelf.model, "--texts", shelf.file, "--text", "body", "--no-baselines")
    result = run_likewise(*words)
    assert result.exit_code == 0, result.stderr
    assert "docs.model: training without the held-out texts" in result.stderr
    assert "epochs" not in result.stderr  # what the training of another model reports is not about this one
    assert "docs.csv: comparison without labels, 400 texts, 133 held-out texts\n" in result.stdout
    assert "docs.model (2)" in result.stdout and "was trained on these texts" in result.stdout
    quiet = run_likewise(*words, "--no-progress")
    assert quiet.stderr == "" and quiet.stdout == result.stdout


def test_bad_input(shelf: Shelf) -> None:
    assert "no column 'none'" in fails("compare", shelf.model, "--texts", shelf.file, "--text", "none")
    assert "there is no model" in fails("compare", "none.model", "--texts", shelf.file, "--text", "body")
    assert "--texts" in fails("compare", shelf.model)
