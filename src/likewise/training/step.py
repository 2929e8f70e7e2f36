"""The training step: encode both views of a batch, compute the contrastive loss, update the encoder.

This is the file to read first. The encoder, the views, the negatives and the loss meet here and nowhere else.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from array_api_compat import array_namespace

from likewise.arrays import Float32
from likewise.encoders.encoder import Encoder
from likewise.losses.info_nce import Loss, info_nce
from likewise.negatives.guide import guide_mask
from likewise.negatives.near_duplicates import Mask, Signatures, combine_masks, near_duplicate_mask
from likewise.negatives.queue import Queue
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views


@dataclass(frozen=True)
class GuideVectors:
    """Embeddings of a batch by the guide, another encoder that says which negatives are false.

    Attributes:
        anchors: of the anchors, unit rows.
        candidates: of the positives and, after them, of the hard negatives.
    """

    anchors: Float32[np.ndarray, "batch dim"]
    candidates: Float32[np.ndarray, "keys dim"]


@dataclass(frozen=True)
class Batch:
    """Positive pairs, further negatives, and what is needed to mask out false negatives.

    Attributes:
        views: two views of each text.
        signatures: of the texts that the views were made of; of both texts where a pair is made of two.
        hard: views of mined hard negatives, which are negatives for every anchor.
        hard_signatures: of their texts.
        guide: embeddings of the batch by the guide.
    """

    views: Views
    signatures: tuple[Signatures, ...]
    hard: Ragged | None = None
    hard_signatures: tuple[Signatures, ...] = ()
    guide: GuideVectors | None = None


@dataclass(frozen=True)
class StepResult:
    """The numbers of one step.

    Attributes:
        loss: of the batch, in nats.
        masked: how many logits were masked out because their texts are equal or near-duplicates.
        logits: how many logits there were; 0 for pairs times pairs.
    """

    loss: float
    masked: int
    logits: int = 0


class ContrastiveStep:
    """Encode both views in one pass, contrast them, update the encoder.

    Attributes:
        encoder: what is trained.
        temperature: of the loss.
        distance: texts whose SimHashes differ in at most this many bits are near-duplicates, and no negatives.
        block: about how many texts are contrasted with one another, where the batch has more and there are no further
            negatives.
        loss: from embeddings to a value and its gradients.
        queue: embeddings of earlier batches as further negatives.
        gamma: the guide masks out candidates that are more similar than this share of the positive's similarity.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        temperature: float,
        distance: int,
        block: int | None = None,
        loss: Loss = info_nce,
        queue: int = 0,
        gamma: float = 1.0,
    ) -> None:
        self.encoder = encoder
        self.temperature, self.distance, self.loss, self.gamma = temperature, distance, loss, gamma
        self.block = block
        self.queue = Queue(queue, encoder.dim) if queue else None
        self._guide_queue: Queue | None = None  # the guide's embeddings of what is in the queue
        self._queue_state: dict[str, np.ndarray] = {}  # restored, but not yet on the device of the embeddings

    def __call__(self, batch: Batch, learning_rate: float) -> StepResult:
        """Take one step on one batch."""
        pairs = len(batch.views)
        sides = [batch.views.anchors, batch.views.positives] + ([] if batch.hard is None else [batch.hard])
        embeddings, tape = self.encoder.forward(Ragged.concatenate(sides))
        anchors, candidates = embeddings[:pairs], embeddings[pairs:]  # (pairs, dim), (pairs + hard, dim)

        result, gradients = self._contrasted(batch, anchors, candidates)
        self.encoder.backward(tape, gradients)
        self.encoder.step(learning_rate)
        self._enqueue(batch, anchors, candidates[:pairs])
        return result

    def _contrasted(self, batch: Batch, anchors: Any, candidates: Any) -> tuple[StepResult, Any]:
        """The numbers of a step, and the gradients of anchors and candidates, end to end."""
        xp, pairs = array_namespace(anchors), len(batch.views)
        further = batch.hard is not None or batch.guide is not None or self.queue is not None
        if self.block is None or round(pairs / self.block) <= 1 or further:
            queued, mask = self._queued(anchors), self._mask(batch)
            result = self.loss(anchors, candidates, allowed=mask, temperature=self.temperature, queue=queued)
            logits = pairs * (candidates.shape[0] + 2 * (0 if queued is None else len(queued[0])))
            gradients = xp.concat([result.anchors, result.candidates])
            return StepResult(result.value, 0 if mask is None else mask.count, logits), gradients
        ends = np.linspace(0, pairs, round(pairs / self.block) + 1).round().astype(int).tolist()

        def contrast(ends: tuple[int, int]) -> tuple[StepResult, Any, Any]:
            some, share = slice(*ends), (ends[1] - ends[0]) / pairs
            near = [near_duplicate_mask(side[some], side[some], distance=self.distance) for side in batch.signatures]
            mask = combine_masks(near)
            result = self.loss(anchors[some], candidates[some], allowed=mask, temperature=self.temperature)
            numbers = StepResult(share * result.value, 0 if mask is None else mask.count, (ends[1] - ends[0]) ** 2)
            return numbers, share * result.anchors, share * result.candidates

        # A block a thread: threads within so small products gain nothing, and on a busy machine wait for each other.
        with ThreadPoolExecutor(min(len(ends) - 1, numba.get_num_threads())) as threads:
            results, of_anchors, of_candidates = zip(*threads.map(contrast, pairwise(ends)), strict=True)
        value, masked, logits = (sum(getattr(each, name) for each in results) for name in ("loss", "masked", "logits"))
        return StepResult(value, masked, logits), xp.concat([*of_anchors, *of_candidates])

    def clear_queue(self) -> None:
        """Empty the queue: after a collapse its embeddings are of no use."""
        if self.queue is not None:
            self.queue = Queue(self.queue.size, self.queue.dim)
        self._guide_queue, self._queue_state = None, {}

    def state(self) -> dict[str, np.ndarray]:
        """What the next step depends on besides the encoder, by name."""
        queues = {"queue": None if self._queue_state else self.queue, "guided": self._guide_queue}
        return {f"queue.{name}": array for name, array in self._queue_state.items()} | {
            f"{part}.{name}": array
            for part, queue in queues.items()
            if queue is not None
            for name, array in queue.state().items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore a `state`."""
        parts: dict[str, dict[str, np.ndarray]] = {"queue": {}, "guided": {}}
        for name, array in state.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = array
        if self.queue is not None:
            self._queue_state = parts["queue"]
        if guided := parts["guided"]:
            self._guide_queue = Queue(int(guided["size"]), int(guided["dim"]))
            self._guide_queue.restore(guided)

    def _queued(self, anchors: Any) -> tuple[Any, Any] | None:
        """Anchors and candidates of earlier batches, (queued, dim) each."""
        if self.queue is None:
            return None
        if self._queue_state:
            self.queue.restore(self._queue_state, like=anchors)
            self._queue_state = {}
        return self.queue.vectors

    def _mask(self, batch: Batch) -> Mask | None:
        """Which logits count; None where all do."""
        rows = columns = batch.signatures
        if batch.hard is not None:
            columns = tuple(np.concatenate(side) for side in zip(rows, batch.hard_signatures, strict=True))
        if queued := self.queue.signatures if self.queue is not None else ():
            rows = tuple(np.concatenate(side) for side in zip(rows, queued, strict=True))
            columns = tuple(np.concatenate(side) for side in zip(columns, queued, strict=True))
        pairs, sides = len(batch.views), zip(rows, columns, strict=True)
        near = combine_masks([near_duplicate_mask(*side, distance=self.distance, pairs=pairs) for side in sides])
        if batch.guide is None:
            return near
        anchors, candidates = batch.guide.anchors, batch.guide.candidates
        if self._guide_queue is not None and (before := self._guide_queue.vectors) is not None:
            anchors, candidates = np.concatenate([anchors, before[0]]), np.concatenate([candidates, before[1]])
        guided = guide_mask(anchors, candidates, gamma=self.gamma, pairs=pairs)
        return combine_masks([near, guided])

    def _enqueue(self, batch: Batch, anchors: Any, positives: Any) -> None:
        if self.queue is None:
            return
        self.queue.push(anchors, positives, batch.signatures)
        if batch.guide is not None:
            if self._guide_queue is None:
                self._guide_queue = Queue(self.queue.size, batch.guide.anchors.shape[1])
            self._guide_queue.push(batch.guide.anchors, batch.guide.candidates[: len(batch.views)])
