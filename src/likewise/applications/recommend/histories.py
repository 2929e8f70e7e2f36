"""What each user chose, in the order of time, and how a history is pooled."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy import sparse

__all__ = ["KNOTS", "Histories", "Pooling", "pooling"]

KNOTS = 10  # of the weight by age: at 0, 1, 3, 7, ... 511 items ago
LONGEST = 2 ** (KNOTS - 1)  # items of a history that are looked at, the latest ones


@dataclass(frozen=True)
class Histories:
    """The items of all users one behind the other, each user's from the first to the latest, none twice.

    Attributes:
        items: numbers of items.
        offsets: where each user begins, and the end.
    """

    items: Int[np.ndarray, " choices"]
    offsets: Int[np.ndarray, " bounds"]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, user: int) -> Int[np.ndarray, " chosen"]:
        """The items of a user."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    @property
    def lengths(self) -> Int[np.ndarray, " users"]:
        """Items of each user."""
        return np.diff(self.offsets)

    @classmethod
    def of(cls, chosen: list[Any]) -> "Histories":
        """From the items of each user, in arrays of integers."""
        offsets = np.concatenate([[0], np.cumsum([len(each) for each in chosen])]).astype(np.int64)
        items = np.concatenate(chosen) if chosen else np.zeros(0)
        return cls(items.astype(np.int32), offsets)

    def matrix(self, items: int) -> sparse.csr_array:
        """Ones where a user chose an item, (users, items)."""
        ones = np.ones(len(self.items), np.float32)
        return sparse.csr_array((ones, self.items, self.offsets), shape=(len(self), items))


@dataclass(frozen=True)
class Pooling:
    """Which items a vector is the weighted sum of, for some users at some moment each.

    Attributes:
        items: of all of them, one behind the other.
        offsets: where each begins, and the end.
        knot: for each item the knot below its age.
        beyond: how far its age is from there to the next, from 0 to 1.
    """

    items: Int[np.ndarray, " chosen"]
    offsets: Int[np.ndarray, " bounds"]
    knot: Int[np.ndarray, " chosen"]
    beyond: Float32[np.ndarray, " chosen"]

    def weights(self, recency: Float[np.ndarray, " knots"]) -> Float32[np.ndarray, " chosen"]:
        """What each item weighs.

        Args:
            recency: logarithm of the weight at each knot; between them it is linear in the logarithm of the age.
        """
        logarithm = (1 - self.beyond) * recency[self.knot] + self.beyond * recency[self.knot + 1]
        weights: np.ndarray = np.exp(logarithm).astype(np.float32)
        return weights

    def matrix(self, weights: Float32[np.ndarray, " chosen"], items: int) -> sparse.csr_array:
        """The weights in their places, (users, items)."""
        return sparse.csr_array((weights, self.items, self.offsets), shape=(len(self.offsets) - 1, items))

    @property
    def rows(self) -> Int[np.ndarray, " chosen"]:
        """Whose each item is."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def pooling(
    histories: Histories, users: Int[np.ndarray, " some"], ends: Int[np.ndarray, " some"] | None = None
) -> Pooling:
    """The histories of some users up to some item.

    Args:
        histories: of all.
        users: whose.
        ends: how many of each user's items were there at that time; all if None.
    """
    until = histories.lengths[users] if ends is None else ends
    taken = np.minimum(until, LONGEST)
    offsets = np.concatenate([[0], np.cumsum(taken)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], taken)
    places = np.repeat(histories.offsets[users] + until - taken, taken) + within
    age = np.repeat(taken, taken) - 1 - within
    logarithm = np.log2(age + 1.0)
    knot = np.minimum(logarithm.astype(np.int64), KNOTS - 2)
    return Pooling(histories.items[places], offsets, knot, (logarithm - knot).astype(np.float32))
