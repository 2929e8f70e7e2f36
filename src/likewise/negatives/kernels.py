"""Compiled loops of the negatives: fingerprints, SimHash and the comparison of all pairs of a batch.

Each text is owned by one iteration, so no result depends on how many threads there are.
"""

import numpy as np
from numba import njit, prange

from likewise.views.kernels import GOLDEN, mixed, ones

BYTE, EIGHT = np.uint64(255), np.uint64(8)
LIGHTEST = np.float32(1e-6)
BLOCKS = 64  # units of parallel work; more than there are cores, so that long texts even out


@njit(cache=True, parallel=True, nogil=True)
def fingerprints(ids, offsets):
    """A 64-bit hash of each text's ids in their order."""
    texts = len(offsets) - 1
    out = np.empty(texts, np.uint64)
    for t in prange(texts):
        text = np.int64(t)
        hashed = np.uint64(0)
        for position in range(offsets[text], offsets[text + 1]):
            hashed = mixed(hashed + (np.uint64(ids[position]) + np.uint64(1)) * GOLDEN)
        out[text] = hashed
    return out


@njit(inline="always")
def weight_of(word, starts, ids, weights):
    """What the heaviest piece of a word weighs; never nothing, or texts of such words would all be one."""
    end = starts[word + 1] if word + 1 < len(starts) else len(ids)
    weight = LIGHTEST
    for position in range(starts[word], end):
        weight = max(weight, weights[ids[position]])
    return weight


@njit(inline="always")
def project(hashed, weight, sums):
    """Add a word's 64 coordinates, each the sum of two bytes of a hash: near enough a normal deviate."""
    for lane in range(16):
        drawn = mixed(hashed + np.uint64(lane + 1) * GOLDEN)
        for pair in range(4):
            shift = np.uint64(16 * pair)
            coordinate = np.int32((drawn >> shift) & BYTE) + np.int32((drawn >> (shift + EIGHT)) & BYTE) - 255
            sums[4 * lane + pair] += weight * np.float32(coordinate)


@njit(cache=True, parallel=True, nogil=True)
def simhashes(hashes, starts, offsets, ids, weights):
    """The SimHash of each text: bit b says on which side of a random plane b its weighted set of words lies.

    `starts[w]` is where word w begins in `ids`, `offsets` are the texts' bounds among the words; a word weighs what its
    heaviest piece does, once a text. With one bit of a hash a word in place of a coordinate, a word that outweighs the
    rest would decide all bits alone.
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


@njit(cache=True, parallel=True, nogil=True)
def near(anchors, candidates, distance, paired):
    """How many candidates, other than its own, are within the distance of each anchor.

    Anchors from `paired` on have no candidate of their own and are compared with the first `paired` candidates only.
    """
    out = np.empty(len(anchors), np.int64)
    limit = np.uint64(distance)
    for a in prange(len(anchors)):
        anchor = np.int64(a)
        key = anchors[anchor]
        count = np.int64(0)
        for candidate in range(len(candidates) if anchor < paired else min(paired, len(candidates))):
            count += np.int64(ones(key ^ candidates[candidate]) <= limit)
        if anchor < paired and anchor < len(candidates):
            count -= np.int64(ones(key ^ candidates[anchor]) <= limit)
        out[anchor] = count
    return out


@njit(cache=True, parallel=True, nogil=True)
def allowed_tile(anchors, candidates, distance, first, stop, masked, paired):
    """Rows `first` to `stop` of the mask: whether each candidate may be contrasted; an anchor's own always may.

    Anchors from `paired` on have none of their own; all but the first `paired` candidates are left to them unasked.
    """
    out = np.ones((stop - first, len(candidates)), np.bool_)
    limit = np.uint64(distance)
    for r in prange(stop - first):
        row = np.int64(r)
        anchor = first + row
        if masked[anchor] > 0:
            key = anchors[anchor]
            for candidate in range(len(candidates) if anchor < paired else min(paired, len(candidates))):
                out[row, candidate] = ones(key ^ candidates[candidate]) > limit
            if anchor < paired and anchor < len(candidates):
                out[row, anchor] = True
    return out
