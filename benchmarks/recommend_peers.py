"""The peers of the recommender: from a matrix of choices to scores of all users and items."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

Matrix = sparse.csr_matrix
Scores = Callable[[Sequence[Sequence[int]], int, Any], np.ndarray]  # histories, number of items, setting


def matrix(histories: Sequence[Sequence[int]], items: int, weights: np.ndarray | None = None) -> Matrix:
    """Ones, or weights, where a user chose an item."""
    rows = np.repeat(np.arange(len(histories)), [len(each) for each in histories])
    columns = np.concatenate([np.asarray(each, np.int64) for each in histories])
    values = np.ones(len(rows), np.float32) if weights is None else weights
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(histories), items))


def popularity(seen: Matrix, _option: None) -> np.ndarray:
    """How many chose an item."""
    return np.tile(np.asarray(seen.sum(axis=0)), (seen.shape[0], 1))


def neighbours(seen: Matrix, shrink: float) -> np.ndarray:
    """Cosine of items by their users, summed over the history."""
    counts = np.asarray(seen.sum(axis=0)).ravel()
    root = np.sqrt(np.maximum(counts, 1)) + shrink
    scaled = seen @ sparse.diags(1 / root)
    similar = (scaled.T @ scaled).tocsr()
    similar.setdiag(0)
    return (seen @ similar).toarray()


def ease(seen: Matrix, ridge: float) -> np.ndarray:
    """Embarrassingly shallow autoencoders in closed form, through the smaller matrix of users (Woodbury)."""
    return _ease(seen, seen, ridge)


def fading_ease(histories: Sequence[Sequence[int]], items: int, option: tuple[float, float]) -> np.ndarray:
    """EASE whose users are their choices with weights: of the last 1, and of each one before a share of the next."""
    ridge, share = option
    faded = [share ** np.arange(len(each))[::-1] for each in histories]
    return _ease(matrix(histories, items), matrix(histories, items, np.concatenate(faded)), ridge)


def _ease(seen: Matrix, queries: Matrix, ridge: float) -> np.ndarray:
    """The weights fitted on `seen`, applied to other rows of the same users."""
    chosen, rows = seen.toarray().astype(np.float64), queries.toarray().astype(np.float64)
    inverse = np.linalg.solve(chosen @ chosen.T + ridge * np.eye(len(chosen)), chosen)
    of_item = np.sum(chosen * inverse, axis=0)  # the diagonal of X' (X X' + ridge)^-1 X
    found: np.ndarray = (rows @ chosen.T @ inverse - rows * of_item) / (1 - of_item)
    return found


def als(seen: Matrix, option: tuple[int, float, float]) -> np.ndarray:
    """Alternating least squares of `implicit`."""
    from implicit.als import AlternatingLeastSquares

    factors, regularization, alpha = option
    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, iterations=15, random_state=0, num_threads=1
    )
    model.fit(seen, show_progress=False)
    return np.asarray(model.user_factors @ model.item_factors.T)


def bpr(seen: Matrix, option: tuple[int, float, int]) -> np.ndarray:
    """Bayesian personalised ranking of `implicit`."""
    from implicit.bpr import BayesianPersonalizedRanking

    factors, regularization, iterations = option
    model = BayesianPersonalizedRanking(
        factors=factors, regularization=regularization, learning_rate=0.05, iterations=iterations, random_state=0,
        num_threads=1,
    )  # fmt: skip
    model.fit(seen, show_progress=False)
    return np.asarray(model.user_factors @ model.item_factors.T)


def by_matrix(scores: Callable[[Matrix, Any], np.ndarray]) -> Scores:
    """A peer that does not know the order in which a user chose."""
    return lambda histories, items, option: scores(matrix(histories, items), option)


PEERS: dict[str, tuple[Scores, list[Any]]] = {
    "popularity": (by_matrix(popularity), [None]),
    "item-kNN": (by_matrix(neighbours), [0.0, 2.0]),
    "EASE": (by_matrix(ease), [100.0, 300.0, 500.0, 800.0, 1200.0]),
    "implicit ALS": (
        by_matrix(als), [(f, r, a) for f in (32, 64) for r, a in ((0.1, 1.0), (10.0, 10.0), (1.0, 40.0))]
    ),
    "implicit BPR": (by_matrix(bpr), [(f, r, 150) for f in (32, 64) for r in (0.01, 0.05)]),
    "EASE, fading": (fading_ease, [(r, s) for r in (100.0, 300.0, 500.0, 1200.0) for s in (0.6, 0.8, 0.9, 0.95)]),
}  # fmt: skip
"""Of each peer how its scores are made, and the settings that are tried."""


def genre_popularity(seen: Matrix, genres: np.ndarray, cold: np.ndarray) -> np.ndarray:
    """Mean popularity of the known films of each genre, and of a film's genres."""
    mean = _genre_means(seen, genres, cold)
    scores = genres @ mean / np.maximum(genres.sum(axis=1), 1)
    return np.tile(scores, (seen.shape[0], 1))


def genre_taste(seen: Matrix, genres: np.ndarray, cold: np.ndarray) -> np.ndarray:
    """The same, each genre counting by its share in the user's history."""
    shares = seen @ genres
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    weighted = genres * _genre_means(seen, genres, cold) / np.maximum(genres.sum(axis=1, keepdims=True), 1)
    return np.asarray(shares @ weighted.T)


def text_means(seen: Matrix, vectors: np.ndarray) -> np.ndarray:
    """Cosine of a film's text with the mean of those that the user chose."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    return np.asarray((seen @ unit) @ unit.T)


def _genre_means(seen: Matrix, genres: np.ndarray, cold: np.ndarray) -> np.ndarray:
    known = np.ones((len(genres), 1), np.float32)
    known[cold] = 0
    counts = np.asarray(seen.sum(axis=0)).ravel()
    return np.asarray((genres * counts[:, None]).sum(axis=0) / np.maximum((genres * known).sum(axis=0), 1))
