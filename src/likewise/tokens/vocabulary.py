"""A WordPiece vocabulary: its subwords, the tokenizer of `tokenizers` that has them, and how large it should be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Regex, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Reference

from likewise.arrays import Bool, Int64
from likewise.tokens.scripts import run_pattern

UNKNOWN = "[UNK]"
CONTINUATION = "##"
LONGEST_WORD = 100  # characters; a longer word would be UNKNOWN, as in BERT, so it is cut into words of so many


@dataclass(frozen=True)
class Vocabulary:
    """The subwords into which words are split.

    Attributes:
        subwords: the subword of each id; one that continues a word begins with `##`.
        continues: whether each subword continues a word. A word is a subword that does not and those after it that do.
        counts: the occurrences of each subword in the training corpus; zeros before it was counted.
        mask_token: the id that replaces a token that was cut off. In a vocabulary of this package it is the unknown
            token, whose embedding is zero.
    """

    subwords: tuple[str, ...]
    continues: Bool[np.ndarray, " vocab"]
    counts: Int64[np.ndarray, " vocab"]
    mask_token: int = 0

    def __len__(self) -> int:
        return len(self.subwords)

    @classmethod
    def of(cls, reference: Reference, counts: Int64[np.ndarray, " vocab"] | None = None) -> "Vocabulary":
        """Take the vocabulary of a `tokenizers` tokenizer."""
        ids = reference.get_vocab()
        subwords = tuple(sorted(ids, key=ids.__getitem__))
        continues = np.array([subword.startswith(CONTINUATION) for subword in subwords], np.bool_)
        return cls(subwords, continues, np.zeros(len(subwords), np.int64) if counts is None else counts)


def reference_of(subwords: Sequence[str]) -> Reference:
    """Build the `tokenizers` tokenizer of a list of subwords.

    NFKC unifies what Unicode writes in several ways (full-width letters, ligatures from a PDF); accents stay, because
    they distinguish words in most languages. A run of a script without spaces is a word. No special token is added to
    the vocabulary, so a text that holds the name of one cannot inject it.
    """
    ids = {subword: id for id, subword in enumerate(subwords)}
    model = models.WordPiece(
        ids, unk_token=UNKNOWN, continuing_subword_prefix=CONTINUATION, max_input_chars_per_word=LONGEST_WORD
    )
    return with_bert_steps(Reference(model), [subword for subword in subwords if len(subword) == 1])


def vocabulary_size(texts: int) -> int:
    """Return the number of subwords to learn from `texts` texts: 30,000, or fewer where each would be too rare."""
    return int(min(30_000, max(2_000, 20 * texts)))


def with_bert_steps(reference: Reference, characters: Iterable[str] | None = None) -> Reference:
    """Set the normaliser and the pre-tokenizer: those of BERT without accent stripping, after NFKC.

    Args:
        reference: that gets them.
        characters: those that a run of a script without spaces may consist of; all if None.
    """
    bert = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True)
    reference.normalizer = normalizers.Sequence([normalizers.NFKC(), bert])
    runs = pre_tokenizers.Split(Regex(run_pattern(characters)), "isolated")
    reference.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), runs])
    cut_long_words(reference, LONGEST_WORD)
    return reference


def cut_long_words(reference: Reference, longest: int) -> None:
    """Let a tokenizer cut each word longer than `longest` characters into words of so many: sequences, base64, Thai.

    WordPiece makes such a word the unknown token, and would take quadratic time to split it. A tokenizer that cuts
    already stays as it is, and so does one that takes a whole text as a word.
    """
    words = reference.pre_tokenizer
    cut = pre_tokenizers.Split(Regex(f".{{{longest}}}"), "isolated")
    if words is not None and cut.__getstate__() not in words.__getstate__():
        reference.pre_tokenizer = pre_tokenizers.Sequence([words, cut])
