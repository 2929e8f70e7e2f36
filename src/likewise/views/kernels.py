"""Compiled loops of the views: which subwords stay, one parallel loop over the texts.

Random numbers are counter-based: draw `j` of text `t` is splitmix64 of (key, t, j), so no result depends on the number
of threads. The first subword of a text begins a word whatever `continues` says of it. Offsets begin at 0.
"""

import numpy as np
from numba import njit, prange, types
from numba.extending import intrinsic

from likewise.jit import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S27, S30, S31, S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
UNIT = 2.0**-53

ANCHOR, POSITIVE = np.uint8(1), np.uint8(2)  # bits of a mask: in which view a subword stays


@intrinsic
def ones(_context, _x):
    """The number of bits set in a 64-bit number: one instruction."""

    def generate(_context, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(inline="always")
def mixed(x):
    """The output function of splitmix64."""
    x = (x ^ (x >> S30)) * FIRST
    x = (x ^ (x >> S27)) * SECOND
    return x ^ (x >> S31)


@njit(inline="always")
def stream_of(key, text):
    """The start of the random numbers of a text."""
    return mixed(key + (np.uint64(text) + np.uint64(1)) * GOLDEN)


@njit(inline="always")
def uniform(stream, draw):
    """Draw number `draw` of a stream, in [0, 1)."""
    return np.float64(mixed(stream + (np.uint64(draw) + np.uint64(1)) * GOLDEN) >> S11) * UNIT


@njit(inline="always")
def word_end(ids, start, stop, continues):
    """One past the last subword of the word that begins at `start`."""
    end = start + 1
    while end < stop and continues[ids[end]]:
        end += 1
    return end


@njit(inline="always")
def words_between(ids, start, stop, continues):
    """The number of words of a text."""
    words = np.int64(stop > start)
    for position in range(start + 1, stop):
        words += np.int64(not continues[ids[position]])
    return words


@njit(inline="always")
def delete(ids, start, stop, continues, probability, stream, mask, bit):
    """Delete each word with a probability; if all would go, the one that came nearest to staying stays."""
    staying = 0
    nearest, nearest_start, nearest_end = -np.inf, start, start
    word, here = 0, start
    while here < stop:
        end = word_end(ids, here, stop, continues)
        margin = uniform(stream, word) - probability
        if margin >= 0.0:
            staying += 1
            for position in range(here, end):
                mask[position] |= bit
        elif margin > nearest:
            nearest, nearest_start, nearest_end = margin, here, end
        here = end
        word += 1
    if staying == 0:
        for position in range(nearest_start, nearest_end):
            mask[position] |= bit


@compiled(parallel=True)
def deletion_mask(ids, offsets, continues, probability, key):
    """What stays when each word is deleted with a probability."""
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        delete(ids, offsets[text], offsets[text + 1], continues, probability, stream_of(key, text), mask, ANCHOR)
    return mask


@compiled(parallel=True)
def crop_mask(ids, offsets, continues, shortest, longest, least, short, deleted, key):
    """What stays in a crop of each text; from texts of fewer than `short` words some are deleted instead."""
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        words = words_between(ids, start, stop, continues)
        if words < short:
            delete(ids, start, stop, continues, deleted, stream, mask, ANCHOR)
            continue
        share = shortest + (longest - shortest) * uniform(stream, 0)
        length = min(words, max(least, np.int64(np.floor(share * words + 0.5))))
        first = np.int64(np.floor(uniform(stream, 1) * (words - length + 1)))
        word = np.int64(-1)
        for position in range(start, stop):
            word += np.int64(position == start or not continues[ids[position]])
            mask[position] = np.uint8(first <= word < first + length)
    return mask


@compiled(parallel=True)
def halves_mask(ids, offsets, continues, short, deleted, key):
    """Which half each word is in: every split into two equal halves is equally likely (selection sampling).

    Of an odd number of words either view may get the extra one. A single word is in both views. From texts of fewer
    than `short` words some are deleted for each view instead.
    """
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        words = words_between(ids, start, stop, continues)
        if words < short:
            delete(ids, start, stop, continues, deleted, mixed(stream), mask, ANCHOR)
            delete(ids, start, stop, continues, deleted, mixed(stream ^ GOLDEN), mask, POSITIVE)
            continue
        wanted = (words + np.int64(uniform(stream, words) < 0.5)) // 2
        left = words
        side = ANCHOR
        for position in range(start, stop):
            if position == start or not continues[ids[position]]:
                chosen = uniform(stream, words - left) * left < wanted
                wanted -= np.int64(chosen)
                left -= 1
                side = ANCHOR if chosen else POSITIVE
            mask[position] = ANCHOR | POSITIVE if words == 1 else side
    return mask


@compiled(parallel=True)
def staying(ids, offsets, mask, bit):
    """The subwords whose mask has the bit, and their offsets."""
    texts = len(offsets) - 1
    kept = np.zeros(texts + 1, np.int64)
    for t in prange(texts):
        text = np.int64(t)
        count = np.int64(0)
        for position in range(offsets[text], offsets[text + 1]):
            count += np.int64((mask[position] & bit) != 0)
        kept[text + 1] = count
    for text in range(texts):
        kept[text + 1] += kept[text]
    out = np.empty(kept[texts], np.int32)
    for t in prange(texts):
        text = np.int64(t)
        here = kept[text]
        for position in range(offsets[text], offsets[text + 1]):
            if (mask[position] & bit) != 0:
                out[here] = ids[position]
                here += 1
    return out, kept


@compiled(parallel=True)
def word_types(ids, offsets, continues):
    """Where the words of all texts begin, their offsets by text, and a 64-bit hash of the subwords of each word."""
    texts = len(offsets) - 1
    bounds = np.zeros(texts + 1, np.int64)
    for t in prange(texts):
        text = np.int64(t)
        bounds[text + 1] = words_between(ids, offsets[text], offsets[text + 1], continues)
    for text in range(texts):
        bounds[text + 1] += bounds[text]
    starts = np.empty(bounds[texts], np.int64)
    types = np.empty(bounds[texts], np.uint64)
    for t in prange(texts):
        text = np.int64(t)
        word = bounds[text]
        here, stop = offsets[text], offsets[text + 1]
        while here < stop:
            end = word_end(ids, here, stop, continues)
            hashed = np.uint64(0)
            for position in range(here, end):
                hashed = mixed(hashed + (np.uint64(ids[position]) + np.uint64(1)) * GOLDEN)
            starts[word] = here
            types[word] = hashed
            word += 1
            here = end
    return starts, bounds, types
