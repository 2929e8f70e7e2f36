"""One training run of the static encoder with so many negatives, for so many steps or seconds of processor."""

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from negatives_corpora import Judged

from likewise.encoders.lsa import log_idf
from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import disjoint_halves, held_out_retrieval
from likewise.losses.info_nce import info_nce
from likewise.negatives.near_duplicates import signatures
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, learn_reference, vocabulary_size
from likewise.training.dataset import held_out_split
from likewise.training.schedule import Schedule
from likewise.training.step import Batch, ContrastiveStep, StepResult
from likewise.views.mix import make_views

__all__ = ["Budget", "Ground", "Run"]

TICKS = 10_000  # into which the schedule of the learning rate divides a budget
DIM, TEMPERATURE = 256, 0.2  # those of `likewise.train`


@dataclass(frozen=True)
class Budget:
    """What a run may spend: one of the two.

    Attributes:
        steps: of the optimiser.
        seconds: of the processor, for making views and for steps.
    """

    steps: int | None = None
    seconds: float | None = None

    def spent(self, steps: int, seconds: float) -> float:
        """The share that is gone; 1 or more at the end."""
        return steps / self.steps if self.steps else seconds / (self.seconds or np.inf)


@dataclass(frozen=True)
class Run:
    """What came of a run.

    Attributes:
        mrr: the score without labels, on texts put aside.
        labelled: the measure of the corpus, by vector search.
        bound: log(negatives + 1) - InfoNCE of the texts put aside among so many negatives, in nats: no more than the
            mutual information of two views of a text. None where there are too few of them.
        left_out: share of the pairs of two texts that were masked.
        steps: of the optimiser.
    """

    mrr: float
    labelled: float
    bound: float | None
    left_out: float = 0.0
    steps: int = 0


class GroupedStep:
    """A step on a batch that falls into groups: each text has the others of its group as negatives, and no more.

    Attributes:
        encoder: what is trained.
        size: texts of a group; a batch is a multiple of it.
    """

    def __init__(self, encoder: StaticEncoder, size: int) -> None:
        self.encoder, self.size = encoder, size

    def __call__(self, batch: Batch, learning_rate: float) -> StepResult:
        """One step on one batch."""
        pairs = len(batch.views)
        group = np.arange(pairs) // self.size
        vectors, tape = self.encoder.forward(Ragged.concatenate([batch.views.anchors, batch.views.positives]))
        contrast = info_nce(
            vectors[:pairs], vectors[pairs:], allowed=group[:, None] == group[None, :], temperature=TEMPERATURE
        )
        self.encoder.backward(tape, np.concatenate([contrast.anchors, contrast.candidates]))
        self.encoder.step(learning_rate)
        return StepResult(contrast.value, 0)


class Ground:
    """A corpus, tokenised once, on which runs with different negatives compare.

    Args:
        judged: the corpus and its judgements; of equal texts to train on one is kept.
    """

    def __init__(self, judged: Judged) -> None:
        self.judged = judged
        texts = list(dict.fromkeys(text for text in judged.texts if text.strip()))
        self._tokenizer = Tokenizer(learn_reference([texts], vocabulary_size(len(texts))))
        vocabulary = self._tokenizer.vocabulary
        known = self._tokenizer.encode(texts).without(vocabulary.subwords.index(UNKNOWN))
        self._texts = known.take(np.flatnonzero(known.lengths > 0))
        self._maker = make_views(None, vocabulary)
        self._weights = log_idf(_texts_with(self._texts, len(vocabulary)), len(self._texts))
        self._signatures = signatures(self._texts, self._weights, vocabulary.continues)
        split = held_out_split(len(self._texts), np.random.default_rng(3))
        self._train, held_out = split.train, self._texts.take(split.held_out)
        self._halves = disjoint_halves(held_out, vocabulary.continues, np.random.default_rng(5))
        self._views = self._maker(held_out, np.random.default_rng(6))

    def untrained(self, seed: int) -> Run:
        """How good the start is."""
        return self._judged(self._start(seed), 0)

    def run(
        self, negatives: int, budget: Budget, *, distance: int | None, rate: float, seed: int, texts: int | None = None
    ) -> Run:
        """Train, and say how good the encoder is at the end, where the learning rate is zero; no state is chosen.

        Args:
            negatives: of each anchor.
            budget: when it ends.
            distance: bits of SimHash within which two texts are near-duplicates and no negatives; None: all other texts
                are negatives, whatever they are.
            rate: peak of the learning rate of row-wise Adagrad.
            seed: of the start, the order and the views.
            texts: of a batch, where it is to be larger than an anchor and its negatives: it then falls into groups, and
                each text is contrasted within its own. Nothing is masked.
        """
        rng, encoder = np.random.default_rng([seed, 1]), self._start(seed)
        size, step = negatives + 1, ContrastiveStep(encoder, temperature=TEMPERATURE, distance=distance or 0)
        if texts is not None:
            size, step, distance = texts, GroupedStep(encoder, negatives + 1), None
        schedule, order = Schedule(rate, TICKS), np.empty(0, np.int64)
        steps, left_out, started = 0, 0, time.process_time()
        while (spent := budget.spent(steps, time.process_time() - started)) < 1:
            if len(order) < size:  # what is left of an epoch makes no whole batch
                order = rng.permutation(self._train)
            chosen, order = order[:size], order[size:]
            signed = () if distance is None else (self._signatures.take(chosen),)
            batch = Batch(self._maker(self._texts.take(chosen), rng), signed)
            left_out += step(batch, schedule(int(spent * TICKS))).masked
            steps += 1
        return self._judged(encoder, negatives, left_out / (steps * size * (size - 1)), steps)

    def _start(self, seed: int) -> StaticEncoder:
        return StaticEncoder.random(self._weights, DIM, np.random.default_rng([seed, 2]))

    def _judged(self, encoder: StaticEncoder, negatives: int, left_out: float = 0.0, steps: int = 0) -> Run:
        ranked = held_out_retrieval(*(encoder.encode(side) for side in (self._halves.anchors, self._halves.positives)))
        labelled = self.judged.score(*(encoder.encode(side) for side in self._searched))
        return Run(ranked.mrr, labelled, self._bound(encoder, negatives), left_out, steps)

    def _bound(self, encoder: StaticEncoder, negatives: int) -> float | None:
        order = np.random.default_rng(7).permutation(len(self._views))  # like texts may stand together in a corpus
        anchors, positives = (encoder.encode(side)[order] for side in (self._views.anchors, self._views.positives))
        size = negatives + 1
        batches = [slice(start, start + size) for start in range(0, len(anchors) - size + 1, size)]
        if not (negatives and batches):
            return None
        losses = [info_nce(anchors[rows], positives[rows], temperature=TEMPERATURE).value for rows in batches]
        return float(np.log(size) - np.mean(losses))

    @cached_property
    def _searched(self) -> tuple[Ragged, Ragged]:
        """The documents and the queries as ids."""
        unknown = self._tokenizer.vocabulary.subwords.index(UNKNOWN)
        documents, queries = self.judged.retrieval.texts, [*self.judged.retrieval.queries.values()]
        return tuple(self._tokenizer.encode(side).without(unknown) for side in (documents, queries))


def _texts_with(texts: Ragged, subwords: int) -> np.ndarray:
    """In how many texts each piece occurs."""
    pairs = np.repeat(np.arange(len(texts)), texts.lengths) * subwords + texts.ids
    return np.bincount(np.unique(pairs) % subwords, minlength=subwords)
