"""Labelling over HTTP: from classes to a served classifier, one writer, names that are no paths, several processes."""

import json
import shutil

import pytest
from starlette.testclient import TestClient

import likewise
from likewise.service.app import create_app
from likewise.service.keys import add_key
from likewise.service.settings import Settings


def client_of(index, **settings):
    return TestClient(create_app(Settings(index=str(index), **settings)), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def copied(served_index, tmp_path_factory):
    path = tmp_path_factory.mktemp("labelled") / "docs.index"
    shutil.copytree(served_index, path)
    return path


@pytest.fixture(scope="module")
def labels(copied):
    with client_of(copied) as found:
        yield found


@pytest.fixture
def name(labels, request):
    """A new session for each test."""
    found = request.node.name.split("[")[0].replace("test_", "")[:60].strip("_")
    answer = labels.post("/labelling", json={"name": found, "classes": ["short", "long"]})
    assert answer.status_code == 200, answer.text
    return found


def truth(text):
    return "short" if len(text) < 150 else "long"


def label_some(labels, name, rounds=3, k=8):
    for _ in range(rounds):
        items = labels.get(f"/labelling/{name}/next", params={"k": k}).json()["items"]
        for kind in ("short", "long"):
            if ids := [each["id"] for each in items if truth(each["text"]) == kind]:
                answer = labels.post(f"/labelling/{name}/labels", json={"ids": ids, "label": kind})
                assert answer.status_code == 200, answer.text
    return answer.json()


def test_from_nothing_to_a_served_classifier(labels, name, copied):
    before = labels.get(f"/labelling/{name}").json()
    assert before["revision"] == before["labelled"] == 0 and before["estimate"] is None and before["texts"] > 300
    first = labels.get(f"/labelling/{name}/next").json()["items"]
    assert len(first) == 10 and {each["why"] for each in first} == {"diverse"} and first[0]["columns"]["length"] > 0
    changed = label_some(labels, name)
    assert changed["labelled"] == 24 and 3 <= changed["revision"] <= 6
    after = labels.get(f"/labelling/{name}").json()
    estimate = after["estimate"]
    assert estimate["low"] <= estimate["accuracy"] <= estimate["high"] and len(estimate["labels"]) == 2
    assert after["curve"][-1]["labels"] == 24 and [each["name"] for each in after["classes"]] == ["short", "long"]
    assert labels.get(f"/labelling/{name}/next").json()["items"][0]["why"] == "uncertain"
    pages = [labels.get(f"/labelling/{name}/rest", params={"after": after, "limit": 30}).json() for after in (0, 30)]
    sure = [each["probability"] for page in pages for each in page["items"]]
    assert sure == sorted(sure, reverse=True) and len({each["id"] for page in pages for each in page["items"]}) == 60
    only = labels.get(f"/labelling/{name}/rest", params={"label": "long", "order": "least_sure"}).json()
    assert only["total"] < pages[0]["total"] and {each["label"] for each in only["items"]} == {"long"}
    assert labels.post("/classify", json={"texts": ["a"]}).status_code == 404
    saved = labels.post(f"/labelling/{name}/save").json()
    assert saved["folder"] == f"{name}.clf" and saved["labelled"] == 24 and saved["estimate"] == estimate
    folder = copied.parent / "docs.labelling" / saved["folder"]
    texts = ["a list", "a very long text about files and lists " * 9]
    found = labels.post("/classify", json={"texts": texts}).json()["results"]
    assert [each["label"] for each in found] == likewise.Classifier.load(folder).predict(texts).tolist()
    with client_of(copied) as other:  # a server that is started again has it too
        assert other.post("/classify", json={"texts": texts}).json()["results"] == found


def test_bulk_labels_skips_and_undo(labels, name):
    path = f"/labelling/{name}"
    similar = labels.get(f"{path}/similar", params={"id": "doc5", "k": 7}).json()["items"]
    assert len(similar) == 7 and "doc5" not in {each["id"] for each in similar}
    ids = [each["id"] for each in similar]
    assert labels.post(f"{path}/labels", json={"ids": ids, "label": "short", "revision": 0}).json()["labelled"] == 7
    assert labels.post(f"{path}/labels", json={"ids": ["doc5"], "label": None, "revision": 1}).json()["labelled"] == 7
    state = labels.get(path).json()
    assert state["skipped"] == 1 and state["classes"][0] == {"name": "short", "labelled": 7}
    lines = labels.get(f"{path}/labels").text.splitlines()
    assert {json.loads(line)["id"] for line in lines} == {*ids} and json.loads(lines[0])["label"] == "short"
    assert labels.post(f"{path}/undo", json={"revision": 2}).json()["ids"] == ["doc5"]
    undone = labels.post(f"{path}/undo", json={}).json()
    assert {*undone["ids"]} == {*ids} and undone["labelled"] == 0 and undone["revision"] == 4
    assert "nothing to undo" in labels.post(f"{path}/undo", json={}).json()["detail"]


def test_two_who_label_at_once(labels, name, copied):
    """In two processes' servers of one index: the first wins, the other one gets 409 and sees what was labelled."""
    path = f"/labelling/{name}"
    with client_of(copied) as other:
        assert labels.post(f"{path}/labels", json={"ids": ["doc1"], "label": "long", "revision": 0}).status_code == 200
        for route, body in (
            ("labels", {"ids": ["doc2"], "label": "long", "revision": 0}),
            ("undo", {"revision": 0}),
        ):
            refused = other.post(f"{path}/{route}", json=body)
            assert refused.status_code == 409 and "somebody else" in refused.json()["detail"]
        refused = other.put(f"{path}/classes", json={"classes": ["long", "short", "odd"], "revision": 0})
        assert refused.status_code == 409
        assert other.get(path).json()["revision"] == 1
        added = other.put(f"{path}/classes", json={"classes": ["long", "short", "odd"], "revision": 1}).json()
        assert [each["name"] for each in added["classes"]] == ["long", "short", "odd"]
        assert labels.post("/labelling", json={"name": name, "classes": ["a", "b"]}).status_code == 409
        label_some(labels, name, 1)
        labels.post(f"{path}/save")
        assert other.post("/classify", json={"texts": ["a"]}).status_code == 200  # saved by the other one


def test_mistakes_are_listed(labels, name):
    label_some(labels, name, 3, 10)
    listed = {
        json.loads(line)["id"]: json.loads(line) for line in labels.get(f"/labelling/{name}/labels").text.splitlines()
    }
    sure = labels.get(f"/labelling/{name}/rest").json()["items"][0]
    wrong = {"short": "long", "long": "short"}[truth(sure["text"])]
    labels.post(f"/labelling/{name}/labels", json={"ids": [sure["id"]], "label": wrong})
    found = labels.get(f"/labelling/{name}/mistakes", params={"limit": 5}).json()
    assert found["total"] >= 1 and sure["id"] not in listed
    assert sure["id"] in {each["id"] for each in found["items"]}
    assert all(each["label"] != each["predicted"] for each in found["items"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("post", "", {"name": "../up", "classes": ["a", "b"]}, 422, "no name of a session"),
        ("post", "", {"name": "Upper", "classes": ["a", "b"]}, 422, "no name of a session"),
        ("post", "", {"name": "x" * 65, "classes": ["a", "b"]}, 422, "no name of a session"),
        ("post", "", {"name": "one", "classes": ["a"]}, 422, "expected 2 to 200"),
        ("post", "", {"name": "one", "classes": ["a", "A"]}, 422, "differ only by case"),
        ("post", "", {"name": "one", "classes": [1, 2]}, 422, "classes"),
        ("get", "/none", None, 404, "no session 'none'"),
        ("get", "/..%2F..%2Fetc", None, 404, ""),
        ("get", "/%2e%2e", None, 422, "no name of a session"),
        ("post", "/none/save", None, 404, "no session"),
        ("post", "/bad_input/labels", {"ids": ["doc1"], "label": "odd"}, 422, "no class of this session"),
        ("post", "/bad_input/labels", {"ids": [], "label": "short"}, 422, "ids"),
        ("post", "/bad_input/labels", {"ids": ["nothing"], "label": "short"}, 422, "no text 'nothing'"),
        ("post", "/bad_input/labels", {"ids": ["doc1"], "label": "short", "revision": -1}, 422, "revision"),
        ("get", "/bad_input/next?k=0", None, 422, "k"),
        ("get", "/bad_input/rest?limit=501", None, 422, "limit"),
        ("get", "/bad_input/similar?id=nothing", None, 422, "nothing"),
        ("post", "/bad_input/save", None, 422, "fewer than two classes"),
    ],
)
def test_bad_input(labels, method, path, body, status, detail, copied):
    if "bad_input" in path and labels.get("/labelling/bad_input").status_code == 404:
        labels.post("/labelling", json={"name": "bad_input", "classes": ["short", "long"]})
    answer = labels.request(method, f"/labelling{path}", json=body)
    assert answer.status_code == status and detail in answer.json()["detail"], answer.text
    assert {each.name for each in copied.parent.iterdir()} <= {"docs.index", "docs.labelling"}


def test_reading_keys_may_read_but_not_label(labels, name, copied, tmp_path):
    keys = tmp_path / "keys"
    reading = {"Authorization": f"Bearer {add_key(keys, 'reader', 'read')}"}
    with client_of(copied, api_key_file=str(keys)) as found:
        assert found.get("/labelling").status_code == 401
        assert found.get(f"/labelling/{name}", headers=reading).status_code == 200
        for path, body in ((f"/{name}/labels", {"ids": ["doc1"], "label": "long"}), (f"/{name}/save", None), ("", {})):
            assert found.post(f"/labelling{path}", json=body, headers=reading).status_code == 403


def test_without_an_index_there_is_nothing_to_label():
    with TestClient(create_app(Settings()), base_url="http://127.0.0.1") as found:
        assert found.get("/labelling").status_code == 404
