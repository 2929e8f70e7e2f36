"""Document pooling: how a text is encoded that queries are to find.

The mean of a text's rows has two faults when a query is to find it. A word that a document repeats ten times counts ten
times, though the second to the tenth say little that is new; and a document of three words that shares one of them with
a query seems a third of it, though so short a text is weak evidence of anything. BM25 corrects both, by its k1 and its
b (Robertson and Zaragoza 2009); here the same is done to a vector. A token that occurs n times counts sqrt(n). Each
component of a vector is normalised by itself, so that none grows at the cost of another as documents grow; before that
a constant, the length prior, is added to the squared length of the lexical component, which only short documents feel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Float, Float32, Int8
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged


@dataclass(frozen=True)
class DocumentPooling:
    """The components of a vector, and how each is normalised in a document.

    Attributes:
        dims: length of each component, in their order.
        shares: length that each component is scaled to, relative to the others.
        length_priors: constant added to the squared length of each component before normalisation; 0 for none.
    """

    dims: tuple[int, ...]
    shares: tuple[float, ...]
    length_priors: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (*self.shares, *self.length_priors)
        if not len(self.dims) == len(self.shares) == len(self.length_priors) or not self.dims:
            raise InputError("document pooling needs one share and one length prior per component, at least one")
        if min(self.dims) < 1 or not np.isfinite(numbers).all() or min(numbers) < 0 or not any(self.shares):
            raise InputError("components need 1 or more dimensions, and shares and length priors of 0 or more")

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> "DocumentPooling":
        """From its fields as JSON has them.

        Raises:
            KeyError: a field is missing.
            TypeError: a field is no list.
            InputError: the values are no document pooling.
        """
        return cls(*(tuple(plain[name]) for name in ("dims", "shares", "length_priors")))


def pooled_documents(
    weights: Float[np.ndarray, "vocab dim"] | Int8[np.ndarray, "vocab dim"],
    texts: Ragged,
    pooling: DocumentPooling,
    out: Float[np.ndarray, "texts dim"] | None = None,
    *,
    scales: Float32[np.ndarray, " vocab"] | None = None,
) -> Float[np.ndarray, "texts dim"]:
    """Encode documents: vectors of length 1 or less; a text without ids is a row of zeros.

    With s = sum over the distinct tokens t of sqrt(count of t) weights[t] and s_k its component k, component k of the
    vector is share_k s_k / sqrt(|s_k|² + length_prior_k), and all are divided by sqrt(sum_k share_k²).

    Args:
        weights: one row per token.
        texts: token ids of the documents.
        pooling: the components.
        out: array to write the vectors to.
        scales: what each row is multiplied by; 1 if None.

    Raises:
        InputError: the components do not add up to the length of a row.
    """
    from likewise.encoders.kernels import pool_documents

    if sum(pooling.dims) != weights.shape[1]:
        raise InputError(f"components of {pooling.dims} dimensions do not add up to rows of {weights.shape[1]}")
    if scales is None:
        scales = np.ones(len(weights), weights.dtype)
    vectors = np.empty((len(texts), weights.shape[1]), scales.dtype) if out is None else out
    length = np.sqrt(np.sum(np.square(pooling.shares)))
    ends, shares = np.cumsum(pooling.dims), np.array(pooling.shares, np.float64) / length
    priors = np.array(pooling.length_priors, np.float64)
    pool_documents(weights, scales, texts.ids, texts.offsets, vectors, ends, shares, priors)
    return vectors


def sqrt_count_sums(weights: Float[np.ndarray, "vocab dim"], texts: Ragged) -> Float[np.ndarray, "texts dim"]:
    """The sums s of `pooled_documents`, from which a length prior is measured."""
    from likewise.encoders.kernels import sum_sqrt_counts

    sums = np.empty((len(texts), weights.shape[1]), weights.dtype)
    sum_sqrt_counts(weights, np.ones(len(weights), weights.dtype), texts.ids, texts.offsets, sums)
    return sums
