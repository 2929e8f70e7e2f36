"""Compiled loops of the views: which pieces stay, one parallel loop over the texts.

Random numbers are counters: draw `j` of text `t` is splitmix64 of (key, t, j), so no result depends on how many
threads there are. A text's first piece begins a word whatever `continues` says of it. Offsets begin at 0.
"""

import numpy as np
from numba import njit, prange, types
from numba.extending import intrinsic

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S27, S30, S31, S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
UNIT = 2.0**-53

ANCHOR, POSITIVE = np.uint8(1), np.uint8(2)  # bits of a mask: in which view a piece stays


@intrinsic
def ones(_context, _x):
    """How many bits of a 64-bit number are set: one instruction."""

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
    """Where the random numbers of a text begin."""
    return mixed(key + (np.uint64(text) + np.uint64(1)) * GOLDEN)


@njit(inline="always")
def uniform(stream, draw):
    """Draw number `draw` of a stream, in [0, 1)."""
    return np.float64(mixed(stream + (np.uint64(draw) + np.uint64(1)) * GOLDEN) >> S11) * UNIT


@njit(inline="always")
def word_end(ids, start, stop, continues):
    """One past the last piece of the word that begins at `start`."""
    end = start + 1
    while end < stop and continues[ids[end]]:
        end += 1
    return end


@njit(inline="always")
def words_between(ids, start, stop, continues):
    """How many words a text has."""
    words = np.int64(stop > start)
    for position in range(start + 1, stop):
        words += np.int64(not continues[ids[position]])
    return words


@njit(inline="always")
def thin(ids, start, stop, continues, probabilities, rarest_is_highest, stream, mask, bit):
    """Delete each word with its probability; when all would go, the one that came nearest to staying stays."""
    staying = 0
    nearest, nearest_start, nearest_end = -np.inf, start, start
    word, here = 0, start
    while here < stop:
        end = word_end(ids, here, stop, continues)
        probability = probabilities[ids[here]]
        for position in range(here + 1, end):
            other = probabilities[ids[position]]
            if (other > probability) == rarest_is_highest:
                probability = other
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


@njit(cache=True, parallel=True, nogil=True)
def deletion_mask(ids, offsets, continues, probabilities, rarest_is_highest, key):
    """What stays when each word is deleted with the probability of its rarest piece."""
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        thin(ids, start, stop, continues, probabilities, rarest_is_highest, stream, mask, ANCHOR)
    return mask


@njit(cache=True, parallel=True, nogil=True)
def span_deletion_mask(ids, offsets, continues, share, key):
    """What stays when one span of words a text is deleted, anywhere in it; one word stays at the least."""
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        words = words_between(ids, start, stop, continues)
        # Rounded at random, so that short texts too lose the share on average.
        length = min(words - 1, np.int64(np.floor(share * words + uniform(stream, 0))))
        first = np.int64(np.floor(uniform(stream, 1) * (words - length + 1)))
        word, here = 0, start
        while here < stop:
            end = word_end(ids, here, stop, continues)
            if word < first or word >= first + length:
                for position in range(here, end):
                    mask[position] |= ANCHOR
            here = end
            word += 1
    return mask


@njit(cache=True, parallel=True, nogil=True)
def crop_mask(ids, offsets, continues, shortest, longest, least, short, thinning, key):
    """What stays of one span of words a text; texts of fewer than `short` words are thinned instead."""
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        words = words_between(ids, start, stop, continues)
        if words < short:
            thin(ids, start, stop, continues, thinning, True, stream, mask, ANCHOR)
            continue
        share = shortest + (longest - shortest) * uniform(stream, 0)
        length = min(words, max(least, np.int64(np.floor(share * words + 0.5))))
        first = np.int64(np.floor(uniform(stream, 1) * (words - length + 1)))
        word = np.int64(-1)
        for position in range(start, stop):
            word += np.int64(position == start or not continues[ids[position]])
            mask[position] = np.uint8(first <= word < first + length)
    return mask


@njit(cache=True, parallel=True, nogil=True)
def halves_mask(ids, offsets, continues, short, thinning, key):
    """Which half each word is in: every split into two equal halves is equally likely (selection sampling).

    Of an odd number of words either view gets the one more. A single word is in both views. Texts of fewer than
    `short` words are thinned twice instead.
    """
    mask = np.zeros(len(ids), np.uint8)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        words = words_between(ids, start, stop, continues)
        if words < short:
            thin(ids, start, stop, continues, thinning, True, mixed(stream), mask, ANCHOR)
            thin(ids, start, stop, continues, thinning, True, mixed(stream ^ GOLDEN), mask, POSITIVE)
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


@njit(cache=True, parallel=True, nogil=True)
def staying(ids, offsets, mask, bit):
    """The pieces whose mask has the bit, and where each text begins among them."""
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


@njit(cache=True, parallel=True, nogil=True)
def shuffled(ids, offsets, continues, key):
    """The words of each text in an order drawn uniformly (Fisher and Yates)."""
    out = np.empty(len(ids), np.int32)
    begins = np.empty(len(ids), np.int64)  # of the words of a text, in the text's own stretch
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        stream = stream_of(key, text)
        start, stop = offsets[text], offsets[text + 1]
        words = np.int64(0)
        for position in range(start, stop):
            if position == start or not continues[ids[position]]:
                begins[start + words] = position
                words += 1
        for word in range(words - 1, 0, -1):
            other = np.int64(uniform(stream, word) * (word + 1))
            swapped = begins[start + word]
            begins[start + word] = begins[start + other]
            begins[start + other] = swapped
        here = start
        for word in range(words):
            begin = begins[start + word]
            for position in range(begin, word_end(ids, begin, stop, continues)):
                out[here] = ids[position]
                here += 1
    return out


@njit(cache=True, parallel=True, nogil=True)
def word_types(ids, offsets, continues):
    """Where the words of all texts begin, which are each text's, and a 64-bit hash of each word's pieces."""
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
