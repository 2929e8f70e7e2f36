"""Where training begins: the vectors that a closed form gives, from choices and texts at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, svds

__all__ = ["Basis", "joint_basis"]


MOST_DENSE = 2500  # users and dimensions of texts together, or items, up to which their products are formed
TEXT_RIDGE = 5.0  # of the map of texts, whose mean square length is one
SMALLEST = 1e-6  # share of the largest singular value below which one is noise


@dataclass(frozen=True)
class Basis:
    """Directions in which items differ, by who chose them and by what their texts say.

    Attributes:
        texts: (text, dim), what a text tells of an item's part in each direction.
        choices: (items, dim), what its text does not tell; zeros where nobody chose it.
        singular: of each direction, from the largest.
    """

    texts: Float32[np.ndarray, "text dim"]
    choices: Float32[np.ndarray, "items dim"]
    singular: Float64[np.ndarray, " dim"]

    def shrunk(self, ridge: float) -> tuple[Float32[np.ndarray, "text dim"], Float32[np.ndarray, "items dim"]]:
        """The map of texts and the residual of each item, every direction divided by its spread."""
        spread = self.spread(ridge)
        return self.texts / spread, self.choices / spread

    def spread(self, ridge: float) -> Float32[np.ndarray, " dim"]:
        """The root of `singular² + ridge`."""
        spread: np.ndarray = np.sqrt(self.singular**2 + ridge).astype(np.float32)
        return spread


def joint_basis(
    chosen: sparse.csr_array, texts: Float32[np.ndarray, "items text"], dim: int, text_weight: float
) -> Basis:
    """The leading left singular vectors of the choices above the weighted texts.

    With A = [X; sqrt(w) T'], of users and dimensions of texts by items, and its decomposition U S V', the vectors
    z = A' U / sqrt(S² + ridge) have the products z_i·z_j = [A' (A A' + ridge)^-1 A]_ij. Those are, up to the scale of a
    column, the off-diagonal weights of EASE (Steck 2019, "Embarrassingly shallow autoencoders"), with the texts as
    further users as in its extensions with side information (Jeunen et al. 2020). How much of z a text tells is by
    ridge regression over the items that somebody chose, each counting the same; the rest is the item's own. (The
    text's part in A' U would be a map too, but of where texts differ, and not of what is chosen for it.)

    Args:
        chosen: ones where a user chose an item.
        texts: a vector of each item's text.
        dim: how many directions, at most; there are no more than users and dimensions of texts.
        text_weight: w.
    """
    share = np.float32(np.sqrt(text_weight))
    users = chosen.shape[0]
    left, singular = _left_vectors(chosen, texts * share, min(dim, users + texts.shape[1]))
    kept = singular > SMALLEST * singular[0]
    left, singular = left[:, kept], singular[kept]
    items = (chosen.T @ left[:users] + texts @ (left[users:] * share)).astype(np.float32)
    known = np.bincount(chosen.indices, minlength=len(texts)) > 0
    told = texts[known].astype(float)
    texts_map = np.linalg.solve(told.T @ told + TEXT_RIDGE * np.eye(texts.shape[1]), told.T @ items[known])
    own = np.where(known[:, None], items - texts @ texts_map, 0)
    return Basis(texts_map.astype(np.float32), own.astype(np.float32), singular)


def _left_vectors(
    chosen: sparse.csr_array, texts: Float32[np.ndarray, "items text"], dim: int
) -> tuple[Float32[np.ndarray, "rows dim"], Float64[np.ndarray, " dim"]]:
    users, items = chosen.shape
    rows = users + texts.shape[1]
    if min(rows, items) <= MOST_DENSE:
        return _dense_left_vectors(chosen, texts, dim)
    transposed, texts = chosen.T.tocsr(), texts.astype(np.float64)
    operator = LinearOperator(
        (rows, items),
        matvec=lambda vector: np.concatenate([chosen @ vector.ravel(), texts.T @ vector.ravel()]),
        rmatvec=lambda vector: transposed @ vector.ravel()[:users] + texts @ vector.ravel()[users:],
        dtype=np.float64,
    )
    left, singular, _ = svds(operator, k=dim, v0=np.ones(min(rows, items)), return_singular_vectors="u")
    return left[:, ::-1].astype(np.float32), singular[::-1].copy()


def _dense_left_vectors(
    chosen: sparse.csr_array, texts: Float32[np.ndarray, "items text"], dim: int
) -> tuple[Float32[np.ndarray, "rows dim"], Float64[np.ndarray, " dim"]]:
    """The same through the products of all rows, or of all columns where these are fewer."""
    users, items = chosen.shape
    rows = users + texts.shape[1]
    if items < rows:
        gram = (chosen.T @ chosen).toarray().astype(np.float64) + texts @ texts.T
        values, vectors = np.linalg.eigh(gram)
        singular = np.sqrt(np.maximum(values[::-1][:dim], 0.0))
        right = vectors[:, ::-1][:, :dim] / np.maximum(singular, SMALLEST * max(singular[0], SMALLEST))
        return np.concatenate([chosen @ right, texts.T @ right]).astype(np.float32), singular
    gram = np.empty((rows, rows))
    gram[:users, :users] = (chosen @ chosen.T).toarray()
    gram[users:, :users] = (chosen @ texts).T
    gram[:users, users:] = gram[users:, :users].T
    gram[users:, users:] = texts.T @ texts
    values, vectors = np.linalg.eigh(gram)
    return vectors[:, ::-1][:, :dim].astype(np.float32), np.sqrt(np.maximum(values[::-1][:dim], 0.0))
