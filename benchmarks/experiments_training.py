"""Ways to train that `likewise train` does not offer: other starts, rows that pieces share, numbers that stay."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import process_time

import numpy as np
from experiments_ground import Lab
from scipy.sparse import csr_matrix

from likewise.encoders.encoder import Encoder
from likewise.encoders.lsa import log_idf, lsa_encoder
from likewise.encoders.static import StaticEncoder
from likewise.losses.info_nce import info_nce
from likewise.negatives.near_duplicates import near_duplicate_mask
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.training.recipe import Settings
from likewise.training.schedule import Schedule, batch_indices
from likewise.training.step import Batch, ContrastiveStep
from likewise.views.pair import Joint, Views
from likewise.views.spec import VIEWS

__all__ = ["HalfFrozen", "Widened", "from_lsa", "learned_lengths", "query_views", "trained", "two_tables"]

LENGTHS_DIM, LENGTHS_PAIRS = 256, 60_000  # enough to learn one number a piece

QUERY = (3, 8)  # pieces, as many as people type
AVERAGED = 2 / 3  # of the steps, from where on states are averaged

VIEWS["query"] = "experiments_training:build_query_views"


def trained(
    lab: Lab, settings: Settings, encoder: Encoder | None = None, *, order: int = 0, averaged: bool = False
) -> StaticEncoder:
    """Train to the end of the schedule, with the batches and the views that `likewise.train` makes; no state is chosen.

    Args:
        lab: the corpus.
        settings: of the run.
        encoder: to begin with; the untrained one of the settings if None.
        order: another one gives other batches and views.
        averaged: give the mean of the states of the last third.
    """
    dataset = lab.dataset(settings)
    encoder = encoder or dataset.untrained()
    started = process_time()
    step = ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)
    texts, seeds = len(dataset.split.train), [settings.seed, *([order] if order else [])]
    steps = settings.epochs * max(1, round(texts / settings.batch))
    schedule, done, mean, states = Schedule(settings.learning_rate, steps), 0, 0.0, 0
    for epoch in range(settings.epochs):
        for indices in batch_indices(texts, settings.batch, np.random.default_rng([*seeds, 1, epoch])):
            step(dataset.batch(indices, np.random.default_rng([*seeds, 2, done])), schedule(done))
            done += 1
            if averaged and done > AVERAGED * steps:
                states += 1
                mean = mean + encoder.weights
    lab.ground.seconds += process_time() - started
    return StaticEncoder((mean / states).astype(np.float32)) if averaged else encoder


def from_lsa(lab: Lab, settings: Settings) -> StaticEncoder:
    """Singular rows as the start, as long on the average as the random ones would be."""
    dataset = lab.dataset(settings)
    random = dataset.untrained()
    texts = lab.prepared.texts.take(dataset.split.train)
    start = lsa_encoder(texts, dataset.token_weights, random.dim, dataset.rng(7))
    lengths = [np.sqrt(np.mean(np.sum(encoder.weights**2, axis=1))) for encoder in (random, start)]
    return StaticEncoder(start.weights * np.float32(lengths[0] / lengths[1]))


def learned_lengths(lab: Lab, settings: Settings) -> np.ndarray:
    """The length of each row as training on halves makes it, where the directions of the rows stay random."""
    dataset = lab.dataset(replace(settings, views="halves"))
    encoder = Lengths(StaticEncoder.random(dataset.start_weights, LENGTHS_DIM, dataset.rng(4)).weights)
    begun = np.linalg.norm(encoder.weights, axis=1)
    epochs = max(1, min(settings.epochs, round(LENGTHS_PAIRS / len(dataset.split.train))))
    trained(lab, replace(settings, views="halves", epochs=epochs, temperature=0.1, learning_rate=0.02), encoder)
    grown = np.linalg.norm(encoder.weights, axis=1) / np.maximum(begun, 1e-12)
    return (dataset.start_weights * grown).astype(np.float32)


def two_tables(lab: Lab, settings: Settings) -> StaticEncoder:
    """Train one table on the first views against another on the second, and give the first."""
    dataset, started = lab.dataset(settings), process_time()
    tables = [StaticEncoder.random(dataset.start_weights, dataset.untrained().dim, dataset.rng(n)) for n in (4, 40)]
    texts, done = len(dataset.split.train), 0
    schedule = Schedule(settings.learning_rate, settings.epochs * max(1, round(texts / settings.batch)))
    for epoch in range(settings.epochs):
        for indices in batch_indices(texts, settings.batch, np.random.default_rng([settings.seed, 1, epoch])):
            batch = dataset.batch(indices, np.random.default_rng([settings.seed, 2, done]))
            sides = [table.forward(view) for table, view in zip(tables, _sides(batch), strict=True)]
            side = batch.signatures[0]
            allowed = near_duplicate_mask(side, side, distance=settings.near_duplicate)
            contrast = info_nce(sides[0][0], sides[1][0], allowed=allowed, temperature=settings.temperature)
            for table, (_, tape), gradient in zip(tables, sides, (contrast.anchors, contrast.candidates), strict=True):
                table.backward(tape, gradient)
                table.step(schedule(done))
            done += 1
    lab.ground.seconds += process_time() - started
    return tables[0]


def _sides(batch: Batch) -> tuple[Ragged, Ragged]:
    return batch.views.anchors, batch.views.positives


class Lengths(StaticEncoder):
    """Rows that only grow longer or shorter."""

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__(weights)
        self._sums = np.zeros(len(weights))

    def step(self, learning_rate: float) -> None:
        """Adagrad on the logarithm of the length of each row."""
        touched, gradients = self.gradients()
        self._pending.clear()
        along = np.sum(gradients * self.weights[touched], axis=1)
        self._sums[touched] += along**2
        change = learning_rate * along / (np.sqrt(self._sums[touched]) + 1e-6)
        self.weights[touched] *= np.exp(-change).astype(np.float32)[:, None]


class HalfFrozen(StaticEncoder):
    """Rows of which the first numbers learn and the others stay.

    Args:
        weights: the rows.
        learning: how many numbers of a row learn.
    """

    def __init__(self, weights: np.ndarray, learning: int) -> None:
        super().__init__(weights)
        self._learning, self._still = learning, self.weights[:, learning:].copy()

    def step(self, learning_rate: float) -> None:
        """A step after which what stays is put back."""
        super().step(learning_rate)
        self.weights[:, self._learning :] = self._still


class Widened:
    """An encoder in which a piece is the sum of several rows, some of them shared with other pieces.

    Args:
        lab: the corpus, whose pieces are to be their own stems.
        shared: of each piece the names of its rows.
        dim: length of a row.
        rng: of the start: random directions times the log-IDF of a row.
    """

    def __init__(self, lab: Lab, shared: Sequence[Iterable[str]], dim: int, rng: np.random.Generator) -> None:
        places: dict[str, int] = {}
        self._rows = Ragged.of([[places.setdefault(name, len(places)) for name in names] for names in shared])
        prepared, owners = lab.prepared, np.repeat(np.arange(len(shared)), self._rows.lengths)
        texts_with = np.bincount(self._rows.ids, prepared.texts_with[owners], len(places)).astype(np.int64)
        texts = len(prepared.texts)
        self._inner = StaticEncoder.random(log_idf(np.minimum(texts_with, texts), texts), dim, rng)

    def forward(self, texts: Ragged) -> tuple[np.ndarray, object]:
        """Unit vectors of texts, and what `backward` needs."""
        wide = self._rows.take(texts.ids[texts.offsets[0] : texts.offsets[-1]])
        return self._inner.forward(Ragged(wide.ids, wide.offsets[texts.offsets - texts.offsets[0]]))

    def backward(self, tape: object, gradient: np.ndarray) -> None:
        """As that of the rows."""
        self._inner.backward(tape, gradient)

    def step(self, learning_rate: float) -> None:
        """As that of the rows."""
        self._inner.step(learning_rate)

    def folded(self) -> StaticEncoder:
        """One row a piece: the sum of its rows."""
        rows = self._rows
        sums = csr_matrix(
            (np.ones(len(rows.ids), np.float32), rows.ids, rows.offsets), (len(rows), len(self._inner.weights))
        )
        return StaticEncoder(np.asarray(sums @ self._inner.weights, np.float32))


def query_views(texts: Ragged, rng: np.random.Generator) -> Views:
    """A few pieces of a text, anywhere in it, against all its other ones."""
    lengths = texts.lengths
    owners = np.repeat(np.arange(len(texts)), lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    order = np.lexsort((rng.random(len(owners)), owners))
    rank = np.empty(len(owners), np.int64)
    rank[order] = np.arange(len(owners)) - starts
    few = np.minimum(rng.integers(QUERY[0], QUERY[1] + 1, len(texts)), np.maximum(1, lengths // 2))
    asked = rank < few[owners]
    ids = texts.ids[texts.offsets[0] : texts.offsets[-1]]
    rest = ~asked | (lengths == 1)[owners]
    return Views(*(Ragged(ids[keep], _offsets(owners[keep], len(texts))) for keep in (asked, rest)))


def build_query_views(vocabulary: Vocabulary, number: float | None) -> Joint:
    """What `make_views` asks for under the name `query`."""
    del vocabulary, number
    return Joint(query_views)


def _offsets(owners: np.ndarray, texts: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=texts))])
