"""All that is known of a space without labels, in one look."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from likewise.geometry.rank import effective_rank
from likewise.geometry.uniformity import alignment, mean_cosine, uniformity
from likewise.geometry.view_retrieval import view_retrieval
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

__all__ = ["Geometry", "measure"]


@dataclass(frozen=True)
class Geometry:
    """What the space looks like where held-out texts lie; numbers that need more texts than there are, are not numbers.

    Attributes:
        mrr: mean reciprocal rank of the other half of a text, the criterion (`view_retrieval`).
        recall_at_1: share of texts whose other half ranks first.
        recall_at_10: share of texts whose other half is among the first ten.
        alignment: mean squared distance of the two halves.
        uniformity: how evenly the vectors spread; lower is more even.
        effective_rank: how many directions they use.
        mean_cosine: of two different texts.
        dim: length of a vector.
        texts: how many pairs of halves this was measured on.
    """

    mrr: float
    recall_at_1: float
    recall_at_10: float
    alignment: float
    uniformity: float
    effective_rank: float
    mean_cosine: float
    dim: int
    texts: int


def measure(
    encode: Callable[[Ragged], Float[np.ndarray, "texts dim"]], halves: Views, rng: np.random.Generator
) -> Geometry:
    """Look at the space that an encoder makes.

    Args:
        encode: gives one unit vector a text.
        halves: the fixed task, from `hard_halves`; its first halves are what uniformity, rank and mean cosine are of.
        rng: which texts the uniformity is taken over.
    """
    anchors, positives = np.asarray(encode(halves.anchors)), np.asarray(encode(halves.positives))
    retrieval = view_retrieval(anchors, positives)
    return Geometry(
        mrr=retrieval.mrr,
        recall_at_1=retrieval.recall_at_1,
        recall_at_10=retrieval.recall_at_10,
        alignment=alignment(anchors, positives),
        uniformity=uniformity(anchors, rng),
        effective_rank=effective_rank(anchors),
        mean_cosine=mean_cosine(anchors),
        dim=anchors.shape[1],
        texts=retrieval.texts,
    )
