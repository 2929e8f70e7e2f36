"""Compiled loops of the negatives: SimHash, and the comparison of all pairs of a batch.

One iteration handles each text, so no result depends on the number of threads.
"""

import numpy as np
from numba import njit, prange

from likewise.jit import compiled
from likewise.views.kernels import GOLDEN, mixed, ones

BYTE, EIGHT = np.uint64(255), np.uint64(8)
LIGHTEST = np.float32(1e-6)
BLOCKS = 64  # units of parallel work: more than there are cores, so that long texts are spread evenly


@njit(inline="always")
def weight_of(word, starts, ids, weights):
    """The weight of the heaviest subword of a word; above zero, or all texts of weightless words would hash alike."""
    end = starts[word + 1] if word + 1 < len(starts) else len(ids)
    weight = LIGHTEST
    for position in range(starts[word], end):
        weight = max(weight, weights[ids[position]])
    return weight


@njit(inline="always")
def project(hashed, weight, sums):
    """Add the 64 coordinates of a word, each the sum of two bytes of a hash: close to a normal deviate."""
    for lane in range(16):
        drawn = mixed(hashed + np.uint64(lane + 1) * GOLDEN)
        for pair in range(4):
            shift = np.uint64(16 * pair)
            coordinate = np.int32((drawn >> shift) & BYTE) + np.int32((drawn >> (shift + EIGHT)) & BYTE) - 255
            sums[4 * lane + pair] += weight * np.float32(coordinate)


@compiled(parallel=True)
def simhashes(hashes, starts, offsets, ids, weights):
    """The SimHash of each text: bit b is the side of random plane b on which its weighted set of words lies.

    Word w begins at `starts[w]` in `ids`, text t has the words from `offsets[t]` to `offsets[t + 1]`. A word counts
    once a text, with the weight of its heaviest subword. Words have coordinates rather than the bits of the usual
    SimHash: with bits, a word that outweighs the others would decide the whole hash.
    """
    texts = len(offsets) - 1
    out = np.empty(texts, np.uint64)
    for b in prange(BLOCKS):
        block = np.int64(b)
        first, last = texts * block // BLOCKS, texts * (block + 1) // BLOCKS
        slots = 1
        for text in range(first, last):
            while slots < 2 * (offsets[text + 1] - offsets[text]):
                slots *= 2
        seen_in = np.full(slots, -1, np.int64)  # the text whose word stands in a slot: never cleared
        seen = np.empty(slots, np.uint64)
        sums = np.empty(64, np.float32)
        for text in range(first, last):
            sums[:] = np.float32(0)
            for word in range(offsets[text], offsets[text + 1]):
                hashed = hashes[word]
                slot = np.int64(hashed & np.uint64(slots - 1))
                while seen_in[slot] == text and seen[slot] != hashed:
                    slot = (slot + 1) & (slots - 1)
                if seen_in[slot] != text:
                    seen_in[slot], seen[slot] = text, hashed
                    project(hashed, weight_of(word, starts, ids, weights), sums)
            packed = np.uint64(0)
            for bit in range(64):
                packed |= np.uint64(sums[bit] > 0) << np.uint64(bit)
            out[text] = packed
    return out


@compiled(parallel=True)
def near_duplicate_counts(anchors, candidates, distance, pairs):
    """How many candidates, other than its positive, are within the distance of each anchor.

    Anchors from `pairs` on are of a queue: they have no positive and are compared with the first `pairs` candidates.
    """
    out = np.empty(len(anchors), np.int64)
    limit = np.uint64(distance)
    for a in prange(len(anchors)):
        anchor = np.int64(a)
        key = anchors[anchor]
        count = np.int64(0)
        for candidate in range(len(candidates) if anchor < pairs else min(pairs, len(candidates))):
            count += np.int64(ones(key ^ candidates[candidate]) <= limit)
        if anchor < pairs and anchor < len(candidates):
            count -= np.int64(ones(key ^ candidates[anchor]) <= limit)
        out[anchor] = count
    return out


@compiled(parallel=True)
def allowed_tile(anchors, candidates, distance, first, stop, masked, pairs):
    """Rows `first` to `stop` of the mask; True where an anchor may be contrasted with a candidate.

    A positive is always True. Anchors from `pairs` on are of a queue: candidates after the first `pairs` are True.
    """
    out = np.ones((stop - first, len(candidates)), np.bool_)
    limit = np.uint64(distance)
    for r in prange(stop - first):
        row = np.int64(r)
        anchor = first + row
        if masked[anchor] > 0:
            key = anchors[anchor]
            for candidate in range(len(candidates) if anchor < pairs else min(pairs, len(candidates))):
                out[row, candidate] = ones(key ^ candidates[candidate]) > limit
            if anchor < pairs and anchor < len(candidates):
                out[row, anchor] = True
    return out
