"""Views that edit words: crops, halves and deletion; and the identity, for encoders with dropout.

A word is a subword that begins one and the subwords after it that continue it.
"""

from dataclasses import dataclass

import numpy as np

from likewise.arrays import Bool, Int64, UInt64
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.views import kernels
from likewise.views.pair import Joint, View, Views

DROPOUT = "dropout"  # the name of the identity view
DELETED = 0.3  # the share of the words that a deletion removes
SHORTEST, LONGEST = 0.2, 0.6  # the length of a crop, as a share of the text's words
MIN_WORDS = 4  # of a crop
SHORT = 8  # a text of fewer words has no part that means something by itself: words are deleted from it instead


@dataclass(frozen=True)
class Words:
    """The words of a batch of texts.

    Attributes:
        starts: where each word begins, counted from the first id of the first text.
        offsets: the words of text `i` are those from `offsets[i]` to `offsets[i + 1]`.
        types: a 64-bit hash of the subwords of each word; equal words have equal hashes.
    """

    starts: Int64[np.ndarray, " words"]
    offsets: Int64[np.ndarray, " texts_and_1"]
    types: UInt64[np.ndarray, " words"]

    @property
    def counts(self) -> Int64[np.ndarray, " texts"]:
        """The number of words of each text."""
        return np.diff(self.offsets)


def find_words(texts: Ragged, continues: Bool[np.ndarray, " vocab"]) -> Words:
    """The words of each text.

    Args:
        texts: ids of subwords.
        continues: whether a subword continues a word. The first subword of a text always begins one.
    """
    texts = from_zero(texts)
    starts, offsets, types = kernels.word_types(texts.ids, texts.offsets, continues)
    return Words(starts, offsets, types)


def from_zero(texts: Ragged) -> Ragged:
    """The same texts with offsets that begin at 0, in writable memory: what the kernels take."""
    first, last = texts.offsets[0], texts.offsets[-1]
    ids = np.require(texts.ids[first:last], np.int32, ["C", "W"])
    return Ragged(ids, np.require(texts.offsets - first, np.int64, ["C", "W"]))


def crop(
    texts: Ragged,
    continues: Bool[np.ndarray, " vocab"],
    rng: np.random.Generator,
    *,
    shortest: float = SHORTEST,
    longest: float = LONGEST,
    short: int = SHORT,
) -> Ragged:
    """One contiguous span of words of each text, anywhere in it.

    Its length is `max(4, u * words)` with u uniform in [shortest, longest], drawn for each call: as two crops of a text
    differ in length, length does not give away which belong together. Independent crops are from Contriever (Izacard et
    al. 2021, arXiv 2112.09118).

    Args:
        texts: ids of subwords.
        continues: whether a subword continues a word.
        rng: one draw is taken from it.
        shortest: smallest share of the words.
        longest: largest share of the words.
        short: from a text of fewer words each word is deleted with probability 0.3 instead; 0 crops all texts.
    """
    texts = from_zero(texts)
    mask = kernels.crop_mask(
        texts.ids, texts.offsets, continues, shortest, longest, MIN_WORDS, short, np.float32(DELETED), _draw_key(rng)
    )
    return _kept(texts, mask, kernels.ANCHOR)


def halves(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, short: int = SHORT
) -> Views:
    """The words of each text dealt at random to two views, half each, in the order of the text.

    The views share no occurrence of a word, only words that the text repeats: what they have in common is the subject
    of the text. A text of one word is whole in both views.

    Args:
        texts: ids of subwords.
        continues: whether a subword continues a word.
        rng: one draw is taken from it.
        short: from a text of fewer words each view deletes each word with probability 0.3 instead; 0 halves all texts.
    """
    texts = from_zero(texts)
    mask = kernels.halves_mask(texts.ids, texts.offsets, continues, short, np.float32(DELETED), _draw_key(rng))
    return Views(_kept(texts, mask, kernels.ANCHOR), _kept(texts, mask, kernels.POSITIVE))


def deletion(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, probability: float = DELETED
) -> Ragged:
    """Each word deleted with the same probability, independently; at least one word stays.

    Args:
        texts: ids of subwords.
        continues: whether a subword continues a word.
        rng: one draw is taken from it.
        probability: of each word to be deleted.
    """
    texts = from_zero(texts)
    mask = kernels.deletion_mask(texts.ids, texts.offsets, continues, np.float32(probability), _draw_key(rng))
    return _kept(texts, mask, kernels.ANCHOR)


def build_crop(vocabulary: Vocabulary, number: float | None) -> View:
    """Crops of a third of `number` to `number` of the words, 0.2 to 0.6 by default."""
    longest = LONGEST if number is None else number
    if not 0 < longest <= 1:
        raise InputError(f"crop:{number:g} means spans longer than the text or empty: give a share in (0, 1]")

    def view(texts: Ragged, rng: np.random.Generator) -> Ragged:
        return crop(texts, vocabulary.continues, rng, shortest=longest / 3, longest=longest)

    return view


def build_halves(vocabulary: Vocabulary, number: float | None) -> Joint:
    """Random halves; they take no number."""
    if number is not None:
        raise InputError(f"halves:{number:g} is not a view, halves take no number: write halves")
    return Joint(lambda texts, rng: halves(texts, vocabulary.continues, rng))


def build_delete(vocabulary: Vocabulary, number: float | None) -> View:
    """Deletion of a share of the words, 0.3 by default."""
    share = DELETED if number is None else number
    if not 0 <= share < 1:
        raise InputError(f"delete:{share:g} would delete all words or add some: give a share of the words in [0, 1)")
    return lambda texts, rng: deletion(texts, vocabulary.continues, rng, probability=share)


def build_dropout(_: Vocabulary, number: float | None) -> View:
    """The identity: the encoder's dropout makes the two embeddings differ (Gao et al. 2021, SimCSE). No number."""
    if number is not None:
        raise InputError(f"{DROPOUT}:{number:g} is not a view, the encoder has its own dropout: write {DROPOUT}")

    def view(texts: Ragged, _: np.random.Generator) -> Ragged:
        return texts

    return view


def _kept(texts: Ragged, mask: np.ndarray, bit: np.uint8) -> Ragged:
    """The subwords whose mask has a bit."""
    return Ragged(*kernels.staying(texts.ids, texts.offsets, mask, bit))


def _draw_key(rng: np.random.Generator) -> np.uint64:
    """The 64 random bits from which the kernels derive all random numbers of a call."""
    return rng.integers(2**64, dtype=np.uint64)
