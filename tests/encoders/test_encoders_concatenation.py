"""Several static encoders as components of one."""

import numpy as np
import pytest

from likewise.encoders.concatenation import (
    LENGTH_PRIOR,
    component_dims,
    concatenated,
    length_prior_of,
    principal,
    scaled,
)
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
    """A slow loop: the components' sums, scaled to their shares, end to end."""
    parts = [(encoder(8), 1.0), (encoder(5), 0.5), (encoder(3), 0.25)]
    vectors = joined(parts).encode(TEXTS)
    expected = []
    for index in range(len(TEXTS)):
        components = []
        for part, share in parts:
            pooled = part.weights[TEXTS[index]].astype(np.float64).sum(axis=0)
            length = np.sqrt(np.mean(norms(part).astype(np.float64) ** 2))
            components.append(share * pooled / length)
        whole = np.concatenate(components)
        expected.append(whole / np.linalg.norm(whole))
    ours = norms(parts[0][0])
    pooled = np.linalg.norm([parts[0][0].weights[TEXTS[i]].sum(axis=0) for i in range(len(TEXTS))], axis=1)
    scale = np.median(ours / pooled)  # sums or means: either way the same for all parts of texts of one length
    assert scale > 0
    np.testing.assert_allclose(vectors, expected, atol=2e-6)


def test_the_scale_of_a_component_does_not_matter() -> None:
    """A law: only the shares decide, not the length of a component's rows."""
    one, other = encoder(6), encoder(4)
    larger = StaticEncoder(other.weights * 100)
    np.testing.assert_allclose(
        joined([(one, 1.0), (other, 0.5)]).encode(TEXTS),
        joined([(one, 1.0), (larger, 0.5)]).encode(TEXTS),
        atol=1e-6,
    )


def test_a_component_of_zeros_changes_no_cosine() -> None:
    """A closed form: the cosines are those of the other component."""
    one = encoder(6)
    found = joined([(one, 1.0), (StaticEncoder(np.zeros((50, 4), np.float32)), 0.5)])
    assert found.dim == 10
    np.testing.assert_allclose(found.encode(TEXTS)[:, :6], one.encode(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    ("dim", "lexical", "texts", "expected"),
    [
        (640, False, 10, (640, 0, 640)),
        (640, True, 10, (214, 426, 512)),
        (640, True, 200_000, (214, 426, 214)),
        (3_000, True, 10, (1_000, 2_000, 1_000)),
    ],
)
def test_dimensions_are_divided(dim: int, lexical: bool, texts: int, expected: tuple[int, int, int]) -> None:
    """A closed form."""
    parts = component_dims(dim, lexical=lexical, texts=texts)
    assert (parts.trained, parts.lexical, parts.width) == expected


def test_principal_axes() -> None:
    """Laws: all axes keep every cosine; vectors of fewer are beginnings of those of all; the strongest come first."""
    one = encoder(3)
    whole, half = principal(one, TEXTS, one.dim), principal(one, TEXTS, one.dim // 2)
    vectors = whole.encode(TEXTS)
    np.testing.assert_allclose(vectors @ vectors.T, one.encode(TEXTS) @ one.encode(TEXTS).T, atol=1e-5)
    np.testing.assert_allclose(half.weights, whole.weights[:, : one.dim // 2])
    strengths = np.square(vectors).sum(axis=0)
    assert (np.diff(strengths) <= 1e-4).all()


def test_the_length_prior_is_half_the_mean_squared_length() -> None:
    """A slow loop: each distinct token times the root of its count; of no texts it is 0."""
    part = encoder(7)
    squares = []
    for index in range(len(TEXTS)):
        subwords, times = np.unique(TEXTS[index], return_counts=True)
        squares.append(np.sum((np.sqrt(times)[:, None] * part.weights[subwords].astype(np.float64)).sum(axis=0) ** 2))
    assert length_prior_of(part, TEXTS) == pytest.approx(LENGTH_PRIOR * np.mean(squares), rel=1e-5)
    assert length_prior_of(part, TEXTS.take(np.zeros(0, np.int64))) == 0


def test_length_priors_scale_with_the_shares() -> None:
    """A closed form: a length prior is measured for a component of length 1, and scaled by its squared share."""
    found = concatenated([(encoder(4), 1.0), (encoder(6), 0.5)], [0.0, 3.0]).documents
    assert found is not None
    assert (found.dims, found.shares, found.length_priors) == ((4, 6), (1.0, 0.5), (0.0, 0.75))
