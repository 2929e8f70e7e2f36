"""Concatenation: several static encoders as the components of one.

Contrastive training makes words similar that occur in similar contexts, and by that makes it harder to tell which of
them a text holds. Random rows, never trained, tell just that: their cosines are those of TF-IDF, up to noise that falls
with the square root of the dimensions. Latent semantic analysis sees the whole corpus at once, where a batch sees a
part. Each fails where another does not, and concatenated they are still one row per token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from likewise.encoders.documents import DocumentPooling, sqrt_count_sums
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

MAX_LSA_DIM = 128  # singular vectors: more find no better on corpora of some thousand texts
LEXICAL_POWER = 0.7  # of log-IDF, as the weight of a token in the lexical component
LENGTH_PRIOR = 0.5  # relative to the mean document; anything from 1/4 to 1 finds about as well
SMALLEST_LENGTH = 1e-12


@dataclass(frozen=True)
class ComponentDims:
    """How the dimensions of a vector are divided among its components.

    Attributes:
        trained: dimensions of the trained rows.
        lexical: dimensions of the random rows.
        lsa: dimensions of latent semantic analysis.
    """

    trained: int
    lexical: int
    lsa: int


def component_dims(dim: int, lexical: bool, lsa: bool) -> ComponentDims:
    """Seven twelfths lexical if there is such a component, one twelfth LSA, and the rest, a third or more, trained.

    Random rows need the most dimensions: two unrelated words agree by chance as much as one over the square root of
    their number, and a text has many words.
    """
    of_words = 7 * dim // 12 if lexical else 0
    of_topics = min(MAX_LSA_DIM, dim // 12) if lsa else 0
    return ComponentDims(dim - of_words - of_topics, of_words, of_topics)


def scaled(encoder: StaticEncoder, texts: Ragged) -> StaticEncoder:
    """Scale the rows so that the sums of the texts' rows have a root mean square length of 1.

    Args:
        encoder: any.
        texts: over which the mean is taken. A trained component grows faster than random rows as texts grow, for words
            of one text are similar in it: with texts as short as queries, the shares are those that queries have.
    """
    _, tape = encoder.forward(texts)
    norms: Float[np.ndarray, " texts"] = tape.norms.astype(np.float64)
    length = float(np.sqrt(np.mean(norms**2))) if len(norms) else 1.0
    return StaticEncoder(encoder.weights / np.float32(max(length, SMALLEST_LENGTH)))


def length_prior_of(component: StaticEncoder, documents: Ragged) -> float:
    """The length prior of a component: half of its mean squared length over the documents.

    Args:
        component: a `scaled` encoder.
        documents: over which the mean is taken.
    """
    sums = sqrt_count_sums(component.weights, documents).astype(np.float64)
    return LENGTH_PRIOR * float(np.mean(np.sum(sums**2, axis=1))) if len(documents) else 0.0


def concatenated(
    components: Sequence[tuple[StaticEncoder, float]], length_priors: Sequence[float] | None = None
) -> StaticEncoder:
    """Concatenate encoders: every vector is the vectors of all components, end to end.

    The cosine of two texts is then the mean of the components' cosines, each weighted by the square of its share, as
    far as texts agree in how long their components are. In a document each component has its share exactly.

    Args:
        components: `scaled` encoders of the same vocabulary, each with its share: the mean length that its part of a
            vector has relative to the others.
        length_priors: of each component, as `length_prior_of` measures it; none if None.
    """
    shares = tuple(float(share) for _, share in components)
    weights = np.concatenate([np.float32(share) * encoder.weights for encoder, share in components], axis=1)
    priors = tuple(
        share**2 * prior for share, prior in zip(shares, length_priors or [0.0] * len(components), strict=True)
    )
    return StaticEncoder(weights, DocumentPooling(tuple(encoder.dim for encoder, _ in components), shares, priors))
