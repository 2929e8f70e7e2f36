"""Latent semantic analysis as a static encoder: the baseline without contrastive learning."""

from typing import Any

import numpy as np

from likewise.arrays import Float, Int64
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

OVERSAMPLES, POWER_ITERATIONS = 10, 2
SMALLEST_LENGTH = 1e-12


def log_idf(texts_with: Int64[np.ndarray, " vocab"], texts: int) -> Float[np.ndarray, " vocab"]:
    """Inverse document frequency, log((texts + 1) / document frequency).

    Args:
        texts_with: document frequency: in how many texts each token occurs.
        texts: number of texts.

    Returns:
        A weight per token: near 0 for a token of every text, 0 for a token of none.
    """
    seen = np.maximum(texts_with, 1)
    return np.where(texts_with > 0, np.log((texts + 1) / seen), 0.0).astype(np.float32)


def powered(token_weights: Float[np.ndarray, " vocab"], power: float) -> Float[np.ndarray, " vocab"]:
    """Raise token weights to a power and keep the mean over the tokens with a positive weight.

    A cosine holds the weight of a shared word twice, once from either text, and BM25 holds it once: a power of 1/2
    weighs as BM25 does. The mean is kept so that a learning rate means the same under each power.
    """
    used = token_weights > 0
    raised = np.where(used, np.where(used, token_weights, 1.0) ** power, 0.0)
    mean = token_weights[used].mean() / raised[used].mean() if used.any() else 1.0
    return (raised * mean).astype(np.float32)


def lsa_encoder(
    texts: Ragged, token_weights: Float[np.ndarray, " vocab"], dim: int, rng: np.random.Generator
) -> StaticEncoder:
    """Truncated SVD of the TF-IDF matrix (Deerwester et al. 1990), folded into one embedding row per token.

    The LSA vector of a text is its TF-IDF row times the right singular vectors: the sum over its tokens of weight times
    singular row. That is a static encoder, so the same code encodes and scores it.

    Args:
        texts: the SVD is fitted on them.
        token_weights: IDF of each token.
        dim: number of singular vectors; where the corpus has fewer, the remaining columns are zeros.
        rng: for the randomised SVD.
    """
    from scipy.sparse import csr_matrix

    vocab = len(token_weights)
    ids = texts.ids[texts.offsets[0] : texts.offsets[-1]].copy()  # scipy sorts them in place
    counts = csr_matrix((np.ones(len(ids), np.float32), ids, texts.offsets - texts.offsets[0]), (len(texts), vocab))
    counts.sum_duplicates()
    weighted = csr_matrix((counts.data * token_weights[counts.indices], counts.indices, counts.indptr), counts.shape)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(lengths, SMALLEST_LENGTH), np.diff(weighted.indptr))
    # A token of a single text relates it to no other: without those the decomposition is half as large.
    shared = np.flatnonzero(np.bincount(counts.indices, minlength=vocab) > 1)
    components = min(dim, len(texts) - 1, len(shared) - 1)
    rows = np.zeros((vocab, dim), np.float32)
    if components > 0:
        rows[shared, :components] = _right_singular(weighted[:, shared], components, rng) * token_weights[shared, None]
    return StaticEncoder(rows)


def _right_singular(matrix: Any, components: int, rng: np.random.Generator) -> Float[np.ndarray, "columns components"]:
    """The first right singular vectors, as columns, by a randomised SVD (Halko, Martinsson and Tropp 2011).

    scikit-learn has one too, and takes seconds to import.
    """
    from scipy.linalg import qr  # numpy's takes float64

    size = min(components + OVERSAMPLES, *matrix.shape)
    sketch = matrix.T @ rng.standard_normal((matrix.shape[0], size), np.float32)
    for _ in range(POWER_ITERATIONS):
        sketch = matrix.T @ (matrix @ sketch)
    basis = qr(sketch, mode="economic", overwrite_a=True, check_finite=False)[0]
    projected = matrix @ basis
    axes = np.linalg.eigh(projected.T @ projected)[1]  # in ascending order of the singular values
    return np.ascontiguousarray((basis @ axes[:, ::-1])[:, :components])
