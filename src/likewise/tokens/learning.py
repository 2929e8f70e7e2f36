"""Learn a WordPiece vocabulary from a corpus in any language.

The trainer is that of `tokenizers`. Normalising texts and splitting them into words would take it nine tenths of its
time, so the compiled loops of the tokenizer do that.
"""

import re
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer as Reference
from tokenizers import models, pre_tokenizers, trainers

from likewise.arrays import UInt8
from likewise.tokens.kernels import BEYOND, DONE, FRONT_BYTES, Tables, gather, spell
from likewise.tokens.scripts import HAN, is_run
from likewise.tokens.tokenizer import BLOCKS, LIMITS, Texts, as_arrow, buffers, chunks, known_characters
from likewise.tokens.vocabulary import CONTINUATION, UNKNOWN, reference_of, with_bert_steps

FRONT = bytes(FRONT_BYTES).decode()  # private use: the normaliser removes it from every text
BLANK = " "  # between words, none of which holds one
ROOM = 5  # bytes for one of a text: the front, a character that is a word by itself, a blank; more is rarely needed
LONGEST_HAN = 4  # characters of a subword; Chinese words have one to four, and what is longer hides its words
_HAN = re.compile(f"[{HAN}]+")


def learn_reference(texts: Iterable[str | Texts], size: int) -> Reference:
    """Train a WordPiece tokenizer: merge the most frequent neighbours until there are `size` subwords, each seen twice.

    The WordPiece trainer of `tokenizers` numbers continuing characters in the order of a hash map and breaks ties by
    those numbers, so its vocabulary differs from run to run. Its BPE trainer is deterministic. Each word therefore gets
    a mark at its front and BPE is trained; a subword without the mark continues a word.

    In a script without spaces a word may begin anywhere in a run, so each subword is there in both forms, which
    `tokens.stems` gives one row.

    Args:
        texts: the texts, or many of them at a time, read once.
        size: the maximum number of subwords; the characters of all scripts, and the second form of a subword of a
            script without spaces, are kept even if they exceed it.
    """
    trained = Reference(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.CharDelimiterSplit(BLANK)
    # Twice as many as needed, which takes no longer: Chinese has thousands of characters, and some are left out.
    trainer = trainers.BpeTrainer(vocab_size=2 * size, min_frequency=2, show_progress=False)
    trained.train_from_iterator(marked_words(texts), trainer)
    ids = trained.get_vocab()
    learned = sorted(ids, key=ids.__getitem__)
    alphabet = [subword for subword in learned if len(subword) == 1 and subword != FRONT]
    subwords = dict.fromkeys([UNKNOWN, *alphabet, *(CONTINUATION + character for character in alphabet)])
    size += 2 * sum(map(is_run, alphabet))
    for subword in learned:
        if len(subwords) >= size:
            break
        bare = subword.lstrip(FRONT)
        if not is_run(bare):
            subwords[bare if subword.startswith(FRONT) else CONTINUATION + bare] = None
        elif bare not in subwords and (len(bare) <= LONGEST_HAN or not _HAN.match(bare)):
            subwords |= {bare: None, CONTINUATION + bare: None}
            size += 1
    return reference_of(list(subwords))


def marked_words(texts: Iterable[str | Texts]) -> Iterator[list[str]]:
    """Yield the words of some texts at a time, of each text in one string: `FRONT` before each word, `BLANK` after it.

    Args:
        texts: the texts, or many of them at a time.
    """
    reference = with_bert_steps(Reference(models.BPE()))
    limits = iter(LIMITS)
    tables = _tables(next(limits))
    for some in texts:
        for array in chunks(as_arrow([some] if isinstance(some, str) else some)):
            spelt, status = _spelt(tables, array)
            while (status == BEYOND).any() and (limit := next(limits, None)):
                tables = _tables(limit)
                spelt, status = _spelt(tables, array)
            for text in np.flatnonzero(status != DONE).tolist():
                normal = reference.normalizer.normalize_str(array[text].as_py())
                words = reference.pre_tokenizer.pre_tokenize_str(normal)
                spelt[text] = "".join(f"{FRONT}{word}{BLANK}" for word, _ in words)
            yield spelt


def _spelt(tables: Tables, array: pa.Array) -> tuple[list[str], UInt8[np.ndarray, " texts"]]:
    """The words of each text by compiled loops, and the status of each text: one that is not DONE has none."""
    offsets, data = buffers(array)
    out = np.empty(ROOM * int(offsets[-1] - offsets[0]), np.uint8)
    lengths, status = np.empty(len(array), np.int64), np.empty(len(array), np.uint8)
    spell(tables, data, offsets, out, ROOM, lengths, status, BLOCKS)
    ends = np.zeros(len(array) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    packed = np.empty(int(ends[-1]), np.uint8)
    gather(out, ROOM * (offsets[:-1] - offsets[0]), ends, packed, BLOCKS)
    strings = pa.LargeStringArray.from_buffers(len(array), pa.py_buffer(ends), pa.py_buffer(packed))
    return strings.to_pylist(), status


def _tables(limit: int) -> Tables:
    """Tables without subwords, of the characters below a limit; runs may consist of all of their script."""
    known = known_characters(limit)
    role = known.roles(map(chr, np.unique(known.code).tolist()))
    none, no_ids, starts = np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(1, np.int64)
    return Tables(
        known.kind, known.order, known.start, known.form, role, none, no_ids, starts, np.zeros(0, np.uint8), 0, 0,
        np.uint64(0),
    )  # fmt: skip
