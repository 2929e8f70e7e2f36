"""Classes over HTTP: the probabilities of the classifier, abstention, limits, and a folder that is replaced."""

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

import likewise
from likewise.service.app import create_app
from likewise.service.settings import Settings

TEXTS = ["how to open a file", "sorting a list of numbers"]


@pytest.fixture(scope="module")
def classifier(service_model, python_docs, tmp_path_factory):
    """Short or long texts, labelled by numbers."""
    path = tmp_path_factory.mktemp("classes") / "length.clf"
    texts = python_docs[:80]
    found = likewise.Classifier(service_model).fit(texts, [len(text) > 150 for text in texts])
    found.save(path)
    return path


@pytest.fixture(scope="module")
def classes(served_index, classifier):
    with TestClient(
        create_app(Settings(index=str(served_index), classifier=str(classifier), max_batch=50, max_text=400)),
        base_url="http://127.0.0.1",
    ) as found:
        yield found


def test_the_classes_are_those_of_the_classifier(classes, classifier):
    """Two paths that agree: over HTTP, and in this process."""
    found = likewise.Classifier.load(classifier)
    answer = classes.post("/classify", json={"texts": TEXTS})
    assert answer.status_code == 200, answer.text
    results, expected = answer.json()["results"], found.predict_proba(TEXTS)
    np.testing.assert_allclose(
        [[each["probabilities"][name] for name in ("False", "True")] for each in results], expected
    )
    assert [each["label"] for each in results] == found.predict(TEXTS).tolist()
    assert [each["probability"] for each in results] == [max(row) for row in expected.tolist()]
    assert not any(each["abstained"] for each in results)
    assert all(each["labels"] == [each["label"]] for each in results)
    assert classes.get("/status").json()["classifier"] == {"labels": [False, True]}


def test_below_the_threshold_there_is_no_label(classes):
    sure = classes.post("/classify", json={"texts": [*TEXTS, ""], "threshold": 1.0}).json()["results"]
    assert [each["label"] for each in sure] == [None] * 3 and all(each["abstained"] for each in sure)
    assert all(each["probability"] == max(each["probabilities"].values()) for each in sure)
    surrogate = classes.post("/classify", content=b'{"texts": ["a \\ud800 b"]}')
    assert surrogate.status_code in (200, 400)


def test_several_labels_a_text(served_index, service_model, python_docs, tmp_path):
    """Two paths that agree: the labels over HTTP are those of `predict`."""
    texts = python_docs[:80]
    labels = [[name for name in ("file", "list", "return") if name in text] for text in texts]
    found = likewise.Classifier(service_model).fit(texts, labels)
    found.save(tmp_path / "topics.clf")
    settings = Settings(index=str(served_index), classifier=str(tmp_path / "topics.clf"))
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        results = client.post("/classify", json={"texts": texts[:9]}).json()["results"]
        sure = client.post("/classify", json={"texts": texts[:9], "threshold": 1.0}).json()["results"]
    assert [tuple(each["labels"]) for each in results] == found.predict(texts[:9])
    np.testing.assert_allclose([[*each["probabilities"].values()] for each in results], found.predict_proba(texts[:9]))
    for each, other in zip(results, sure, strict=True):
        assert (each["label"] is None) == (not each["labels"]) and not each["abstained"]
        assert other["labels"] == [] and other["abstained"] == bool(each["labels"])


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"texts": []}, 422, "expected 1 to 50"),
        ({"texts": ["a"] * 51}, 422, "expected 1 to 50"),
        ({"texts": ["a" * 401]}, 413, "at most 400"),
        ({"texts": ["a"], "threshold": 1.5}, 422, "threshold"),
        ({"texts": "a"}, 422, "texts"),
        ({"texts": [3]}, 422, "texts"),
        ({"texts": ["a"], "theshold": 0.5}, 422, "theshold"),
    ],
)
def test_bad_bodies(classes, body, status, detail):
    answer = classes.post("/classify", json=body)
    assert answer.status_code == status and detail in answer.json()["detail"], answer.text


def test_without_a_classifier(client: httpx.Client):
    answer = client.post("/classify", json={"texts": ["a"]})
    assert answer.status_code == 404 and "--classifier" in answer.json()["detail"]
