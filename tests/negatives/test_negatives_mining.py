"""Hard negatives. Oracles: a slow loop over all pairs, exact beside FAISS, laws of the draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.negatives.mining import mine_negatives

ALL = 2.0  # a similarity that no text reaches: nothing is too similar


def unit(rng, rows, dim=5):
    vectors = rng.standard_normal((rows, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def far(texts):
    """Signatures of texts that are no near-duplicates: they differ in 2 bits at least."""
    return 3 * (np.uint64(1) << np.arange(texts, dtype=np.uint64) % np.uint64(62))


def qualifying(vectors, hashes, max_rank, max_similarity, distance):
    """For each text all that may be drawn, the nearest first."""
    found = []
    for i in range(len(vectors)):
        scores = {j: float(vectors[i] @ vectors[j]) for j in range(len(vectors)) if j != i}
        ranked = sorted(scores, key=lambda j: -scores[j])[:max_rank]
        differ = {j: (int(hashes[i]) ^ int(hashes[j])).bit_count() > distance for j in ranked}
        found.append([j for j in ranked if scores[j] < max_similarity and differ[j]])
    return found


@settings(max_examples=30)
@given(st.integers(0, 12), st.integers(1, 9), st.sampled_from([ALL, 0.6, 0.95]), st.integers(0, 99))
def test_what_is_mined_is_that_of_the_slow_loop(texts, max_rank, max_similarity, seed):
    """A slow loop: with room for all, all that qualify, the hardest first; with less, some of these in that order."""
    rng = np.random.default_rng(seed)
    vectors, hashes = unit(rng, texts), rng.integers(0, 16, texts).astype(np.uint64)
    expected = qualifying(vectors, hashes, max_rank, max_similarity, 1)
    for k in (12, 2):
        found = mine_negatives(vectors, hashes, rng, k=k, distance=1, max_rank=max_rank, max_similarity=max_similarity)
        assert found.shape == (texts, k)
        assert found.dtype == np.int64
        for row, all_of in zip(found.tolist(), expected, strict=True):
            some = [j for j in row if j >= 0]
            assert row == some + [-1] * (k - len(some))
            assert len(some) == min(k, len(all_of))
            assert some == [j for j in all_of if j in some]


def test_tiles_change_nothing_but_the_draw():
    """Two paths that must agree: many tiles, and one, where all that qualify are taken; the seed decides the rest."""
    vectors, hashes = unit(np.random.default_rng(0), 40), far(40)
    rest = {"distance": 1, "max_rank": 20}
    whole = mine_negatives(vectors, hashes, np.random.default_rng(1), k=30, **rest)
    again = [mine_negatives(vectors, hashes, np.random.default_rng(1), k=3, **rest) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    tiles = mine_negatives(vectors, hashes, np.random.default_rng(2), k=30, tile=100, **rest)
    np.testing.assert_array_equal(tiles, whole)


def test_the_lists_of_faiss_find_nearly_what_all_pairs_do():
    """Two paths that must agree, nearly: an inverted file of clustered texts; 0.99 of the neighbours measured."""
    rng = np.random.default_rng(0)
    vectors = (np.repeat(unit(rng, 40, 16), 50, axis=0) + 0.1 * unit(rng, 2000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rest = {"k": 10, "max_rank": 10, "max_similarity": ALL, "distance": -1}
    exact = mine_negatives(vectors, far(2000), np.random.default_rng(1), **rest)
    near = [mine_negatives(vectors, far(2000), np.random.default_rng(1), exact=100, **rest) for _ in range(2)]
    np.testing.assert_array_equal(*near)
    assert (near[0] != np.arange(2000)[:, None]).all()
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, near[0], strict=True)]) > 0.9


def test_all_that_qualify_are_equally_likely():
    """A law: of eight that qualify each is drawn as often, within 5 standard errors."""
    rng = np.random.default_rng(1)
    rows = unit(np.random.default_rng(0), 9)
    drawn = [mine_negatives(rows, far(9), rng, k=2, max_similarity=ALL, distance=1) for _ in range(400)]
    shares = np.bincount(np.concatenate(drawn).ravel(), minlength=9) / 3200  # each text could be drawn by eight others
    np.testing.assert_allclose(shares, 2 / 8, atol=5 * np.sqrt(0.25 * 0.75 / 3200))


@pytest.mark.parametrize(
    ("k", "hashes", "message"),
    [(0, far(3), "0 negatives a text: give 1 or more"), (1, far(2), "3 vectors with 2 signatures")],
)
def test_what_does_not_fit_is_refused(k, hashes, message):
    with pytest.raises(InputError, match=message):
        mine_negatives(np.eye(3), hashes, np.random.default_rng(0), k=k)
