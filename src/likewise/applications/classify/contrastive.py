"""Supervised contrastive fine-tuning of a transformer, which moves texts of one class together.

The loss is SupCon (Khosla et al. 2020, L_out): all texts of the class of an anchor are its positives, with equal
shares. SetFit (Tunstall et al. 2022) draws pairs of labelled texts, whose number grows with the square of the labels;
here a batch holds all pairs of its texts and an epoch sees each text once, so the cost is linear in the number of
labels once they fill a hundred steps. The two views of a text differ by dropout alone: leaving out words changes short
texts too much.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from likewise.errors import InputError
from likewise.losses.supervised_contrastive import supervised_contrastive
from likewise.model.load import loaded
from likewise.model.transformer import TransformerModel
from likewise.tokens.ragged import Ragged
from likewise.training.schedule import Schedule

TEMPERATURE = 0.1  # as in SupCon
BATCH = 32  # texts
EPOCHS = 10
MIN_STEPS = 100
LEARNING_RATE = 3e-5


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
    """Yield each text once an epoch, with all classes spread evenly over the batches."""
    count = max(1, round(len(numbers) / BATCH))
    for _ in range(max(EPOCHS, -(-min_steps // count))):
        order = rng.permutation(len(numbers))
        order = order[np.argsort(numbers[order], kind="stable")]
        for first in rng.permutation(count):
            yield order[first::count]


def _step(encoder: Any, texts: Ragged, numbers: Int64[np.ndarray, " batch"], learning_rate: float) -> None:
    """Encode a batch twice, with different dropout, and take one step."""
    anchors, anchor_tape = encoder.forward(texts)
    candidates, candidate_tape = encoder.forward(texts)
    loss = supervised_contrastive(anchors, candidates, numbers, temperature=TEMPERATURE)
    encoder.backward(anchor_tape, loss.anchors)
    encoder.backward(candidate_tape, loss.candidates)
    encoder.step(learning_rate)
