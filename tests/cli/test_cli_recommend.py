"""`likewise recommend`: from two files to a list with reasons, and one line for bad input."""

import csv
import json
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds


@pytest.fixture(scope="module")
def files(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interactions with the documents of the shelf, and a recommender of both."""
    folder = tmp_path_factory.mktemp("recommend")
    with (folder / "read.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["reader", "document", "stars", "timestamp"])
        for row in range(300):
            rows.writerow([f"n{row % 30}", f"d{(row * 7 + row % 30) % 90}", 3 + row // 30 % 3, row])
        rows.writerow(["n1", "gone", 5, 999])
    shown = succeeds(*fit(shelf, folder / "read.csv"), "--out", folder / "rec")
    assert "30 users" in shown and "1 with unknown items skipped" in shown
    assert f"likewise recommend for {folder / 'rec'} --user n" in shown
    return folder


def fit(shelf: Shelf, rows: Path) -> tuple[str | Path, ...]:
    columns = ("--user", "reader", "--item", "document", "--rating", "stars", "--min-rating", "4")
    return (
        "recommend", "fit", shelf.file, rows, "--text", "body", *columns, "--model", shelf.model, "--no-progress"
    )  # fmt: skip


def test_it_recommends_finds_similar_items_and_explains(files: Path) -> None:
    rec = files / "rec"
    lines = succeeds("recommend", "for", rec, "--user", "n3", "-k", "4", "--json").splitlines()
    found = [json.loads(line) for line in lines]
    assert [each["rank"] for each in found] == [1, 2, 3, 4]
    assert len(succeeds("recommend", "for", rec, "--user", "n3", "-k", "4").splitlines()) == 4
    assert " new " in succeeds("recommend", "for", rec, "--text", "cancel a task", "-k", "200")
    assert succeeds("recommend", "for", rec, "--liked", "d1", "--liked", "d2", "-k", "2").count("\n") == 2
    assert "d1 " not in succeeds("recommend", "similar", rec, "d1", "-k", "3")
    reasons = succeeds("recommend", "explain", rec, found[0]["item"], "--user", "n3", "--json").splitlines()
    assert {"item", "part", "weight", "text"} == set(json.loads(reasons[0]))


def test_bad_input(shelf: Shelf, files: Path) -> None:
    rec = files / "rec"
    assert "no user 'nobody'" in fails("recommend", "for", rec, "--user", "nobody")
    assert "no user to recommend to" in fails("recommend", "for", rec)
    assert "no item 'x'" in fails("recommend", "similar", rec, "x")
    assert "is not a recommender" in fails("recommend", "for", shelf.index, "--user", "n3")
    assert "exists already" in fails(*fit(shelf, files / "read.csv"), "--out", rec)
    assert "has no column 'document'" in fails(*fit(shelf, shelf.file), "--out", files / "other")
    empty = files / "empty.csv"
    empty.write_text("reader,document,stars\n")
    assert "holds no" in fails(*fit(shelf, empty), "--out", files / "other")
    assert not (files / "other").exists()


def test_no_unseen_items_are_left(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,text\na,tea\n")
    (tmp_path / "rows.csv").write_text("user,item\nu,a\n")
    succeeds(
        "recommend", "fit", tmp_path / "items.csv", tmp_path / "rows.csv",
        "--model", shelf.model, "--out", tmp_path / "r",
    )  # fmt: skip
    assert "no unseen items are left" in succeeds("recommend", "for", tmp_path / "r", "--user", "u")
