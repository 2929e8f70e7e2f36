"""Whether two spaces have the same neighbours, whatever their dimensions."""

import numpy as np
from jaxtyping import Float

__all__ = ["NEIGHBOURS", "neighbour_agreement"]

NEIGHBOURS = 10


def neighbour_agreement(
    one: Float[np.ndarray, "texts dim"], other: Float[np.ndarray, "texts other_dim"], k: int = NEIGHBOURS
) -> float:
    """The mean share of the `k` nearest neighbours of a text in one space that are among its `k` in the other.

    By chance it is k / (texts - 1).

    Args:
        one: unit rows.
        other: unit rows of the same texts.
        k: how many; all the others where there are not as many.

    Returns:
        From 0 to 1; not a number for fewer than two texts.
    """
    texts = len(one)
    k = min(k, texts - 1)
    if k < 1:
        return float("nan")
    lists = [_nearest(vectors, k) for vectors in (one, other)]
    return float(np.mean([len(np.intersect1d(a, b, assume_unique=True)) / k for a, b in zip(*lists, strict=True)]))


def _nearest(vectors: Float[np.ndarray, "texts dim"], k: int) -> np.ndarray:
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :k]
