"""A transformer as a model: its folder, what stands beside it, and what is told of a folder that is damaged."""

import json
from pathlib import Path

import numpy as np
import pytest

import likewise
from likewise.errors import InputError
from likewise.model.embedder import Component
from likewise.model.transformer import TransformerModel


@pytest.fixture(scope="module")
def trained(python_docs: list[str]) -> TransformerModel:
    texts = [text[:200] for text in python_docs[:300]]
    model = likewise.train(texts, encoder="bert", layers=1, dim=32, length=24, batch=16, steps=2, progress=False)
    assert isinstance(model, TransformerModel)
    return model


@pytest.fixture
def folder(trained: TransformerModel, tmp_path: Path) -> Path:
    trained.save(tmp_path / "a.model")
    return tmp_path / "a.model"


TEXTS = ["Open a file", "Return the absolute value of a number", ""]


def test_queries_and_documents_have_both_vectors(trained):
    """A closed form: the product of a query and a document is the mean of both cosines, weighted by squared lengths."""
    own, static, share = trained.encode(TEXTS), trained.companion.model, trained.companion.share
    queries, documents = trained.encode_query(TEXTS), trained.encode_document(TEXTS)
    assert own.shape == (3, 32) and queries.shape == documents.shape == (3, 32 + static.dim)
    other = static.encode_query(TEXTS) @ static.encode_document(TEXTS).T
    expected = (own @ own.T + share**2 * other) / (1 + share**2)
    np.testing.assert_allclose(queries @ documents.T, expected, atol=1e-5)
    assert (np.linalg.norm(documents, axis=1) <= 1 + 1e-6).all()


def test_components_of_a_concatenated_vector(trained):
    transformer, *companion = trained.components
    assert transformer == Component("transformer", 32, 0.5)
    assert [each.dim for each in companion] == [each.dim for each in trained.companion.model.components]
    assert sum(each.hybrid_weight for each in companion) == pytest.approx(0.25)
    assert companion[0].name == "trained" and companion[0].hybrid_weight > 0
    alone = TransformerModel(trained.found, trained.encoder, trained.card)
    assert alone.components == (Component("transformer", 32, 2 / 3),)


def test_a_folder_gives_the_same_model(trained, folder):
    again = likewise.load(folder)
    assert isinstance(again, TransformerModel)
    for way in ("encode", "encode_query", "encode_document"):
        np.testing.assert_array_equal(getattr(again, way)(TEXTS), getattr(trained, way)(TEXTS))
    assert again.fingerprint == trained.fingerprint and again.stems == trained.stems
    assert again.sample == trained.sample
    assert oct((folder / "model.safetensors").stat().st_mode) == oct((folder / "README.md").stat().st_mode)


def test_an_index_holds_and_finds_with_both(trained, tmp_path):
    index = likewise.Collection.create(tmp_path / "a.index", trained)
    index.add(TEXTS[:2], ids=["a", "b"])
    with likewise.Collection.open(tmp_path / "a.index") as opened:
        assert opened.search("absolute number", k=1, mode="vector")[0].id == "b"


def test_without_one_beside_all_ways_are_one(trained):
    alone = TransformerModel(trained.found, trained.encoder, trained.card)
    for way in (alone.encode_query, alone.encode_document):
        np.testing.assert_array_equal(way(TEXTS), alone.encode(TEXTS))
    assert alone.fingerprint != trained.fingerprint


def test_a_folder_of_transformers_or_sentence_transformers_is_a_model(trained, folder, tmp_path):
    (folder / "likewise.json").unlink()
    there = likewise.load(folder)
    np.testing.assert_array_equal(there.encode(TEXTS), trained.encode(TEXTS))
    assert there.companion is None and there.card.recipe == {}
    there.save(tmp_path / "b.model")
    assert "It is as it was loaded" in (tmp_path / "b.model" / "README.md").read_text()


def test_texts_may_be_taken_out_of_a_folder(trained, folder):
    (folder / "sample.jsonl").unlink()
    assert likewise.load(folder).sample == ()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_damaged_file_is_told(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes()[:-9])
    with pytest.raises(InputError, match=f"{name} is missing or damaged; restore it from a copy or train again"):
        likewise.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "has format 99, this version reads up to 2: update likewise"),
        ({"sha256": []}, "likewise.json is damaged"),
    ],
)
def test_a_record_that_cannot_be_read_is_told(folder, change, message):
    record = json.loads((folder / "likewise.json").read_text()) | change
    (folder / "likewise.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=message):
        likewise.load(folder)
    (folder / "likewise.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        likewise.load(folder)


def test_what_stands_there_is_not_written_over(trained, folder):
    with pytest.raises(InputError, match="exists"):
        trained.save(folder)
    trained.save(folder, overwrite=True)
