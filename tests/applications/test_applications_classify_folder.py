"""A classifier on disk."""

import json

import numpy as np
import pytest
from classify_texts import Senses, opinions

import likewise
from likewise.applications.classify.classifier import Classifier
from likewise.errors import InputError


@pytest.fixture(scope="module")
def model(python_docs):
    return likewise.train(opinions(200, 3)[0], progress=False, epochs=1, dim=8)


@pytest.mark.parametrize("kind", [str, int, bool])
def test_it_comes_back(model, tmp_path, kind):
    texts, labels = opinions(20)
    made = {str: str, int: lambda label: 5 if label == "good" else 1, bool: lambda label: label == "good"}[kind]
    labels = [made(label) for label in labels]
    found = Classifier(model, ngrams=kind is not int).fit(texts, labels)
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


def test_a_model_that_cannot_be_kept(tmp_path):
    found = Classifier(Senses()).fit(["lovely", "awful"], ["good", "bad"])
    found.save(tmp_path / "a.clf")
    assert Classifier.load(tmp_path / "a.clf", Senses()).estimate_ is None
    with pytest.raises(InputError, match="pass model="):
        Classifier.load(tmp_path / "a.clf")


def test_what_is_damaged(model, tmp_path):
    Classifier(model).fit(*opinions(20)).save(tmp_path / "a.clf")
    with pytest.raises(InputError, match="is no classifier"):
        Classifier.load(tmp_path / "none")
    record = tmp_path / "a.clf" / "classifier.json"
    good = json.loads(record.read_text())
    for broken, said in (
        ("{", "is damaged"),
        (json.dumps({**good, "format": 99}), "has format 99, this version reads format 2: fit again"),
        (json.dumps({name: value for name, value in good.items() if name != "terms"}), "is damaged"),
        (json.dumps({**good, "sha256": "0"}), "is missing or damaged"),
    ):
        record.write_text(broken)
        with pytest.raises(InputError, match=said):
            Classifier.load(tmp_path / "a.clf")
