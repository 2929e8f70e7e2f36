"""Batches with what the run asks of negatives: mined ones beside the pairs, and a guide's vectors."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int, Int64

from likewise.encoders.encoder import Encoder
from likewise.encoders.static import StaticEncoder
from likewise.negatives.mining import mine_negatives
from likewise.negatives.spec import NegativesSpec, negatives_spec
from likewise.tokens.ragged import Ragged
from likewise.training.dataset import Examples
from likewise.training.recipe import Settings
from likewise.training.step import Batch, ContrastiveStep, GuideVectors

__all__ = ["BatchAssembly", "contrastive_step"]


Batches = Callable[[np.ndarray, np.random.Generator], Batch]
REFRESHES = 4  # times a run that hard negatives are mined anew


def contrastive_step(encoder: Encoder, settings: Settings) -> ContrastiveStep:
    """The step of a run, with the loss and the negatives that its settings name."""
    contrasts = negatives_spec(settings.negatives)
    return ContrastiveStep(
        encoder, temperature=settings.temperature, distance=settings.near_duplicate,
        queue=contrasts.queue, gamma=contrasts.guide or 1.0,
    )  # fmt: skip


class BatchAssembly:
    """Makes the batches of a run.

    Args:
        examples: the corpus.
        contrasts: what is asked for.
        batches: the positive pairs of some texts.
        encoder: that is trained, for mining with it.
        guide: a static encoder of the same ids; None where nothing asks for one.
        steps: of the run.
    """

    def __init__(
        self,
        examples: Examples,
        contrasts: NegativesSpec,
        batches: Batches,
        encoder: Encoder,
        guide: StaticEncoder | None,
        *,
        steps: int,
    ) -> None:
        self._examples, self._contrasts, self._batches = examples, contrasts, batches
        self._encoder, self._guide = encoder, guide
        self._every = max(1, -(-steps // REFRESHES))
        self._made, self._mined = 0, np.zeros((0, 0), np.int64)

    def batch(self, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        """The texts at `indices`, and what they are contrasted with."""
        batch = self._batches(indices, rng)
        if self._contrasts.hard:
            batch = self._with_hard(batch, indices, rng)
        self._made += 1
        if self._contrasts.guide is None or self._guide is None:
            return batch
        others = [batch.views.positives] if batch.hard is None else [batch.views.positives, batch.hard]
        vectors = self._guide.encode(batch.views.anchors), self._guide.encode(Ragged.concatenate(others))
        return replace(batch, guide=GuideVectors(*vectors))

    def state(self) -> dict[str, np.ndarray]:
        """What was mined, and how many batches were made."""
        return {"made": np.array([self._made]), "mined": self._mined}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Puts back a `state`."""
        self._made, self._mined = int(state["made"][0]), state["mined"]

    def _with_hard(self, batch: Batch, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        if not len(self._mined) or self._made % self._every == 0:
            self._mined = self._newly_mined(self._made // self._every)
        found = self._mined[indices]
        numbers: Int64[np.ndarray, " hard"] = np.setdiff1d(found[found >= 0], indices)
        if not len(numbers):
            return batch
        of_hard = self._batches(numbers, rng)
        return replace(batch, hard=of_hard.views.positives, hard_signatures=of_hard.signatures)

    def _newly_mined(self, time: int) -> Int64[np.ndarray, "texts k"]:
        rng = np.random.default_rng([self._examples.seed, 21, time])
        encoder = self._encoder if self._contrasts.own or self._guide is None else self._guide
        vectors: Float[np.ndarray, "texts dim"] = encoder.encode(self._examples.texts())
        return mine_negatives(vectors, self._examples.train_signatures(), rng, k=self._contrasts.hard)
