"""`likewise duplicates`: groups and rows that remain in files, a store in a folder, and errors in one line."""

import json
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, run_likewise, succeeds

from likewise.cli.review import _shown

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "goods.csv"
    path.write_text(
        'id,name,price\na,"Red kettle, two litres",20\nb,A desk lamp,9\nc,"red KETTLE, two  litres",21\nd,,3\n',
        encoding="utf-8",
    )
    return path


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_groups_and_what_remains(file: Path, tmp_path: Path) -> None:
    out, kept = tmp_path / "groups.jsonl", tmp_path / "kept.jsonl"
    command = ("duplicates", file, "--text", "name", "--out", out, "--output-kept", kept, "--keep", "newest")
    output = succeeds(*command)
    assert "4 texts, 1 duplicate (1 exact, 0 near, 0 semantic); 3 remain" in output
    member = {"id": "a", "reason": "exact", "score": 1.0, "precision": 1.0, "text": "Red kettle, two litres"}
    assert _lines(out) == [{"kept": "c", "text": "red KETTLE, two  litres", "members": [member]}]
    assert [row["id"] for row in _lines(kept)] == ["b", "c", "d"] and _lines(kept)[0]["price"] == "9"
    assert "exists already" in fails(*command)
    succeeds(*command, "--overwrite")


def test_a_model_a_store_and_another_file(shelf: Shelf, tmp_path: Path) -> None:
    out, store = tmp_path / "groups.jsonl", tmp_path / "docs.seen"
    found = ("duplicates", shelf.file, "--text", "body", "--model", shelf.model, "--out", out, "--save", store)
    assert "at precision 0.9: near from" in succeeds(*found, "--precision", "0.9")
    new = tmp_path / "new.txt"
    new.write_text(f"{' '.join(shelf.texts[3].split())}!\nnothing like it\n", encoding="utf-8")
    output = succeeds("duplicates", new, "--against", store, "--out", out, "--overwrite")
    assert "1 duplicate" in output and "1 are new" in output
    assert _lines(out)[0]["kept"] == "d3"


def test_what_cannot_be_used(file: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.jsonl")
    assert "no column 'body'" in fails("duplicates", file, "--text", "body", *out)
    assert "is no share" in fails("duplicates", file, "--text", "name", "--precision", "2", *out)
    assert "standard input cannot" in fails("duplicates", "-", "--output-kept", tmp_path / "k", *out)
    assert "leave --against out" in fails("duplicates", file, "--against", file, "--save", tmp_path / "s", *out)
    assert "is something else" in fails("duplicates", file, "--save", file, "--overwrite", *out)
    assert "give --out GROUPS" in fails("duplicates", file)
    assert "such as 1000, or a share" in fails("duplicates", file, "--keep-at-most", "few", *out)
    assert "1 of 4 texts cannot be reached" in fails("duplicates", file, "--text", "name", "--keep-at-most", "1", *out)
    empty = tmp_path / "empty.txt"
    empty.write_text("", encoding="utf-8")
    assert "0 texts, 0 duplicates" in succeeds("duplicates", empty, *out)


def test_fewer_texts_and_earlier_decisions(file: Path, tmp_path: Path) -> None:
    from likewise.applications.duplicates.store import Store

    store, kept = tmp_path / "goods.store", tmp_path / "kept.jsonl"
    command = ("duplicates", file, "--text", "name", "--save", store)
    assert "4 texts and what was decided" in succeeds(*command)
    opened = Store.load(store)
    opened.decide([(0, 2, False), (1, 3, True)])
    output = succeeds(*command, "--output-kept", kept, "--overwrite")
    assert "1 duplicate (0 exact, 0 near, 0 semantic, 1 decided); 3 remain" in output
    assert [row["id"] for row in _lines(kept)] == ["a", "b", "c"]
    assert Store.load(store).found.decided == ((0, 2, False), (1, 3, True))
    output = succeeds(
        "duplicates", file, "--text", "name", "--keep-at-most", "0.75", "--output-kept", kept, "--overwrite"
    )
    assert "3 remain" in output and "at precision 1:" in output


def test_thirty_answers(shelf: Shelf, tmp_path: Path) -> None:
    """The answers are decisions of the store, correct its precision, and questions end with the lines of the input."""
    texts = [f"{text} {at}" for at, text in enumerate(shelf.texts[:150])]
    file, store = tmp_path / "twice.txt", tmp_path / "twice.seen"
    file.write_text("\n".join(" ".join(text.split()) for text in [*texts, *(f"{text} indeed" for text in texts)]))
    succeeds("duplicates", file, "--model", shelf.model, "--save", store, "--precision", "0.7")
    shown = succeeds("duplicates", "review", store, "--answers", "12", stdin="y\nperhaps\nn\ns\n" + "y\n" * 20)
    assert "[indeed]" in shown and "12/12 Are they duplicates?" in shown and "13/12" not in shown
    assert "by 12 answers, 11 of them yes" in shown and "(90 %)" in shown
    assert len((store / "decisions.jsonl").read_text().splitlines()) == 12
    again = succeeds("duplicates", "review", store, "--precision", "0.6", stdin="q\n")
    assert "at precision 0.6 by 12 answers" in again
    assert "ten answers" in succeeds("duplicates", "review", fresh(file, store, shelf), stdin="")


def test_a_file_is_reviewed_and_reviewed_again(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts are compared once; what was answered holds for a file that grew, and other texts are refused."""
    monkeypatch.chdir(tmp_path)
    texts = [" ".join(text.split()) for text in shelf.texts[:150]]
    Path("twice.txt").write_text("\n".join([*texts, *(f"{text} indeed" for text in texts)]))
    command = ("duplicates", "review", "twice.txt", "--model", shelf.model, "--precision", "0.7", "--no-progress")
    shown = run_likewise(*command, stdin="y\ny\nq\n")
    assert shown.exit_code == 0 and "3/30 Are they" in shown.output and "at precision 0.7" in shown.output
    assert len(Path("twice.duplicates/decisions.jsonl").read_text().splitlines()) == 2
    assert "has these texts already" in run_likewise(*command, stdin="q\n").output
    Path("twice.txt").write_text("\n".join([*texts, *(f"{text} indeed" for text in texts), "one more text"]))
    assert "301 texts, and what is decided" in run_likewise(*command, stdin="q\n").output
    assert len(Path("twice.duplicates/decisions.jsonl").read_text().splitlines()) == 2
    Path("twice.txt").write_text("something else\nand other things\n")
    assert "other texts than twice.txt: give another name" in fails(*command)
    assert "is a store already" in fails("duplicates", "review", "twice.duplicates", "--save", "x")
    assert "standard input has the answers" in fails("duplicates", "review", "-")


def fresh(file: Path, store: Path, shelf: Shelf) -> Path:
    """The same texts in a store where nothing was decided."""
    other = store.with_name("fresh.seen")
    succeeds("duplicates", file, "--model", shelf.model, "--save", other, "--precision", "0.7")
    return other


def test_records_of_several_columns(file: Path, tmp_path: Path) -> None:
    out, kept, store = tmp_path / "groups.jsonl", tmp_path / "kept.jsonl", tmp_path / "goods.seen"
    file.write_text(file.read_text(encoding="utf-8") + 'e,"red KETTLE, two  litres",20\n', encoding="utf-8")
    columns = ("--column", "name", "--column", "price")
    output = succeeds("duplicates", file, *columns, "--out", out, "--output-kept", kept, "--save", store)
    assert "5 texts, 1 duplicate" in output
    member = _lines(out)[0]["members"][0]
    assert member["columns"] == {"name": "red KETTLE, two litres", "price": "20"}
    assert member["agreement"]["price"] == "same"
    assert set(_lines(kept)[0]) == {"id", "name", "price"}
    shown = run_likewise("duplicates", "review", store, "--precision", "0.01", stdin="q\n").stdout
    assert "goods.seen" in shown
    other = tmp_path / "other.jsonl"
    assert "holds the columns name, price" in fails(
        "duplicates", file, "--text", "name", "--against", store, "--out", other
    )
    assert "two columns and more" in fails("duplicates", file, "--column", "name", "--out", other)


def test_review_shows_columns_one_below_the_other() -> None:
    assert _shown(["a b\nUlm\n", "a c\nUlm\n3"], ("name", "city", "age")) == (
        "\n  1  name: a [b]\n  2  name: a [c]\n  1  city: Ulm\n  2  city: Ulm\n  1  age: \n  2  age: 3"
    )
    assert _shown(["a b", "a c"], ()) == "\n  1  a [b]\n  2  a [c]"
