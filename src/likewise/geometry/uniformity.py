"""Alignment, uniformity and mean cosine: how near positive pairs are, and how the vectors spread over the sphere."""

import numpy as np
from jaxtyping import Float

__all__ = ["alignment", "mean_cosine", "uniformity"]

SAMPLE = 1024  # vectors whose pairs the uniformity is taken over: half a million pairs


def alignment(anchors: Float[np.ndarray, "texts dim"], positives: Float[np.ndarray, "texts dim"]) -> float:
    """Mean squared distance of positive pairs, `E |a - b|²` (Wang and Isola 2020, arXiv 2005.10242); 0 at best."""
    apart = np.asarray(anchors, np.float32) - np.asarray(positives, np.float32)
    return _mean(np.einsum("td,td->t", apart, apart, dtype=np.float64))


def uniformity(
    vectors: Float[np.ndarray, "texts dim"], rng: np.random.Generator, *, exponent: float = 2.0, sample: int = SAMPLE
) -> float:
    """`log E exp(-exponent |x - y|²)` over pairs of different vectors (Wang and Isola 2020); lower is more even.

    0 when all vectors are equal; about -2 * exponent when they are spread evenly over a sphere of many dimensions.

    Args:
        vectors: unit rows; fewer than two have no pairs, and the result is not a number.
        rng: draws which vectors are taken when there are more than `sample`.
        exponent: t of the paper.
        sample: all pairs among so many vectors are taken; the paper takes those of a batch.
    """
    if len(vectors) > sample:
        vectors = vectors[rng.choice(len(vectors), sample, replace=False)]
    if len(vectors) < 2:
        return float("nan")
    single = np.asarray(vectors, np.float32)
    norms = np.einsum("td,td->t", single, single)
    exponents = -exponent * np.maximum(norms[:, None] + norms[None, :] - 2.0 * (single @ single.T), 0.0)
    np.fill_diagonal(exponents, -np.inf)  # a vector makes no pair with itself
    highest = exponents.max()
    pairs = len(single) * (len(single) - 1)
    return float(highest + np.log(np.sum(np.exp(exponents - highest), dtype=np.float64) / pairs))


def mean_cosine(vectors: Float[np.ndarray, "texts dim"]) -> float:
    """Mean cosine of two different vectors, over all pairs: `(|sum x|² - sum |x|²) / (n (n - 1))`, no pair is formed.

    Near 0 in a healthy space, 1 when all vectors are equal.

    Args:
        vectors: unit rows; fewer than two have no pairs, and the result is not a number.
    """
    texts = len(vectors)
    if texts < 2:
        return float("nan")
    total = vectors.sum(axis=0, dtype=np.float64)
    squares = np.einsum("td,td->", vectors, vectors, dtype=np.float64)
    return float((total @ total - squares) / (texts * (texts - 1)))


def _mean(values: Float[np.ndarray, " values"]) -> float:
    return float(values.mean()) if len(values) else float("nan")
