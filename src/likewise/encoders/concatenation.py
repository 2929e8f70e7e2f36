"""Several static encoders side by side in one: what was learned, what goes with what, and which words there are.

Contrastive training makes words alike that occur in like places, and by that makes it harder to tell which of them a
text holds. Random rows, never trained, tell just that: their cosines are those of TF-IDF, up to a noise that falls with
the square root of the dimensions. Latent semantic analysis sees the whole corpus at once, where a batch sees a part.
Each fails where another does not, and laid side by side they are still one row a piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from likewise.encoders.documents import DocumentPooling, sums_of_roots
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

__all__ = [
    "LENGTH_PRIOR",
    "LEXICAL_POWER",
    "MAX_LSA_DIM",
    "ComponentDims",
    "component_dims",
    "concatenated",
    "length_prior_of",
    "scaled",
]


MAX_LSA_DIM = 128  # singular vectors: more find no better on corpora of some thousand texts
LEXICAL_POWER = 0.7  # of log-IDF, that a word counts in the lexical part
LENGTH_PRIOR = 0.5  # of a mean document; anything from 1/4 to 1 finds about as well
SMALLEST_LENGTH = 1e-12


@dataclass(frozen=True)
class ComponentDims:
    """How the dimensions of a vector are shared out.

    Attributes:
        trained: dimensions that are trained.
        lexical: dimensions of random rows.
        latent: dimensions of latent semantic analysis.
    """

    trained: int
    lexical: int
    latent: int


def component_dims(dim: int, lexical: bool, latent: bool) -> ComponentDims:
    """Seven twelfths lexical where that is wanted, one twelfth latent, and the rest, a third or more, trained.

    Random rows need the most dimensions: two words that have nothing to do with each other agree by chance as much as
    one over the square root of their number, and a text has many words.
    """
    words = 7 * dim // 12 if lexical else 0
    topics = min(MAX_LSA_DIM, dim // 12) if latent else 0
    return ComponentDims(dim - words - topics, words, topics)


def scaled(encoder: StaticEncoder, texts: Ragged) -> StaticEncoder:
    """The same directions, with rows so long that the vectors of texts have length 1 on average before they are unit.

    Args:
        encoder: any.
        texts: over which the root of the mean squared length is taken. A trained part grows faster than random rows as
            texts grow, for words of one text are alike in it: with texts as short as queries are, the shares are those
            that queries have.
    """
    _, tape = encoder.forward(texts)
    norms: Float[np.ndarray, " texts"] = tape.norms.astype(np.float64)
    length = float(np.sqrt(np.mean(norms**2))) if len(norms) else 1.0
    return StaticEncoder(encoder.weights / np.float32(max(length, SMALLEST_LENGTH)))


def length_prior_of(part: StaticEncoder, documents: Ragged) -> float:
    """What is added to the squared length of a part of a document: half of what it is on average.

    Args:
        part: a `scaled` encoder.
        documents: over which the mean is taken.
    """
    sums = sums_of_roots(part.weights, documents).astype(np.float64)
    return LENGTH_PRIOR * float(np.mean(np.sum(sums**2, axis=1))) if len(documents) else 0.0


def concatenated(
    parts: Sequence[tuple[StaticEncoder, float]], length_priors: Sequence[float] | None = None
) -> StaticEncoder:
    """One encoder whose vectors are those of all parts, end to end.

    The cosine of two texts is then the mean of the parts' cosines, each weighted by the square of its share, as far as
    texts are alike in how long their parts are. Of a document each part has its share exactly.

    Args:
        parts: `scaled` encoders of the same pieces, and how long the part of a text is on average.
        length_priors: of each part, as `length_prior_of` measures it; none if None.
    """
    shares = tuple(float(share) for _, share in parts)
    weights = np.concatenate([np.float32(share) * part.weights for part, share in parts], axis=1)
    squares = [
        share**2 * length_prior for share, length_prior in zip(shares, length_priors or [0.0] * len(parts), strict=True)
    ]
    return StaticEncoder(weights, DocumentPooling(tuple(part.dim for part, _ in parts), shares, tuple(squares)))
