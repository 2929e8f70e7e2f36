"""The whole: every task from data to table and JSON. It learns: a trained model is better than an untrained one."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from evaluation_data import Bigrams, retrieval, sentences, write_lines, write_retrieval

import likewise
from likewise.errors import InputError
from likewise.evaluation.bootstrap import Estimate, Row
from likewise.evaluation.data import Duplicates, Labelled, Retrieval, Similarity
from likewise.evaluation.evaluate import Evaluation
from likewise.model.model import Model

LEXICAL = ("bm25", "tfidf", "lsa", "fusion")


def _evaluate(data, **options) -> Evaluation:
    return likewise.evaluate(Bigrams(), data, progress=False, **{"baselines": ("tfidf", "lsa")} | options)


def _data() -> dict[str, object]:
    texts, topics = sentences(60)
    labels = [int(one == two) for one, two in zip(topics, topics[1:] + topics[:2], strict=False)]
    second = [*texts[3:30], *texts[31:], *texts[:4]]
    labels = [int(topics[texts.index(one)] == topics[texts.index(two)]) for one, two in zip(texts, second, strict=True)]
    return {
        "retrieval": retrieval(),
        "similarity": Similarity(texts, second, np.array(labels) + 0.5),
        "duplicates": Duplicates(texts, second, labels),
        "classification": Labelled(texts, topics),
        "clustering": Labelled(texts, topics),
    }


@pytest.mark.parametrize("task", list(_data()))
def test_every_task(task: str) -> None:
    found = _evaluate(_data()[task], task=task, baselines=LEXICAL, repeats=2)
    assert (found.task, found.model.name, found.seed) == (task, "Bigrams", 0)
    assert found.metric == next(iter(found.model.metrics))
    names = [row.name for row in found.rows]
    assert names == (
        ["Bigrams", "Bigrams + BM25", "BM25", "TF-IDF", "LSA 256"]
        if task == "retrieval"
        else ["Bigrams", "TF-IDF", "LSA 256"]
    )
    for row in found.rows:
        for estimate in row.metrics.values():
            assert estimate.low <= estimate.value + 1e-12 and estimate.value <= estimate.high + 1e-12
        if row is not found.model:
            assert row.difference is not None
            difference = found.model.metrics[found.metric].value - row.metrics[found.metric].value
            assert row.difference.value == pytest.approx(difference)
    if task != "retrieval":
        assert found.notes[-1] == "BM25 ranks documents: it is a baseline of retrieval only"
    assert found["TF-IDF"].name == "TF-IDF"
    with pytest.raises(KeyError, match="no row 'BM52'; there are 'Bigrams'"):
        found["BM52"]


def test_the_same_seed_gives_the_same_figures() -> None:
    data = _data()["classification"]
    first = _evaluate(data, labels_per_class=[1])
    assert first.rows == _evaluate(data, labels_per_class=[1]).rows
    assert first.rows != _evaluate(data, labels_per_class=[1], seed=1).rows


def test_json_and_text_have_the_same_metrics(tmp_path: Path) -> None:
    folder = write_retrieval(tmp_path / "topics", retrieval(), id="id")
    found = likewise.evaluate(Bigrams(), folder, baselines="bm25,untrained", progress=False)
    plain = json.loads(found.as_json())
    assert plain["rows"][1]["name"] == "BM25" and plain["rows"][0]["difference"] is None
    note = "only for static models of this package"
    assert plain["rows"][2] == {"name": "untrained encoder", "metrics": {}, "difference": None, "note": note}
    assert plain["rows"][0]["metrics"]["nDCG@10"]["value"] == found.model.metrics["nDCG@10"].value
    text = str(found)
    assert "topics: retrieval, 12 queries, 60 documents" in text and "recall@100" in text
    assert "untrained encoder  only for static models of this package" in text
    assert f"{found['BM25'].metrics['MRR@10'].value:.3f}" in text


def test_nan_is_null() -> None:
    row = Row("it", {"m": Estimate(0.5, float("nan"), float("nan"))})
    found = Evaluation("similarity", "d", "m", (row,), {}, (), 0, 200, 1.0)
    assert json.loads(found.as_json())["rows"][0]["metrics"]["m"] == {"value": 0.5, "low": None, "high": None}
    assert "difference" not in str(found)


def test_paths_functions_and_names(tmp_path: Path, model: Model) -> None:
    texts, topics = sentences(40)
    model.save(tmp_path / "some.model")
    rows = write_lines(tmp_path / "d.jsonl", *[{"t": a, "k": b} for a, b in zip(texts, topics, strict=True)])
    found = likewise.evaluate(
        tmp_path / "some.model", rows, text="t", label="k", baselines="untrained,lsa", progress=False, repeats=1
    )
    assert [row.name for row in found.rows] == ["some.model", "LSA 16", "untrained encoder"]
    named = likewise.evaluate(
        Bigrams().encode, rows, text=["t"], label="k", baselines=False, name="BM25", progress=False
    )
    assert [row.name for row in named.rows] == ["BM25 (model)"]


def test_arguments_that_cannot_be_used() -> None:
    for options, message in (
        ({"repeats": 0}, "repeats 0: raise or skip and at least 1 expected"),
        ({"on_error": "ignore"}, "on_error is 'ignore'"),
        ({"baselines": "none"}, "no baseline 'none'"),
    ):
        with pytest.raises(InputError, match=message):
            _evaluate(retrieval(), **options)


@pytest.mark.slow
def test_what_was_learned_is_measured(python_docs: list[str]) -> None:
    """It learns: halves of held-out texts without common words find each other better than before training."""
    held_out, training = python_docs[:300], python_docs[300:]
    words = [re.findall(r"[a-z]+", text.lower()) for text in held_out]
    first = {str(n): " ".join(some[::2]) for n, some in enumerate(words)}
    second = {f"d{n}": " ".join(word for word in some[1::2] if word not in some[::2]) for n, some in enumerate(words)}
    data = Retrieval(second, first, {n: {f"d{n}": 1} for n in first})
    model = likewise.train(training, dim=64, progress=False, epochs=10)
    difference = likewise.evaluate(model, data, baselines="untrained", progress=False)["untrained encoder"].difference
    assert difference is not None and difference.low > 0.01
