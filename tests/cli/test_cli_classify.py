"""`likewise classify`: from a labelled file to a folder, to labels, to figures, to what to label next."""

import csv
import json
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds

COLUMNS = ("--text", "body")


@pytest.fixture(scope="module")
def labelled(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts of the corpus with the label `long` or `short`; the last one has none."""
    file = tmp_path_factory.mktemp("labelled") / "labelled.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["id", "body", "size"])
        for row, text in enumerate(shelf.texts[:60]):
            writer.writerow([f"d{row}", text, ("long" if len(text) > 200 else "short") if row < 59 else ""])
    return file


@pytest.fixture(scope="module")
def made(shelf: Shelf, labelled: Path) -> Path:
    out = labelled.parent / "sizes.clf"
    told = succeeds("classify", "fit", shelf.model, labelled, *COLUMNS, "--label", "size", "--out", out)
    assert "2 labels, 59 labelled texts" in told and "1 unlabelled text: not learned from" in told
    assert "by cross-validation: " in told and "--abstain-below 0." in told and "likewise classify predict" in told
    return out


def test_predict(shelf: Shelf, made: Path) -> None:
    lines = succeeds("classify", "predict", made, shelf.file, *COLUMNS).splitlines()
    assert len(lines) == len(shelf.texts)
    label, probability, id, _ = lines[0].split("\t")
    assert label in {"long", "short"} and 0.5 <= float(probability) <= 1 and id == "d0"
    silent = succeeds("classify", "predict", made, shelf.file, *COLUMNS, "--abstain-below", "1").splitlines()
    assert silent[0].startswith("\t")
    found = json.loads(succeeds("classify", "predict", made, shelf.file, *COLUMNS, "--json").splitlines()[0])
    assert set(found["probabilities"]) == {"long", "short"} and found["text"] == shelf.texts[0]


def test_evaluate(made: Path, labelled: Path) -> None:
    told = succeeds("classify", "evaluate", made, labelled, *COLUMNS, "--label", "size")
    assert told.startswith("accuracy ") and "macro F1" in told
    found = json.loads(succeeds("classify", "evaluate", made, labelled, *COLUMNS, "--label", "size", "--json"))
    assert found["texts"] == 59 and found["unseen"] == 0
    other = labelled.parent / "other.csv"
    other.write_text("body,size\nsome text,huge\nother,short\n")
    told = succeeds("classify", "evaluate", made, other, *COLUMNS, "--label", "size")
    assert "1 text with a label that was never learned" in told and "huge taken for " in told
    other.write_text("body,size\nsome text,huge\n")
    assert "log loss none" in succeeds("classify", "evaluate", made, other, *COLUMNS, "--label", "size")
    told = succeeds("classify", "evaluate", made, other, *COLUMNS, "--label", "size", "--json")
    assert json.loads(told)["log_loss"] is None and "NaN" not in told


def test_what_to_label_next(shelf: Shelf, made: Path) -> None:
    assert len(succeeds("classify", "next", made, shelf.file, *COLUMNS, "-n", "5").splitlines()) == 5
    found = [
        json.loads(line) for line in succeeds("classify", "next", made, shelf.file, *COLUMNS, "--json").splitlines()
    ]
    assert len(found) == 20 and found[0]["guess"] in {"long", "short"} and 0 <= found[0]["probability"] <= 1


def test_the_ways_to_fit(shelf: Shelf, labelled: Path, tmp_path: Path) -> None:
    fit = ("classify", "fit", shelf.model, labelled, *COLUMNS, "--label", "size", "--out", tmp_path / "a.clf")
    told = succeeds(*fit, "--unlabelled", shelf.file, "--no-ngrams")
    assert "401 unlabelled texts: " in told
    assert "exists already" in fails(*fit)
    assert succeeds(*fit, "--overwrite", "--contrastive", "--seed", "1")
    lonely = tmp_path / "lonely.csv"
    lonely.write_text("body,label\na text,x\nanother,y\n")
    told = succeeds("classify", "fit", shelf.model, lonely, *COLUMNS, "--out", tmp_path / "b.clf")
    assert "cannot be told" in told
    lonely.write_text("body,label\na text,x\nanother,x\nanother one,x\nnew,y\n")
    told = succeeds("classify", "fit", shelf.model, lonely, *COLUMNS, "--out", tmp_path / "c.clf")
    assert "1 text alone with their label" in told


def test_what_cannot_be_used(shelf: Shelf, made: Path, labelled: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.clf")
    fit = ("classify", "fit", shelf.model)
    assert "no column 'stars' of labels" in fails(*fit, labelled, *COLUMNS, "--label", "stars", *out)
    assert "no column 'review'" in fails(*fit, labelled, "--text", "review", "--label", "size", *out)
    one = tmp_path / "one.csv"
    one.write_text("body,label\na text,x\n")
    assert "at least two labels" in fails(*fit, one, *COLUMNS, *out)
    one.write_text("body,label\na text,\n")
    assert "holds no labelled text" in fails(*fit, one, *COLUMNS, *out)
    assert "is no classifier" in fails("classify", "predict", shelf.model, shelf.file, *COLUMNS)
    assert "no probability" in fails("classify", "predict", made, shelf.file, "--abstain-below", "2")
    assert "Missing command" in fails("classify")
    assert not (tmp_path / "x.clf").exists()
