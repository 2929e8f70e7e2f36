"""The model of an index: which columns are stored, and how the model is recognised again."""

import json

import numpy as np
import pytest
from index_embedders import Bare, Hashed, WithComponents

from likewise.encoders.documents import DocumentPooling
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.index.stored_model import components_of
from likewise.model.embedder import Component
from likewise.model.model import Model
from likewise.tokens.learning import learn_reference
from likewise.tokens.tokenizer import Tokenizer

TEXTS = ["open a file", "sort a list of numbers", "", "a file is closed", "zzzz qqqq"]


@pytest.fixture(scope="module")
def model():
    """A model with a trained and a lexical component, and random weights."""
    tokenizer = Tokenizer(learn_reference(TEXTS * 2, 200))
    weights = np.random.default_rng(0).standard_normal((len(tokenizer.vocabulary), 24))
    weights = weights.astype(np.float16).astype(np.float32)  # as the folder stores them
    encoder = StaticEncoder(weights, DocumentPooling((10, 14), (1.0, 1.4), (0.0, 2.0)))
    return Model(tokenizer, encoder, sample=TEXTS, stems={"files": "file"})


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def stored(collection, texts):
    return collection._stored_model.documents(texts).astype(np.float64)


def test_an_index_stores_the_columns_of_components_with_a_weight(tmp_path):
    """Closed form: the columns of two of three components, scaled to unit length again."""
    model = WithComponents()
    with Collection.create(tmp_path / "a.index", model) as index:
        known = index.describe()
        assert (known.dim, known.components) == (48, ("one", "two"))
        columns = np.r_[0:32, 56:72]
        np.testing.assert_allclose(stored(index, TEXTS[:2]), unit(model.encode(TEXTS[:2])[:, columns]), atol=1e-3)
        found = index._stored_model.queries(["open", " "])
        np.testing.assert_allclose(found[0], unit(model.encode(["open"])[:, columns])[0], atol=1e-6)
        assert not found[1].any()
        index.add(TEXTS)
        size = index._record.connection.execute("SELECT length(vector) FROM vectors").fetchone()[0]
        assert size == 48 * 2
        expected = index.search_many(["open a file", "numbers"], 3)
        settings = index._record.setting("components")
    assert [Component(*each) for each in json.loads(settings)] == list(model.components)
    with Collection.open(tmp_path / "a.index", model) as index:
        assert index.search_many(["open a file", "numbers"], 3) == expected


def test_a_likewise_model_is_stored_without_the_columns_that_search_does_not_use(tmp_path, model):
    """Two paths: the model that was given, and the smaller one that the index loads."""
    assert model.components == (Component("trained", 10, 0.4), Component("lexical", 14, 0.0))
    with Collection.create(tmp_path / "a.index", model) as index:
        index.add(TEXTS)
        given = index.search_many(["open a file", "numbers"], 3), stored(index, TEXTS)
    with Collection.open(tmp_path / "a.index") as index:
        assert index.model.dim == index.describe().dim == 10 and index.model.stems == {"files": "file"}
        assert index.model.sample == ()
        assert index.search_many(["open a file", "numbers"], 3) == given[0]
        np.testing.assert_array_equal(stored(index, TEXTS), given[1])
        expected = unit(model.encode_document(TEXTS)[:, :10])
        np.testing.assert_allclose(stored(index, TEXTS), expected * (np.array(TEXTS) != "")[:, None], atol=1e-3)
        queries = index._stored_model.queries(["a file"])
        np.testing.assert_allclose(queries, unit(model.encode(["a file"])[:, :10]), atol=1e-6)
    Collection.open(tmp_path / "a.index", model).close()
    other = Model(model.tokenizer, StaticEncoder(model.encoder.weights * 2, model.encoder.documents))
    with pytest.raises(InputError, match="made with another model"):
        Collection.open(tmp_path / "a.index", other)


def test_a_model_whose_columns_are_all_used_is_stored_whole(model):
    whole = Model(model.tokenizer, StaticEncoder(model.encoder.weights))
    assert whole.components == (Component("trained", 24, 0.4),) and whole.for_search() is whole


def test_documents_of_a_model_without_unused_columns_keep_their_length(tmp_path):
    class Short(Hashed):
        def encode_document(self, texts):
            return self.encode(texts) / 2

    with Collection.create(tmp_path / "a.index", Short()) as index:
        np.testing.assert_allclose(stored(index, ["tv"]), Short().encode(["tv"]) / 2, atol=1e-3)


def test_a_wrapper_is_not_replaced_by_the_model_that_it_wraps(tmp_path, model):
    class Wrapper:
        def __init__(self):
            self.texts = []

        def __getattr__(self, name):
            return getattr(model, name)

        def encode_document(self, texts):
            self.texts += texts
            return model.encode_document(texts)

    wrapper = Wrapper()
    with Collection.create(tmp_path / "a.index", wrapper) as index:
        index.add(["some text"])
        assert "some text" in wrapper.texts and index.describe().dim == 10


def test_components_of_a_model_without_any():
    assert components_of(object(), 5) == (Component("vector", 5, 0.5),)


@pytest.mark.parametrize(
    "components",
    [
        [("a", 2, 0.5)],
        [("a", 2, 0.8), ("b", 3, 0.4)],
        [("a", 5, -0.1)],
        [("a", 6, 0.5), ("b", -1, 0.1)],
        [("a", 5, 0.0)],
    ],
)
def test_components_that_do_not_fit(tmp_path, components):
    model = Bare(5)
    model.components = [Component(*each) for each in components]
    with pytest.raises(InputError, match="expected dimensions that add up to 5") as refused:
        Collection.create(tmp_path / "a.index", model)
    assert "\n" not in str(refused.value) and not list(tmp_path.iterdir())


def test_blank_texts_are_not_encoded(tmp_path):
    """Whatever a model returns for an empty text, no search by vector finds it."""
    with Collection.create(tmp_path / "a.index", Hashed(4)) as index:
        index._stored_model._model = type("Ones", (), {"encode": lambda self, texts: np.ones((len(texts), 4))})()
        np.testing.assert_array_equal(stored(index, ["", "a", " \n\t"]), [[0] * 4, [0.5] * 4, [0] * 4])
        index._stored_model._model = type("Fails", (), {"encode": None})()
        np.testing.assert_array_equal(stored(index, ["", " "]), np.zeros((2, 4)))


def test_what_float16_costs(tmp_path):
    """The stored vectors give the cosines of the model to 2e-4 at 256 dimensions (6e-5 was measured)."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((500, 256)).astype(np.float32)
    with Collection.create(tmp_path / "a.index", Hashed(256)) as index:
        index._stored_model._model = type("Fixed", (), {"encode": lambda self, texts: rows[: len(texts)]})()
        kept = stored(index, ["x"] * 500)
    exact = unit(rows.astype(np.float64))
    assert np.abs(kept @ exact[:50].T - exact @ exact[:50].T).max() < 2e-4
