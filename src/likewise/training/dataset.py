"""The dataset of a run: held-out texts to evaluate on, and batches of positive pairs with their negatives."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from likewise.arrays import Float, Float32, Int, Int64
from likewise.encoders.concatenation import (
    LEXICAL_POWER,
    ComponentDims,
    component_dims,
    concatenated,
    length_prior_of,
    principal,
    scaled,
)
from likewise.encoders.encoder import Encoder
from likewise.encoders.lsa import log_idf, lsa_encoder, powered
from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import disjoint_halves
from likewise.geometry.measure import Geometry, measure
from likewise.geometry.score import Score, ScoreTask, label_free_score, score_task
from likewise.geometry.similarity import similarity_histograms
from likewise.negatives.mining import mine_negatives
from likewise.negatives.near_duplicates import Signatures, signatures
from likewise.negatives.spec import NegativesSpec
from likewise.tokens.ragged import Ragged
from likewise.training.prepare import Prepared
from likewise.training.recipe import GIVEN, Settings
from likewise.training.schedule import Purpose, random_stream
from likewise.training.step import Batch, GuideVectors
from likewise.views.pair import Views
from likewise.views.spec import make_views

MAX_HELD_OUT = 2000
MIN_HELD_OUT = 100
HELD_OUT_SHARE = 0.1
MEASURED_TEXTS = 2_000
LSA_DIM = 128  # of the baseline: more find no better on corpora of some thousand texts
MAX_FITTED = 20_000  # texts that LSA and the principal axes are of
REFRESHES = 4  # times per run that hard negatives are mined anew

Batches = Callable[[np.ndarray, np.random.Generator], Batch]
"""Makes the batch of some texts, given by their positions among those to train on."""


@dataclass(frozen=True)
class Split:
    """Positions of texts, ascending.

    Attributes:
        train: texts to train on.
        held_out: texts to evaluate on.
        disjoint: whether no text is in both; false where there are too few texts to hold any out.
    """

    train: Int64[np.ndarray, " train"]
    held_out: Int64[np.ndarray, " held_out"]
    disjoint: bool


def held_out_split(texts: int, rng: np.random.Generator) -> Split:
    """Hold out a tenth of the texts at random, 2,000 at most; none where that is fewer than 100.

    A score of a few dozen texts says nothing, and so small a corpus can spare none: it is then trained and evaluated on
    the same texts, and a warning says so.
    """
    every = np.arange(texts, dtype=np.int64)
    count = min(MAX_HELD_OUT, round(HELD_OUT_SHARE * texts))
    if count < MIN_HELD_OUT:
        return Split(every, every[:MAX_HELD_OUT], disjoint=False)
    chosen = np.zeros(texts, np.bool_)
    chosen[rng.permutation(texts)[:count]] = True
    return Split(every[~chosen], every[chosen], disjoint=True)


class Dataset:
    """A prepared corpus under some settings.

    Args:
        prepared: the corpus as ids.
        settings: of the run.

    Attributes:
        token_weights: log-IDF of each subword.
        split: which texts are trained on, and which are held out.
        halves: two halves of each held-out text that share no word.
    """

    def __init__(self, prepared: Prepared, settings: Settings) -> None:
        vocabulary = prepared.vocabulary
        self._prepared = prepared
        self._sides = (prepared.texts,) if prepared.pairs is None else (prepared.texts, prepared.pairs)
        self.token_weights = log_idf(prepared.texts_with, len(prepared.texts) * len(self._sides))
        self._signatures = [signatures(side, self.token_weights, vocabulary.continues) for side in self._sides]
        self._apply(settings)
        self.split: Split = held_out_split(prepared.facts.texts, self.rng(Purpose.SPLIT))
        held_out = self._texts_at(self.split.held_out)
        self.halves = disjoint_halves(held_out, vocabulary.continues, self.rng(Purpose.HALVES))

    def _apply(self, settings: Settings) -> None:
        self._settings = settings
        self._make_views = None if settings.views == GIVEN else make_views(settings.views, self._prepared.vocabulary)

    def under(self, settings: Settings) -> "Dataset":
        """The same corpus and split under other settings of the same seed."""
        other = copy(self)
        other._apply(settings)
        return other

    def with_held_out(self) -> "Dataset":
        """The same with the held-out texts among those to train on, each at its position in the corpus."""
        other = copy(self)
        other.split = Split(np.arange(self._prepared.facts.texts), self.split.held_out, disjoint=False)
        return other

    def with_fewer_evaluated(self, tokens: int, least: int) -> "Dataset":
        """The same with so few texts evaluated that both halves of all have at most so many tokens.

        Args:
            tokens: of all halves, where encoding is slow.
            least: texts that are evaluated in any case.
        """
        other = copy(self)
        halves = self.halves
        texts = int(np.searchsorted(np.cumsum(halves.anchors.lengths + halves.positives.lengths), tokens))
        texts = max(texts, min(least, len(halves)))
        other.halves = Views(halves.anchors.slice(0, texts), halves.positives.slice(0, texts))
        return other

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self._settings.seed

    def rng(self, purpose: Purpose) -> np.random.Generator:
        """Random numbers for one purpose, the same however many were drawn for others."""
        return random_stream(self.seed, purpose)

    def batch(self, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        """The texts at `indices` among those to train on, as positive pairs."""
        chosen = self.split.train[indices]
        sides = [side.take(chosen) for side in self._sides]
        if self._make_views is None:
            views = Views(sides[0], sides[-1])
        else:
            rewritten = self._prepared.rewritten.items()
            others = [{name: stores[side].take(chosen) for name, stores in rewritten} for side in range(len(sides))]
            made = [self._make_views(side, rng, other) for side, other in zip(sides, others, strict=True)]
            views = Views(made[0].anchors, made[-1].positives)
        return Batch(views, tuple(some.take(chosen) for some in self._signatures))

    def texts(self) -> Ragged:
        """The texts to train on; of two columns, both joined."""
        return self._texts_at(self.split.train)

    def train_signatures(self) -> Signatures:
        """Of the texts to train on; of two columns, those of the first."""
        return self._signatures[0].take(self.split.train)

    def measure(self, encoder: Encoder) -> Geometry:
        """The geometry of the held-out texts in the embedding space of an encoder."""
        return measure(encoder.encode, self.halves, self.rng(Purpose.UNIFORMITY))

    def score(self, encoder: StaticEncoder) -> Score:
        """The score without labels, by which encoders of the same corpus compare; higher is better."""
        return label_free_score(encoder.encode, self.score_task, encoder.encode_documents)

    def similarities(self, encoder: Encoder) -> dict[str, list[float] | list[int]]:
        """Histograms of the cosines of held-out halves and of random pairs, as a model card stores them."""
        halves = encoder.encode(self.halves.anchors), encoder.encode(self.halves.positives)
        return similarity_histograms(*halves, self.rng(Purpose.SIMILARITY_PAIRS)).plain()

    @property
    def start_weights(self) -> Float32[np.ndarray, " vocab"]:
        """What each subword weighs before training: log-IDF to a power."""
        return powered(self.token_weights, self._settings.idf_power)

    def untrained(self) -> StaticEncoder:
        """The encoder that training begins with: random rows times the weights of their subwords."""
        return StaticEncoder.random(self.start_weights, self.dims.width, self.rng(Purpose.TRAINED_ROWS))

    @cached_property
    def lsa(self) -> StaticEncoder:
        """Latent semantic analysis of the texts to train on, a baseline."""
        return lsa_encoder(self._fitted, self.token_weights, LSA_DIM, self.rng(Purpose.LSA))

    @cached_property
    def score_task(self) -> ScoreTask:
        """What the score without labels is taken on."""
        continues, rng = self._prepared.vocabulary.continues, self.rng(Purpose.SCORE_TASK)
        return score_task(self._texts_at, self._prepared.facts.texts, self.split.held_out, continues, rng)

    def finished(self, trained: StaticEncoder, earlier: StaticEncoder | None = None) -> StaticEncoder:
        """The trained rows on their principal axes, with the lexical component beside them if the settings have one.

        Args:
            trained: the trained rows.
            earlier: the finished encoder of an earlier state; it gets the new rows, which is quicker.
        """
        dims = self.dims
        kept = principal(trained, self._fitted, dims.trained)
        if not dims.lexical:
            return kept
        component = scaled(kept, self._short_texts)
        if earlier is not None:
            earlier.weights[:, : component.dim] = component.weights
            return earlier
        weights = powered(self.token_weights, LEXICAL_POWER)
        random = StaticEncoder.random(weights, dims.lexical, self.rng(Purpose.LEXICAL_ROWS))
        lexical = scaled(random, self._short_texts)
        some = self._texts_at(self.split.train[:MEASURED_TEXTS])
        components = [(component, 1.0), (lexical, self._settings.lexical_weight)]
        return concatenated(components, [0.0, length_prior_of(lexical, some)])

    @property
    def dims(self) -> ComponentDims:
        """How the dimensions of a vector are divided among its components."""
        settings = self._settings
        return component_dims(settings.dim, lexical=settings.lexical_weight > 0, texts=self._prepared.facts.texts)

    @property
    def _fitted(self) -> Ragged:
        """Texts to train on, at most 20,000, drawn at random."""
        texts = self.split.train
        if len(texts) > MAX_FITTED:
            texts = np.sort(self.rng(Purpose.FITTED_TEXTS).permutation(texts)[:MAX_FITTED])
        return self._texts_at(texts)

    @property
    def _short_texts(self) -> Ragged:
        """Texts as short as queries, over which the lengths of the components are averaged."""
        spans = self.score_task.clozes[0].anchors
        return spans if len(spans) else self._texts_at(self.split.train[:MEASURED_TEXTS])

    def _texts_at(self, positions: Int64[np.ndarray, " some"]) -> Ragged:
        """The texts at some positions; of two columns, both joined."""
        sides = [side.take(positions) for side in self._sides]
        if len(sides) == 1:
            return sides[0]
        order = np.arange(2 * len(positions)).reshape(2, -1).T.ravel()  # first text, its pair, second text, ...
        joined = Ragged.concatenate(sides).take(order)
        return Ragged(joined.ids, joined.offsets[::2])


class BatchAssembly:
    """Makes the batches of a run.

    Args:
        dataset: the corpus.
        negatives: which there are beyond those of the batch.
        batches: makes the positive pairs of some texts.
        encoder: the one that is trained, for mining with it.
        guide: a trained static encoder of the same ids; None where the negatives need none.
        steps: of the run.
    """

    def __init__(
        self,
        dataset: Dataset,
        negatives: NegativesSpec,
        batches: Batches,
        encoder: Encoder,
        guide: StaticEncoder | None,
        *,
        steps: int,
    ) -> None:
        self._dataset, self._negatives, self._batches = dataset, negatives, batches
        self._encoder, self._guide = encoder, guide
        self._interval = max(1, -(-steps // REFRESHES))
        self._made, self._mined = 0, np.zeros((0, 0), np.int64)

    def batch(self, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        """The texts at `indices` as positive pairs, with the negatives of the run."""
        batch = self._batches(indices, rng)
        if self._negatives.hard:
            batch = self._with_hard(batch, indices, rng)
        self._made += 1
        if self._negatives.guide is None or self._guide is None:
            return batch
        others = [batch.views.positives] if batch.hard is None else [batch.views.positives, batch.hard]
        vectors = self._guide.encode(batch.views.anchors), self._guide.encode(Ragged.concatenate(others))
        return replace(batch, guide=GuideVectors(*vectors))

    def state(self) -> dict[str, np.ndarray]:
        """What was mined, and how many batches were made."""
        return {"made": np.array([self._made]), "mined": self._mined}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore a `state`."""
        self._made, self._mined = int(state["made"][0]), state["mined"]

    def _with_hard(self, batch: Batch, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        if not len(self._mined) or self._made % self._interval == 0:
            self._mined = self._mine(self._made // self._interval)
        found = self._mined[indices]
        rows: Int64[np.ndarray, " hard"] = np.setdiff1d(found[found >= 0], indices)
        if not len(rows):
            return batch
        hard = self._batches(rows, rng)
        return replace(batch, hard=hard.views.positives, hard_signatures=hard.signatures)

    def _mine(self, time: int) -> Int64[np.ndarray, "texts k"]:
        rng = random_stream(self._dataset.seed, Purpose.MINING, time)
        encoder = self._encoder if self._negatives.own or self._guide is None else self._guide
        vectors: Float[np.ndarray, "texts dim"] = encoder.encode(self._dataset.texts())
        return mine_negatives(vectors, self._dataset.train_signatures(), rng, k=self._negatives.hard)
