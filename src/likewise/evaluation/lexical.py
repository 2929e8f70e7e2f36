"""TF-IDF and LSA: what a text's words say, and what is common to words that come together."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Matrix", "Words", "normalised"]

Matrix: TypeAlias = Any  # unit rows: a float32 array, or a CSR matrix of scipy, which brings no types


class Words:
    """TF-IDF over words, fitted on some texts, and its truncated SVD.

    Words have two letters or more and count 1 + log of how often they come. No stop words are left out: on English
    similarity, duplicates and retrieval alike that was as good or better, and a baseline should not be weaker than it
    has to be.
    """

    def __init__(self, weighting: Any, matrix: Matrix) -> None:
        self._weighting, self._matrix = weighting, matrix

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Words | None":
        """Fitted on these texts; None where they hold no word."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        weighting = TfidfVectorizer(sublinear_tf=True, dtype=np.float32)
        try:
            return cls(weighting, weighting.fit_transform(texts))
        except ValueError:  # an empty vocabulary
            return None

    def weighted(self, texts: Sequence[str]) -> Matrix:
        """TF-IDF, sparse unit rows."""
        return self._weighting.transform(texts)

    def decomposed(self, dim: int, seed: int) -> Callable[[Sequence[str]], Matrix]:
        """LSA: the first `dim` singular vectors of TF-IDF, fewer where there are fewer (Deerwester et al. 1990)."""
        from sklearn.decomposition import TruncatedSVD

        if self._matrix.shape[1] < 2:  # one word is one direction
            return lambda texts: normalised(self.weighted(texts).toarray())
        components = max(1, min(dim, min(self._matrix.shape) - 1))
        svd = TruncatedSVD(components, random_state=seed).fit(self._matrix)
        return lambda texts: normalised(svd.transform(self.weighted(texts)))


def normalised(rows: np.ndarray) -> np.ndarray:
    """Rows of length one; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: np.ndarray = (rows / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return scaled
