"""Anything that encodes, as checked unit vectors, and how it is recognised later."""

import json
from dataclasses import replace

import numpy as np
import pytest
from model_embedders import Letters, Storable

from likewise.errors import InputError, LikewiseError
from likewise.model.embedder import (
    PROBES,
    Identity,
    document_vectors,
    identity_of,
    query_vectors,
    unit_vectors,
)


class Returning:
    """Returns what the test chose for a number of texts."""

    def __init__(self, vectors):
        self.vectors = vectors

    def encode(self, texts):
        return self.vectors(len(texts))


@pytest.mark.parametrize(
    "vectors",
    [lambda count: np.zeros(8), lambda count: np.zeros((count + 1, 8)), lambda count: np.zeros((count, 9))],
)
def test_what_is_not_one_vector_per_text_is_refused(vectors):
    with pytest.raises(InputError, match=r"the model Returning gave an array of shape .* expected \(3, 8\)"):
        unit_vectors(Returning(vectors), ["a", "b", "c"], 8)
    with pytest.raises(InputError, match=r"expected \(1, dim\)"):
        unit_vectors(Returning(lambda count: np.zeros((1, 2, 3))), ["a"])
    with pytest.raises(InputError, match=r"expected \(1, dim\)"):
        unit_vectors(Returning(lambda count: np.zeros((1, 0))), ["a"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_refused_with_its_text(bad):
    def vectors(count):
        rows = np.ones((count, 2))
        rows[1, 1] = bad
        return rows

    with pytest.raises(LikewiseError, match="no finite vector for 'b'"):
        unit_vectors(Returning(vectors), ["a", "b"], 2)


def test_rows_have_length_one_and_zeros_stay_zeros():
    vectors = unit_vectors(Returning(lambda count: np.array([[3, 4], [0, 0]])), ["a", "b"], 2)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_queries_and_documents_are_encoded_by_their_own_methods():
    """Closed forms: queries have length 1; documents of a storable model keep theirs unless they are longer."""
    texts = ["lute", "a radio, a radio"]
    plain = unit_vectors(Storable(), texts, 12)
    np.testing.assert_allclose(query_vectors(Storable(), texts, 12), -plain, atol=1e-6)
    np.testing.assert_allclose(document_vectors(Storable(), texts, 12), plain * [[0.25], [1.0]], atol=1e-6)


def test_documents_of_another_library_have_length_one():
    class Documents(Letters):
        def encode_document(self, texts):
            return -self.encode(texts)

    texts = ["tune", "radio"]
    np.testing.assert_allclose(document_vectors(Documents(), texts), -unit_vectors(Letters(), texts), atol=1e-6)
    np.testing.assert_allclose(query_vectors(Documents(), texts), unit_vectors(Letters(), texts), atol=1e-6)


def test_the_identity_of_a_storable_model_is_its_fingerprint():
    known = identity_of(Storable())
    assert (known.name, known.dim, known.storable) == ("Storable", 12, True)
    assert known.fingerprint == Storable().fingerprint
    assert known.matches(identity_of(Storable())) and not known.matches(identity_of(Storable(1)))


def test_any_other_model_is_recognised_by_its_vectors():
    known = identity_of(Letters(), "letters")
    assert (known.name, known.dim, known.storable) == ("letters", 12, False)
    assert known.fingerprint == identity_of(Letters()).fingerprint != identity_of(Letters(1)).fingerprint
    np.testing.assert_allclose(np.linalg.norm(known.probe, axis=1), [1, 1, 0, 1], rtol=1e-6)
    assert len(known.probe) == len(PROBES)
    other_machine = replace(known, probe=known.probe + np.float32(0.001))
    assert known.matches(other_machine) and not known.matches(identity_of(Letters(1)))
    assert not known.matches(replace(known, probe=known.probe[:, :5]))
    assert known.matches(identity_of(Storable()))  # the same vectors, and no fingerprint to compare


def test_an_identity_is_read_as_it_was_written():
    known = identity_of(Letters())
    again = Identity.of_plain(json.loads(json.dumps(known.plain())))
    assert known.matches(again) and again.matches(known)
    assert replace(again, probe=known.probe) == replace(known, probe=known.probe)
    for name in known.plain():
        with pytest.raises(KeyError):
            Identity.of_plain({key: value for key, value in known.plain().items() if key != name})


def test_what_does_not_encode_is_refused():
    with pytest.raises(InputError, match="has encode"):
        identity_of(3)
    with pytest.raises(InputError, match=r"likewise.load\('my.model'\)"):
        identity_of("my.model")  # a string has an `encode` too
