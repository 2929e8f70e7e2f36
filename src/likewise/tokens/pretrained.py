"""The tokenizer of a pretrained encoder: whatever `tokenizers` can run, as ragged ids without special tokens."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool
from tokenizers import Tokenizer as Reference

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Texts, as_arrow
from likewise.tokens.vocabulary import Vocabulary

__all__ = ["MARKS", "PretrainedTokenizer", "SpecialTokens", "special_tokens_of"]

TOGETHER = 1 << 12  # texts given to `tokenizers` at once
MARKS = ("Ġ", "▁")  # before a word: of byte-level pairs as in GPT-2, and of SentencePiece
MARKED = 0.05  # of the pieces, from which on a mark tells where words begin
PROBES = ("a", "the", "1", "и", "中")


@dataclass(frozen=True)
class SpecialTokens:
    """What an encoder wants around the ids of a text.

    Attributes:
        first: special ids before them, such as `[CLS]`.
        last: special ids after them, such as `[SEP]`.
        longest: tokens that the encoder reads at the most, special ones included.
        padding: the id that fills up shorter texts.
        mask_token: the id whose embedding is taken as zeros, for tokens that are cut off.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    longest: int
    padding: int
    mask_token: int

    @property
    def max_content_length(self) -> int:
        """How many ids of a text the encoder reads."""
        return self.longest - self.around

    @property
    def around(self) -> int:
        """How many special ids go around it."""
        return len(self.first) + len(self.last)


class PretrainedTokenizer:
    """Texts to the ids of a pretrained encoder, without special tokens and uncut.

    Args:
        reference: of `tokenizers`; padding and truncation are taken from it.
        mask_token: the id that stands where a token was cut off.

    Attributes:
        vocabulary: the pieces, and which of them continue a word.
    """

    def __init__(self, reference: Reference, mask_token: int) -> None:
        reference.no_truncation()
        reference.no_padding()
        self.reference = reference
        ids = reference.get_vocab(with_added_tokens=True)
        subwords = [""] * (max(ids.values(), default=-1) + 1)
        for subword, id in ids.items():
            subwords[id] = subword
        counts = np.zeros(len(subwords), np.int64)
        self.vocabulary = Vocabulary(tuple(subwords), _continuing(reference, subwords), counts, mask_token)

    def encode(self, texts: Texts) -> Ragged:
        """The ids of each text.

        Args:
            texts: strings, or an Arrow array of them; a null is an empty text.
        """
        array = as_arrow(texts)
        parts = [
            Ragged.of([text.ids for text in self.reference.encode_batch_fast(some, add_special_tokens=False)])
            for some in (array.slice(first, TOGETHER).to_pylist() for first in range(0, max(1, len(array)), TOGETHER))
        ]
        return parts[0] if len(parts) == 1 else Ragged.concatenate(parts)

    def text(self, ids: Any) -> str:
        """The text of some ids, as far as the tokenizer can tell."""
        return str(self.reference.decode([int(id) for id in ids], skip_special_tokens=False))


def special_tokens_of(reference: Reference, *, longest: int, padding: int, mask_token: int) -> SpecialTokens:
    """The frame that the tokenizer's own template puts around a text.

    Raises:
        InputError: the template cannot be told from what it does, or leaves no room for a text.
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
    raise InputError("the tokenizer changes a text when it adds its special tokens, which no encoder here can do")


def _continuing(reference: Reference, subwords: list[str]) -> Bool[np.ndarray, " vocab"]:
    """Which pieces continue a word, by how the tokenizer's model marks them."""
    prefix = getattr(reference.model, "continuing_subword_prefix", None)
    if prefix:
        return np.array([subword.startswith(prefix) for subword in subwords], np.bool_)
    for mark in MARKS:
        begins = np.array([subword.startswith(mark) for subword in subwords], np.bool_)
        if begins.mean() >= MARKED:
            special = np.zeros(len(subwords), np.bool_)
            special[[token_id for token_id in reference.get_added_tokens_decoder() if token_id < len(subwords)]] = True
            return ~begins & ~special
    return np.zeros(len(subwords), np.bool_)
