"""Batch assembly: positive pairs of some texts, with mined hard negatives and the guide's embeddings of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int, Int64

from likewise.encoders.encoder import Encoder
from likewise.encoders.static import StaticEncoder
from likewise.negatives.mining import mine_negatives
from likewise.negatives.spec import NegativesSpec, negatives_spec
from likewise.tokens.ragged import Ragged
from likewise.training.dataset import Dataset
from likewise.training.recipe import Settings
from likewise.training.seeds import Purpose, random_stream
from likewise.training.step import Batch, ContrastiveStep, GuideVectors

__all__ = ["BatchAssembly", "Batches", "contrastive_step"]

Batches = Callable[[np.ndarray, np.random.Generator], Batch]
"""Makes the batch of some texts, given by their positions among those to train on."""

REFRESHES = 4  # times per run that hard negatives are mined anew


def contrastive_step(encoder: Encoder, settings: Settings) -> ContrastiveStep:
    """The training step of some settings."""
    negatives = negatives_spec(settings.negatives)
    return ContrastiveStep(
        encoder,
        temperature=settings.temperature,
        distance=settings.near_duplicate,
        queue=negatives.queue,
        gamma=negatives.guide or 1.0,
    )


class BatchAssembly:
    """Makes the batches of a run.

    Args:
        dataset: the corpus.
        negatives: which there are beyond those of the batch.
        batches: makes the positive pairs of some texts.
        encoder: the one that is trained, for mining with it.
        guide: a trained static encoder of the same ids; None where the negatives need none.
        steps: of the run.
    """

    def __init__(
        self,
        dataset: Dataset,
        negatives: NegativesSpec,
        batches: Batches,
        encoder: Encoder,
        guide: StaticEncoder | None,
        *,
        steps: int,
    ) -> None:
        self._dataset, self._negatives, self._batches = dataset, negatives, batches
        self._encoder, self._guide = encoder, guide
        self._interval = max(1, -(-steps // REFRESHES))
        self._made, self._mined = 0, np.zeros((0, 0), np.int64)

    def batch(self, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        """The texts at `indices` as positive pairs, with the negatives of the run."""
        batch = self._batches(indices, rng)
        if self._negatives.hard:
            batch = self._with_hard(batch, indices, rng)
        self._made += 1
        if self._negatives.guide is None or self._guide is None:
            return batch
        others = [batch.views.positives] if batch.hard is None else [batch.views.positives, batch.hard]
        vectors = self._guide.encode(batch.views.anchors), self._guide.encode(Ragged.concatenate(others))
        return replace(batch, guide=GuideVectors(*vectors))

    def state(self) -> dict[str, np.ndarray]:
        """What was mined, and how many batches were made."""
        return {"made": np.array([self._made]), "mined": self._mined}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore a `state`."""
        self._made, self._mined = int(state["made"][0]), state["mined"]

    def _with_hard(self, batch: Batch, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        if not len(self._mined) or self._made % self._interval == 0:
            self._mined = self._mine(self._made // self._interval)
        found = self._mined[indices]
        rows: Int64[np.ndarray, " hard"] = np.setdiff1d(found[found >= 0], indices)
        if not len(rows):
            return batch
        hard = self._batches(rows, rng)
        return replace(batch, hard=hard.views.positives, hard_signatures=hard.signatures)

    def _mine(self, time: int) -> Int64[np.ndarray, "texts k"]:
        rng = random_stream(self._dataset.seed, Purpose.MINING, time)
        encoder = self._encoder if self._negatives.own or self._guide is None else self._guide
        vectors: Float[np.ndarray, "texts dim"] = encoder.encode(self._dataset.texts())
        return mine_negatives(vectors, self._dataset.train_signatures(), rng, k=self._negatives.hard)
