"""Labelled data checks itself: unusable data is refused in one line that names the reason."""

import numpy as np
import pytest

from likewise.errors import InputError
from likewise.evaluation.data import Duplicates, Labelled, Retrieval, Similarity


@pytest.mark.parametrize(
    ("documents", "queries", "qrels", "message"),
    [
        ({}, {"q": "a"}, {"q": {"d": 1}}, "no documents"),
        ({"d": "a"}, {}, {"q": {"d": 1}}, "no queries"),
        ({"d": "a"}, {"q": "a"}, {}, "none of the 0 judged queries is among"),
        ({"d": "a"}, {"q": "a"}, {"x": {"d": 1}}, r"none of the 1 judged queries \(such as 'x'\) is among"),
        ({"d": "a"}, {"q": "a"}, {"q": {"d": 0}}, "relevance above 0"),
        ({"d": "a"}, {"q": "a"}, {"q": {"e": 1}}, r"none of the 1 relevant documents \(such as 'e'\)"),
        ({"d": "a"}, {"q": "a"}, {"q": {"d": 31}}, "relevance of 31"),
    ],
)
def test_retrieval(documents, queries, qrels, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Retrieval(documents, queries, qrels)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([1.0, 2.0], "3 first, 3 second, 2 scores"),
        ([1.0, float("nan"), 2.0], "pair 1 has no finite score"),
        ([1.0, 1.0, 1.0], "3 pairs with 1 different scores"),
    ],
)
def test_similarity(scores: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Similarity(["a"] * 3, ["b"] * 3, scores)


def test_duplicates() -> None:
    assert Duplicates(["a", "b"], ["b", "c"], np.array([True, False])).name == "the pairs"
    for labels, message in (([1, 2], "has a label 2"), ([1, 1], "all 2 labels are 1"), ([1], "1 labels")):
        with pytest.raises(InputError, match=message):
            Duplicates(["a", "b"], ["b", "c"], labels)
    with pytest.raises(InputError, match="is empty"):
        Duplicates([], [], [])


@pytest.mark.parametrize(
    ("labels", "test", "message"),
    [
        (["x"] * 4, None, "all 4 texts have one label"),
        (["x", "x", "x", "y"], None, "class 'y' has one text"),
        (["x", "x", "y", "y"], [True] * 4, "the training set is empty"),
        (["x", "x", "y", "y"], [False] * 4, "the test set is empty"),
        (["x", "x", "y", "y"], [False, True, True, True], "class 'y' is in the test set and has no text"),
        (["x", "x", "y", "y"], [True], "4 texts, 1 test"),
        (["x", "y"], None, "4 texts, 2 labels"),
    ],
)
def test_labelled(labels: list[str], test: list[bool] | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Labelled(["a"] * 4, labels, test)
