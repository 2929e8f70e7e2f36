"""The student of a distillation: its data, where it starts, and its training on teacher and texts together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likewise.arrays import Float32, Int, Int64
from likewise.encoders.static import StaticEncoder
from likewise.losses.distillation import distillation_loss
from likewise.tokens.ragged import Ragged
from likewise.training.dataset import Dataset
from likewise.training.loop import few_threads
from likewise.training.prepare import Prepared
from likewise.training.recipe import Settings
from likewise.training.schedule import Purpose, Schedule, batch_indices, random_stream
from likewise.training.step import Batch, ContrastiveStep

PAIRS_SEEN = 250_000  # of a text and its target, in the first phase
MAX_ROUNDS, MIN_ROUNDS = 15, 4
DISTILLATION_WEIGHT = 4.0
FITTED = 20_000  # vectors that the principal axes are taken from
RARE = 0.01  # occurrences of a form of a word that the corpus does not have by itself


@dataclass(frozen=True)
class Targets:
    """Turns the teacher's vectors into targets: centred, projected, of unit length.

    The mean of all vectors says nothing of any text, and a mean of rows, as the student makes it, only adds it up.

    Attributes:
        mean: of the teacher's vectors of texts.
        axes: the principal axes, as columns; None where the teacher's dimensions are kept.
    """

    mean: Float32[np.ndarray, " dim"]
    axes: Float32[np.ndarray, "dim kept"] | None

    def __call__(self, vectors: Float32[np.ndarray, "texts dim"]) -> Float32[np.ndarray, "texts kept"]:
        """Unit rows; a row of zeros, a text that the teacher cannot encode, stays one."""
        known = np.linalg.norm(vectors, axis=1, keepdims=True) > 0
        centred = np.where(known, vectors - self.mean, np.float32(0))
        if self.axes is not None:
            centred = centred @ self.axes
        unit: np.ndarray = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.float32(1e-12))
        return unit


def targets_of(vectors: Float32[np.ndarray, "texts dim"], dim: int) -> Targets:
    """The mean of a teacher's vectors and, where they have more than `dim` dimensions, `dim` principal axes."""
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    if vectors.shape[1] <= dim:
        return Targets(mean, None)
    some = vectors[:FITTED] - mean
    _, axes = np.linalg.eigh(some.T @ some)  # in ascending order of the variance along them
    return Targets(mean, np.ascontiguousarray(axes[:, ::-1][:, :dim]))


@dataclass(frozen=True)
class DistillationData:
    """Texts and their targets.

    Attributes:
        ids: of the texts.
        targets: unit vectors, one per text.
    """

    ids: Ragged
    targets: Float32[np.ndarray, "texts dim"]

    def known(self) -> "DistillationData":
        """The texts that have ids and a target other than zero."""
        return self.take(np.flatnonzero((self.ids.lengths > 0) & self.targets.any(axis=1)))

    def take(self, rows: Int64[np.ndarray, " some"]) -> "DistillationData":
        """Some of the texts."""
        return DistillationData(self.ids.take(rows), self.targets[rows])

    def __len__(self) -> int:
        return len(self.ids)


def distillation_step(
    step: ContrastiveStep,
    data: DistillationData,
    learning_rate: float,
    batch: Batch | None = None,
    *,
    weight: float = DISTILLATION_WEIGHT,
) -> float:
    """One step of the distillation loss and, with a batch of positive pairs, of the contrastive loss as well.

    Args:
        step: of the contrastive loss, with the student.
        data: texts and their targets.
        learning_rate: of this step.
        batch: positive pairs; None for the distillation loss alone, whose weight is then 1.
        weight: of the distillation loss, where the contrastive one has 1.

    Returns:
        The distillation loss.
    """
    embeddings, tape = step.encoder.forward(data.ids)
    result = distillation_loss(embeddings, data.targets)
    step.encoder.backward(tape, result.students * np.float32(1.0 if batch is None else weight))
    if batch is None:
        step.encoder.step(learning_rate)
    else:
        step(batch, learning_rate)  # its update takes the gradients of both
    return result.value


def start_rows(
    prepared: Prepared, targets: Float32[np.ndarray, "vocab dim"], token_weights: Float32[np.ndarray, " vocab"]
) -> StaticEncoder:
    """The target of each subword by itself, times its weight; a stem has the mean of its forms.

    Args:
        prepared: the corpus.
        targets: of the subwords.
        token_weights: of the subwords.
    """
    rows = np.zeros_like(targets)
    counts = np.maximum(prepared.tokenizer.vocabulary.counts, RARE).astype(np.float32)
    np.add.at(rows, prepared.stems, targets * counts[:, None])
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return StaticEncoder(rows * token_weights[:, None])


def train_student(start: StaticEncoder, data: DistillationData, dataset: Dataset, settings: Settings) -> StaticEncoder:
    """Train a student: first on the teacher alone, then on the teacher and the texts together.

    Args:
        start: the rows to start with; they are not changed.
        data: texts with the teacher's targets.
        dataset: the corpus, whose texts are contrasted as in any training.
        settings: of the run.
    """
    encoder = StaticEncoder(start.weights.copy())
    rounds = min(MAX_ROUNDS, max(MIN_ROUNDS, round(PAIRS_SEEN / max(1, len(data)))))
    rng = random_stream(settings.seed, Purpose.DISTILLATION_ORDER)
    size = _batch_size(data, settings)
    parts = [part for _ in range(rounds) for part in batch_indices(len(data), size, rng)]
    step, schedule = _step(encoder, settings), Schedule(settings.learning_rate, len(parts))
    with few_threads(settings.batch):
        for number, rows in enumerate(parts):
            distillation_step(step, data.take(rows), schedule(number))
    rng = random_stream(settings.seed, Purpose.DISTILLATION_PAIRS)
    texts = len(dataset.split.train)
    batches = [rows for _ in range(settings.epochs) for rows in batch_indices(texts, settings.batch, rng)]
    train_on_both(encoder, data, dataset, settings, batches, rng, Purpose.DISTILLATION_PAIRS)
    return encoder


def train_on_both(
    encoder: StaticEncoder,
    data: DistillationData,
    dataset: Dataset,
    settings: Settings,
    batches: Sequence[Int[np.ndarray, " batch"]],
    rng: np.random.Generator,
    purpose: Purpose,
) -> None:
    """Train on the teacher and the texts together, with one rise and fall of the learning rate.

    Args:
        encoder: the student.
        data: texts with the teacher's targets; shuffled again whenever all were seen.
        dataset: the corpus.
        settings: of the run.
        batches: positions among the texts to train on, one array per step.
        rng: shuffles the distillation data.
        purpose: of the random numbers that views are drawn with.
    """
    step, schedule = _step(encoder, settings), Schedule(settings.learning_rate, len(batches))
    parts: list[np.ndarray] = []
    with few_threads(settings.batch):
        for number, rows in enumerate(batches):
            parts = parts or batch_indices(len(data), _batch_size(data, settings), rng)
            batch = dataset.batch(rows, random_stream(settings.seed, purpose, number))
            distillation_step(step, data.take(parts.pop()), schedule(number), batch)


def _step(encoder: StaticEncoder, settings: Settings) -> ContrastiveStep:
    return ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)


def _batch_size(data: DistillationData, settings: Settings) -> int:
    """Of a batch of distillation data."""
    return min(settings.batch, max(1, len(data) // 8))
