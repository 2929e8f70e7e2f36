"""The step of a pupil: it learns from the texts themselves, and from what a teacher says of some of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64

from likewise.encoders.encoder import Encoder
from likewise.encoders.static import StaticEncoder
from likewise.losses.distillation import distillation_loss
from likewise.tokens.ragged import Ragged
from likewise.training.dataset import Examples
from likewise.training.loop import few_threads
from likewise.training.prepare import Prepared
from likewise.training.recipe import Settings
from likewise.training.schedule import Schedule
from likewise.training.step import Batch, ContrastiveStep, batch_indices

__all__ = ["DistillationData", "DistillationStep", "Targets", "go_on", "learn", "start_rows", "targets_of"]


class DistillationStep:
    """Brings vectors to where the teacher's are; with a batch of positive pairs it contrasts those in the same step.

    Attributes:
        encoder: what is trained.
        contrast: the step on pairs, of the same encoder.
        weight: of the loss against the teacher, beside that of pairs.
    """

    def __init__(self, contrast: ContrastiveStep, weight: float) -> None:
        self.contrast, self.weight = contrast, weight
        self.encoder: Encoder = contrast.encoder

    def __call__(
        self,
        texts: Ragged,
        teachers: Float[np.ndarray, "texts dim"],
        learning_rate: float,
        batch: Batch | None = None,
    ) -> float:
        """One step.

        Args:
            texts: ids of some texts.
            teachers: the teacher's unit vectors of them.
            learning_rate: of this step.
            batch: positive pairs; None for the teacher alone, whose weight is one then.

        Returns:
            The loss against the teacher.
        """
        vectors, tape = self.encoder.forward(texts)
        lesson = distillation_loss(vectors, teachers)
        weight = np.float32(1.0 if batch is None else self.weight)
        self.encoder.backward(tape, lesson.students * weight)
        if batch is None:
            self.encoder.step(learning_rate)
        else:
            self.contrast(batch, learning_rate)  # its step takes the gradients of both
        return lesson.value


SEEN = 250_000  # texts of the teacher's, counted as often as each is heard
MOST_ROUNDS, FEWEST_ROUNDS = 15, 4
WEIGHT = 4.0  # of the teacher beside the texts themselves, of which short ones teach little and long ones much
FITTED = 20_000  # vectors that the directions are taken from
RARE = 0.01  # occurrences: what a form of a word counts that the corpus does not have by itself


@dataclass(frozen=True)
class Targets:
    """What becomes of the teacher's vectors: their mean taken out, turned into as many dimensions as there are.

    What all texts of a corpus have in common says nothing of any of them, and a mean of rows cannot but add it up.

    Attributes:
        mean: of the teacher's vectors of texts.
        directions: the principal ones, as columns; None where the teacher's dimensions are kept as they are.
    """

    mean: Float32[np.ndarray, " dim"]
    directions: Float32[np.ndarray, "dim kept"] | None

    def __call__(self, vectors: Float32[np.ndarray, "texts dim"]) -> Float32[np.ndarray, "texts kept"]:
        """Unit rows; a text of which the teacher knows nothing is a row of zeros."""
        known = np.linalg.norm(vectors, axis=1, keepdims=True) > 0
        moved = np.where(known, vectors - self.mean, np.float32(0))
        if self.directions is not None:
            moved = moved @ self.directions
        unit: np.ndarray = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), np.float32(1e-12))
        return unit


def targets_of(vectors: Float32[np.ndarray, "texts dim"], most: int) -> Targets:
    """The mean of a teacher's vectors and, where they have more than `most` dimensions, the principal directions."""
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    if vectors.shape[1] <= most:
        return Targets(mean, None)
    some = vectors[:FITTED] - mean
    _, directions = np.linalg.eigh(some.T @ some)  # in rising order of what they explain
    return Targets(mean, np.ascontiguousarray(directions[:, ::-1][:, :most]))


@dataclass(frozen=True)
class DistillationData:
    """What there is to be heard from the teacher.

    Attributes:
        ids: of texts.
        targets: the teacher's unit vectors of them.
    """

    ids: Ragged
    targets: Float32[np.ndarray, "texts dim"]

    def known(self) -> "DistillationData":
        """Those that have pieces, and of which the teacher knows something."""
        return self.take(np.flatnonzero((self.ids.lengths > 0) & self.targets.any(axis=1)))

    def take(self, places: Int64[np.ndarray, " some"]) -> "DistillationData":
        """Some of the texts."""
        return DistillationData(self.ids.take(places), self.targets[places])

    def __len__(self) -> int:
        return len(self.ids)


def start_rows(
    prepared: Prepared, targets: Float32[np.ndarray, "vocab dim"], token_weights: Float32[np.ndarray, " vocab"]
) -> StaticEncoder:
    """The teacher's vector of each piece by itself, times its weight; a stem has the mean of its forms.

    Args:
        prepared: the corpus.
        targets: of the pieces.
        token_weights: what each piece counts.
    """
    rows = np.zeros_like(targets)
    often = np.maximum(prepared.tokenizer.vocabulary.counts, RARE).astype(np.float32)
    np.add.at(rows, prepared.stems, targets * often[:, None])
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return StaticEncoder(rows * token_weights[:, None])


def learn(start: StaticEncoder, school: DistillationData, examples: Examples, settings: Settings) -> StaticEncoder:
    """Teach an encoder: first by the teacher alone, then by the teacher and the texts together.

    Args:
        start: rows to begin with, which stay as they are.
        school: what the teacher says.
        examples: the corpus, whose texts are contrasted as in any training.
        settings: of the run.
    """
    encoder = StaticEncoder(start.weights.copy())
    rounds = min(MOST_ROUNDS, max(FEWEST_ROUNDS, round(SEEN / max(1, len(school)))))
    rng = np.random.default_rng([settings.seed, 18])
    distillation_texts = [
        part for _ in range(rounds) for part in batch_indices(len(school), _size(school, settings), rng)
    ]
    step, schedule = _step(encoder, settings), Schedule(settings.learning_rate, len(distillation_texts))
    with few_threads(settings.batch):
        for number, places in enumerate(distillation_texts):
            heard = school.take(places)
            step(heard.ids, heard.targets, schedule(number))
    go_on(encoder, school, examples, settings, epochs=settings.epochs, purpose=19)
    return encoder


def go_on(
    encoder: StaticEncoder,
    school: DistillationData,
    examples: Examples,
    settings: Settings,
    *,
    epochs: int,
    purpose: int,
) -> None:
    """Learn by the teacher and the texts together, with one rise and fall of the learning rate.

    Args:
        encoder: what learns.
        school: what the teacher says; heard anew when it was heard through.
        examples: the corpus.
        settings: of the run.
        epochs: how often each text of the corpus is seen.
        purpose: of the random numbers.
    """
    rng = np.random.default_rng([settings.seed, purpose])
    texts = len(examples.split.train)
    batches = [places for _ in range(epochs) for places in batch_indices(texts, settings.batch, rng)]
    step, schedule = _step(encoder, settings), Schedule(settings.learning_rate, len(batches))
    distillation_texts: list[np.ndarray] = []
    with few_threads(settings.batch):
        for number, places in enumerate(batches):
            distillation_texts = distillation_texts or batch_indices(len(school), _size(school, settings), rng)
            heard = school.take(distillation_texts.pop())
            batch = examples.batch(places, np.random.default_rng([settings.seed, purpose, number]))
            step(heard.ids, heard.targets, schedule(number), batch)


def _step(encoder: StaticEncoder, settings: Settings) -> DistillationStep:
    contrast = ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)
    return DistillationStep(contrast, WEIGHT)


def _size(school: DistillationData, settings: Settings) -> int:
    """Of a batch of what the teacher says."""
    return min(settings.batch, max(1, len(school) // 8))
