"""Learning a WordPiece vocabulary from a corpus, in whatever language the corpus is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64
from tokenizers import Tokenizer as Reference
from tokenizers import models, normalizers, pre_tokenizers, trainers

__all__ = ["CONTINUATION", "UNKNOWN", "Vocabulary", "learn_reference", "reference_of", "vocabulary_size"]

UNKNOWN = "[UNK]"
CONTINUATION = "##"
_FRONT = "\ue000"  # private use: the normaliser takes it out of every text, so no text can hold it
LONGEST_WORD = 100  # characters; a longer word is UNKNOWN, as in BERT


@dataclass(frozen=True)
class Vocabulary:
    """The pieces that words fall into.

    Attributes:
        subwords: the piece of each id; one that continues a word begins with `##`.
        continues: whether the piece continues a word. A word is a piece that does not and those after it that do.
        counts: how often each piece occurs in the training corpus; zeros before it was counted.
        mask_token: the piece that stands where one was cut off: it says nothing. In a vocabulary of this package it
            is the
            unknown piece, whose row is zero.
    """

    subwords: tuple[str, ...]
    continues: Bool[np.ndarray, " vocab"]
    counts: Int64[np.ndarray, " vocab"]
    mask_token: int = 0

    def __len__(self) -> int:
        return len(self.subwords)

    @classmethod
    def of(cls, reference: Reference, counts: Int64[np.ndarray, " vocab"] | None = None) -> "Vocabulary":
        """The vocabulary of a `tokenizers` tokenizer."""
        ids = reference.get_vocab()
        subwords = tuple(sorted(ids, key=ids.__getitem__))
        continues = np.array([subword.startswith(CONTINUATION) for subword in subwords], np.bool_)
        return cls(subwords, continues, np.zeros(len(subwords), np.int64) if counts is None else counts)


def reference_of(subwords: Sequence[str]) -> Reference:
    """The `tokenizers` tokenizer of a list of pieces.

    NFKC joins what Unicode writes in several ways (full-width letters, ligatures from a PDF); accents stay, because
    in most languages they tell words apart. No token is added to the vocabulary afterwards, so no text can smuggle a
    special token in by writing its name.
    """
    ids = {subword: id for id, subword in enumerate(subwords)}
    model = models.WordPiece(
        ids, unk_token=UNKNOWN, continuing_subword_prefix=CONTINUATION, max_input_chars_per_word=LONGEST_WORD
    )
    return _dressed(Reference(model))


def learn_reference(texts: Iterable[str] | Iterable[Sequence[str]], size: int) -> Reference:
    """Learn WordPiece from texts: merge the most frequent neighbours until `size` pieces, each seen at least twice.

    The trainer for WordPiece in `tokenizers` numbers continuing characters in the order of a hash map and breaks ties
    by those numbers, so the same corpus gives another vocabulary each time. Its trainer for byte pairs has a fixed
    order. Words therefore get a mark at their front, pairs are merged, and a piece without the mark is one that
    continues a word: the same objective, the same vocabulary every time.

    Args:
        texts: the texts, or lists of them, read once.
        size: how many pieces at the most; characters are always kept, also where they alone are more.
    """
    merging = _dressed(Reference(models.BPE()))
    mark = pre_tokenizers.Metaspace(replacement=_FRONT, prepend_scheme="always", split=False)
    merging.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), mark])
    merging.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, min_frequency=2, show_progress=False))
    ids = merging.get_vocab()
    learned = sorted(ids, key=ids.__getitem__)
    alphabet = [subword for subword in learned if len(subword) == 1 and subword != _FRONT]
    starts_or_continues = [p[1:] if p.startswith(_FRONT) else CONTINUATION + p for p in learned if p != _FRONT]
    subwords = dict.fromkeys([UNKNOWN, *alphabet, *(CONTINUATION + character for character in alphabet)])
    for subword in starts_or_continues:
        if len(subwords) >= size:
            break
        subwords[subword] = None
    return reference_of(list(subwords))


def vocabulary_size(texts: int) -> int:
    """How many pieces to learn from so many texts: 30,000, and fewer where each would be seen too rarely."""
    return int(min(30_000, max(2_000, 20 * texts)))


def _dressed(reference: Reference) -> Reference:
    bert = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True)
    reference.normalizer = normalizers.Sequence([normalizers.NFKC(), bert])
    reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return reference
