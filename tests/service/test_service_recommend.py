"""Recommendation over HTTP: the recommender's own ranks and reasons, a sentence with its words, names as one types."""

import pytest
from starlette.testclient import TestClient

import likewise
from likewise.service.app import create_app
from likewise.service.settings import Settings


@pytest.fixture(scope="module")
def rec(recommender):
    with TestClient(create_app(Settings(recommender=str(recommender))), base_url="http://127.0.0.1") as found:
        yield found


def items_of(rec, **body):
    answer = rec.post("/recommend", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_ranks_and_reasons_are_those_of_the_recommender(rec, recommender):
    """Two paths that agree, over HTTP and in this process; closed form: all parts add up to the score."""
    own = likewise.Recommender.load(recommender)
    found = items_of(rec, user="u0", k=4)
    assert [each["item"] for each in found] == [each.item for each in own.recommend("u0", 4)]
    for each in found:
        reasons = own.explain("u0", each["item"])
        assert [reason["item"] for reason in each["reasons"]] == [reason.item for reason in reasons]
        assert sum(reason["part"] for reason in each["reasons"]) == pytest.approx(each["score"], rel=1e-3)
        assert each["more"] == 0 and each["text"].startswith("kettle")
    many = items_of(rec, liked=[f"tent{n}" for n in range(8)], k=1)[0]
    assert len(many["reasons"]) == 5 and many["more"] == 3
    plain = items_of(rec, user="u0", k=4, reasons=False)
    assert [each["score"] for each in plain] == [each["score"] for each in found] and plain[0]["reasons"] == []


def test_a_sentence_has_its_words_as_reasons(rec):
    (first, *_) = items_of(rec, text="a warm light for my desk", k=3)
    assert first["item"].startswith("lamp") and len(first["reasons"]) == 1
    (reason,) = first["reasons"]
    assert reason["item"] is None and reason["text"] == "a warm light for my desk" and reason["weight"] == 1
    assert reason["words"] and {each["word"] for each in reason["words"]} & {"warm", "light", "desk"}
    assert all(each["part"] > 0 for each in reason["words"])
    both = items_of(rec, user="u1", text="rain", k=1)[0]
    assert None in [each["item"] for each in both["reasons"]] or both["more"] > 0


def test_similar_items(rec, recommender):
    found = rec.post("/recommend/similar", json={"item": "tent2", "k": 3}).json()["items"]
    assert [each["item"] for each in found] == [
        each.item for each in likewise.Recommender.load(recommender).similar("tent2", 3)
    ]
    assert "tent2" not in [each["item"] for each in found] and found[0]["reasons"] == []


def test_names_as_one_types(rec):
    users = rec.get("/recommend/users", params={"prefix": "U2"}).json()["users"]
    assert [each["user"] for each in users] == ["u2", *(f"u2{n}" for n in range(9))] and users[0]["liked"] == 5
    assert len(rec.get("/recommend/users", params={"limit": 3}).json()["users"]) == 3
    items = rec.get("/recommend/items", params={"prefix": "tent 3, keeps"}).json()["items"]
    assert [each["item"] for each in items] == ["tent3"] and items[0]["text"].startswith("tent 3")
    both = rec.get("/recommend/items", params={"prefix": "lamp", "limit": 100}).json()["items"]
    assert len(both) == 10  # by id and by text, each once
    assert rec.get("/recommend/users", params={"prefix": "nobody"}).json() == {"users": []}


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("", {}, "nobody to recommend to"),
        ("", {"text": "  "}, "nobody to recommend to"),
        ("", {"user": "u999"}, "no user 'u999'"),
        ("", {"liked": ["tent99"]}, "no item 'tent99'"),
        ("", {"user": "u1", "k": 0}, "k"),
        ("", {"user": "u1", "k": 201}, "k"),
        ("", {"text": "a" * 2001}, "text"),
        ("", {"liked": ["tent1"] * 501}, "liked"),
        ("", {"user": 3}, "user"),
        ("/similar", {"item": "none"}, "no item 'none'"),
    ],
)
def test_bad_bodies(rec, path, body, detail):
    answer = rec.post(f"/recommend{path}", json=body)
    assert answer.status_code == 422 and detail in answer.json()["detail"], answer.text


def test_without_a_recommender(client):
    for answer in (
        client.post("/recommend", json={"user": "u1"}),
        client.get("/recommend/users"),
        client.get("/recommend/items"),
        client.post("/recommend/similar", json={"item": "a"}),
    ):
        assert answer.status_code == 404 and "--recommender" in answer.json()["detail"]
    assert client.get("/recommend/users", params={"limit": 101}).status_code == 422
