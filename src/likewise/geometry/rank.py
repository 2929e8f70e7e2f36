"""The effective rank: how many directions the vectors really use."""

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

__all__ = ["effective_rank"]


def effective_rank(vectors: Float[np.ndarray, "texts dim"]) -> float:
    """RankMe (Garrido et al. 2023, arXiv 2210.02885): `exp(-sum q log q)`, q the singular values over their sum.

    1 when all vectors are multiples of one, `min(texts, dim)` at most. The paper adds 1e-7 to each q; here `0 log 0` is
    0, so the value is exact for a matrix of low rank. The singular values are the roots of the eigenvalues of the
    smaller Gram matrix in float64, exact to 1e-8 of the largest.

    Args:
        vectors: one row a text. All zeros, or none, have rank 0.
    """
    double = np.asarray(vectors, np.float64)
    # Threads wait for each other at each step of an eigenvalue problem: on a busy machine two took a hundred times one.
    with threadpool_limits(1, "blas"):
        gram = double.T @ double if len(double) > double.shape[1] else double @ double.T
        values = np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0.0)) if gram.size else np.zeros(0)
    values = values[values > 1e-7 * values.max(initial=0.0)]
    if not len(values):
        return 0.0
    q = values / values.sum()
    return float(np.exp(-np.sum(q * np.log(q))))
