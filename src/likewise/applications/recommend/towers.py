"""The two towers: what an item's vector is made of, and how a user's vector is pooled from those of items."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from likewise.applications.recommend.interactions import KNOTS, Pooling

__all__ = ["Slopes", "Towers", "power_of_age"]


def power_of_age(exponent: float) -> Float32[np.ndarray, " knots"]:
    """Logarithms of the weights `(age + 1)^-exponent`; the latest item has age 0."""
    logarithms: np.ndarray = (-exponent * np.log(2.0) * np.arange(KNOTS)).astype(np.float32)
    return logarithms


@dataclass(frozen=True)
class Slopes:
    """Derivatives by the parts of the towers.

    Attributes:
        texts_map: (text, dim).
        residual: (items, dim).
        recency: by the logarithm of the weight at each knot.
    """

    texts_map: Float32[np.ndarray, "text dim"]
    residual: Float32[np.ndarray, "items dim"]
    recency: Float32[np.ndarray, " knots"]


@dataclass
class Towers:
    """Everything that is learned.

    Attributes:
        texts_map: from the vector of a text to the space of users and items.
        residual: of each item, what its text does not say; zeros for an item that nobody chose.
        recency: logarithm of an item's weight by its age, at each knot.
        temperature: the product of a user and an item is divided by it.
        spread: how far items lie apart in each direction before all directions were made alike; ones if None.
    """

    texts_map: Float32[np.ndarray, "text dim"]
    residual: Float32[np.ndarray, "items dim"]
    recency: Float32[np.ndarray, " knots"]
    temperature: float = 1.0
    spread: Float32[np.ndarray, " dim"] | None = None

    def items(
        self, texts: Float32[np.ndarray, "items text"], kept: Float32[np.ndarray, " items"] | None = None
    ) -> Float32[np.ndarray, "items dim"]:
        """The vector of each item: the map of its text, and its residual.

        Args:
            texts: the vector of each item's text.
            kept: what its residual is multiplied by; one if None.
        """
        residual = self.residual if kept is None else self.residual * kept[:, None]
        vectors: np.ndarray = texts @ self.texts_map + residual
        return vectors

    def users(self, pooled: Pooling, items: Float32[np.ndarray, "items dim"]) -> Float32[np.ndarray, "users dim"]:
        """The vector of each user: `sum_t w_t v_t / sqrt(sum_t w_t)`; zeros where the history is empty."""
        weights, root = self.pooled_weights(pooled)
        vectors: np.ndarray = pooled.matrix(weights, len(items)) @ items / root[:, None]
        return vectors

    def pooled_weights(self, pooled: Pooling) -> tuple[Float32[np.ndarray, " chosen"], Float32[np.ndarray, " users"]]:
        """The weight of each item of the histories, and the root of each user's sum; a sum of none is one."""
        weights = pooled.weights(self.recency)
        sums = np.bincount(pooled.rows, weights, minlength=len(pooled.offsets) - 1)
        return weights, np.sqrt(np.where(sums > 0, sums, 1.0)).astype(np.float32)

    def slopes(
        self,
        pooled: Pooling,
        texts: Float32[np.ndarray, "items text"],
        items: Float32[np.ndarray, "items dim"],
        by_users: Float32[np.ndarray, "users dim"],
        by_items: Float32[np.ndarray, "items dim"],
        kept: Float32[np.ndarray, " items"] | None = None,
    ) -> Slopes:
        """The derivatives by what is learned, from those by the vectors of users and of items.

        Args:
            pooled: the histories that the users' vectors are of.
            texts: the vector of each item's text.
            items: the items' vectors.
            by_users: derivative by the users' vectors.
            by_items: derivative by the items' vectors, other than through the users.
            kept: as in `items`.
        """
        weights, root = self.pooled_weights(pooled)
        matrix, rows = pooled.matrix(weights, len(items)), pooled.rows
        by_sums = by_users / root[:, None]
        by_vectors = by_items + matrix.T @ by_sums
        users = matrix @ items / root[:, None]
        # u = s / sqrt(n) with s = sum w v and n = sum w: du/dw = v / sqrt(n) - u / 2n
        shared = -0.5 * np.sum(by_users * users, axis=1) / root**2
        by_weight = (np.einsum("nd,nd->n", by_sums[rows], items[pooled.items]) + shared[rows]) * weights
        recency = np.bincount(pooled.knot, by_weight * (1 - pooled.beyond), minlength=KNOTS)
        recency += np.bincount(pooled.knot + 1, by_weight * pooled.beyond, minlength=KNOTS)
        residual = by_vectors if kept is None else by_vectors * kept[:, None]
        return Slopes(texts.T @ by_vectors, residual, recency.astype(np.float32))
