"""A classifier on disk."""

import json

import numpy as np
import pytest
from classify_texts import Senses, opinions

from likewise.applications.classify.classifier import Classifier
from likewise.errors import InputError


@pytest.mark.parametrize("kind", [str, int, bool])
def test_it_comes_back(opinions_model, tmp_path, kind):
    texts, labels = opinions(20)
    made = {str: str, int: lambda label: 5 if label == "good" else 1, bool: lambda label: label == "good"}[kind]
    labels = [made(label) for label in labels]
    found = Classifier(opinions_model, ngrams=kind is not int).fit(texts, labels)
    found.save(tmp_path / "a.clf")
    again = Classifier.load(tmp_path / "a.clf")
    assert (
        again.predict(texts).tolist() == found.predict(texts).tolist() and type(again.predict(texts)[0].item()) is kind
    )
    np.testing.assert_array_equal(again.predict_proba(texts), found.predict_proba(texts))
    assert again.estimate_ == found.estimate_ and again.get_params()["ngrams"] == found.ngrams
    with pytest.raises(InputError, match="exists already"):
        found.save(tmp_path / "a.clf")
    found.save(tmp_path / "a.clf", overwrite=True)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="is no classifier: it is not overwritten"):
        found.save(tmp_path / "other", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.clf", "other"]


def test_a_model_that_cannot_be_saved(tmp_path):
    found = Classifier(Senses()).fit(["lovely", "awful"], ["good", "bad"])
    found.save(tmp_path / "a.clf")
    assert Classifier.load(tmp_path / "a.clf", Senses()).estimate_ is None
    with pytest.raises(InputError, match="does not hold"):
        Classifier.load(tmp_path / "a.clf")


def test_damaged_folders(opinions_model, tmp_path):
    Classifier(opinions_model).fit(*opinions(20)).save(tmp_path / "a.clf")
    with pytest.raises(InputError, match="is not a classifier"):
        Classifier.load(tmp_path / "none")
    record = tmp_path / "a.clf" / "classifier.json"
    good = json.loads(record.read_text())
    for broken, message in (
        ("{", "is damaged"),
        (json.dumps({**good, "format": 99}), "format 99, this version reads"),
        (json.dumps({name: value for name, value in good.items() if name != "terms"}), "is damaged"),
        (json.dumps({**good, "sha256": "0"}), "is missing or damaged"),
    ):
        record.write_text(broken)
        with pytest.raises(InputError, match=message):
            Classifier.load(tmp_path / "a.clf")
