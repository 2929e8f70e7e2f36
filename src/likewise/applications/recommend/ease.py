"""EASE with item texts, in closed form: vectors of items and users whose products rank items for a user.

EASE (Steck 2019, "Embarrassingly shallow autoencoders") is the linear item-to-item model with the best squared error.
The dimensions of the texts join it as further users, as in its extensions with side information (Jeunen et al. 2020).
Kept as vectors rather than as a matrix of weights, it also serves items that nobody has chosen yet: the vector of an
item is a linear map of its text plus a residual, which is zero for a new item.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, svds

from likewise.applications.recommend.interactions import Histories
from likewise.arrays import Bool, Float32, Float64, Int
from likewise.model.embedder import unit_vectors

MAX_DENSE = 2500  # the smaller side of the matrix up to which its Gram matrix is formed
TEXT_RIDGE = 5.0  # of the regression on texts, whose mean square length is one
MIN_SINGULAR_SHARE = 1e-6  # of the largest singular value; smaller ones are rounding noise

TEXT_WEIGHTS = (1.0, 10.0, 100.0)
RIDGES = (30.0, 100.0, 300.0, 1000.0)
RECENCY_EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
MAX_HELD_OUT_USERS = 2000
MAX_HELD_OUT_SCORES = 50_000_000  # of the held-out users and all items
MIN_HELD_OUT_USERS = 20  # with fewer, the best settings are chance

BATCH = 4096  # texts that are encoded at once
MAX_TEXT_DIM = 256
PROJECTED_SAMPLE = 50_000  # texts from which the principal components are computed


def encode_texts(encoder: Any, texts: list[str]) -> Float32[np.ndarray, "texts dim"]:
    """Encode texts as unit vectors; zeros for blank texts."""
    rows = [row for row, text in enumerate(texts) if text.strip()]
    parts = [
        unit_vectors(encoder, [texts[row] for row in rows[start : start + BATCH]], None)
        for start in range(0, len(rows), BATCH)
    ]
    if not parts:
        return np.zeros((len(texts), 1), np.float32)
    vectors = np.zeros((len(texts), parts[0].shape[1]), np.float32)
    vectors[rows] = np.concatenate(parts)
    return vectors


@dataclass(frozen=True)
class TextProjection:
    """Principal components, scaled so that the mean square length over the items is one.

    Attributes:
        mean: of the items.
        components: scaled.
    """

    mean: Float32[np.ndarray, " dim"]
    components: Float32[np.ndarray, "dim text"]

    @classmethod
    def fit(
        cls, vectors: Float32[np.ndarray, "items dim"], rng: np.random.Generator, *, sample: int = PROJECTED_SAMPLE
    ) -> "TextProjection":
        """Compute the components of the vectors that are not zero, or of a sample of them."""
        known = vectors[vectors.any(axis=1)]
        if len(known) > sample:
            known = known[np.sort(rng.choice(len(known), sample, replace=False))]
        mean = known.mean(axis=0) if len(known) else vectors.sum(axis=0)
        centred = known - mean
        values, axes = np.linalg.eigh(centred.T @ centred)
        axes = axes[:, ::-1][:, :MAX_TEXT_DIM]
        variance = float(np.sum(values[::-1][:MAX_TEXT_DIM])) / max(len(known), 1)
        scale = 1 / np.sqrt(variance) if variance > 1e-9 else 0.0
        return cls(mean.astype(np.float32), (axes * scale).astype(np.float32))

    def transform(self, vectors: Float32[np.ndarray, "texts dim"]) -> Float32[np.ndarray, "texts text"]:
        """Project vectors; those of blank texts, which are zeros, stay zeros."""
        projected: np.ndarray = (vectors - self.mean) @ self.components
        projected[~vectors.any(axis=1)] = 0.0
        return projected


@dataclass(frozen=True)
class EaseSettings:
    """Hyperparameters.

    Attributes:
        dim: largest length of the vectors of users and items.
        text_weight: weight of the texts relative to the interactions.
        ridge: L2 penalty.
        recency_exponent: the item of a history with n later ones weighs `(n + 1) ** -recency_exponent`.
    """

    dim: int = 256
    text_weight: float = 10.0
    ridge: float = 300.0
    recency_exponent: float = 0.5


@dataclass(frozen=True)
class Ease:
    """A fitted model.

    Attributes:
        text_map: (text, dim), from the vector of a text to that of an item.
        residuals: (items, dim), what the text does not explain; zeros for items that nobody chose.
        spread: (dim), by which each direction was divided; it undoes the shrinkage for similarities of items.
        recency_exponent: of the weights within a history.
    """

    text_map: Float32[np.ndarray, "text dim"]
    residuals: Float32[np.ndarray, "items dim"]
    spread: Float32[np.ndarray, " dim"]
    recency_exponent: float

    def item_vectors(self, texts: Float32[np.ndarray, "items text"]) -> Float32[np.ndarray, "items dim"]:
        """Map the text vectors of all items and add the residuals."""
        vectors: np.ndarray = texts @ self.text_map + self.residuals
        return vectors

    def scores(
        self,
        histories: Histories,
        items: Float32[np.ndarray, "items dim"],
        targets: Float32[np.ndarray, "targets dim"],
        new: Bool[np.ndarray, " targets"],
    ) -> Float32[np.ndarray, "users targets"]:
        """Score items for users by the product of their vectors, which are pooled over the histories.

        Args:
            histories: of item numbers.
            items: vector of each item.
            targets: vectors of the items to score.
            new: whether nobody has chosen a target yet.
        """
        users = histories.matrix(len(items), self.history_weights(histories)) @ items
        scores: np.ndarray = users @ targets.T
        if new.any():
            users = histories.matrix(len(items), self.history_weights(histories, for_new=True)) @ items
            scores[:, new] = users @ targets[new].T
        return scores

    def history_weights(self, histories: Histories, *, for_new: bool = False) -> Float32[np.ndarray, " interactions"]:
        """Compute the weight of each item of each history in the vector of its user.

        With w_t by recency, the vector of a user is `sum_t w_t v_t / sqrt(sum_t w_t)`. For new items the same length
        is spread evenly over the history: what was chosen last says which known item is next, but says little about
        a text.

        Args:
            histories: of item numbers.
            for_new: weights for scoring new items.
        """
        weights = (histories.ages + 1.0) ** -self.recency_exponent
        users = np.repeat(np.arange(len(histories)), histories.lengths)
        sums = np.bincount(users, weights, minlength=len(histories))[users]
        scaled = np.sqrt(sums) / histories.lengths[users] if for_new else weights / np.sqrt(sums)
        return scaled.astype(np.float32)


@dataclass(frozen=True)
class EaseFactors:
    """The part of the closed form that does not depend on the ridge.

    Attributes:
        text_map: (text, dim), the part of each direction that texts explain.
        residuals: (items, dim), the rest; zeros for items that nobody chose.
        singular_values: (dim), descending.
    """

    text_map: Float32[np.ndarray, "text dim"]
    residuals: Float32[np.ndarray, "items dim"]
    singular_values: Float64[np.ndarray, " dim"]

    def shrink(self, settings: EaseSettings) -> Ease:
        """Divide each direction by `sqrt(singular_value² + ridge)`."""
        spread = np.sqrt(self.singular_values**2 + settings.ridge).astype(np.float32)
        return Ease(self.text_map / spread, self.residuals / spread, spread, settings.recency_exponent)


def factorize(
    interactions: sparse.csr_array,
    texts: Float32[np.ndarray, "items text"],
    dim: int,
    text_weight: float,
    *,
    max_dense: int = MAX_DENSE,
) -> EaseFactors:
    """Decompose the interactions stacked on the weighted texts.

    With A = [X; sqrt(w) T'], (users + text, items), and A = U S V', the vectors z = A' U / sqrt(S² + ridge) have the
    products z_i·z_j = [A' (A A' + ridge)^-1 A]_ij, which are the off-diagonal weights of EASE up to the scale of a
    column. The text part of z comes from a ridge regression over the items that somebody chose, each with the same
    weight. (The text rows of A' U would be a map too, but of how texts differ, not of what is chosen for them.)

    Args:
        interactions: (users, items), ones where a user chose an item.
        texts: one vector an item.
        dim: number of directions, at most; there are never more than users and text dimensions.
        text_weight: w.
        max_dense: the smaller side of A up to which its Gram matrix is formed; beyond, Lanczos iterations.
    """
    share = np.float32(np.sqrt(text_weight))
    users = interactions.shape[0]
    left, singular = _left_vectors(interactions, texts * share, min(dim, users + texts.shape[1]), max_dense)
    kept = singular > MIN_SINGULAR_SHARE * singular[0]
    left, singular = left[:, kept], singular[kept]
    items = (interactions.T @ left[:users] + texts @ (left[users:] * share)).astype(np.float32)
    known = np.bincount(interactions.indices, minlength=len(texts)) > 0
    regressors = texts[known].astype(float)
    gram = regressors.T @ regressors + TEXT_RIDGE * np.eye(texts.shape[1])
    text_map = np.linalg.solve(gram, regressors.T @ items[known])
    residuals = np.where(known[:, None], items - texts @ text_map, 0)
    return EaseFactors(text_map.astype(np.float32), residuals.astype(np.float32), singular)


def _left_vectors(
    interactions: sparse.csr_array, texts: Float32[np.ndarray, "items text"], dim: int, max_dense: int
) -> tuple[Float32[np.ndarray, "rows dim"], Float64[np.ndarray, " dim"]]:
    users, items = interactions.shape
    rows = users + texts.shape[1]
    if min(rows, items) <= max_dense:
        return _dense_left_vectors(interactions, texts, dim)
    transposed, texts = interactions.T.tocsr(), texts.astype(np.float64)
    operator = LinearOperator(
        (rows, items),
        matvec=lambda vector: np.concatenate([interactions @ vector.ravel(), texts.T @ vector.ravel()]),
        rmatvec=lambda vector: transposed @ vector.ravel()[:users] + texts @ vector.ravel()[users:],
        dtype=np.float64,
    )
    left, singular, _ = svds(operator, k=dim, v0=np.ones(min(rows, items)), return_singular_vectors="u")
    return left[:, ::-1].astype(np.float32), singular[::-1].copy()


def _dense_left_vectors(
    interactions: sparse.csr_array, texts: Float32[np.ndarray, "items text"], dim: int
) -> tuple[Float32[np.ndarray, "rows dim"], Float64[np.ndarray, " dim"]]:
    """Decompose the Gram matrix of the rows, or of the columns where there are fewer."""
    users, items = interactions.shape
    rows = users + texts.shape[1]
    if items < rows:
        gram = (interactions.T @ interactions).toarray().astype(np.float64) + texts @ texts.T
        values, vectors = np.linalg.eigh(gram)
        singular = np.sqrt(np.maximum(values[::-1][:dim], 0.0))
        right = vectors[:, ::-1][:, :dim] / np.maximum(singular, MIN_SINGULAR_SHARE * max(singular[0], 1e-6))
        return np.concatenate([interactions @ right, texts.T @ right]).astype(np.float32), singular
    gram = np.empty((rows, rows))
    gram[:users, :users] = (interactions @ interactions.T).toarray()
    gram[users:, :users] = (interactions @ texts).T
    gram[:users, users:] = gram[users:, :users].T
    gram[users:, users:] = texts.T @ texts
    values, vectors = np.linalg.eigh(gram)
    return vectors[:, ::-1][:, :dim].astype(np.float32), np.sqrt(np.maximum(values[::-1][:dim], 0.0))


def choose_settings(
    histories: Histories, texts: Float32[np.ndarray, "items text"], start: EaseSettings, rng: np.random.Generator
) -> EaseSettings:
    """Choose the settings that rank the latest item of each user best when it is held out.

    Recency, ridge and recency again are searched in turn for each weight of the texts.

    Args:
        histories: of all users.
        texts: one vector an item.
        start: its `dim` is kept; all of it is returned if fewer than 20 users have three items.
        rng: draws the users.
    """
    users = np.flatnonzero(histories.lengths > 2)
    if len(users) < MIN_HELD_OUT_USERS:
        return start
    count = max(MIN_HELD_OUT_USERS, min(MAX_HELD_OUT_USERS, MAX_HELD_OUT_SCORES // len(texts)))
    users = np.sort(rng.permutation(users)[:count])
    held_out = histories.items[histories.offsets[users + 1] - 1]
    shorter = histories.without_last(users)
    seen, matrix = shorter.take(users), shorter.matrix(len(texts))
    new = np.bincount(shorter.items, minlength=len(texts)) == 0

    def gain(factors: EaseFactors, settings: EaseSettings) -> float:
        ease = factors.shrink(settings)
        items = ease.item_vectors(texts)
        ranks = held_out_ranks(ease.scores(seen, items, items, new), seen, held_out)
        return float(np.mean(1 / np.log2(2 + ranks)))  # nDCG without a cut-off

    chosen, best = start, -1.0
    for weight in TEXT_WEIGHTS:
        factors = factorize(matrix, texts, start.dim, weight)
        settings = replace(start, text_weight=weight)
        for name, values in (
            ("recency_exponent", RECENCY_EXPONENTS),
            ("ridge", RIDGES),
            ("recency_exponent", RECENCY_EXPONENTS),
        ):
            candidates = [replace(settings, **{name: value}) for value in values]  # type: ignore[arg-type]
            gains = [gain(factors, each) for each in candidates]
            settings = candidates[int(np.argmax(gains))]
        if max(gains) > best:
            chosen, best = settings, max(gains)
    return chosen


def held_out_ranks(
    scores: Float32[np.ndarray, "users items"], seen: Histories, held_out: Int[np.ndarray, " users"]
) -> Float64[np.ndarray, " users"]:
    """Count the unseen items ranked above the held-out one: 0 at best; equal scores count half."""
    users = np.repeat(np.arange(len(seen)), seen.lengths)
    positive = scores[np.arange(len(held_out)), held_out][:, None]
    above, equal = scores > positive, scores == positive
    above[users, seen.items], equal[users, seen.items] = False, False
    ranks: np.ndarray = above.sum(axis=1) + np.maximum(equal.sum(axis=1) - 1, 0) / 2
    return ranks
