"""The training step: the one place where encoder, views, negatives and loss meet."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from likewise.encoders.encoder import Encoder
from likewise.losses.info_nce import info_nce
from likewise.negatives.masks import allowed_negatives
from likewise.negatives.signatures import Signatures
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

__all__ = ["Batch", "ContrastiveStep", "StepResult", "batch_indices"]


@dataclass(frozen=True)
class Batch:
    """Positive pairs, and what tells which other texts are no negatives for them.

    Attributes:
        views: two views of each text.
        signatures: of the whole texts that the views were made of; of both texts, where a pair is of two.
    """

    views: Views
    signatures: tuple[Signatures, ...]


@dataclass(frozen=True)
class StepResult:
    """What a step found.

    Attributes:
        loss: InfoNCE of the batch, in nats.
        masked: how many logits were left out, as their texts are equal or near-duplicates; one that both texts of a
            pair leave out counts twice.
    """

    loss: float
    masked: int


class ContrastiveStep:
    """Encodes both views in one pass, contrasts them, and changes the encoder.

    Attributes:
        encoder: what is trained.
        temperature: of InfoNCE.
        distance: of two texts' SimHashes, in bits, up to which they are near-duplicates and no negatives.
    """

    def __init__(self, encoder: Encoder, *, temperature: float, distance: int) -> None:
        self.encoder = encoder
        self.temperature = temperature
        self.distance = distance

    def __call__(self, batch: Batch, learning_rate: float) -> StepResult:
        """One step on one batch."""
        pairs = len(batch.views.anchors)
        vectors, tape = self.encoder.forward(Ragged.concatenate([batch.views.anchors, batch.views.positives]))
        masks = [allowed_negatives(side, side, distance=self.distance) for side in batch.signatures]
        masked = [mask for mask in masks if mask is not None]
        allowed = None if not masked else lambda rows: np.logical_and.reduce([mask(rows) for mask in masked])
        contrast = info_nce(vectors[:pairs], vectors[pairs:], allowed=allowed, temperature=self.temperature)
        xp = array_namespace(vectors)
        self.encoder.backward(tape, xp.concat([contrast.anchors, contrast.candidates]))
        self.encoder.step(learning_rate)
        return StepResult(contrast.value, sum(mask.count for mask in masked))


def batch_indices(texts: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """All texts in random order, in batches of nearly `size` each: no small batch, with few negatives, at the end."""
    return np.array_split(rng.permutation(texts), max(1, round(texts / size)))
