"""Indexes of an embedder that cannot be stored, joined with a companion that can."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from index_embedders import Bare, Hashed

import likewise
from likewise.errors import InputError, LikewiseError
from likewise.index.replacement import fill_next, switch
from likewise.model.joined import JoinedModel

COLOURS, THINGS = ("red", "green", "blue", "white"), ("house", "tower", "garden", "bridge", "mill")
PLACES = ("valley", "town")
TEXTS = [f"the {one} {thing} stands in the {place}" for one in COLOURS for thing in THINGS for place in PLACES]


@pytest.fixture(scope="module")
def joined() -> JoinedModel:
    return likewise.train(TEXTS, encoder=Bare(), progress=False)


def test_vectors_are_those_of_both(joined):
    """A closed form: the product of a query and a document is the mean of both cosines, weighted by squared lengths."""
    static, weight = joined.companion.model, joined.companion.weight
    own = joined.encode(TEXTS)
    np.testing.assert_allclose(own, Hashed().encode(TEXTS), atol=1e-6)
    other = static.encode_query(TEXTS) @ static.encode_document(TEXTS).T
    expected = (own @ own.T + weight**2 * other) / (1 + weight**2)
    np.testing.assert_allclose(joined.encode_query(TEXTS) @ joined.encode_document(TEXTS).T, expected, atol=1e-5)
    first, *others = joined.components
    assert (first.name, first.dim, first.hybrid_weight) == ("embedder", 32, 0.5) and joined.dim == 32
    assert sum(each.hybrid_weight for each in others) == pytest.approx(0.25)
    assert weight == 0.4  # short texts
    assert joined.card.recipe == {"encoder": "Bare", "seed": 0, "static_weight": 0.4}


def test_an_index_keeps_the_companion_and_is_opened_with_the_embedder(joined, tmp_path):
    path = tmp_path / "a.index"
    with likewise.Collection.create(path, joined) as index:
        index.add(TEXTS)
        found = index.search("green tower in the valley", k=3)
    for model in (Bare(), joined):
        with likewise.Collection.open(path, model) as index:
            assert index.search("green tower in the valley", k=3) == found
            assert index.describe().components[0] == "embedder" and "Bare" in index.describe().model
    with likewise.Collection.open(path, Bare()) as index:
        index.add(["a yellow boat"], ids=["boat"])
        assert index.search("yellow boat", k=1)[0].id == "boat"
    with pytest.raises(InputError, match=r"was made with a Bare of \d+ dimensions, which it does not hold: pass it"):
        likewise.Collection.open(path)
    with pytest.raises(InputError, match="was made with another model"):
        likewise.Collection.open(path, Bare(seed=1))
    other = likewise.train(TEXTS, encoder=Bare(), seed=1, progress=False)
    with pytest.raises(InputError, match="was made with another companion: pass the embedder alone"):
        likewise.Collection.open(path, other)
    shutil.rmtree(path / "model")
    with pytest.raises(InputError, match="no model folder"):
        likewise.Collection.open(path, Bare())


def test_an_index_is_replaced_by_one_with_a_companion(joined, tmp_path):
    path = tmp_path / "a.index"
    with likewise.Collection.create(path, Bare()) as index:
        index.add(TEXTS)
    fill_next(path, joined, old_model=Bare())
    switch(path, model=Bare())
    with likewise.Collection.open(path, Bare()) as index:
        assert index.describe().components[0] == "embedder" and len(index) == len(TEXTS)
        assert index.search("white mill", k=1)[0].text.startswith("the white mill")


def test_a_module_of_sentence_transformers_is_an_embedder_too(joined):
    """What has ways of its own for queries and documents keeps them."""

    class Both(Bare):
        def encode_query(self, texts):
            return -self.encode(texts)

    model = JoinedModel(Both(), joined.companion)
    columns = slice(0, 32)
    np.testing.assert_allclose(model.encode_query(TEXTS)[:, columns], -model.encode_document(TEXTS)[:, columns])


def test_what_cannot_be_joined_is_refused(joined, tmp_path: Path):
    for encoder, settings, message in (
        (3, {}, "an object of type int does not encode texts"),
        (Bare(), {"out": tmp_path / "a.model"}, "a model with a Bare cannot be written"),
        (Bare(), {"epochs": 3}, "epochs does not go with an embedder"),
        (Bare(), {"views": "crop"}, "views does not go with an embedder"),
        (Bare(), {"static_weight": 0.0}, "static_weight=0 does not go with an embedder"),
        (joined.companion.model, {}, "a Model was given as the encoder"),
    ):
        with pytest.raises(InputError, match=message):
            likewise.train(TEXTS, encoder=encoder, progress=False, **settings)
    assert not list(tmp_path.iterdir())
    with pytest.raises((InputError, LikewiseError)):
        likewise.train(["one"], encoder=Bare(), progress=False)
