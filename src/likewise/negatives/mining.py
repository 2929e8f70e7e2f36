"""Hard negatives: for each text others that are similar to it, but not so similar that they may mean the same."""

import math
from typing import Any

import numpy as np

from likewise.arrays import Bool, Float, Int64
from likewise.errors import InputError
from likewise.negatives.near_duplicates import DISTANCE, Signatures

MAX_RANK = 100
MAX_SIMILARITY = 0.95
TILE = 1 << 23  # numbers in the neighbours' embeddings that are scored at once: 32 MiB in float32
EXACT = 50_000  # texts up to which all pairs are compared; beyond, FAISS searches the nearest lists
PROBED = 16  # the share of the lists that is searched is one over this


def mine_negatives(
    vectors: Float[np.ndarray, "texts dim"],
    signatures: Signatures,
    rng: np.random.Generator,
    *,
    k: int,
    max_rank: int = MAX_RANK,
    max_similarity: float = MAX_SIMILARITY,
    distance: int = DISTANCE,
    exact: int = EXACT,
    tile: int = TILE,
) -> Int64[np.ndarray, "texts k"]:
    """Up to `k` hard negatives of each text, the most similar first, then -1.

    They are drawn at random from the text's nearest neighbours, without those that are too similar (NV-Retriever,
    Moreira et al. 2024, "TopK-PercPos" with the text as its own positive) and without near-duplicates. Of up to
    `exact` texts all pairs are compared, a tile at a time; of more, those in the nearest lists of an inverted file.

    Args:
        vectors: embeddings of the texts, unit rows.
        signatures: of the texts, to exclude near-duplicates.
        rng: draws the negatives where more than `k` qualify.
        k: negatives a text.
        max_rank: how many of the nearest neighbours are considered.
        max_similarity: a negative's similarity is below it.
        distance: signatures of near-duplicates differ in at most this many bits.
        exact: texts up to which the search is exact.
        tile: numbers in the neighbours' embeddings that are scored at once.

    Raises:
        InputError: k is not positive, or the signatures are of another number of texts.
    """
    texts, dim = vectors.shape
    if k < 1:
        raise InputError(f"{k} negatives a text: give 1 or more")
    if len(signatures) != texts:
        raise InputError(f"{texts} vectors with {len(signatures)} signatures: expected one for each text")
    depth = min(max_rank, max(0, texts - 1))
    mined = np.full((texts, k), -1, np.int64)
    index = _index(vectors, exact, rng)
    step = max(1, tile // (max(1, dim) * (depth + 1)))
    for first in range(0, texts, step) if depth else ():
        rows = np.arange(first, min(first + step, texts))
        found = index.search(np.ascontiguousarray(vectors[rows], np.float32), depth + 1)[1].astype(np.int64)
        # FAISS sums in single precision and in its own order: equal vectors are to score the same.
        scores = np.einsum("rd,rfd->rf", vectors[rows], vectors[found])
        scores, found = _ranked(scores, found, rows, depth)
        differing = np.bitwise_count(signatures[rows, None] ^ signatures[found])
        mined[rows] = _drawn(found, (scores < max_similarity) & (found >= 0) & (differing > distance), k, rng)
    return mined


def _index(vectors: Float[np.ndarray, "texts dim"], exact: int, rng: np.random.Generator) -> Any:
    """A FAISS index of the vectors: flat, or an inverted file where there are many."""
    import faiss

    rows = np.ascontiguousarray(vectors, np.float32)
    index: Any = faiss.IndexFlatIP(rows.shape[1])
    if len(rows) > exact:
        lists = math.isqrt(len(rows))
        index = faiss.IndexIVFFlat(index, rows.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed, index.cp.min_points_per_centroid = int(rng.integers(2**31)), 1
        index.train(rows)
        index.nprobe = max(1, lists // PROBED)
    index.add(rows)
    return index


def _ranked(
    scores: Float[np.ndarray, "rows found"], found: Int64[np.ndarray, "rows found"], rows: Int64[np.ndarray, " rows"],
    depth: int,
) -> tuple[Float[np.ndarray, "rows depth"], Int64[np.ndarray, "rows depth"]]:  # fmt: skip
    """The other texts by falling score, ties by position; -1 for the text itself and for what was not found, last."""
    last = (found == rows[:, None]) | (found < 0)
    order = np.lexsort((found, -np.where(last, -np.inf, scores)))[:, :depth]
    found = np.where(last, -1, found)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(found, order, axis=1)


def _drawn(
    found: Int64[np.ndarray, "rows depth"], fit: Bool[np.ndarray, "rows depth"], k: int, rng: np.random.Generator
) -> Int64[np.ndarray, "rows k"]:
    """Up to `k` of the texts that qualify, all equally likely, in the order of their ranks; -1 at the end."""
    lots = np.where(fit, rng.random(fit.shape), 2.0)
    places = np.sort(np.argsort(lots, axis=1, kind="stable")[:, :k], axis=1)  # sorted places are sorted ranks
    kept = np.take_along_axis(fit, places, axis=1)
    order = np.argsort(~kept, axis=1, kind="stable")  # places that no text was left for go to the end
    places, kept = np.take_along_axis(places, order, axis=1), np.take_along_axis(kept, order, axis=1)
    drawn = np.full((len(found), k), -1, np.int64)
    drawn[:, : places.shape[1]] = np.where(kept, np.take_along_axis(found, places, axis=1), -1)
    return drawn
