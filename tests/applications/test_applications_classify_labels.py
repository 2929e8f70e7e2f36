"""Texts and labels from files."""

import pytest

from likewise.applications.classify.labels import read_labelled, read_texts
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
