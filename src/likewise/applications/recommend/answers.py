"""What a recommender gives back."""

from dataclasses import dataclass

__all__ = ["Reason", "Recommendation"]


@dataclass(frozen=True)
class Recommendation:
    """An item that was found.

    Attributes:
        rank: from 1.
        item: its id.
        score: for a user the logit of the softmax, for an item the similarity.
        text: how its text begins.
        new: whether nobody has chosen it yet, so that its text alone speaks for it.
    """

    rank: int
    item: str
    score: float
    text: str
    new: bool


@dataclass(frozen=True)
class Reason:
    """An item of a history, and what it adds to the score of another.

    Attributes:
        item: its id.
        part: what it adds; those of all reasons add up to the score.
        weight: its share of the history's vector, by how long ago it was chosen.
        text: how its text begins.
    """

    item: str
    part: float
    weight: float
    text: str
