"""What likewise does with texts between reading them and the end of an epoch, of its public parts, for timing."""

from collections.abc import Iterator

import numpy as np

from likewise.encoders.lsa import log_idf
from likewise.encoders.static import StaticEncoder
from likewise.negatives.near_duplicates import Signatures, signatures
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import CONTINUATION, UNKNOWN
from likewise.training.recipe import Recipe, derived
from likewise.training.schedule import batch_indices
from likewise.training.step import Batch, ContrastiveStep
from likewise.views.spec import make_views


class OneEpoch:
    """One epoch with the settings that are derived from the number of texts.

    Attributes:
        texts: what is trained on.
        tokenizer: with its vocabulary learned.
        recipe: every setting.
        ids: of the texts.
        marks: their signatures.
    """

    def __init__(self, texts: list[str], tokenizer: Tokenizer, *, dim: int, batch: int | None, seed: int) -> None:
        self.texts, self.tokenizer = texts, tokenizer
        self.recipe = derived(Recipe(dim=dim, batch=batch, seed=seed), len(texts))
        self.continues = tokenizer.vocabulary.continues
        self.views = make_views(self.recipe.views, tokenizer.vocabulary)
        counts = np.bincount(tokenizer.encode(texts).ids, minlength=len(self.continues))
        self.token_weights = log_idf(counts.astype(np.int64), len(texts))
        self.ids, self.marks = self._tokenised()

    def tokenising_and_steps(self) -> None:
        """From texts to the end of the epoch."""
        self._train(*self._tokenised())

    def steps(self) -> None:
        """From ids to the end of the epoch."""
        self._train(self.ids, self.marks)

    def written_views(self, pairs: int) -> dict[str, list[str]]:
        """The two views of the first texts, as texts, for a peer that makes none."""
        views = self.views(self.ids.slice(0, pairs), np.random.default_rng(self.recipe.seed))
        return {"anchor": [*self._written(views.anchors)], "positive": [*self._written(views.positives)]}

    def _tokenised(self) -> tuple[Ragged, Signatures]:
        ids = self.tokenizer.encode(self.texts).without(self.tokenizer.vocabulary.subwords.index(UNKNOWN))
        return ids, signatures(ids, self.token_weights, self.continues)

    def _train(self, ids: Ragged, marks: Signatures) -> None:
        rng = np.random.default_rng(self.recipe.seed)
        recipe = self.recipe
        encoder = StaticEncoder.random(self.token_weights, recipe.dim, rng)
        step = ContrastiveStep(encoder, temperature=recipe.temperature, distance=recipe.near_duplicate)
        for chosen in batch_indices(len(ids), recipe.batch, rng):
            step(Batch(self.views(ids.take(chosen), rng), (marks.take(chosen),)), recipe.learning_rate)

    def _written(self, texts: Ragged) -> Iterator[str]:
        named = zip(self.tokenizer.vocabulary.subwords, self.continues, strict=True)
        spelled = [word.removeprefix(CONTINUATION) if continues else f" {word}" for word, continues in named]
        return ("".join(spelled[id] for id in texts[text]).strip() for text in range(len(texts)))
