import numpy as np
import pyarrow as pa
import pytest

from likewise.encoders.documents import DocumentPooling
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError, LikewiseError
from likewise.model.embedder import Embedder
from likewise.model.load import load_model
from likewise.model.model import Model, encode_chunks
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN

TEXTS = ["the quick brown fox", "", "quick the", "数据 smile 😀", "zzz never", "ещё ещё"]


def test_vectors_by_the_definition(model: Model) -> None:
    """A slow loop in float64: the mean of the rows of the ids that `tokenizers` gives, unit norm; measured 1e-7."""
    wanted = np.zeros((len(TEXTS), 16))
    for index, text in enumerate(TEXTS):
        ids = model.tokenizer.reference.encode(text, add_special_tokens=False).ids
        mean = model.encoder.weights.astype(np.float64)[ids].sum(0)
        wanted[index] = mean / max(np.linalg.norm(mean), 1e-12)
    found = model.encode(TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
    norms = np.linalg.norm(found, axis=1)
    assert norms[1] == 0
    np.testing.assert_allclose(norms[[0, 2, 3, 5]], 1, atol=1e-6)


@pytest.mark.parametrize("unknown", ["", "☃ ☃", "☃" * 101, "\x00"])
def test_a_text_without_a_known_token_is_zeros(model: Model, unknown: str) -> None:
    """A closed form: zeros; and an unknown word in a text changes no vector."""
    assert set(model.tokenizer.encode([unknown]).ids) <= {model.tokenizer.vocabulary.subwords.index(UNKNOWN)}
    assert (model.encode([unknown]) == 0).all()
    np.testing.assert_array_equal(model.encode([f"the {unknown} dog"]), model.encode(["the dog"]))


@pytest.mark.parametrize("chunk", [1, 2, 4])
def test_chunks_change_nothing(model: Model, chunk: int) -> None:
    """Two paths that must agree to the byte: all at once, and a few texts at a time."""
    whole = model.encode(TEXTS).tobytes()
    for texts in (TEXTS, pa.chunked_array([TEXTS[:1], TEXTS[1:]]), pa.array(["x", *TEXTS]).slice(1)):
        assert encode_chunks(model, texts, model.encoder.encode, chunk_texts=chunk).tobytes() == whole


def test_no_texts(model: Model) -> None:
    """A closed form: no rows, as many columns as dimensions."""
    assert model.encode([]).shape == (0, 16)
    assert model.dim == 16


def test_it_is_an_embedder(model: Model) -> None:
    """A law: it has what everything that uses a model needs."""
    assert isinstance(model, Embedder)


def test_what_is_no_text_is_refused(model: Model) -> None:
    """Bad input: a column of numbers is not encoded as if it were words."""
    with pytest.raises(InputError, match="expected one of strings"):
        model.encode(pa.array([1, 2]))


def test_weights_are_rounded_once(model: Model, tmp_path) -> None:
    """Two paths that agree to the bit: in memory and loaded, also when replaced; near the rows that were given."""
    rows = np.random.default_rng(1).standard_normal(model.encoder.weights.shape).astype(np.float32)
    made = Model(model.tokenizer, StaticEncoder(rows), model.card)
    made.save(tmp_path / "a.model")
    loaded = Model.load(tmp_path / "a.model")
    for found in (made, loaded):
        assert found.encoder.rows.dtype == np.int8
        assert np.abs(found.encoder.weights - rows).max() <= np.abs(rows).max() / 127
    assert loaded.encode(TEXTS).tobytes() == made.encode(TEXTS).tobytes()
    assert np.abs(made.encode(TEXTS) - StaticEncoder(rows).encode(made.tokenizer.encode(TEXTS))).max() < 0.02
    before = made.fingerprint
    made.encoder = StaticEncoder(2 * rows)
    np.testing.assert_array_equal(made.encoder.weights, 2 * loaded.encoder.weights)
    assert made.fingerprint != before


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(model: Model, weight: float) -> None:
    rows = model.encoder.weights.copy()
    rows[0, 0] = weight
    with pytest.raises(LikewiseError, match="not finite"):
        Model(model.tokenizer, StaticEncoder(rows))


def test_shorter_vectors(model: Model, tmp_path) -> None:
    """Laws: the beginnings of the vectors at length 1, also of documents and when loaded; the rest is refused."""
    rows = np.random.default_rng(4).standard_normal((len(model.tokenizer.vocabulary), 12))
    whole = Model(model.tokenizer, StaticEncoder(rows, DocumentPooling((8, 4), (1.0, 1.2), (0.0, 0.3))), stems={})
    whole.save(tmp_path / "a.model")
    short = load_model(tmp_path / "a.model", dim=3)
    for name in ("encode", "encode_document"):
        beginnings = getattr(whole, name)(TEXTS)[:, :3]
        lengths = np.maximum(np.linalg.norm(beginnings, axis=1, keepdims=True), 1e-9)
        np.testing.assert_allclose(getattr(short, name)(TEXTS), beginnings / lengths, atol=1e-6)
    assert [part.dim for part in short.components] == [3] and short.fingerprint != whole.fingerprint
    assert whole.truncated(12) is whole
    for dim in (0, 9, 13):
        with pytest.raises(InputError, match=f"no vectors of {dim} dimensions: choose 8 or fewer, or 12"):
            whole.truncated(dim)
    with pytest.raises(InputError, match=r"choose 16 or fewer$"):
        model.truncated(17)


def test_the_fingerprint_is_that_of_the_vectors(model: Model, tmp_path) -> None:
    """Laws: the same after saving and loading, whatever the card; another as soon as a weight differs."""
    model.save(tmp_path / "a.model")
    assert Model.load(tmp_path / "a.model").fingerprint == model.fingerprint
    assert Model(model.tokenizer, model.encoder).fingerprint == model.fingerprint
    changed = model.encoder.weights.copy()
    changed[3, 3] += 1
    assert Model(model.tokenizer, StaticEncoder(changed)).fingerprint != model.fingerprint
    other = type(model.tokenizer)(Tokenizer.load(tmp_path / "a.model" / "tokenizer.json").reference)
    assert Model(other, model.encoder).fingerprint == model.fingerprint


def concatenated(model: Model, stems: dict[str, str] | None = None) -> Model:
    pooling = DocumentPooling((10, 6), (1.0, 1.4), (0.0, 2.0))
    return Model(model.tokenizer, StaticEncoder(model.encoder.weights, pooling), model.card, (), stems)


def test_documents_by_the_definition(model: Model) -> None:
    """A slow loop in float64: tokens by their stems, the roots of their counts, each component by itself."""
    form, stem, other = [subword for subword in model.tokenizer.vocabulary.subwords if subword.isalpha()][-3:]
    texts = [f"{form} {stem} {form} {other} {form}", f"{form} {other}", ""]
    ours = concatenated(model, {form: stem, "unheard": stem})
    numbers = {subword: number for number, subword in enumerate(model.tokenizer.vocabulary.subwords)}
    weights = ours.encoder.weights.astype(np.float64)
    for text, vector in zip(texts, ours.encode_document(texts), strict=True):
        ids = model.tokenizer.reference.encode(text, add_special_tokens=False).ids
        ids = [numbers[stem] if id == numbers[form] else id for id in ids]
        whole = sum((np.sqrt(ids.count(id)) * weights[id] for id in set(ids)), np.zeros(16))
        one, two = whole[:10], whole[10:]
        parts = [one / max(np.linalg.norm(one), 1e-12), 1.4 * two / np.sqrt(two @ two + 2)]
        np.testing.assert_allclose(vector, np.concatenate(parts) / np.sqrt(1 + 1.4**2), atol=1e-6)


def test_queries_are_encoded_as_texts_and_documents_too_where_nothing_else_is_known(model: Model) -> None:
    """Two paths, to the byte."""
    assert concatenated(model).encode_query(TEXTS).tobytes() == model.encode(TEXTS).tobytes()
    assert model.encode_document(TEXTS).tobytes() == model.encode(TEXTS).tobytes()


def test_another_pooling_is_another_model(model: Model, tmp_path) -> None:
    """Laws: an index must know the two apart; and it is there again after saving."""
    ours = concatenated(model)
    assert ours.fingerprint != model.fingerprint
    ours.save(tmp_path / "b.model")
    loaded = Model.load(tmp_path / "b.model")
    assert loaded.fingerprint == ours.fingerprint
    assert loaded.encode_document(TEXTS).tobytes() == ours.encode_document(TEXTS).tobytes()
