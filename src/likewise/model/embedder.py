"""The components of the vectors of a model."""

from dataclasses import dataclass

__all__ = ["Component"]


@dataclass(frozen=True)
class Component:
    """Consecutive columns of a model's vectors, which hybrid search weights together.

    Attributes:
        name: such as `trained` or `lexical`.
        dim: how many columns.
        hybrid_weight: the share of the component in the score of hybrid search; BM25 has what the weights of all
            components leave of 1. An index stores only the columns of components with a weight above 0.
    """

    name: str
    dim: int
    hybrid_weight: float
