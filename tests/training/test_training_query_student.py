"""Students that encode queries: what they learn from, where their vectors lie, and searches without the transformer."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import likewise
from likewise.corpus.read import read
from likewise.encoders.transformer.loading import small_encoder
from likewise.errors import InputError
from likewise.tokens.learning import learn_reference
from likewise.training import query_student
from likewise.training.reading import Reading, read_corpus

COLOURS, THINGS = ("red", "green", "blue", "white"), ("house", "tower", "garden", "bridge", "mill")
PLACES = ("valley", "town", "forest", "north")
TEXTS = [f"the {colour} {thing} stands in the {place}" for colour in COLOURS for thing in THINGS for place in PLACES]
QUICK = {"layers": 1, "dim": 32, "length": 24, "batch": 16, "steps": 2, "progress": False}


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    return read_corpus(read(TEXTS, ids=False), tmp_path, log=lambda line: None)


@pytest.fixture
def tokenizer():
    words = ["castle", "Castle", "42", "中", "unseen", "house"]
    found = small_encoder("bert", learn_reference([[*TEXTS, *words * 3]], 400), layers=1, dim=32, length=24, seed=0)
    return found.tokenizer


def test_made_queries_are_spans_some_with_other_words(reading, tokenizer):
    made = query_student.make_queries(reading, tokenizer, seed=0)
    assert sorted(made.beginnings) == sorted(TEXTS)
    assert len(set(made.queries)) == len(made.queries) > 300
    of_texts = {word for text in TEXTS for word in text.split()}
    others = [[word for word in query.split() if word not in of_texts] for query in made.queries]
    assert sum(not some for some in others) > 20
    assert all(len(some) <= 3 for some in others)
    assert {"castle", "unseen"} & {word for some in others for word in some}
    whole = [query for query, some in zip(made.queries, others, strict=True) if not some]
    assert sum(any(query in text for text in TEXTS) for query in whole) > 0.9 * len(whole)
    assert made.queries == query_student.make_queries(reading, tokenizer, seed=0).queries
    assert made.queries != query_student.make_queries(reading, tokenizer, seed=1).queries


def test_words_of_a_transformer_are_whole_and_new(tokenizer):
    found = query_student.further_words(tokenizer, ["house"])
    assert {"castle", "unseen", "tower"} <= set(found)
    assert not {"house", "42", "中", "Castle", "[CLS]", "[MASK]"} & set(found)
    assert len(set(found)) == len(found)


def test_a_text_without_spaces_gives_spans_of_characters():
    rng = np.random.default_rng(0)
    text = "東京の天気は晴れです。明日は雨が降るでしょう。"
    spans = [query_student._made(text, ["castle"], rng) for _ in range(20)]
    assert all(span in text and 3 <= len(span) <= 16 for span in spans)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("queries") / "a.model"
    likewise.train(TEXTS, encoder="bert", queries="static", out=out, **QUICK)
    return out


def test_the_student_gives_queries_the_vectors_of_the_transformer(folder):
    """It learns: queries that were not trained on point where the transformer's do, and not where another's do."""
    model = likewise.load(folder)
    queries = ["red house valley", "tower north", "the white garden stands in the town"]
    found, expected = model.queries.encode(queries), model.encode(queries)
    cosines = found @ expected.T
    assert np.diag(cosines).min() > 0.9
    assert (cosines.argmax(axis=1) == [0, 1, 2]).all()
    scores = model.card.scores
    assert scores["queries, cosine"] > 0.9 and 0.2 < scores["queries, nearest texts"] <= 1
    assert model.card.recipe["queries"] == "static"
    assert "A static student of it encodes queries." in (folder / "README.md").read_text()


SEARCH = """
import sys
from importlib.machinery import PathFinder
find, missing = PathFinder.find_spec, ("torch", "transformers", "onnxruntime")
PathFinder.find_spec = classmethod(lambda cls, name, *rest: None if name in missing else find(name, *rest))
import likewise
with likewise.Collection.open(sys.argv[1]) as index:
    print(index.search("green tower", k=1)[0].text, index.search("green tower", k=1, mode="vector")[0].text, sep="|")
    index.model.encode_query(["red house"])
    try:
        index.add(["another text"])
    except likewise.errors.LikewiseError as error:
        print(error)
"""


def test_a_search_needs_no_torch(folder, tmp_path):
    with likewise.Collection.create(tmp_path / "a.index", likewise.load(folder)) as index:
        index.add(TEXTS)
    ran = subprocess.run(
        [sys.executable, "-c", SEARCH, str(tmp_path / "a.index")], check=True, capture_output=True, text=True
    )
    first, second = ran.stdout.splitlines()
    assert all("green" in text or "tower" in text for text in first.split("|"))
    assert "needs torch" in second
    with likewise.Collection.open(tmp_path / "a.index") as index:
        assert index.add(["red bridge"]) == 1
        assert index.search("red bridge", k=1)[0].text == "red bridge"


SERVED = """
import asyncio
import sys
from likewise.service.served import Service
from likewise.service.settings import Settings
service = Service(Settings(index=sys.argv[1]))
asyncio.run(service.warm_up())
service.close()
print(service.started, "torch" in sys.modules)
"""


def test_a_server_begins_without_the_transformer(folder, tmp_path):
    with likewise.Collection.create(tmp_path / "a.index", likewise.load(folder)) as index:
        index.add(TEXTS)
    ran = subprocess.run(
        [sys.executable, "-c", SERVED, str(tmp_path / "a.index")], check=True, capture_output=True, text=True
    )
    assert ran.stdout.split() == ["True", "False"]


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="queries 'none' is not known: expected transformer or static"):
        likewise.train(TEXTS, encoder="bert", queries="none", **QUICK)
    with pytest.raises(InputError, match="queries is a setting of a transformer"):
        likewise.train(TEXTS, queries="static", progress=False)
