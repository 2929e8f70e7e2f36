"""A transformer as a model: its folder, its companion, and which folders are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from model_transformers import TEXTS

import likewise
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.model.embedder import Component
from likewise.model.model import Model
from likewise.model.transformer import TransformerModel


@pytest.fixture
def folder(transformer: TransformerModel, tmp_path: Path) -> Path:
    transformer.save(tmp_path / "a.model")
    return tmp_path / "a.model"


def test_queries_and_documents_have_both_vectors(transformer):
    """A closed form: the product of a query and a document is the mean of both cosines, weighted by squared lengths."""
    own, static, weight = transformer.encode(TEXTS), transformer.companion.model, transformer.companion.weight
    queries, documents = transformer.encode_query(TEXTS), transformer.encode_document(TEXTS)
    assert own.shape == (len(TEXTS), 64) and queries.shape == documents.shape == (len(TEXTS), 64 + static.dim)
    other = static.encode_query(TEXTS) @ static.encode_document(TEXTS).T
    expected = (own @ own.T + weight**2 * other) / (1 + weight**2)
    np.testing.assert_allclose(queries @ documents.T, expected, atol=1e-5)
    assert (np.linalg.norm(documents, axis=1) <= 1 + 1e-6).all()


def test_components_of_a_concatenated_vector(transformer):
    own, *companion = transformer.components
    assert own == Component("transformer", 64, 0.5)
    assert [each.dim for each in companion] == [each.dim for each in transformer.companion.model.components]
    assert sum(each.hybrid_weight for each in companion) == pytest.approx(0.25)
    assert companion[0].name == "trained" and companion[0].hybrid_weight > 0
    alone = TransformerModel(transformer.pretrained, transformer.encoder, transformer.card)
    assert alone.components == (Component("transformer", 64, 2 / 3),)


def test_a_folder_gives_the_same_model(transformer, folder):
    again = likewise.load(folder)
    assert isinstance(again, TransformerModel)
    for method in ("encode", "encode_query", "encode_document"):
        np.testing.assert_array_equal(getattr(again, method)(TEXTS), getattr(transformer, method)(TEXTS))
    assert again.fingerprint == transformer.fingerprint and again.stems == transformer.stems == {"dogs": "dog"}
    assert again.sample == transformer.sample and again.card == transformer.card
    assert oct((folder / "model.safetensors").stat().st_mode) == oct((folder / "README.md").stat().st_mode)


def test_an_index_holds_and_finds_with_both(transformer, tmp_path):
    index = likewise.Collection.create(tmp_path / "a.index", transformer)
    index.add(TEXTS[:2], ids=["a", "b"])
    with likewise.Collection.open(tmp_path / "a.index") as opened:
        assert opened.search(TEXTS[1], k=1, mode="vector")[0].id == "b"


def test_without_a_companion_all_vectors_are_those_of_the_transformer(transformer):
    alone = TransformerModel(transformer.pretrained, transformer.encoder, transformer.card)
    for method in (alone.encode_query, alone.encode_document):
        np.testing.assert_array_equal(method(TEXTS), alone.encode(TEXTS))
    assert alone.fingerprint != transformer.fingerprint


@pytest.mark.slow
def test_sentence_transformers_gives_the_same_vectors(transformer, folder):
    from sentence_transformers import SentenceTransformer

    texts = [text for text in TEXTS if "[MASK]" not in text]  # whose embedding is zeros here
    theirs = SentenceTransformer(str(folder), device="cpu")
    np.testing.assert_allclose(theirs.encode(texts), transformer.encode(texts), atol=2e-6)


def test_a_folder_of_transformers_or_sentence_transformers_is_a_model(transformer, folder, tmp_path):
    (folder / "likewise.json").unlink()
    there = likewise.load(folder)
    np.testing.assert_array_equal(there.encode(TEXTS), transformer.encode(TEXTS))
    assert there.companion is None and there.card.recipe == {}
    there.save(tmp_path / "b.model")
    assert "It was not trained any further" in (tmp_path / "b.model" / "README.md").read_text()


@pytest.fixture
def with_student(transformer: TransformerModel, model) -> TransformerModel:
    """The same with a student of queries, of as many dimensions."""
    student = Model(model.tokenizer, StaticEncoder(np.tile(model.encoder.weights, 4)))
    parts = transformer.companion, student
    return TransformerModel(transformer.pretrained, transformer.encoder, transformer.card, (), *parts)


def test_a_student_encodes_queries_alone(with_student, transformer):
    """A closed form: queries have the student's vectors in place of the transformer's, texts and documents do not."""
    own = with_student.queries.encode(TEXTS)
    expected = transformer.companion.concatenate(own, transformer.companion.model.encode_query(TEXTS))
    np.testing.assert_array_equal(with_student.encode_query(TEXTS), expected)
    for method in ("encode", "encode_document"):
        np.testing.assert_array_equal(getattr(with_student, method)(TEXTS), getattr(transformer, method)(TEXTS))
    assert with_student.components == transformer.components
    assert with_student.fingerprint != transformer.fingerprint


def test_a_folder_with_a_student_is_loaded_when_it_encodes_documents(with_student, tmp_path):
    with_student.save(tmp_path / "a.model")
    again = likewise.load(tmp_path / "a.model")
    assert again.fingerprint == with_student.fingerprint and again.stems == {"dogs": "dog"}
    np.testing.assert_array_equal(again.encode_query(TEXTS), with_student.encode_query(TEXTS))
    assert again.dim == 64 and again.components == with_student.components and again.card == with_student.card
    assert "transformer" not in vars(again)
    np.testing.assert_array_equal(again.encode_document(TEXTS), with_student.encode_document(TEXTS))
    assert again.transformer.fingerprint == again.fingerprint
    assert again.encoder.dim == 64 and again.tokenizer.vocabulary.subwords == with_student.tokenizer.vocabulary.subwords
    again.save(tmp_path / "b.model")
    assert likewise.load(tmp_path / "b.model").fingerprint == again.fingerprint
    (tmp_path / "b.model" / "queries" / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model.safetensors is missing"):
        likewise.load(tmp_path / "b.model")


def test_texts_may_be_removed_from_a_folder(folder):
    (folder / "sample.jsonl").unlink()
    assert likewise.load(folder).sample == ()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_damaged_file_is_refused(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes()[:-9])
    with pytest.raises(InputError, match=rf"{name} is damaged .* restore it from a copy or train again"):
        likewise.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 4}, "has format 4, this version reads format 5: train again"),
        ({"sha256": []}, r"likewise.json is damaged \(wrong type: sha256\)"),
        ({"companion": None}, r"likewise.json is damaged \(wrong type: companion\)"),
        ({"queries": None}, r"likewise.json is damaged \(wrong type: queries\)"),
        ({"queries": {"fingerprint": 1}}, r"likewise.json is damaged \(queries\)"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused(folder, change, message):
    record = json.loads((folder / "likewise.json").read_text()) | change
    (folder / "likewise.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=message):
        likewise.load(folder)
    (folder / "likewise.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        likewise.load(folder)


def test_an_existing_folder_is_not_overwritten(transformer, folder):
    with pytest.raises(InputError, match="exists"):
        transformer.save(folder)
    transformer.save(folder, overwrite=True)
