"""The training step: the one place where encoder, views, negatives and loss meet."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float32

from likewise.encoders.encoder import Encoder
from likewise.losses.info_nce import info_nce
from likewise.losses.loss import Loss
from likewise.negatives.guide import guide_mask
from likewise.negatives.near_duplicates import Mask, Signatures, combine_masks, near_duplicate_mask
from likewise.negatives.queue import Queue
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

__all__ = ["Batch", "ContrastiveStep", "GuideVectors", "StepResult", "batch_indices"]


@dataclass(frozen=True)
class GuideVectors:
    """What another encoder makes of the texts of a batch.

    Attributes:
        anchors: of the anchors, unit rows.
        candidates: of the positives, and of the hard negatives after them.
    """

    anchors: Float32[np.ndarray, "batch dim"]
    candidates: Float32[np.ndarray, "keys dim"]


@dataclass(frozen=True)
class Batch:
    """Positive pairs, what else they are contrasted with, and what tells which texts are no negatives for them.

    Attributes:
        views: two views of each text.
        signatures: of the whole texts that the views were made of; of both texts, where a pair is of two.
        hard: views of further texts, negatives for all anchors: such as were mined because they are hard to tell apart.
        hard_signatures: of their texts.
        guide: vectors by which texts that are too similar are left out.
    """

    views: Views
    signatures: tuple[Signatures, ...]
    hard: Ragged | None = None
    hard_signatures: tuple[Signatures, ...] = ()
    guide: GuideVectors | None = None


@dataclass(frozen=True)
class StepResult:
    """What a step found.

    Attributes:
        loss: of the batch, in nats.
        masked: how many logits were left out, as their texts are equal or near-duplicates; one that both texts of a
            pair leave out counts twice.
        logits: how many there were; 0 for pairs times pairs.
    """

    loss: float
    masked: int
    logits: int = 0


class ContrastiveStep:
    """Encodes both views in one pass, contrasts them, and changes the encoder.

    Attributes:
        encoder: what is trained.
        temperature: of the loss.
        distance: of two texts' SimHashes, in bits, up to which they are near-duplicates and no negatives.
        loss: from vectors to a value and its derivatives.
        queue: vectors of earlier batches that this one is contrasted with too.
        gamma: of the guide, where batches carry its vectors.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        temperature: float,
        distance: int,
        loss: Loss = info_nce,
        queue: int = 0,
        gamma: float = 1.0,
    ) -> None:
        self.encoder = encoder
        self.temperature, self.distance, self.loss, self.gamma = temperature, distance, loss, gamma
        self.queue = Queue(queue, encoder.dim) if queue else None
        self._guided: Queue | None = None  # the guide's vectors of what is in the queue
        self._waiting: dict[str, np.ndarray] = {}  # of a queue that was restored, until the first vectors come

    def __call__(self, batch: Batch, learning_rate: float) -> StepResult:
        """One step on one batch."""
        anchors, candidates, tape = self._encoded(batch)
        queued = self._queued(anchors)
        mask = self._mask(batch)
        contrast = self.loss(anchors, candidates, allowed=mask, temperature=self.temperature, queue=queued)
        masked = mask.count if mask is not None else 0
        xp = array_namespace(anchors)
        self.encoder.backward(tape, xp.concat([contrast.anchors, contrast.candidates]))
        self.encoder.step(learning_rate)
        waiting = 0 if queued is None else len(queued[0])
        self._remember(batch, anchors, candidates)
        return StepResult(contrast.value, masked, anchors.shape[0] * (candidates.shape[0] + 2 * waiting))

    def forget(self) -> None:
        """Drops what earlier batches left, as their vectors are no longer worth anything."""
        if self.queue is not None:
            self.queue = Queue(self.queue.size, self.queue.dim)
        self._guided, self._waiting = None, {}

    def state(self) -> dict[str, np.ndarray]:
        """What the next step depends on beside the encoder, by name."""
        parts = {"queue": self.queue, "guided": self._guided}
        if self._waiting:
            del parts["queue"]
        return {f"queue.{name}": array for name, array in self._waiting.items()} | {
            f"{part}.{name}": array
            for part, held in parts.items()
            if held is not None
            for name, array in held.state().items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Puts back a `state`."""

        def part(name: str) -> dict[str, np.ndarray]:
            prefix = f"{name}."
            return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}

        if self.queue is not None:
            self._waiting = part("queue")
        if guided := part("guided"):
            self._guided = Queue(int(guided["size"]), int(guided["dim"]))
            self._guided.restore(guided)

    def _queued(self, anchors: Any) -> tuple[Any, Any] | None:
        if self.queue is None:
            return None
        if self._waiting:  # only now is it known of which library and on which device the vectors are
            self.queue.restore(self._waiting, like=anchors)
            self._waiting = {}
        return self.queue.vectors

    def _encoded(self, batch: Batch) -> tuple[Any, Any, Any]:
        """Anchors, candidates, and the tape."""
        pairs = len(batch.views.anchors)
        others = [batch.views.positives] if batch.hard is None else [batch.views.positives, batch.hard]
        vectors, tape = self.encoder.forward(Ragged.concatenate([batch.views.anchors, *others]))
        return vectors[:pairs], vectors[pairs:], tape

    def _mask(self, batch: Batch) -> Mask | None:
        sides = batch.signatures
        columns = sides
        if batch.hard is not None:
            columns = tuple(np.concatenate(side) for side in zip(sides, batch.hard_signatures, strict=True))
        if self.queue is not None:
            same = self.queue.near_duplicate_mask(sides, candidates=columns, distance=self.distance)
        else:
            pairs = zip(sides, columns, strict=True)
            same = combine_masks([near_duplicate_mask(side, of, distance=self.distance) for side, of in pairs])
        return combine_masks([same, self._guide(batch)])

    def _guide(self, batch: Batch) -> Mask | None:
        if batch.guide is None:
            return None
        anchors, candidates = batch.guide.anchors, batch.guide.candidates
        queued = self._guided.vectors if self._guided is not None else None
        if queued is not None:
            anchors, candidates = np.concatenate([anchors, queued[0]]), np.concatenate([candidates, queued[1]])
        return guide_mask(anchors, candidates, gamma=self.gamma, pairs=len(batch.views))

    def _remember(self, batch: Batch, anchors: Any, candidates: Any) -> None:
        pairs = len(batch.views)
        if self.queue is None:
            return
        self.queue.push(anchors, candidates[:pairs], batch.signatures)
        if batch.guide is not None:
            if self._guided is None:
                self._guided = Queue(self.queue.size, batch.guide.anchors.shape[1])
            self._guided.push(batch.guide.anchors, batch.guide.candidates[:pairs])


def batch_indices(texts: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """All texts in random order, in batches of nearly `size` each: no small batch, with few negatives, at the end."""
    return np.array_split(rng.permutation(texts), max(1, round(texts / size)))
