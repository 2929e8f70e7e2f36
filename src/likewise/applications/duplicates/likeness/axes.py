"""The directions that a corpus fills, so that few numbers of a vector say nearly all."""

import numpy as np
from jaxtyping import Float32

__all__ = ["COARSE", "KEPT", "principal_axes"]

KEPT = 256  # numbers of a vector that are kept
COARSE = 96  # of these, the first, by which candidates are found


def principal_axes(vectors: Float32[np.ndarray, "texts dim"], most: int) -> Float32[np.ndarray, "dim kept"]:
    """The directions in which uncentred vectors are longest, the longest first; dot products keep their meaning."""
    dim = vectors.shape[1]
    if dim <= COARSE:
        return np.eye(dim, dtype=np.float32)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)
