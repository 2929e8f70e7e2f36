"""How a text is pooled as a document, something to be found, rather than as a query or as one text among equals.

The mean of a text's rows has two faults when a query is to find it. A word that a document repeats ten times counts ten
times, though the second to the tenth say little that is new; and a document of three words that shares one of them with
a query seems a third of it, though so short a text is weak evidence of anything. BM25 mends both, by its k1 and its b
(Robertson and Zaragoza 2009); here the same is done to a vector. A piece that occurs n times counts sqrt(n). Each part
of a vector is brought to length one by itself, so that none grows at the cost of another as documents grow, and to the
square of the length of the lexical part a constant is added first, its ballast, which only the short ones feel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged

__all__ = ["DocumentPooling", "pooled_documents", "sums_of_roots"]


@dataclass(frozen=True)
class DocumentPooling:
    """The parts of a vector, and what becomes of each when a document is pooled.

    Attributes:
        dims: how many dimensions each part has, in their order.
        shares: the length that each part has in the end, against the others.
        length_priors: what is added to the squared length of each part before it is divided by its length; 0 for
            nothing.
    """

    dims: tuple[int, ...]
    shares: tuple[float, ...]
    length_priors: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (*self.shares, *self.length_priors)
        if not len(self.dims) == len(self.shares) == len(self.length_priors) or not self.dims:
            raise InputError("the pooling of documents has as many shares and ballasts as parts, at least one")
        if min(self.dims) < 1 or not np.isfinite(numbers).all() or min(numbers) < 0 or not any(self.shares):
            raise InputError("parts of a vector have a dimension or more, and shares and ballasts of 0 or more")

    def plain(self) -> dict[str, Any]:
        """In plain values, from which `DocumentPooling(**values)` makes it again."""
        return {"dims": list(self.dims), "shares": list(self.shares), "length_priors": list(self.length_priors)}


def pooled_documents(
    weights: Float[np.ndarray, "vocab dim"],
    texts: Ragged,
    pooling: DocumentPooling,
    out: Float[np.ndarray, "texts dim"] | None = None,
) -> Float[np.ndarray, "texts dim"]:
    """Vectors of documents, none longer than one; a text without ids is a row of zeros.

    With s = sum over the distinct pieces p of sqrt(times p occurs) weights[p] and s_k its part k, part k of the vector
    is share_k s_k / sqrt(|s_k|² + ballast_k), and all are divided by sqrt(sum_k share_k²).

    Args:
        weights: one row a piece.
        texts: ids of the documents.
        pooling: the parts.
        out: where the vectors go, if it is given.

    Raises:
        InputError: the parts are not as long as a row.
    """
    from likewise.encoders.kernels import pool_documents

    if sum(pooling.dims) != weights.shape[1]:
        raise InputError(f"rows of {weights.shape[1]} numbers do not fall into parts of {pooling.dims}")
    vectors = np.empty((len(texts), weights.shape[1]), weights.dtype) if out is None else out
    length = np.sqrt(np.sum(np.square(pooling.shares)))
    ends, shares = np.cumsum(pooling.dims), np.array(pooling.shares, np.float64) / length
    pool_documents(
        weights, texts.ids, texts.offsets, vectors, ends, shares, np.array(pooling.length_priors, np.float64)
    )
    return vectors


def sums_of_roots(weights: Float[np.ndarray, "vocab dim"], texts: Ragged) -> Float[np.ndarray, "texts dim"]:
    """The sums s of `pooled_documents`, from which a ballast is measured."""
    from likewise.encoders.kernels import sum_roots

    sums = np.empty((len(texts), weights.shape[1]), weights.dtype)
    sum_roots(weights, texts.ids, texts.offsets, sums)
    return sums
