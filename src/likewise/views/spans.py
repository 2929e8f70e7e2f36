"""Views that take a part of the text: one span of it, or a random half of its words."""

import numpy as np
from jaxtyping import Bool

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.views import kernels
from likewise.views.pair import Joint, View, Views
from likewise.views.words import draw_key, from_zero

__all__ = ["build_crop", "build_halves", "crop", "halves"]

SHORTEST, LONGEST = 0.2, 0.6  # of a text's words, in a crop
LEAST = 4  # words of a crop
SHORT = 8  # words; a text with fewer has no span that says something of its own
THINNING = 0.3  # of the words of a short text


def crop(
    texts: Ragged,
    continues: Bool[np.ndarray, " vocab"],
    rng: np.random.Generator,
    *,
    shortest: float = SHORTEST,
    longest: float = LONGEST,
    least: int = LEAST,
    short: int = SHORT,
) -> Ragged:
    """One contiguous span of words of each text, anywhere in it.

    Its length is `max(least, u * words)` with u uniform in [shortest, longest], drawn anew at each call: two crops of
    a text differ in length, so length is no clue to which belong together. Independent crops are from Contriever
    (Izacard et al. 2021, arXiv 2112.09118).

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; one draw.
        shortest: smallest share of the words.
        longest: largest share of the words.
        least: words that are left at the least.
        short: a text with fewer words than this loses each word with probability 0.3 instead; 0 crops all texts.
    """
    texts = from_zero(texts)
    thinning = np.full(len(continues), THINNING, np.float32)
    mask = kernels.crop_mask(
        texts.ids, texts.offsets, continues, shortest, longest, least, short, thinning, draw_key(rng)
    )
    return Ragged(*kernels.staying(texts.ids, texts.offsets, mask, kernels.ANCHOR))


def halves(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, short: int = SHORT
) -> Views:
    """The words of each text dealt to two views at random, half each, in the order of the text.

    The views share no occurrence of a word, only words that the text repeats: what they have in common is what the
    text is about. A text of one word is in both views whole.

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; one draw.
        short: in a text with fewer words than this each view loses each word with probability 0.3 instead; 0 halves
            all texts.
    """
    texts = from_zero(texts)
    thinning = np.full(len(continues), THINNING, np.float32)
    mask = kernels.halves_mask(texts.ids, texts.offsets, continues, short, thinning, draw_key(rng))
    return Views(
        Ragged(*kernels.staying(texts.ids, texts.offsets, mask, kernels.ANCHOR)),
        Ragged(*kernels.staying(texts.ids, texts.offsets, mask, kernels.POSITIVE)),
    )


def build_crop(vocabulary: Vocabulary, strength: float | None) -> View:
    """Crops of a third of `strength` to `strength` of the words, 0.2 to 0.6 to begin with."""
    longest = LONGEST if strength is None else strength
    if not 0 < longest <= 1:
        raise InputError(f"crop:{strength:g} asks for spans longer than the text or empty: give a share in (0, 1]")

    def view(texts: Ragged, rng: np.random.Generator) -> Ragged:
        return crop(texts, vocabulary.continues, rng, shortest=longest / 3, longest=longest)

    return view


def build_halves(vocabulary: Vocabulary, strength: float | None) -> Joint:
    """Random halves; they take no number."""
    if strength is not None:
        raise InputError(f"halves:{strength:g} is not a view, a half is a half: write halves")
    return Joint(lambda texts, rng: halves(texts, vocabulary.continues, rng))
