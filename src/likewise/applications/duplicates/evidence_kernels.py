"""The compiled loops of evidence: the words and the trigrams that two texts share."""

import numpy as np
from numba import njit, prange

from likewise.applications.duplicates.kernels import END, HAS_DIGIT, LETTERS, MOST, ONE
from likewise.jit import compiled

SHORTEST = 4  # letters of a word that a typo may change
ODD = np.uint64((1 << LETTERS) - 1)
SMALLEST, EVERY = np.float32(1e-12), np.uint64(0xFFFFFFFFFFFFFFFF)
SOME = np.float32(0.2)  # of the words of two texts, which they share for misspelt ones to matter


@njit(inline="always")
def misspelt(one, other):
    """Whether two words are one typo apart: a letter more, another letter, two in another order. Short ones never are.

    Letters that occur an odd number of times differ by at most two then, and the first or the last letter is the same.
    Anagrams of which that holds are taken for typos too.
    """
    if (one | other) & HAS_DIGIT:
        return False
    length = np.int64((one >> np.uint64(LETTERS)) & np.uint64(31))
    other_length = np.int64((other >> np.uint64(LETTERS)) & np.uint64(31))
    if min(length, other_length) < SHORTEST or abs(length - other_length) > 1:
        return False
    ends = (one ^ other) >> np.uint64(32)
    if ends & END and ends & (END << np.uint64(4)):
        return False
    differ = (one ^ other) & ODD
    differ &= differ - ONE if differ else np.uint64(0)
    if length == other_length:
        differ &= differ - ONE if differ else np.uint64(0)
    return differ == 0


@njit(inline="always")
def weighed(grams, place, end, counted, weights, shift):
    """The weight of the trigram at a place, its number of times damped, and where the next one is."""
    gram, begin = grams[place], place
    while place < end and grams[place] == gram:
        place += 1
    return weights[gram >> shift] * counted[min(place - begin, len(counted) - 1)], place


@compiled(parallel=True)
def cosines_of(grams, offsets, others, other_offsets, weights, counted, most, ones, twos, out, rare):
    """The cosines of the trigrams of each pair of texts, with IDF and with its square.

    Args:
        grams: uint32: the lowest hashes of each text's trigrams, rising, with repeats.
        offsets: where those of each text begin.
        others: of the second texts.
        other_offsets: where those of each begin.
        weights: float32, IDF by the highest bits of a hash; a power of two of them.
        counted: float32, what so many times count.
        most: trigrams that are kept of a text; one of so many may lack some, and what is beyond its highest is not
            known.
        ones: the first of each pair.
        twos: the second.
        out: float32, written: the cosine of TF-IDF.
        rare: float32, written: the same with IDF squared.
    """
    shift = np.uint32(0)
    while (len(weights) << shift) < 1 << 32:
        shift += np.uint32(1)
    for p in prange(len(ones)):
        pair = np.int64(p)
        i, i_end = offsets[ones[pair]], offsets[ones[pair] + 1]
        j, j_end = other_offsets[twos[pair]], other_offsets[twos[pair] + 1]
        known = MOST
        if i_end - i >= most:
            known = min(known, grams[i_end - 1])
        if j_end - j >= most:
            known = min(known, others[j_end - 1])
        both, one, other = np.float32(0), np.float32(0), np.float32(0)
        rare_both, rare_one, rare_other = np.float32(0), np.float32(0), np.float32(0)
        while i < i_end or j < j_end:
            mine, theirs = np.float32(0), np.float32(0)
            gram = grams[i] if j == j_end or (i < i_end and grams[i] <= others[j]) else others[j]
            if gram > known:
                break
            if i < i_end and grams[i] == gram:
                mine, i = weighed(grams, i, i_end, counted, weights, shift)
            if j < j_end and others[j] == gram:
                theirs, j = weighed(others, j, j_end, counted, weights, shift)
            idf = weights[gram >> shift]
            both += mine * theirs
            one += mine * mine
            other += theirs * theirs
            rare_both += idf * idf * mine * theirs
            rare_one += idf * idf * mine * mine
            rare_other += idf * idf * theirs * theirs
        out[pair] = both / max(np.sqrt(one * other), SMALLEST)
        rare[pair] = rare_both / max(np.sqrt(rare_one * rare_other), SMALLEST)


@njit(inline="always")
def misspelt_weights(words, first, last, others, begin, end, weights, shift):
    """What the words of a text weigh that the other text lacks but misspells: the lighter and the heavier spellings."""
    lighter, heavier, j = np.float32(0), np.float32(0), begin
    for i in range(first, last):
        while j < end and others[j] < words[i]:
            j += 1
        if j < end and others[j] == words[i]:
            continue
        for at in range(begin, end):
            if misspelt(words[i], others[at]):
                place = first + np.searchsorted(words[first:last], others[at])
                if place == last or words[place] != others[at]:
                    weight, other = weights[words[i] >> shift], weights[others[at] >> shift]
                    lighter, heavier = lighter + min(weight, other), heavier + max(weight, other)
                    break
    return lighter, heavier


@compiled(parallel=True)
def overlaps_of(words, offsets, others, other_offsets, weights, most, ones, twos, out):
    """The share of the words of each pair, by weight, that both have; a misspelt word is had.

    Args:
        words: uint64: the lowest spellings of each text's words, rising.
        offsets: where those of each text begin.
        others: of the second texts.
        other_offsets: where those of each begin.
        weights: float32, by the highest bits of a spelling; a power of two of them.
        most: words that are kept of a text; one of so many may lack some, and what is beyond its highest is not known.
        ones: the first of each pair.
        twos: the second.
        out: float32, written.
    """
    shift = np.uint64(32)
    while (len(weights) << np.int64(shift - np.uint64(32))) < 1 << 32:
        shift += ONE
    for p in prange(len(ones)):
        pair = np.int64(p)
        first, last = offsets[ones[pair]], offsets[ones[pair] + 1]
        begin, end = other_offsets[twos[pair]], other_offsets[twos[pair] + 1]
        cut = min(words[last - 1] if last - first >= most else EVERY, others[end - 1] if end - begin >= most else EVERY)
        last = first + np.searchsorted(words[first:last], cut, side="right")
        end = begin + np.searchsorted(others[begin:end], cut, side="right")
        i, j, both, every = first, begin, np.float32(0), np.float32(0)
        while i < last or j < end:
            word = words[i] if j == end or (i < last and words[i] <= others[j]) else others[j]
            mine, theirs = i < last and words[i] == word, j < end and others[j] == word
            weight = weights[word >> shift]
            every += weight
            both += weight if mine and theirs else np.float32(0)
            i, j = i + mine, j + theirs
        if both < every and both >= SOME * every:
            lighter, heavier = misspelt_weights(words, first, last, others, begin, end, weights, shift)
            both, every = both + lighter, every - heavier  # one word that weighs what its more frequent spelling does
        out[pair] = both / max(every, SMALLEST)
