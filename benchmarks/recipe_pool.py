"""A pool of encoders of one corpus, trained by recipes that differ in everything that a recipe says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from likewise.encoders.concatenation import LEXICAL_POWER, concatenated, length_prior_of, scaled
from likewise.encoders.lsa import log_idf, lsa_encoder, powered
from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import inverse_cloze
from likewise.negatives.near_duplicates import DISTANCE, signatures
from likewise.tokens.kernels import count_whole
from likewise.tokens.ragged import Ragged
from likewise.tokens.stems import learn_stems
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, Vocabulary, learn_reference, vocabulary_size
from likewise.training.dataset import Split, held_out_split
from likewise.training.schedule import Schedule, batch_indices
from likewise.training.step import Batch, ContrastiveStep
from likewise.views.spec import make_views

__all__ = ["RECIPES", "PoolCorpus", "PoolRecipe", "cached", "train"]

PAIRS = 200_000  # seen at one times the epochs; a run by default sees 500,000
BATCH = 512
LEXICAL, LATENT = 448, 64  # dimensions of the parts beside the trained one, as by default beside 256
SOME = 2_000  # texts over which the lengths of parts are averaged


@dataclass(frozen=True)
class PoolRecipe:
    """What makes an encoder of the pool; `epochs` is a factor, and 0 trains not at all; the others as in a recipe."""

    temperature: float = 0.2
    learning_rate: float = 0.2
    views: str = "crop,halves"
    epochs: float = 1.0
    dim: int = 256
    vocabulary: int | None = None
    weighting: float = 0.7
    start: str = "random"
    seed: int = 0
    lexical: float = 0.0
    latent: float = 0.0

    @property
    def name(self) -> str:
        """How it differs from the first one."""
        usual = asdict(PoolRecipe())
        changed = [f"{key} {value}" for key, value in asdict(self).items() if value != usual[key]]
        return ", ".join(changed) or "as usual"


def _combinations() -> list[PoolRecipe]:
    """Twelve recipes in which everything was drawn at random."""
    rng = np.random.default_rng(7)
    views = ("crop", "halves", "crop,halves", "halves+delete:0.2")
    return [
        PoolRecipe(
            float(rng.choice([0.05, 0.1, 0.2, 0.3, 0.4])), float(rng.choice([0.05, 0.1, 0.2, 0.4])),
            str(rng.choice(views)), float(rng.choice([0.5, 1, 2])), int(rng.choice([128, 256, 512])),
            [None, 4_000, 12_000][int(rng.integers(3))], float(rng.choice([0, 0.5, 1, 1.5])),
            str(rng.choice(["random", "random", "lsa"])),
        )
        for _ in range(12)
    ]  # fmt: skip


_ALONE = [
    *(PoolRecipe(seed=seed) for seed in range(3)),
    *(PoolRecipe(temperature=value) for value in (0.05, 0.1, 0.4)),
    *(PoolRecipe(weighting=value) for value in (0.0, 0.5, 1.5)),
    *(PoolRecipe(learning_rate=value) for value in (0.05, 0.1, 0.5)),
    *(PoolRecipe(views=value) for value in ("crop", "halves", "halves+delete:0.3", "crop:0.3", "crop:0.9")),
    *(PoolRecipe(epochs=value) for value in (0.25, 2.5)),
    *(PoolRecipe(dim=value) for value in (64, 512, 1024)),
    *(PoolRecipe(vocabulary=value) for value in (2_000, 8_000)),
    *(PoolRecipe(start="lsa", learning_rate=value) for value in (0.05, 0.2)),
    *(PoolRecipe(epochs=0.0, start=value) for value in ("random", "lsa")),
    *_combinations(),
]
_BLENDED = [
    replace(recipe, lexical=1.2, latent=0.5)
    for recipe in _ALONE
    if (recipe.start, recipe.dim, recipe.seed) == ("random", 256, 0) and recipe.epochs
]
RECIPES: list[PoolRecipe] = [
    *_ALONE,
    *_BLENDED,
    *(PoolRecipe(lexical=one, latent=other) for one, other in ((1.2, 0.0), (0.0, 0.5), (0.6, 0.5))),
    PoolRecipe(weighting=0.5, lexical=2.0, latent=0.5),
]
"""One setting changed at a time, all drawn at random, nothing trained; then such as the trained part of a blend."""


class PoolCorpus:
    """A corpus under one vocabulary, the forms of a word made one.

    Attributes:
        tokenizer: texts to ids.
        texts: ids of the texts.
        split: which are trained on.
        token_weights: log-IDF.
    """

    def __init__(self, texts: Sequence[str], vocabulary: int | None) -> None:
        reference = learn_reference(texts, vocabulary or vocabulary_size(len(texts)))
        tokenizer = Tokenizer(reference)
        self._unknown = tokenizer.vocabulary.subwords.index(UNKNOWN)
        self.stems = np.arange(len(tokenizer.vocabulary), dtype=np.int32)
        self.tokenizer = tokenizer
        every, whole = self.ids(texts), np.zeros(len(self.stems), np.int64)
        count_whole(every.ids, every.offsets, tokenizer.vocabulary.continues, whole)
        self.stems = learn_stems(tokenizer.vocabulary, whole)
        every = self.ids(texts)
        self.texts = every.take(np.flatnonzero(every.lengths > 0))
        counts = np.bincount(self.texts.ids, minlength=len(self.stems))
        self.tokenizer = Tokenizer(reference, Vocabulary.of(reference, counts))
        owners = np.repeat(np.arange(len(self.texts)), self.texts.lengths)
        distinct = np.unique(owners * len(counts) + self.texts.ids)
        self.texts_with = np.bincount(distinct % len(counts), minlength=len(counts))
        self.token_weights = log_idf(self.texts_with, len(self.texts))
        self.split: Split = held_out_split(len(self.texts), np.random.default_rng([0, 3]))
        self.signatures = signatures(self.texts, self.token_weights, self.tokenizer.vocabulary.continues)

    @cached_property
    def latent(self) -> StaticEncoder:
        """The singular vectors that a blend has."""
        texts = self.texts.take(self.split.train)
        return lsa_encoder(texts, self.token_weights, LATENT, np.random.default_rng([0, 7]))

    @cached_property
    def queries(self) -> Ragged:
        """Texts as short as queries, by which the parts of a blend are scaled."""
        held_out, continues = self.texts.take(self.split.held_out[:SOME]), self.tokenizer.vocabulary.continues
        return inverse_cloze(held_out, continues, np.random.default_rng([0, 12])).anchors

    def ids(self, texts: Sequence[str]) -> Ragged:
        """Ids as training sees them."""
        known = self.tokenizer.encode(list(texts)).without(self._unknown)
        return Ragged(self.stems[known.ids], known.offsets)


def train(corpus: PoolCorpus, recipe: PoolRecipe) -> StaticEncoder:
    """Train to the end of the schedule; no score chooses the state that is kept."""
    rng = np.random.default_rng([recipe.seed, 4])
    weights = corpus.token_weights**recipe.weighting * (corpus.token_weights > 0)
    if recipe.start == "lsa":
        encoder = lsa_encoder(corpus.texts.take(corpus.split.train), weights, recipe.dim, rng)
        # Rows of singular vectors are long or short as the corpus is; the rate is meant for rows of random vectors.
        length = np.sqrt(np.mean(np.sum(encoder.weights**2, axis=1)[weights > 0]))
        encoder.weights *= np.float32(np.sqrt(np.mean(weights[weights > 0] ** 2)) / length)
    else:
        encoder = StaticEncoder.random(weights, recipe.dim, rng)
    texts = len(corpus.split.train)
    batch = min(BATCH, max(2, texts // 8))
    epochs = round(recipe.epochs * max(2, min(30, round(PAIRS / texts))))
    a_epoch = max(1, round(texts / batch))
    schedule = Schedule(recipe.learning_rate, a_epoch * epochs)
    step = ContrastiveStep(encoder, temperature=recipe.temperature, distance=DISTANCE)
    maker = make_views(recipe.views, corpus.tokenizer.vocabulary)
    done = 0
    for epoch in range(epochs):
        for indices in batch_indices(texts, batch, np.random.default_rng([recipe.seed, 1, epoch])):
            chosen = corpus.split.train[indices]
            views = maker(corpus.texts.take(chosen), np.random.default_rng([recipe.seed, 2, done]))
            step(Batch(views, (corpus.signatures.take(chosen),)), schedule(done))
            done += 1
    return encoder


def blend(corpus: PoolCorpus, recipe: PoolRecipe, trained: StaticEncoder) -> StaticEncoder:
    """The trained rows with random ones and those of LSA beside them, as the recipe says."""
    parts, length_priors = [(scaled(trained, corpus.queries), 1.0)], [0.0]
    if recipe.lexical:
        weights = powered(corpus.token_weights, LEXICAL_POWER)
        rows = StaticEncoder.random(weights, LEXICAL, np.random.default_rng([recipe.seed, 9]))
        parts.append((scaled(rows, corpus.queries), recipe.lexical))
        length_priors.append(length_prior_of(parts[-1][0], corpus.texts.take(corpus.split.train[:SOME])))
    if recipe.latent:
        parts.append((scaled(corpus.latent, corpus.queries), recipe.latent))
        length_priors.append(0.0)
    return trained if len(parts) == 1 else concatenated(parts, length_priors)


def cached(corpus: PoolCorpus, recipe: PoolRecipe, folder: Path) -> StaticEncoder:
    """The encoder of a recipe, trained, or read from a folder that keeps the trained rows."""
    alone = replace(recipe, lexical=0.0, latent=0.0)
    place = folder / f"{alone.name}.npy"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f"{alone.name}.partial.npy"
        np.save(beside, train(corpus, alone).weights.astype(np.float16))
        beside.rename(place)
    return blend(corpus, recipe, StaticEncoder(np.load(place).astype(np.float32)))
