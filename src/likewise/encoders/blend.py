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

from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

__all__ = ["MOST_LATENT", "Parts", "blended", "parts_of"]


MOST_LATENT = 128  # singular vectors: more find no better on corpora of some thousand texts


@dataclass(frozen=True)
class Parts:
    """How the dimensions of a vector are shared out.

    Attributes:
        trained: dimensions that are trained.
        lexical: dimensions of random rows.
        latent: dimensions of latent semantic analysis.
    """

    trained: int
    lexical: int
    latent: int


def parts_of(dim: int, lexical: bool, latent: bool) -> Parts:
    """Three eighths lexical where that is wanted, one eighth latent, and the rest, at least half of them, trained."""
    words = 3 * dim // 8 if lexical else 0
    topics = min(MOST_LATENT, dim // 8) if latent else 0
    return Parts(dim - words - topics, words, topics)


def blended(parts: Sequence[tuple[StaticEncoder, float]], texts: Ragged) -> StaticEncoder:
    """One encoder whose vectors are those of all parts, end to end.

    The cosine of two texts is then the mean of the parts' cosines, each weighted by the square of its share, as far as
    texts are alike in how long their parts are.

    Args:
        parts: encoders of the same pieces, and how long the part of a text is on average.
        texts: over which lengths are averaged.
    """
    rows = [np.float32(share / max(_length(encoder, texts), 1e-12)) * encoder.weights for encoder, share in parts]
    return StaticEncoder(np.concatenate(rows, axis=1).astype(np.float32))


def _length(encoder: StaticEncoder, texts: Ragged) -> float:
    """Root mean square of the lengths that the vectors of texts have before they are scaled to 1."""
    _, tape = encoder.forward(texts)
    norms: Float[np.ndarray, " texts"] = tape.norms
    return float(np.sqrt(np.mean(norms.astype(np.float64) ** 2))) if len(norms) else 1.0
