"""A fixed pool of views, made once: what an encoder remembers of a view is then good for more than one step."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int

from likewise.optimisation.step import Batch
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

__all__ = ["ViewPool"]


class ViewPool:
    """A few positive pairs of each text, of which every batch draws one.

    Args:
        batches: makes a batch of some texts; randomness arrives as an argument.
        texts: how many there are.
        pairs: of each text.
        seed: of the pairs.
    """

    def __init__(
        self, batches: Callable[[np.ndarray, np.random.Generator], Batch], texts: int, pairs: int, seed: int
    ) -> None:
        self._pairs = pairs
        self._made = [batches(np.arange(texts), np.random.default_rng([seed, 17, pair])) for pair in range(pairs)]

    def batch(self, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        """The texts at `indices` as positive pairs, each one of those in the pool."""
        drawn = rng.integers(self._pairs, size=len(indices))
        rows = [np.flatnonzero(drawn == pair) for pair in range(self._pairs)]
        back = np.empty(len(indices), np.int64)
        back[np.concatenate(rows)] = np.arange(len(indices))

        def gathered(side: Callable[[Batch], Ragged]) -> Ragged:
            some = zip(self._made, rows, strict=True)
            return Ragged.concatenate([side(made).take(indices[chosen]) for made, chosen in some]).take(back)

        views = Views(gathered(lambda made: made.views.anchors), gathered(lambda made: made.views.positives))
        return Batch(views, tuple(some.take(indices) for some in self._made[0].signatures))
