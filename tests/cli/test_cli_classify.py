"""`likewise classify`: fit, predict, evaluate and next."""

import csv
import json
from pathlib import Path

import pytest
from cli_shelf import Shelf, fails, succeeds

from likewise.cli.label_sets import percent

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
    shown = succeeds("classify", "fit", shelf.model, labelled, *COLUMNS, "--label", "size", "--out", out)
    assert "2 labels, 59 labelled texts" in shown and "1 unlabelled text: not used" in shown
    assert "by cross-validation: " in shown and "--abstain-below 0." in shown and "likewise classify predict" in shown
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
    shown = succeeds("classify", "evaluate", made, labelled, *COLUMNS, "--label", "size")
    assert shown.startswith("macro F1 ") and "majority baseline (always " in shown
    found = json.loads(succeeds("classify", "evaluate", made, labelled, *COLUMNS, "--label", "size", "--json"))
    assert found["texts"] == 59 and found["unknown_labels"] == 0
    other = labelled.parent / "other.csv"
    other.write_text("body,size\nsome text,huge\nother,short\n")
    shown = succeeds("classify", "evaluate", made, other, *COLUMNS, "--label", "size")
    assert "1 text with a label that was not trained on" in shown and "huge predicted as " in shown
    other.write_text("body,size\nsome text,huge\n")
    assert "log loss none" in succeeds("classify", "evaluate", made, other, *COLUMNS, "--label", "size")
    shown = succeeds("classify", "evaluate", made, other, *COLUMNS, "--label", "size", "--json")
    assert json.loads(shown)["log_loss"] is None and "NaN" not in shown


def test_a_label_that_is_hardly_found_is_seen_next_to_the_accuracy(shelf: Shelf, tmp_path: Path) -> None:
    rows = [(text, "rare" if row < 3 else "common") for row, text in enumerate(shelf.texts[:123])]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([("body", "label"), *rows])
    out = tmp_path / "a.clf"
    fitted = succeeds("classify", "fit", shelf.model, tmp_path / "a.csv", *COLUMNS, "--out", out)
    evaluated = succeeds("classify", "evaluate", out, tmp_path / "a.csv", *COLUMNS)
    for lines in (fitted.splitlines()[1:], evaluated.splitlines()):
        assert lines[0].startswith("macro F1 ")
        assert lines[1].startswith("accuracy ") and lines[1].endswith("; majority baseline (always common) 98%")
        assert lines[2].startswith("  rare: recall ") and " of 3 texts, precision " in lines[2]
        assert lines[3].startswith("  common: recall ") and " of 120 texts, precision " in lines[3]
    assert percent(0.99951) == "99.95%" and percent(0.0) == "0%" and percent(0.002) == "0.2%"


def test_next(shelf: Shelf, made: Path) -> None:
    assert len(succeeds("classify", "next", made, shelf.file, *COLUMNS, "-n", "5").splitlines()) == 5
    found = [
        json.loads(line) for line in succeeds("classify", "next", made, shelf.file, *COLUMNS, "--json").splitlines()
    ]
    assert len(found) == 20 and found[0]["guess"] in {"long", "short"} and 0 <= found[0]["probability"] <= 1


def test_options_of_fit(shelf: Shelf, labelled: Path, tmp_path: Path) -> None:
    fit = ("classify", "fit", shelf.model, labelled, *COLUMNS, "--label", "size", "--out", tmp_path / "a.clf")
    shown = succeeds(*fit, "--unlabelled", shelf.file, "--no-ngrams")
    assert "401 unlabelled texts: " in shown
    assert "exists already" in fails(*fit)
    assert "needs a transformer" in fails(*fit, "--overwrite", "--contrastive", "--seed", "1")
    lonely = tmp_path / "lonely.csv"
    lonely.write_text("body,label\na text,x\nanother,y\n")
    shown = succeeds("classify", "fit", shelf.model, lonely, *COLUMNS, "--out", tmp_path / "b.clf")
    assert "no estimate of the accuracy" in shown
    lonely.write_text("body,label\na text,x\nanother,x\nanother one,x\nnew,y\n")
    shown = succeeds("classify", "fit", shelf.model, lonely, *COLUMNS, "--out", tmp_path / "c.clf")
    assert "1 text alone with their label" in shown


def test_descriptions_of_labels(shelf: Shelf, labelled: Path, tmp_path: Path) -> None:
    described = tmp_path / "described.csv"
    described.write_text("size,description\nlong,arguments of a function and what it returns\nshort,see also\n")
    fit = ("classify", "fit", shelf.model)
    given = ("--label", "size", "--descriptions", described)
    shown = succeeds(*fit, labelled, *COLUMNS, *given, "--out", tmp_path / "a.clf")
    assert "2 labels, 59 labelled texts, 2 descriptions" in shown
    shown = succeeds(*fit, shelf.file, *COLUMNS, *given, "--out", tmp_path / "b.clf")  # has no column of labels
    assert "2 labels, 0 labelled texts, 2 descriptions" in shown and "no estimate of the accuracy" in shown
    assert len(succeeds("classify", "predict", tmp_path / "b.clf", shelf.file, *COLUMNS).splitlines()) == 400
    described.write_text("size,description\nlong,one\nlong,two\n")
    assert "several descriptions of 'long'" in fails(*fit, labelled, *COLUMNS, *given, "--out", tmp_path / "c.clf")
    described.write_text("size,description\nlong,one\n,two\n")
    assert "'two' has no label" in fails(*fit, labelled, *COLUMNS, *given, "--out", tmp_path / "c.clf")


def test_several_labels_a_text(shelf: Shelf, tmp_path: Path) -> None:
    names = ("server", "return", "task")
    cells = ["|".join(name for name in names if name in text) or "|" for text in shelf.texts[:80]]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([("body", "label"), *zip(shelf.texts, [*cells, ""], strict=False)])
    fit = ("classify", "fit", shelf.model, tmp_path / "a.csv", *COLUMNS, "--overwrite", "--out", tmp_path / "a.clf")
    assert "with --separator '|' a text has several" in succeeds(*fit)
    shown = succeeds(*fit, "--separator", "|")
    assert "3 labels, 80 labelled texts" in shown and "1 unlabelled text: used to weigh words" in shown
    for line in ("micro F1 ", "all labels right ", "baseline (always ", "  --abstain-below 0."):
        assert f"\n{line}" in shown
    assert "no cell holds ';': each text has one label" in succeeds(*fit, "--separator", ";")
    succeeds(*fit, "--separator", "|")
    predict = ("classify", "predict", tmp_path / "a.clf", shelf.file, *COLUMNS)
    for line in succeeds(*predict).splitlines():
        labels, probabilities, *_ = line.split("\t")
        assert {*labels.split("|")} <= {*names, ""} and len(probabilities.split()) == max(1, len(labels.split("|")))
    found = json.loads(succeeds(*predict, "--json", "--abstain-below", "1").splitlines()[0])
    assert found["labels"] == [] and set(found["probabilities"]) == {*names}
    assert succeeds("classify", "evaluate", tmp_path / "a.clf", tmp_path / "a.csv", *COLUMNS).startswith("micro F1 ")
    shown = succeeds("classify", "evaluate", tmp_path / "a.clf", tmp_path / "a.csv", *COLUMNS, "--json")
    assert json.loads(shown)["scores"]["micro_f1"] > 0.5
    assert len(succeeds("classify", "next", tmp_path / "a.clf", shelf.file, *COLUMNS, "-n", "5").splitlines()) == 5
    shown = succeeds("classify", "next", tmp_path / "a.clf", shelf.file, *COLUMNS, "-n", "5", "--json")
    assert {*json.loads(shown.splitlines()[0])["guess"]} <= {*names}
    assert "is blank, expected a sign" in fails(*fit, "--separator", " ")
    assert "takes one label a text" in fails(*fit, "--separator", "|", "--contrastive")


def test_labels_with_an_order(shelf: Shelf, labelled: Path, tmp_path: Path) -> None:
    fit = ("classify", "fit", shelf.model, labelled, *COLUMNS, "--label", "size", "--out", tmp_path / "a.clf")
    shown = succeeds(*fit, "--ordered", "short,medium,long")
    assert "\nmean absolute error " in shown and "quadratic weighted kappa" in shown
    shown = succeeds("classify", "evaluate", tmp_path / "a.clf", labelled, *COLUMNS, "--label", "size")
    assert shown.startswith("mean absolute error 0")
    assert "is not a number" in fails(*fit, "--overwrite", "--ordered", "numbers")
    assert "is not in the order short, medium" in fails(*fit, "--overwrite", "--ordered", "short,medium")
    assert "have no order" in fails(*fit, "--overwrite", "--ordered", "short,long", "--separator", ";")


def test_bad_input(shelf: Shelf, made: Path, labelled: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.clf")
    fit = ("classify", "fit", shelf.model)
    assert "no column 'stars' of labels" in fails(*fit, labelled, *COLUMNS, "--label", "stars", *out)
    assert "no column 'review'" in fails(*fit, labelled, "--text", "review", "--label", "size", *out)
    one = tmp_path / "one.csv"
    one.write_text("body,label\na text,x\n")
    assert "at least two labels" in fails(*fit, one, *COLUMNS, *out)
    one.write_text("body,label\na text,\n")
    assert "holds no labelled text" in fails(*fit, one, *COLUMNS, *out)
    assert "is not a classifier" in fails("classify", "predict", shelf.model, shelf.file, *COLUMNS)
    assert "not a probability" in fails("classify", "predict", made, shelf.file, "--abstain-below", "2")
    assert "Missing command" in fails("classify")
    assert not (tmp_path / "x.clf").exists()
