"""Supervised contrastive fine-tuning: the encoder is moved until texts of one class lie together.

The loss is SupCon's (Khosla et al. 2020, L_out): all texts of an anchor's class are its positives, to equal shares.
SetFit (Tunstall et al. 2022) asks for pairs of labelled texts, whose number grows with the square of the labels; here a
batch holds all pairs of its texts and an epoch sees each text once, so the cost is linear in the number of labels, once
these fill a hundred steps of a transformer. It is the same for a transformer, all of whose weights are moved, and for a
static encoder, behind which a linear map is. The two views of a text differ by the dropout of a transformer; a static
encoder has none, so a fifth of the words is left out. A transformer is spared that: a question is another one without
its first word.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from likewise.applications.classify.linear_map import LinearMap
from likewise.errors import InputError
from likewise.losses.supervised_contrastive import supervised_contrastive
from likewise.model.model import Model
from likewise.model.transformer import TransformerModel
from likewise.tokens.ragged import Ragged
from likewise.training.schedule import Schedule

__all__ = ["FineTuning"]


TEMPERATURE = 0.1  # as in SupCon
BATCH = {"static": 256, "transformer": 32}  # texts
EPOCHS = {"static": 20, "transformer": 10}  # more where these are fewer steps than the least
LEAST_STEPS = {"static": 1, "transformer": 100}
RATE = {"static": 0.1, "transformer": 3e-5}
KEPT = 0.8  # of the ids of a text, in each of its two views, for a static encoder


class FineTuning:
    """A copy of a model, that can be moved by labels again and again, each time from where the model was.

    Raises:
        InputError: the model is none of Likewise, or runs on a graph that cannot be trained.
    """

    def __init__(self, model: Any) -> None:
        if not isinstance(model, Model | TransformerModel):
            raise InputError(
                f"contrastive fine-tuning needs a model of likewise that can be trained, a {type(model).__name__} was "
                "given: leave contrastive out, or load the model with likewise.load(folder), on torch"
            )
        self._static = isinstance(model, Model)
        if isinstance(model, Model):
            self._copy: Any = Model(model.tokenizer, model.encoder, model.card, model.sample, model.stems)
            self._trained: Any = LinearMap(model.encoder)
        else:
            with tempfile.TemporaryDirectory(prefix="likewise-") as place:
                model.save(Path(place) / "copy.model")
                self._copy = TransformerModel.load(Path(place) / "copy.model")
            self._trained = self._copy.encoder
        self._begin = {name: np.array(array) for name, array in self._trained.state().items()}

    def moved(self, texts: Sequence[str], numbers: Int64[np.ndarray, " texts"], rng: np.random.Generator) -> Any:
        """The copy, moved by these labels; the next call moves the same one.

        Args:
            texts: with labels.
            numbers: their classes.
            rng: of batches and views.
        """
        kind = "static" if self._static else "transformer"
        self._trained.restore(self._begin)
        self._copy.__dict__.pop("fingerprint", None)  # once asked for it is kept, and no longer true
        ids = self._copy.tokenizer.encode(texts)
        batches = list(_batches(numbers, BATCH[kind], EPOCHS[kind], LEAST_STEPS[kind], rng))
        schedule = Schedule(RATE[kind], len(batches))
        for step, rows in enumerate(batches):
            some = ids.take(rows)
            views = (_thinned(some, rng), _thinned(some, rng)) if self._static else (some, some)
            _step(self._trained, views, numbers[rows], schedule(step))
        if self._static:
            self._copy.encoder = self._trained.folded()
        return self._copy


def _batches(
    numbers: Int64[np.ndarray, " texts"], size: int, epochs: int, steps: int, rng: np.random.Generator
) -> Iterator[Int64[np.ndarray, " batch"]]:
    """Each text once an epoch; the classes are dealt like cards, so that each batch has its share of all."""
    count = max(1, round(len(numbers) / size))
    for _ in range(max(epochs, -(-steps // count))):
        order = rng.permutation(len(numbers))
        order = order[np.argsort(numbers[order], kind="stable")]
        for first in rng.permutation(count):
            yield order[first::count]


def _step(encoder: Any, views: tuple[Ragged, Ragged], numbers: Int64[np.ndarray, " batch"], rate: float) -> None:
    """The loss of both views of a batch, and one step of the encoder."""
    anchors, anchor_tape = encoder.forward(views[0])
    candidates, candidate_tape = encoder.forward(views[1])
    contrast = supervised_contrastive(anchors, candidates, numbers, temperature=TEMPERATURE)
    encoder.backward(anchor_tape, contrast.anchors)
    encoder.backward(candidate_tape, contrast.candidates)
    encoder.step(rate)


def _thinned(texts: Ragged, rng: np.random.Generator) -> Ragged:
    """A view: some ids are left out of each text, never all."""
    first, last = texts.offsets[0], texts.offsets[-1]
    kept = rng.random(last - first) < KEPT
    full = np.flatnonzero(texts.lengths > 0)
    kept[texts.offsets[:-1][full] - first + rng.integers(texts.lengths[full])] = True
    before = np.zeros(last - first + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    return Ragged(texts.ids[first:last][kept], before[texts.offsets - first])
