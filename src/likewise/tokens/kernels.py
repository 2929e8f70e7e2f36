"""Compiled loops of the tokenizer: WordPiece over the UTF-8 bytes of an Arrow array, parallel over texts."""

from typing import NamedTuple

import numpy as np
from numba import prange

from likewise.jit import compiled
from likewise.tokens.characters import ISOLATED, KEEPS, MARK, SLOW, SPACE, WORD

# The status of a text: tokenised; left to `tokenizers`; holds a character beyond the table.
DONE, LEFT, BEYOND = 0, 1, 2

MAX_WORD = 100  # characters; a longer word is cut into words of so many
WORD_BYTES = 4 * MAX_WORD + 4
FRONT_BYTES = (0xEE, 0x80, 0x80)  # of the mark before a word
FNV_BASIS = np.uint64(0xCBF29CE484222325)
FNV_PRIME = np.uint64(0x100000001B3)


class Tables(NamedTuple):
    """The tables of the tokenizer, as plain arrays.

    `kind`, `order`, `start`, `form`, `role` are those of `Characters`. The subwords are in an open-addressing hash
    table: `slot_hash` and `slot_id` (-1 is free), a power of two long; `subword_start` and `subword_bytes` hold their
    spelling.
    """

    kind: np.ndarray
    order: np.ndarray
    start: np.ndarray
    form: np.ndarray
    role: np.ndarray
    slot_hash: np.ndarray
    slot_id: np.ndarray
    subword_start: np.ndarray
    subword_bytes: np.ndarray
    unknown: int
    longest: int
    continuation: np.uint64


@compiled(inline="always")
def _mixed(hashed, byte):
    return (hashed ^ np.uint64(byte)) * FNV_PRIME


@compiled()
def fill_slots(subword_start, subword_bytes, slot_hash, slot_id):
    """Insert every subword into the open-addressing hash table."""
    mask = np.uint64(slot_hash.size - 1)
    for subword in range(subword_start.size - 1):
        hashed = FNV_BASIS
        for at in range(subword_start[subword], subword_start[subword + 1]):
            hashed = _mixed(hashed, subword_bytes[at])
        slot = (hashed ^ (hashed >> np.uint64(32))) & mask
        while slot_id[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slot_hash[slot] = hashed
        slot_id[slot] = subword


@compiled(forceinline=True)
def _find(tables, hashed, skip, word, first, last):
    """The id of the subword spelt `word[first:last]` after a prefix of `skip` bytes, or -1."""
    mask = np.uint64(tables.slot_hash.size - 1)
    slot = (hashed ^ (hashed >> np.uint64(32))) & mask
    while tables.slot_id[slot] >= 0:
        if tables.slot_hash[slot] == hashed:
            subword = tables.slot_id[slot]
            begin = tables.subword_start[subword] + skip
            if tables.subword_start[subword + 1] - begin == last - first:
                same = True
                for at in range(last - first):
                    if tables.subword_bytes[begin + at] != word[first + at]:
                        same = False
                        break
                if same:
                    return subword
        slot = (slot + np.uint64(1)) & mask
    return np.int32(-1)


@compiled()
def _spell(word, size, out, at, end):
    """Write a word, with the mark before and a blank after it, to `out[at:end]`; return the new end, or -1."""
    if end - at < size + 4:
        return -1
    out[at], out[at + 1], out[at + 2] = FRONT_BYTES
    for place in range(size):
        out[at + 3 + place] = word[place]
    out[at + 3 + size] = 0x20
    return at + size + 4


@compiled()
def _emit(tables, word, size, hashed, ids, at, end):
    """Write the subwords of one word to `ids[at:end]`; return the new end, or -1 where there is no room.

    Tables without subwords write the word itself, as bytes.
    """
    if tables.slot_id.size == 0:
        return _spell(word, size, ids, at, end)
    if at >= end:
        return -1
    whole = _find(tables, hashed, 0, word, 0, size)
    if whole >= 0:
        ids[at] = whole
        return at + 1
    first, begin = 0, at
    while first < size:
        # The longest subword that begins here: the hash is extended byte by byte, so all lengths cost one pass.
        hashed = FNV_BASIS if first == 0 else tables.continuation
        skip = 0 if first == 0 else 2
        best, best_last = np.int32(-1), first
        for last in range(first + 1, min(size, first + tables.longest) + 1):
            hashed = _mixed(hashed, word[last - 1])
            subword = _find(tables, hashed, skip, word, first, last)
            if subword >= 0:
                best, best_last = subword, last
        if best < 0:
            ids[begin] = tables.unknown
            return begin + 1
        if at >= end:
            return -1
        ids[at] = best
        at += 1
        first = best_last
    return at


@compiled(inline="always")
def character_at(data, at):
    """The character whose UTF-8 begins at `data[at]`, and the position of the next one."""
    byte = data[at]
    if byte < 0x80:
        return np.int64(byte), at + 1
    if byte < 0xE0:
        return (np.int64(byte & 0x1F) << 6) | (data[at + 1] & 0x3F), at + 2
    if byte < 0xF0:
        code = (np.int64(byte & 0x0F) << 12) | (np.int64(data[at + 1] & 0x3F) << 6)
        return code | (data[at + 2] & 0x3F), at + 3
    code = (np.int64(byte & 0x07) << 18) | (np.int64(data[at + 1] & 0x3F) << 12)
    return code | (np.int64(data[at + 2] & 0x3F) << 6) | (data[at + 3] & 0x3F), at + 4


@compiled(forceinline=True)
def _one_text(tables, data, start, stop, word, ids, at, end):
    """Tokenise the bytes `data[start:stop]` into `ids[at:end]`; return the status and the end of the ids."""
    size, count, hashed = 0, 0, FNV_BASIS
    run = WORD  # the class of the characters of the word
    order_before, kept_before = 0, True
    position = start
    while position < stop:
        code, position = character_at(data, position)
        if code >= tables.kind.size:
            return BEYOND, at
        if code >= 0x80:
            # Quick check of Unicode: marks in order, after a character that NFKC does not change.
            kind, order = tables.kind[code], tables.order[code]
            if kind == SLOW or (kind == MARK and (not kept_before or order < order_before)):
                return LEFT, at
            if kind != MARK:
                kept_before = kind == KEEPS
            order_before = order
        else:
            kept_before, order_before = True, 0
        for part in range(tables.start[code], tables.start[code + 1]):
            value = tables.form[part]
            role = tables.role[part]
            leads = value < 0x80 or value >= 0xC0
            if leads and count > 0 and (role != run or count == MAX_WORD):
                at = _emit(tables, word, size, hashed, ids, at, end)
                if at < 0:
                    return LEFT, at
                size, count, hashed = 0, 0, FNV_BASIS
            if role == ISOLATED:
                word[size] = value
                size += 1
                hashed = _mixed(hashed, value)
                ends = part + 1 == tables.start[code + 1]
                if not ends:
                    following = tables.form[part + 1]
                    ends = following < 0x80 or following >= 0xC0
                if ends:
                    at = _emit(tables, word, size, hashed, ids, at, end)
                    if at < 0:
                        return LEFT, at
                    size, count, hashed = 0, 0, FNV_BASIS
            elif role != SPACE:
                if leads:
                    count += 1
                    run = role
                word[size] = value
                size += 1
                hashed = _mixed(hashed, value)
    if count > 0:
        at = _emit(tables, word, size, hashed, ids, at, end)
        if at < 0:
            return LEFT, at
    return DONE, at


@compiled(parallel=True)
def tokenize(tables, data, offsets, ids, lengths, status, blocks):
    """Tokenise all texts; text `i` writes its ids from `ids[offsets[i] - offsets[0]]` on, at most one per byte.

    The length of a text that is not DONE is 0.
    """
    texts = offsets.size - 1
    for block in prange(blocks):
        word = np.empty(WORD_BYTES, np.uint8)
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            first = offsets[text] - offsets[0]
            end = offsets[text + 1] - offsets[0]
            outcome, at = _one_text(tables, data, offsets[text], offsets[text + 1], word, ids, first, end)
            status[text] = outcome
            lengths[text] = at - first if outcome == DONE else 0


@compiled(parallel=True)
def spell(tables, data, offsets, out, room, lengths, status, blocks):
    """Write the words of all texts; text `i` writes from `room * (offsets[i] - offsets[0])` on, so many bytes a byte.

    The length of a text that is not DONE is 0.
    """
    texts = offsets.size - 1
    for block in prange(blocks):
        word = np.empty(WORD_BYTES, np.uint8)
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            first = room * (offsets[text] - offsets[0])
            end = room * (offsets[text + 1] - offsets[0])
            outcome, at = _one_text(tables, data, offsets[text], offsets[text + 1], word, out, first, end)
            status[text] = outcome
            lengths[text] = at - first if outcome == DONE else 0


@compiled(parallel=True)
def gather(ids, froms, offsets, packed, blocks):
    """Copy the ids of each text from `ids[froms[i]]` to `packed[offsets[i]]`, so that they are end to end."""
    texts = offsets.size - 1
    for block in prange(blocks):
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            shift = froms[text] - offsets[text]
            for at in range(offsets[text], offsets[text + 1]):
                packed[at] = ids[at + shift]


@compiled(parallel=True)
def hash_bytes(data, offsets, hashes, blocks):
    """Hash the bytes of each text to 64 bits: FNV-1a with the finalizer of MurmurHash3, so that all bits vary."""
    texts = offsets.size - 1
    for block in prange(blocks):
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            hashed = FNV_BASIS
            for at in range(offsets[text], offsets[text + 1]):
                hashed = _mixed(hashed, data[at])
            hashed = (hashed ^ (hashed >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
            hashed = (hashed ^ (hashed >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
            hashes[text] = hashed ^ (hashed >> np.uint64(33))


@compiled()
def insert_new(slots, hashes, new):
    """Insert `hashes` into the open-addressing set `slots` (0 is free); mark in `new` those that it did not hold."""
    mask = np.uint64(slots.size - 1)
    added = 0
    for index in range(hashes.size):
        hashed = hashes[index] if hashes[index] != 0 else np.uint64(1)
        slot = hashed & mask
        while slots[slot] != 0 and slots[slot] != hashed:
            slot = (slot + np.uint64(1)) & mask
        new[index] = slots[slot] == 0
        if new[index]:
            slots[slot] = hashed
            added += 1
    return added


@compiled()
def count_subwords(ids, offsets, counts, texts_with, last_text, first_number):
    """Add the occurrences of each subword to `counts`, and the number of texts with it to `texts_with`."""
    for text in range(offsets.size - 1):
        for at in range(offsets[text], offsets[text + 1]):
            subword = ids[at]
            counts[subword] += 1
            if last_text[subword] != first_number + text:
                last_text[subword] = first_number + text
                texts_with[subword] += 1


@compiled()
def count_whole(ids, offsets, continues, counts):
    """Add to `counts` how often each subword is a whole word: it continues no other, and no other continues it."""
    for text in range(offsets.size - 1):
        last = offsets[text + 1]
        for at in range(offsets[text], last):
            alone = at + 1 == last or not continues[ids[at + 1]]
            if alone and not continues[ids[at]]:
                counts[ids[at]] += 1
