"""The tokenizer of a pretrained encoder: any of the `tokenizers` library, as ragged ids without special tokens."""

from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer as Reference
from tokenizers import models

from likewise.arrays import Bool
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Texts, as_arrow
from likewise.tokens.vocabulary import Vocabulary, cut_long_words

CHUNK_TEXTS = 1 << 12  # given to `tokenizers` at once
MARKS = ("Ġ", "▁")  # before a word: of byte-level BPE as in GPT-2, and of SentencePiece
MARKED_SHARE = 0.05  # of the subwords with a mark, from which on it shows where words begin
PROBES = ("a", "the", "1", "и", "中")


@dataclass(frozen=True)
class SpecialTokens:
    """The special tokens of an encoder, and how many tokens it reads.

    Attributes:
        first: ids before those of a text, such as `[CLS]`.
        last: ids after them, such as `[SEP]`.
        longest: tokens that the encoder reads at most, special tokens included.
        padding: id that fills up shorter texts.
        mask_token: id that stands for a deleted token; its embedding is replaced by zeros.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    longest: int
    padding: int
    mask_token: int

    @property
    def max_content_length(self) -> int:
        """Number of ids of a text that the encoder reads."""
        return self.longest - self.around

    @property
    def around(self) -> int:
        """Number of special tokens around a text."""
        return len(self.first) + len(self.last)


class PretrainedTokenizer:
    """Texts to the token ids of a pretrained encoder, without special tokens and not truncated.

    Args:
        reference: of `tokenizers`; its padding and truncation are switched off, and of WordPiece, which makes a word of
            more than 100 characters unknown, it cuts long words.
        mask_token: id that stands for a deleted token.

    Attributes:
        reference: of `tokenizers`.
        vocabulary: the subwords, and which of them continue a word.
    """

    def __init__(self, reference: Reference, mask_token: int) -> None:
        reference.no_truncation()
        reference.no_padding()
        if isinstance(reference.model, models.WordPiece):
            cut_long_words(reference, reference.model.max_input_chars_per_word)
        self.reference = reference
        ids = reference.get_vocab(with_added_tokens=True)
        subwords = [""] * (max(ids.values(), default=-1) + 1)
        for subword, id in ids.items():
            subwords[id] = subword
        counts = np.zeros(len(subwords), np.int64)
        self.vocabulary = Vocabulary(tuple(subwords), _continuing(reference, subwords), counts, mask_token)

    def encode(self, texts: Texts, *, chunk_texts: int = CHUNK_TEXTS) -> Ragged:
        """The token ids of each text.

        Args:
            texts: strings, or an Arrow array of them; a null is an empty text.
            chunk_texts: number of texts given to `tokenizers` at once.
        """
        array = as_arrow(texts)
        chunks = (array.slice(at, chunk_texts).to_pylist() for at in range(0, max(1, len(array)), chunk_texts))
        parts = [
            Ragged.of([text.ids for text in self.reference.encode_batch_fast(chunk, add_special_tokens=False)])
            for chunk in chunks
        ]
        return parts[0] if len(parts) == 1 else Ragged.concatenate(parts)


def special_tokens_of(reference: Reference, *, longest: int, padding: int, mask_token: int) -> SpecialTokens:
    """Find the special tokens that a tokenizer's own template adds, by encoding short texts with and without them.

    Raises:
        InputError: the template changes a text, or `longest` leaves no room for one.
    """
    for probe in PROBES:
        inner = reference.encode(probe, add_special_tokens=False).ids
        outer = reference.encode(probe, add_special_tokens=True).ids
        extra = len(outer) - len(inner)
        for start in range(extra + 1):
            if inner and outer[start : start + len(inner)] == inner:
                first, last = tuple(outer[:start]), tuple(outer[start + len(inner) :])
                if longest <= extra:
                    raise InputError(f"a length of {longest} tokens has no room for a text: give {extra + 1} or more")
                return SpecialTokens(first, last, longest, padding, mask_token)
    raise InputError("the tokenizer changes a text when it adds its special tokens: such an encoder is not supported")


def _continuing(reference: Reference, subwords: list[str]) -> Bool[np.ndarray, " vocab"]:
    """Which subwords continue a word, by the marks of the tokenizer's model."""
    prefix = getattr(reference.model, "continuing_subword_prefix", None)
    if prefix:
        return np.array([subword.startswith(prefix) for subword in subwords], np.bool_)
    for mark in MARKS:
        begins = np.array([subword.startswith(mark) for subword in subwords], np.bool_)
        if begins.mean() >= MARKED_SHARE:
            special = np.zeros(len(subwords), np.bool_)
            special[[token_id for token_id in reference.get_added_tokens_decoder() if token_id < len(subwords)]] = True
            return ~begins & ~special
    return np.zeros(len(subwords), np.bool_)
