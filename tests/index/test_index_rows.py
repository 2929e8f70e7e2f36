"""Lists, Arrow, numpy and pandas columns become rows."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from likewise.errors import InputError
from likewise.index import columns as rows_room
from likewise.index.columns import checked_ids, rows_of_corpus, rows_of_texts


@pytest.mark.parametrize(
    "made",
    [list, tuple, pd.Series, pa.array, np.array, lambda values: pa.chunked_array([values[:1], values[1:]]), iter],
)
def test_any_column(made):
    parts = list(rows_of_texts(made(["a", "b", "c"]), made(["1", "2", "3"]), {"price": made([1, 2, 3])}))
    assert len(parts) == 1 and len(parts[0]) == 3
    assert (parts[0].texts, parts[0].ids, parts[0].columns) == (["a", "b", "c"], ["1", "2", "3"], {"price": [1, 2, 3]})


def test_a_few_thousand_at_a_time(monkeypatch):
    monkeypatch.setattr(rows_room, "CHUNK", 2)
    parts = list(rows_of_texts(list("abcde"), None, {"n": range(5)}))
    assert [part.texts for part in parts] == [["a", "b"], ["c", "d"], ["e"]]
    assert [part.columns["n"] for part in parts] == [[0, 1], [2, 3], [4]]
    assert parts[0].ids is None
    assert list(rows_of_texts([], None, {})) == []


@pytest.mark.parametrize(
    ("texts", "ids", "columns", "message"),
    [
        ("one text", None, {}, "texts: a list with one value a text was expected, a str was given"),
        (3, None, {}, "a int was given"),
        ({"a": 1}, None, {}, "a dict was given"),
        (["a", None], None, {}, "text 1 is a NoneType"),
        (["a", 3.5], None, {}, "text 1 is a float"),
        (["a"], ["1", "2"], {}, "1 texts and 2 ids"),
        (["a"], None, {"price": [1, 2]}, "1 texts and 2 values of column 'price'"),
        (["a"], None, {"price": 3}, "column 'price': a list"),
        (["a"], [1.5], {}, "an id is text or an integer, 1.5"),
        (["a"], [None], {}, "an id is text or an integer, None"),
        (["a"], [True], {}, "an id is text or an integer, True"),
    ],
)
def test_refuses(texts, ids, columns, message):
    with pytest.raises(InputError, match=re.escape(message)):
        list(rows_of_texts(texts, ids, columns))


def test_ids():
    assert checked_ids(["a", 3, np.int32(4)]) == ["a", "3", "4"]


def test_a_corpus():
    batch = SimpleNamespace(
        ids=pa.array(["x", "y"]),
        texts=pa.array(["a", "b"], pa.large_string()),
        columns=pa.record_batch({"n": [1, None]}),
    )
    bare = SimpleNamespace(ids=None, texts=pa.array(["c"]), columns=None)
    first, second = rows_of_corpus([batch, bare], empty=True)
    assert (first.texts, first.ids, first.columns) == (["a", "b"], ["x", "y"], {"n": [1, None]})
    assert (second.texts, second.ids, second.columns) == (["c"], None, {})
    with pytest.raises(InputError, match="text 3 is a int"):
        list(rows_of_corpus([batch, bare, SimpleNamespace(ids=None, texts=pa.array([5]), columns=None)], empty=True))
