"""A corpus of two sides that share no word, and a loop over it with its parts at hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from likewise.encoders.static import StaticEncoder
from likewise.geometry.measure import Geometry, measure
from likewise.negatives.near_duplicates import signatures
from likewise.tokens.ragged import Ragged
from likewise.training.history import EvalPoint, Outcome
from likewise.training.loop import Loop
from likewise.training.schedule import Plan
from likewise.training.step import Batch, ContrastiveStep
from likewise.views.pair import Views

VOCAB, TOPICS, TEXTS = 120, 12, 240


def corpus(seed: int = 0) -> tuple[Ragged, Ragged]:
    """Pairs of texts of one topic that share no word."""
    rng = np.random.default_rng(seed)
    words = np.arange(VOCAB).reshape(TOPICS, -1)
    topics = rng.integers(TOPICS, size=TEXTS)
    halves = [rng.permutation(words[topic]) for topic in topics]
    return Ragged.of([half[:4].tolist() for half in halves]), Ragged.of([half[4:8].tolist() for half in halves])


class Run:
    """A loop over the corpus with its parts at hand."""

    def __init__(self, *, rate: float = 0.2, epochs: int = 6, checkpoint: Path | None = None, seed: int = 0) -> None:
        self.left, self.right = corpus()
        self.encoder = StaticEncoder.random(np.ones(VOCAB, np.float32), 16, np.random.default_rng(seed))
        known = signatures(self.left, np.ones(VOCAB, np.float32), np.zeros(VOCAB, np.bool_))

        def batches(indices: np.ndarray, rng: np.random.Generator) -> Batch:
            return Batch(Views(self.left.take(indices), self.right.take(indices)), (known.take(indices),))

        plan = Plan(TEXTS, 48, epochs, rate, seed, evaluations=6, patience=4)
        step = ContrastiveStep(self.encoder, temperature=0.2, distance=0)
        self.loop = Loop(step, batches, self.evaluate, plan, checkpoint, seconds_between_checkpoints=0.0)

    def evaluate(self) -> Geometry:
        return measure(self.encoder.encode, Views(*corpus(1)), np.random.default_rng(0))

    def run(self, watch: Callable[[EvalPoint], None] = lambda point: None, *, resume: bool = False) -> Outcome:
        return self.loop.run(watch, resume=resume)


def fixed(scores: list[float], texts: int = 100) -> Callable[[], Geometry]:
    """Evaluations that give these scores, one after the other."""
    left = iter(scores)
    return lambda: Geometry(next(left), 0.1, 0.2, 1.0, -2.0, 14.0, 0.0, 16, texts)


class Killed(BaseException):
    """Ends a run where no handler expects it, as SIGKILL does."""
