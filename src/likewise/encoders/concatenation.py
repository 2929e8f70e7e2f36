"""Concatenation: several static encoders as the components of one.

Contrastive training makes words similar that occur in similar contexts, and by that makes it harder to tell which of
them a text holds. Random rows, never trained, tell just that: their cosines are those of TF-IDF, up to noise that falls
with the square root of the dimensions. Each fails where the other does not, and concatenated they are still one row per
token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likewise.arrays import Float
from likewise.encoders.documents import DocumentPooling, sqrt_count_sums
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

WIDTH = 512  # of the trained rows while they are trained: more than are kept, as that costs a model nothing
MANY_TEXTS = 100_000  # from here on no more are trained than are kept: it costs time, and they learn as much
LEXICAL_POWER = 0.7  # of log-IDF, as the weight of a token in the lexical component
LENGTH_PRIOR = 0.5  # relative to the mean document; anything from 1/4 to 1 finds about as well
SMALLEST_LENGTH = 1e-12


@dataclass(frozen=True)
class ComponentDims:
    """How the dimensions of a vector are divided among its components.

    Attributes:
        trained: dimensions of the trained rows.
        lexical: dimensions of the random rows.
        width: of the trained rows before their principal axes are kept.
    """

    trained: int
    lexical: int
    width: int


def component_dims(dim: int, *, lexical: bool, texts: int) -> ComponentDims:
    """Two thirds lexical and one third trained; all trained where there is no lexical component.

    Random rows need the most dimensions: two unrelated words agree by chance as much as one over the square root of
    their number, and a text has many words.

    Args:
        dim: length of a vector.
        lexical: whether there is a lexical component.
        texts: to train on.
    """
    of_words = 2 * dim // 3 if lexical else 0
    trained = dim - of_words
    return ComponentDims(trained, of_words, max(trained, WIDTH) if lexical and texts <= MANY_TEXTS else trained)


def principal(encoder: StaticEncoder, texts: Ragged, dim: int) -> StaticEncoder:
    """Rotate rows to the principal axes of the vectors of some texts, the strongest first, and keep the first `dim`.

    All axes keep every cosine; the first ones keep most of it, so shorter vectors are beginnings of longer ones. The
    mean is not subtracted, as that would change cosines.

    Args:
        encoder: of rows that are as wide as `dim` or wider.
        texts: of the corpus.
        dim: of the new rows.
    """
    vectors = encoder.encode(texts)
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return StaticEncoder(encoder.weights @ axes[:, ::-1][:, :dim].astype(encoder.weights.dtype))


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
