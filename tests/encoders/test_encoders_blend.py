"""Several encoders side by side."""

import numpy as np
import pytest

from likewise.encoders.concatenation import LENGTH_PRIOR, component_dims, concatenated, length_prior_of, scaled
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

RNG = np.random.default_rng(3)
TEXTS = Ragged.of(RNG.integers(0, 50, (40, 12)).tolist())


def encoder(dim: int) -> StaticEncoder:
    return StaticEncoder(RNG.standard_normal((50, dim)).astype(np.float32) * 7)


def joined(parts: list[tuple[StaticEncoder, float]]) -> StaticEncoder:
    return concatenated([(scaled(part, TEXTS), share) for part, share in parts])


def norms(found: StaticEncoder) -> np.ndarray:
    return found.forward(TEXTS)[1].norms


def test_the_cosine_is_the_weighted_mean_of_the_cosines() -> None:
    """A slow loop: the parts' sums, scaled to their shares, end to end, their cosine typed out."""
    parts = [(encoder(8), 1.0), (encoder(5), 0.5), (encoder(3), 0.25)]
    vectors = joined(parts).encode(TEXTS)
    expected = []
    for index in range(len(TEXTS)):
        subwords = []
        for part, share in parts:
            pooled = part.weights[TEXTS[index]].astype(np.float64).sum(axis=0)
            length = np.sqrt(np.mean(norms(part).astype(np.float64) ** 2))
            subwords.append(share * pooled / length)
        whole = np.concatenate(subwords)
        expected.append(whole / np.linalg.norm(whole))
    ours = norms(parts[0][0])
    pooled = np.linalg.norm([parts[0][0].weights[TEXTS[i]].sum(axis=0) for i in range(len(TEXTS))], axis=1)
    scale = np.median(ours / pooled)  # sums or means: either way the same for all parts of texts of one length
    assert scale > 0
    np.testing.assert_allclose(vectors, expected, atol=2e-6)


def test_a_part_that_is_scaled_changes_nothing() -> None:
    """A law: only the shares decide, not how long the rows of a part happen to be."""
    one, other = encoder(6), encoder(4)
    larger = StaticEncoder(other.weights * 100)
    np.testing.assert_allclose(
        joined([(one, 1.0), (other, 0.5)]).encode(TEXTS),
        joined([(one, 1.0), (larger, 0.5)]).encode(TEXTS),
        atol=1e-6,
    )


def test_a_part_of_zeros_does_no_harm() -> None:
    """A closed form: the cosines are those of the other part."""
    one = encoder(6)
    found = joined([(one, 1.0), (StaticEncoder(np.zeros((50, 4), np.float32)), 0.5)])
    assert found.dim == 10
    np.testing.assert_allclose(found.encode(TEXTS)[:, :6], one.encode(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    ("lexical", "latent", "expected"),
    [
        (False, False, (640, 0, 0)),
        (True, False, (267, 373, 0)),
        (True, True, (214, 373, 53)),
        (False, True, (587, 0, 53)),
    ],
)
def test_dimensions_are_shared_out(lexical: bool, latent: bool, expected: tuple[int, int, int]) -> None:
    """A closed form."""
    parts = component_dims(640, lexical, latent)
    assert (parts.trained, parts.lexical, parts.latent) == expected


def test_the_ballast_is_a_share_of_the_mean_document() -> None:
    """A slow loop: each distinct piece times the root of how often it occurs; of no texts there is none."""
    part = encoder(7)
    squares = []
    for index in range(len(TEXTS)):
        subwords, times = np.unique(TEXTS[index], return_counts=True)
        squares.append(np.sum((np.sqrt(times)[:, None] * part.weights[subwords].astype(np.float64)).sum(axis=0) ** 2))
    assert length_prior_of(part, TEXTS) == pytest.approx(LENGTH_PRIOR * np.mean(squares), rel=1e-5)
    assert length_prior_of(part, TEXTS.take(np.zeros(0, np.int64))) == 0


def test_ballasts_weigh_as_much_as_their_parts() -> None:
    """A closed form: a ballast is given for a part of length one, and the part is as long as its share."""
    found = concatenated([(encoder(4), 1.0), (encoder(6), 0.5)], [0.0, 3.0]).documents
    assert found is not None
    assert (found.dims, found.shares, found.length_priors) == ((4, 6), (1.0, 0.5), (0.0, 0.75))
