"""Alignment, uniformity, mean cosine and effective rank: how near positive pairs are, and how the vectors spread."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from likewise.arrays import Float
from likewise.geometry.held_out_retrieval import held_out_retrieval
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

SAMPLE = 1024  # vectors whose pairs the uniformity is averaged over: half a million pairs


@dataclass(frozen=True)
class Geometry:
    """The geometry of held-out texts, as plain numbers; a metric that needs more texts than there are is NaN.

    Attributes:
        mrr: mean reciprocal rank of held-out retrieval, the training criterion.
        recall_at_1: share of texts whose other half ranks first.
        recall_at_10: share of texts whose other half is among the first ten.
        alignment: mean squared distance of the two halves.
        uniformity: how evenly the vectors spread; lower is more even.
        effective_rank: how many directions they use.
        mean_cosine: of two different texts.
        dim: length of a vector.
        texts: number of pairs of halves.
    """

    mrr: float
    recall_at_1: float
    recall_at_10: float
    alignment: float
    uniformity: float
    effective_rank: float
    mean_cosine: float
    dim: int
    texts: int

    def named(self) -> dict[str, float | int]:
        """All but the MRR, by the names that a model card has."""
        return {name.replace("_", " "): value for name, value in asdict(self).items() if name != "mrr"}


def measure(
    encode: Callable[[Ragged], Float[np.ndarray, "texts dim"]], halves: Views, rng: np.random.Generator
) -> Geometry:
    """Measure the space of an encoder on held-out texts.

    Args:
        encode: returns one unit vector a text.
        halves: from `disjoint_halves`; uniformity, rank and mean cosine are those of the first halves.
        rng: samples the texts for the uniformity.
    """
    anchors, positives = np.asarray(encode(halves.anchors)), np.asarray(encode(halves.positives))
    retrieval = held_out_retrieval(anchors, positives)
    return Geometry(
        mrr=retrieval.mrr,
        recall_at_1=retrieval.recall_at_1,
        recall_at_10=retrieval.recall_at_10,
        alignment=alignment(anchors, positives),
        uniformity=uniformity(anchors, rng),
        effective_rank=effective_rank(anchors),
        mean_cosine=mean_cosine(anchors),
        dim=anchors.shape[1],
        texts=retrieval.texts,
    )


def alignment(anchors: Float[np.ndarray, "texts dim"], positives: Float[np.ndarray, "texts dim"]) -> float:
    """Mean squared distance of positive pairs, `E |a - b|²` (Wang and Isola 2020, arXiv 2005.10242); 0 at best."""
    if not len(anchors):
        return float("nan")
    difference = np.asarray(anchors, np.float32) - np.asarray(positives, np.float32)
    return float(np.einsum("td,td->t", difference, difference, dtype=np.float64).mean())


def uniformity(
    vectors: Float[np.ndarray, "texts dim"], rng: np.random.Generator, *, exponent: float = 2.0, sample: int = SAMPLE
) -> float:
    """`log E exp(-exponent |x - y|²)` over pairs of different vectors (Wang and Isola 2020); lower is more even.

    0 if all vectors are equal; about -2 * exponent if they are spread evenly over a sphere of many dimensions.

    Args:
        vectors: unit rows; NaN for fewer than two.
        rng: samples the vectors if there are more than `sample`.
        exponent: t of the paper.
        sample: how many vectors to pair with each other; the paper takes those of a batch.
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
    """Mean cosine over all pairs of different vectors, `(|sum x|² - sum |x|²) / (n (n - 1))`.

    Near 0 in a healthy space, 1 if all vectors are equal.

    Args:
        vectors: unit rows; NaN for fewer than two.
    """
    texts = len(vectors)
    if texts < 2:
        return float("nan")
    total = vectors.sum(axis=0, dtype=np.float64)
    squares = np.einsum("td,td->", vectors, vectors, dtype=np.float64)
    return float((total @ total - squares) / (texts * (texts - 1)))


def effective_rank(vectors: Float[np.ndarray, "texts dim"]) -> float:
    """RankMe (Garrido et al. 2023, arXiv 2210.02885): `exp(-sum q log q)`, q the singular values over their sum.

    1 if all vectors are multiples of one, `min(texts, dim)` at most. The paper adds 1e-7 to each q; here `0 log 0` is
    0, so the value is exact for a matrix of low rank. The singular values are the square roots of the eigenvalues of
    the smaller Gram matrix in float64, exact to 1e-8 of the largest.

    Args:
        vectors: one row a text; the rank of zeros, or of none, is 0.
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
