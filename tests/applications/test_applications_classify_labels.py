"""Texts and labels from files."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from likewise.applications.classify.labels import encode_labels, read_labelled, read_texts
from likewise.applications.classify.metrics import evaluate
from likewise.errors import InputError


def test_labels_of_a_file(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id,body,stars\n1,good one,5\n2,bad one,1\n3,who knows,\n")
    found = read_labelled(file, "stars", text=["body"])
    assert (found.texts, found.labels, found.unlabelled) == (["good one", "bad one"], ["5", "1"], ["who knows"])
    assert read_texts(file, text=["body"]) == ["good one", "bad one", "who knows"]
    with pytest.raises(InputError, match=r"no column 'star' of labels.*its columns are 'stars'"):
        read_labelled(file, "star", text=["body"])
    with pytest.raises(InputError, match="no column 'text'"):
        read_labelled(file, "stars", text=["text"])
    rows = [{"text": "a", "label": None}, {"text": "b", "label": ""}, {"text": "c", "label": "x"}]
    assert read_labelled(rows, "label").labels == ["x"]
    for empty in ("body,stars\n", "body,stars\na,\n"):
        file.write_text(empty)
        with pytest.raises(InputError):
            read_labelled(file, "stars", text=["body"])
    with pytest.raises(InputError, match="none besides the texts"):
        read_labelled(["a", "b"], "label")


def test_labels_that_differ_by_blanks_or_case(tmp_path, caplog):
    """Blanks are trimmed, words for a missing value are no labels, and what differs only by case is told."""
    file = tmp_path / "a.csv"
    labels = ["ham", "ham ", " HAM", "spam", "NaN", "N/A", "NULL", "", "none"]
    file.write_text("id,text,label\n" + "".join(f",words {row},{label}\n" for row, label in enumerate(labels)))
    found = read_labelled(file, "label")
    assert found.labels == ["ham", "ham", "HAM", "spam", "none"] and len(found.unlabelled) == 4
    assert "3 rows with 'NaN', 'N/A', 'NULL' in column 'label' count as rows without a label" in caplog.text
    encode_labels(found.labels, len(found.labels))
    assert "labels that differ only by case or blanks are separate classes: 'HAM' and 'ham'" in caplog.text
    assert "the label 'none' is a class: leave the label empty where there is none" in caplog.text


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1.0, 0.0, 1.0], ["1", "0", "1"]),
        ([1, 0, 1], ["1", "0", "1"]),
        ([True, False, True], ["True", "False", "True"]),
        ([4.5, 3.0, 4.5], ["4.5", "3", "4.5"]),
    ],
)
def test_labels_of_every_format_are_the_same(tmp_path, labels, expected):
    """Two paths that agree: a label is one text in every file; a missing one makes whole numbers floats."""
    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": labels})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "a.parquet")
    rows = frame.to_dict("records")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    padded = pd.DataFrame({"text": ["a", "b", "c", "d"], "label": pd.Series([*labels, None], dtype=object)})
    for source in (frame, rows, padded, *sorted(tmp_path.iterdir())):
        assert read_labelled(source, "label").labels == expected


def test_evaluation_compares_what_labels_mean():
    """A classifier fitted on numbers is right on a file of the same numbers, however they are written."""
    for classes in (np.array([0.0, 1.0]), np.array([0, 1]), np.array(["0", "1"])):
        fitted = SimpleNamespace(classes_=classes, predict_proba=lambda texts: np.array([[0.9, 0.1]] * len(texts)))
        for labels in ([0, 0.0, 1], ["0", "0.0", "1.0"], [" 0", np.int64(0), np.float32(1)]):
            found = evaluate(fitted, ["a", "b", "c"], labels)
            assert found.accuracy == pytest.approx(2 / 3) and found.unknown_labels == 0


@pytest.mark.parametrize(
    "labels", [np.eye(2), [[1, 0], [0, 1]], pd.DataFrame({"x": [1, 0], "y": [0, 1]}), [{"a": 1}, {"a": 2}]]
)
def test_several_values_are_no_label(labels):
    with pytest.raises(InputError, match="labels hold several values for a text"):
        encode_labels(labels, 2)


def test_a_column_of_labels():
    for labels in (np.array([[1], [0]]), pd.DataFrame({"x": [1, 0]})):
        classes, numbers = encode_labels(labels, 2)
        assert classes.tolist() == [0, 1] and numbers.tolist() == [1, 0]
    with pytest.raises(InputError, match=r"row 1: column 'label' holds \['a'\] \(list\), a label is a string"):
        read_labelled([{"text": "a", "label": ["a"]}], "label")
