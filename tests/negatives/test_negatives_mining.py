"""Hard negatives. Oracles: a slow loop over all pairs, exact beside FAISS, laws of the draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.negatives import mining
from likewise.negatives.mining import Window, mine_negatives
from likewise.negatives.near_duplicates import Signatures


def unit(rng, rows, dim=5):
    vectors = rng.standard_normal((rows, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fitting(vectors, pool, window, simhash, distance):
    """For each text all that may be drawn, the nearest first."""
    found = []
    for i in range(len(vectors)):
        scores = {j: float(vectors[i] @ pool[j]) for j in range(len(pool)) if j != i}
        ranked = sorted(scores, key=lambda j: -scores[j])[window.skip : window.depth]
        own = float(vectors[i] @ pool[i])
        limits = [np.inf]
        limits += [] if window.relative is None else [own - (1 - window.relative) * abs(own)]
        limits += [] if window.margin is None else [own - window.margin]
        found.append(
            [
                j
                for j in ranked
                if scores[j] < min(limits)
                and (simhash is None or (int(simhash[i]) ^ int(simhash[j])).bit_count() > distance)
            ]
        )
    return found


@given(
    st.integers(0, 12), st.booleans(), st.booleans(), st.integers(0, 3), st.integers(1, 9),
    st.sampled_from([None, 0.6, 0.95]), st.sampled_from([None, 0.2]), st.integers(0, 99),
)  # fmt: skip
def test_what_is_mined_is_that_of_the_slow_loop(texts, with_positives, signed, skip, more, relative, margin, seed):
    """A slow loop: with room for all, all that fit, the hardest first; with less room, some of these in that order."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng, texts)
    positives = unit(rng, texts) if with_positives else None
    simhash = rng.integers(0, 16, texts).astype(np.uint64) if signed else None
    signatures = None if simhash is None else Signatures(simhash, simhash)
    window = Window(skip, skip + more, relative, margin)
    expected = fitting(vectors, vectors if positives is None else positives, window, simhash, 1)
    for k in (12, 2):
        found = mine_negatives(vectors, rng, k=k, positives=positives, signatures=signatures, distance=1, window=window)
        assert found.shape == (texts, k)
        assert found.dtype == np.int64
        for row, all_of in zip(found.tolist(), expected, strict=True):
            some = [j for j in row if j >= 0]
            assert row == some + [-1] * (k - len(some))
            assert len(some) == min(k, len(all_of))
            assert some == [j for j in all_of if j in some]


def test_tiles_change_nothing_but_the_draw(monkeypatch):
    """Two paths that must agree: many tiles, and one, where all that fit are taken; the seed decides the rest."""
    vectors = unit(np.random.default_rng(0), 40)
    whole = mine_negatives(vectors, np.random.default_rng(1), k=30, window=Window(2, 20))
    again = [mine_negatives(vectors, np.random.default_rng(1), k=3) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    monkeypatch.setattr(mining, "TILE", 100)
    np.testing.assert_array_equal(mine_negatives(vectors, np.random.default_rng(2), k=30, window=Window(2, 20)), whole)


def test_the_lists_of_faiss_find_nearly_what_all_pairs_do(monkeypatch):
    """Two paths that must agree, nearly: an inverted file of clustered texts; 0.99 of the neighbours measured."""
    rng = np.random.default_rng(0)
    vectors = (np.repeat(unit(rng, 40, 16), 50, axis=0) + 0.1 * unit(rng, 2000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact = mine_negatives(vectors, np.random.default_rng(1), k=10, window=Window(0, 10, relative=None))
    monkeypatch.setattr(mining, "EXACT", 100)
    monkeypatch.setattr(mining, "PROBED", 8)
    near = [
        mine_negatives(vectors, np.random.default_rng(1), k=10, window=Window(0, 10, relative=None)) for _ in range(2)
    ]
    np.testing.assert_array_equal(*near)
    assert (near[0] != np.arange(2000)[:, None]).all()
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, near[0], strict=True)]) > 0.9


def test_all_that_fit_are_equally_likely():
    """A law: of eight that fit each is drawn as often, within 5 standard errors."""
    vectors = unit(np.random.default_rng(0), 9)
    rng, window = np.random.default_rng(1), Window(0, 8, relative=None)
    drawn = np.concatenate([mine_negatives(vectors, rng, k=2, window=window)[0] for _ in range(2000)])
    counts = np.bincount(drawn, minlength=9)[1:]
    np.testing.assert_allclose(counts / 2000, 2 / 8, atol=5 * np.sqrt(0.25 * 0.75 / 2000))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda rows, rng: mine_negatives(rows, rng, k=0), "0 negatives a text"),
        (lambda rows, rng: mine_negatives(rows, rng, k=1, positives=rows[:2]), r"positives \(2, 3\)"),
        (lambda rows, rng: Window(5, 5), "ranks from 5 to 5"),
        (lambda rows, rng: Window(relative=0.0), "relative 0.0 is not positive"),
    ],
)
def test_what_does_not_fit_is_refused(make, told):
    with pytest.raises(InputError, match=told):
        make(np.eye(3), np.random.default_rng(0))
