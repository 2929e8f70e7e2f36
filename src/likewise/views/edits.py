"""Views that edit words: deletion, one by one, by how frequent a word is or of a span; cutting off; shuffling."""

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.views import kernels
from likewise.views.pair import Joint, View, Views
from likewise.views.words import draw_key, from_zero

__all__ = [
    "WHOLE",
    "build_crop",
    "build_cutoff",
    "build_delete",
    "build_delete_frequent",
    "build_delete_rare",
    "build_delete_span",
    "build_dropout",
    "build_halves",
    "build_shuffle",
    "crop",
    "cutoff",
    "delete_by_frequency",
    "deletion",
    "deletion_probabilities",
    "halves",
    "shuffle",
    "span_deletion",
]


SHARE = 0.3  # of the words that a deletion takes
CUT = 0.15  # of the tokens that are cut off


def deletion(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, probability: float = SHARE
) -> Ragged:
    """Each word deleted with the same probability, independently; one word stays at the least.

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; one draw.
        probability: of each word to go.
    """
    probabilities = np.full(len(continues), probability, np.float32)
    return delete_by_frequency(texts, continues, probabilities, rng, rare=True)


def delete_by_frequency(
    texts: Ragged,
    continues: Bool[np.ndarray, " vocab"],
    probabilities: Float32[np.ndarray, " vocab"],
    rng: np.random.Generator,
    *,
    rare: bool = False,
) -> Ragged:
    """Each word deleted with the probability of its rarest piece, independently.

    When all words of a text would go, the one whose random number came nearest to letting it stay stays.

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it.
        probabilities: of each piece, from `deletion_probabilities`.
        rng: where the random numbers come from; one draw.
        rare: whether the probabilities rise with rarity: a word's rarest piece is then that of the highest.
    """
    texts = from_zero(texts)
    mask = kernels.deletion_mask(texts.ids, texts.offsets, continues, probabilities, rare, draw_key(rng))
    return Ragged(*kernels.staying(texts.ids, texts.offsets, mask, kernels.ANCHOR))


def deletion_probabilities(
    counts: Int64[np.ndarray, " vocab"],
    continues: Bool[np.ndarray, " vocab"],
    *,
    share: float = SHARE,
    rare: bool = False,
) -> Float32[np.ndarray, " vocab"]:
    """How likely each piece is to go, so that `share` of the corpus's words go in expectation.

    With f the frequency of a piece among the beginnings of words:

    - frequent words go: `1 - sqrt(t / f)` where that is positive, the subsampling of word2vec (Mikolov et al. 2013,
      arXiv 1310.4546, equation 5);
    - rare words go: `min(1, c * log(1 / f))`, in proportion to the inverse document frequency.

    t or c is what makes the expectation `share`; the papers fix t, which fits one size of corpus only. The expectation
    takes each word by its first piece.

    Args:
        counts: how often each piece occurs in the corpus; 0 counts as 1.
        continues: whether a piece continues the word before it.
        share: of the words that go, in [0, 1].
        rare: whether rare words go rather than frequent ones.
    """
    occurrences = np.maximum(counts, 1).astype(np.float64)
    beginnings = occurrences * ~continues
    total = max(beginnings.sum(), occurrences.max() + 1.0)  # so that no piece has frequency 1
    frequencies = occurrences / total
    weights = beginnings / max(beginnings.sum(), 1.0)

    def at(dial: float) -> Float32[np.ndarray, " vocab"]:
        if rare:
            chances = np.minimum(1.0, -dial * np.log(frequencies))
        else:
            chances = np.maximum(0.0, 1.0 - np.sqrt(np.exp(-dial) / frequencies))
        return np.asarray(chances, np.float32)

    low, high = 0.0, 1.0
    while float(weights @ at(high)) < share and high < 2.0**20:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(weights @ at(middle)) < share else (low, middle)
    return at(high)


def span_deletion(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, share: float = SHARE
) -> Ragged:
    """One span of words deleted, anywhere in the text (Wu et al. 2020, CLEAR); one word stays at the least.

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; one draw.
        share: of the words that go, on average over texts.
    """
    texts = from_zero(texts)
    mask = kernels.span_deletion_mask(texts.ids, texts.offsets, continues, share, draw_key(rng))
    return Ragged(*kernels.staying(texts.ids, texts.offsets, mask, kernels.ANCHOR))


def cutoff(texts: Ragged, mask_token: int, rng: np.random.Generator, *, share: float = CUT) -> Ragged:
    """Each token cut off with the same probability: nothing stands in its place (Shen et al. 2020; Yan et al. 2021).

    The other tokens stay where they are, which to an encoder that knows of places is not the same as a deletion. A text
    of which nothing would be left stays as it is.

    Args:
        texts: ids of pieces.
        mask_token: the id of the piece that says nothing.
        rng: where the random numbers come from.
        share: of the tokens that go.
    """
    texts = from_zero(texts)
    goes = rng.random(len(texts.ids)) < share
    before = np.concatenate([[0], np.cumsum(goes)])
    whole = np.diff(before[texts.offsets]) == texts.lengths
    goes &= ~np.repeat(whole, texts.lengths)
    return Ragged(np.where(goes, np.int32(mask_token), texts.ids), texts.offsets)


def shuffle(texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator) -> Ragged:
    """The words of each text in random order, every order equally likely.

    Args:
        texts: ids of pieces.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; one draw.
    """
    texts = from_zero(texts)
    return Ragged(kernels.shuffled(texts.ids, texts.offsets, continues, draw_key(rng)), texts.offsets)


def build_delete(vocabulary: Vocabulary, strength: float | None) -> View:
    """Deletion of a share of the words, 0.3 to begin with."""
    probability = _share("delete", strength)
    return lambda texts, rng: deletion(texts, vocabulary.continues, rng, probability=probability)


def build_delete_frequent(vocabulary: Vocabulary, strength: float | None) -> View:
    """Deletion of a share of the words, the frequent ones first."""
    return _by_frequency(vocabulary, _share("delete-frequent", strength), rare=False)


def build_delete_rare(vocabulary: Vocabulary, strength: float | None) -> View:
    """Deletion of a share of the words, more of the rare ones."""
    return _by_frequency(vocabulary, _share("delete-rare", strength), rare=True)


def build_delete_span(vocabulary: Vocabulary, strength: float | None) -> View:
    """Deletion of one span of a share of the words, 0.3 to begin with."""
    share = _share("delete-span", strength)
    return lambda texts, rng: span_deletion(texts, vocabulary.continues, rng, share=share)


def build_cutoff(vocabulary: Vocabulary, strength: float | None) -> View:
    """Cutting off a share of the tokens, 0.15 to begin with."""
    share = _share("cutoff", CUT if strength is None else strength)
    return lambda texts, rng: cutoff(texts, vocabulary.mask_token, rng, share=share)


def build_shuffle(vocabulary: Vocabulary, strength: float | None) -> View:
    """Shuffling; it takes no number."""
    if strength is not None:
        raise InputError(f"shuffle:{strength:g} is not a view, words are shuffled wholly: write shuffle")
    return lambda texts, rng: shuffle(texts, vocabulary.continues, rng)


def _by_frequency(vocabulary: Vocabulary, share: float, *, rare: bool) -> View:
    continues = vocabulary.continues
    probabilities = deletion_probabilities(vocabulary.counts, continues, share=share, rare=rare)
    return lambda texts, rng: delete_by_frequency(texts, continues, probabilities, rng, rare=rare)


def _share(name: str, strength: float | None) -> float:
    share = SHARE if strength is None else strength
    if not 0 <= share < 1:
        raise InputError(f"{name}:{share:g} would leave nothing or add words: give a share of the words in [0, 1)")
    return share


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


WHOLE = "dropout"


def build_dropout(_: Vocabulary, strength: float | None) -> View:
    """The text as it is (Gao et al. 2021, SimCSE); it takes no number."""
    if strength is not None:
        raise InputError(f"{WHOLE}:{strength:g} is not a view, the encoder has its own dropout: write {WHOLE}")

    def view(texts: Ragged, _: np.random.Generator) -> Ragged:
        return texts

    return view
