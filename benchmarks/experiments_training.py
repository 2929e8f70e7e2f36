"""Ways to train that `likewise train` does not offer: other starts, rows that pieces share, numbers that stay."""

from collections.abc import Iterable, Sequence
from time import process_time

import numpy as np
from experiments_ground import Lab
from scipy.sparse import csr_matrix

from likewise.encoders.encoder import Encoder
from likewise.encoders.lsa import log_idf, lsa_encoder
from likewise.encoders.static import StaticEncoder
from likewise.optimisation.schedule import Schedule
from likewise.optimisation.step import ContrastiveStep, batch_indices
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.training.recipe import Settings
from likewise.views.mix import VIEWS
from likewise.views.pair import Joint, Views

__all__ = ["HalfFrozen", "Widened", "from_lsa", "query_views", "trained"]

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
    examples = lab.examples(settings)
    encoder = encoder or examples.untrained()
    started = process_time()
    step = ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)
    texts, seeds = len(examples.split.train), [settings.seed, *([order] if order else [])]
    steps = settings.epochs * max(1, round(texts / settings.batch))
    schedule, done, mean, states = Schedule(settings.learning_rate, steps), 0, 0.0, 0
    for epoch in range(settings.epochs):
        for indices in batch_indices(texts, settings.batch, np.random.default_rng([*seeds, 1, epoch])):
            step(examples.batch(indices, np.random.default_rng([*seeds, 2, done])), schedule(done))
            done += 1
            if averaged and done > AVERAGED * steps:
                states += 1
                mean = mean + encoder.weights
    lab.ground.seconds += process_time() - started
    return StaticEncoder((mean / states).astype(np.float32)) if averaged else encoder


def from_lsa(lab: Lab, settings: Settings) -> StaticEncoder:
    """Singular rows as the start, as long on the average as the random ones would be."""
    examples = lab.examples(settings)
    random = examples.untrained()
    texts = lab.prepared.texts.take(examples.split.train)
    start = lsa_encoder(texts, examples.token_weights, random.dim, examples.rng(7))
    lengths = [np.sqrt(np.mean(np.sum(encoder.weights**2, axis=1))) for encoder in (random, start)]
    return StaticEncoder(start.weights * np.float32(lengths[0] / lengths[1]))


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
