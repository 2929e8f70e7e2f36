"""Supervised contrastive fine-tuning of a transformer, which moves texts of one class together.

The loss is SupCon (Khosla et al. 2020, L_out): all other texts of the class of an anchor are its positives, with equal
shares. SetFit (Tunstall et al. 2022) draws pairs of labelled texts, whose number grows with the square of the labels;
here a batch holds all pairs of its texts and an epoch sees each text once, so the cost is linear in the number of
labels once they fill thirty steps. A text is encoded once a step: a second view of it, by dropout, costs as much again
and brings nothing where its class has other texts.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Int64
from likewise.errors import InputError
from likewise.losses.supervised_contrastive import supervised_contrastive
from likewise.model.load import loaded
from likewise.model.transformer import TransformerModel
from likewise.tokens.ragged import Ragged
from likewise.training.schedule import Schedule

TEMPERATURE = 0.1  # as in SupCon
BATCH = 32  # texts
EPOCHS = 3
MIN_STEPS = 30
LEARNING_RATE = 5e-5


class ContrastiveFineTuner:
    """A copy of a transformer that is fine-tuned on labels again and again, each time from the original weights.

    Args:
        model: the transformer.
        min_steps: number of steps at least, however few labels there are.

    Raises:
        InputError: the model is not a transformer of likewise, or its backend cannot train.
    """

    def __init__(self, model: Any, *, min_steps: int = MIN_STEPS) -> None:
        self._min_steps = min_steps
        model = loaded(model)
        if not isinstance(model, TransformerModel):
            raise InputError(
                f"contrastive fine-tuning needs a transformer on torch, a {type(model).__name__} was given: leave "
                "contrastive out, or load a transformer with likewise.load(folder)"
            )
        with tempfile.TemporaryDirectory(prefix="likewise-") as folder:
            model.save(Path(folder) / "copy.model")
            self._copy = TransformerModel.load(Path(folder) / "copy.model")
        self._encoder = self._copy.encoder
        self._initial = {name: np.array(array) for name, array in self._encoder.state().items()}

    def fit(
        self, texts: Sequence[str], numbers: Int64[np.ndarray, " texts"], rng: np.random.Generator
    ) -> TransformerModel:
        """Fine-tune on labels and return the copy, which the next call changes again."""
        self._encoder.restore(self._initial)
        self._copy.__dict__.pop("fingerprint", None)  # a cached property, outdated from here on
        ids = self._copy.tokenizer.encode(texts)
        batches = list(_batches(numbers, rng, self._min_steps))
        schedule = Schedule(LEARNING_RATE, len(batches))
        for step, rows in enumerate(batches):
            _step(self._encoder, ids.take(rows), numbers[rows], schedule(step))
        return self._copy


def _batches(
    numbers: Int64[np.ndarray, " texts"], rng: np.random.Generator, min_steps: int
) -> Iterator[Int64[np.ndarray, " batch"]]:
    """Yield each text once an epoch, in random pairs of a class: an anchor needs another text of its class."""
    count = max(1, round(len(numbers) / BATCH))
    for _ in range(max(EPOCHS, -(-min_steps // count))):
        order = rng.permutation(len(numbers))
        order = order[np.argsort(numbers[order], kind="stable")]
        place = np.arange(len(order)) - np.searchsorted(numbers[order], numbers[order])  # within the class
        pairs = np.split(order, np.flatnonzero(place % 2 == 0)[1:])
        for some in np.array_split(rng.permutation(len(pairs)), count):
            yield np.concatenate([pairs[each] for each in some])


def _step(encoder: Any, texts: Ragged, numbers: Int64[np.ndarray, " batch"], learning_rate: float) -> None:
    vectors, tape = encoder.forward(texts)
    _, gradient = supervised_contrastive(vectors, numbers, temperature=TEMPERATURE)
    encoder.backward(tape, gradient)
    encoder.step(learning_rate)
