"""Which texts training does not see, so that they can say what it learned."""

from copy import copy
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from likewise.encoders.concatenation import (
    LEXICAL_POWER,
    MAX_LSA_DIM,
    ComponentDims,
    component_dims,
    concatenated,
    length_prior_of,
    scaled,
)
from likewise.encoders.encoder import Encoder
from likewise.encoders.lsa import log_idf, lsa_encoder, powered
from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import hard_halves
from likewise.geometry.measure import Geometry, measure
from likewise.geometry.score import Score, label_free_score, score_task
from likewise.negatives.near_duplicates import Signatures, signatures
from likewise.tokens.ragged import Ragged
from likewise.training.prepare import Prepared
from likewise.training.recipe import GIVEN, Settings
from likewise.training.step import Batch
from likewise.views.mix import make_views
from likewise.views.pair import Views

__all__ = ["MOST_HELD_OUT", "Examples", "Split", "held_out_split"]


MOST_HELD_OUT = 2000
FEWEST_HELD_OUT = 100
SHARE = 0.1


@dataclass(frozen=True)
class Split:
    """Positions of texts.

    Attributes:
        train: those to train on, ascending.
        held_out: those to score on, ascending.
        apart: whether the two share no text; false where there are too few texts to put any aside.
    """

    train: Int64[np.ndarray, " train"]
    held_out: Int64[np.ndarray, " held_out"]
    apart: bool


def held_out_split(texts: int, rng: np.random.Generator) -> Split:
    """A tenth of the texts at random, 2,000 at the most; where that is under 100, the score is taken on all of them.

    A score on a few dozen texts says nothing, and so small a corpus can spare none: it is then trained and scored on
    the same texts, and whoever shows the score says so.
    """
    everyone = np.arange(texts, dtype=np.int64)
    held = min(MOST_HELD_OUT, round(SHARE * texts))
    if held < FEWEST_HELD_OUT:
        return Split(everyone, everyone[:MOST_HELD_OUT], apart=False)
    chosen = np.zeros(texts, np.bool_)
    chosen[rng.permutation(texts)[:held]] = True
    return Split(everyone[~chosen], everyone[chosen], apart=True)


TEXTS_TO_MEASURE = 2_000
LSA_TEXTS = 20_000  # that the SVD is fitted on at the most: it is a yardstick, and must not cost more than training


class Examples:
    """A prepared corpus under some settings.

    Args:
        prepared: the corpus as ids.
        settings: of the run.

    Attributes:
        token_weights: log-IDF of each piece.
        start_weights: what each piece counts before training: log-IDF to the power of the weighting.
        split: which texts are trained on, and which are put aside.
        halves: those put aside, each in two halves that share no word.
        task: what the score is taken on.
    """

    def __init__(self, prepared: Prepared, settings: Settings) -> None:
        vocabulary = prepared.vocabulary
        self._prepared, self._settings = prepared, settings
        self._lsa: list[StaticEncoder] = []
        self._drawn: dict[tuple[int, int], np.ndarray] = {}
        self._scaled: dict[tuple[str, int], StaticEncoder] = {}
        self._ballasts: dict[int, float] = {}
        self._sides = (prepared.texts,) if prepared.pairs is None else (prepared.texts, prepared.pairs)
        self._maker = None if settings.views == GIVEN else make_views(settings.views, vocabulary)
        self.token_weights = log_idf(prepared.texts_with, len(prepared.texts) * len(self._sides))
        self.start_weights = powered(self.token_weights, settings.idf_power)
        self._signatures = [signatures(side, self.token_weights, vocabulary.continues) for side in self._sides]
        self.split: Split = held_out_split(prepared.facts.texts, self.rng(3))
        held_out, continues = self.split.held_out, vocabulary.continues
        self.task = score_task(self._whole, prepared.facts.texts, held_out, continues, self.rng(14))
        self.halves = hard_halves(self._whole(held_out), continues, self.rng(5))

    def under(self, settings: Settings) -> "Examples":
        """The same corpus under other settings, the same texts put aside and judged in the same way.

        Args:
            settings: with the vocabulary and the seed that these examples were made with.
        """
        other = copy(self)
        other._settings = settings
        other._maker = None if settings.views == GIVEN else make_views(settings.views, self._prepared.vocabulary)
        other.start_weights = powered(self.token_weights, settings.idf_power)
        return other

    def whole(self) -> "Examples":
        """The same with every text to train on."""
        other = copy(self)
        other.split = Split(np.arange(self._prepared.facts.texts), self.split.held_out, apart=False)
        return other

    def judged_by(self, tokens: int, least: int) -> "Examples":
        """The same with so few texts judged at a look that both halves have at most so many tokens.

        Args:
            tokens: of all halves, where encoding takes its time.
            least: texts that are judged in any case.
        """
        other = copy(self)
        halves = self.halves
        texts = int(np.searchsorted(np.cumsum(halves.anchors.lengths + halves.positives.lengths), tokens))
        texts = max(texts, min(least, len(halves)))
        other.halves = Views(halves.anchors.slice(0, texts), halves.positives.slice(0, texts))
        return other

    def rng(self, purpose: int) -> np.random.Generator:
        """Random numbers for one purpose, the same however many were drawn for others."""
        return np.random.default_rng([self._settings.seed, purpose])

    def batch(self, indices: np.ndarray, rng: np.random.Generator) -> Batch:
        """The texts at `indices` of those to train on, as positive pairs."""
        chosen = self.split.train[indices]
        sides = [side.take(chosen) for side in self._sides]
        if self._maker is None:
            views = Views(sides[0], sides[-1])
        else:
            rewritten = self._prepared.rewritten.items()
            others = [{name: stores[side].take(chosen) for name, stores in rewritten} for side in range(len(sides))]
            made = [self._maker(side, rng, other) for side, other in zip(sides, others, strict=True)]
            views = Views(made[0].anchors, made[-1].positives)
        return Batch(views, tuple(some.take(chosen) for some in self._signatures))

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self._settings.seed

    def texts(self) -> Ragged:
        """The texts to train on, whole; of two columns, both together."""
        return self._whole(self.split.train)

    def train_signatures(self) -> Signatures:
        """Of the texts to train on; of two columns, those of the first."""
        return self._signatures[0].take(self.split.train)

    def measure(self, encoder: Encoder) -> Geometry:
        """The space that an encoder makes of the texts put aside."""
        return measure(encoder.encode, self.halves, self.rng(8))

    def score(self, encoder: StaticEncoder) -> Score:
        """The score without labels, by which settings are chosen; higher is better."""
        return label_free_score(encoder.encode, self.task, encoder.encode_documents)

    def encoded_halves(self, encoder: Encoder) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of both halves of each text put aside."""
        return encoder.encode(self.halves.anchors), encoder.encode(self.halves.positives)

    def untrained(self) -> StaticEncoder:
        """Where training begins."""
        return StaticEncoder(self._drawn_rows(self._parts.trained, 4) * self.start_weights[:, None])

    def finished(self, trained: StaticEncoder) -> StaticEncoder:
        """The trained rows with the lexical and the latent ones beside them, as the settings want them."""
        settings, dims = self._settings, self._parts
        if not dims.lexical and not dims.lsa:
            return trained
        parts, length_priors = [(scaled(trained, self._queries), 1.0)], [0.0]
        if dims.lexical:
            part = self._part("lexical", dims.lexical)
            parts.append((part, settings.lexical_weight))
            length_priors.append(self._ballast(part))
        if dims.lsa:
            parts.append((self._part("latent", dims.lsa), settings.lsa_weight))
            length_priors.append(0.0)
        return concatenated(parts, length_priors)

    def _part(self, name: str, dim: int) -> StaticEncoder:
        """A part that is not trained: the same under all settings, so made once."""
        if (name, dim) not in self._scaled:
            if name == "lexical":
                weights = powered(self.token_weights, LEXICAL_POWER)
                made = StaticEncoder(self._drawn_rows(dim, 9) * weights[:, None])
            else:
                made = StaticEncoder(self.lsa().weights[:, :dim])
            self._scaled[name, dim] = scaled(made, self._queries)
        return self._scaled[name, dim]

    def _ballast(self, lexical: StaticEncoder) -> float:
        """Of the lexical part; measured once for each length of it."""
        if lexical.dim not in self._ballasts:
            self._ballasts[lexical.dim] = length_prior_of(lexical, self._some)
        return self._ballasts[lexical.dim]

    def _drawn_rows(self, dim: int, purpose: int) -> np.ndarray:
        """Random rows; drawn once for each purpose, as drawing takes its time."""
        if (dim, purpose) not in self._drawn:
            ones = np.ones(len(self.token_weights), np.float32)
            self._drawn[dim, purpose] = StaticEncoder.random(ones, dim, self.rng(purpose)).weights
        return self._drawn[dim, purpose]

    @property
    def _some(self) -> Ragged:
        """Some texts, over which the lengths of documents are averaged."""
        return self._whole(self.split.train[:TEXTS_TO_MEASURE])

    @property
    def _queries(self) -> Ragged:
        """Texts as short as queries, over which the lengths of the parts of a vector are averaged."""
        spans = self.task.clozes[0].anchors
        return spans if len(spans) else self._some

    def lsa(self) -> StaticEncoder:
        """What latent semantic analysis makes of the same texts; done once."""
        if not self._lsa:
            fitted = self.split.train
            if len(fitted) > LSA_TEXTS:
                fitted = np.sort(self.rng(6).permutation(fitted)[:LSA_TEXTS])
            self._lsa.append(lsa_encoder(self._whole(fitted), self.token_weights, MAX_LSA_DIM, self.rng(7)))
        return self._lsa[0]

    @property
    def _parts(self) -> ComponentDims:
        settings = self._settings
        return component_dims(settings.dim, settings.lexical_weight > 0, settings.lsa_weight > 0)

    def _whole(self, indices: np.ndarray) -> Ragged:
        """Whole texts; of two columns, both together."""
        sides = [side.take(indices) for side in self._sides]
        if len(sides) == 1:
            return sides[0]
        order = np.arange(2 * len(indices)).reshape(2, -1).T.ravel()  # the first text, its pair, the second text, ...
        woven = Ragged.concatenate(sides).take(order)
        return Ragged(woven.ids, woven.offsets[::2])
