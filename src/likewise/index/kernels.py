"""Compiled loops of search: int8 codes, bounds on scores, BM25, and estimates from binary codes."""

import numpy as np
from numba import prange

from likewise.jit import compiled
from likewise.views.kernels import ones

K1, B = 1.2, 0.75  # of BM25, as in FTS5
# Sums may be taken in any order, which lets them fill the vector registers; infinities keep their meaning.
# Each row is summed within one iteration, so the result does not depend on the number of threads.
_ANY_ORDER = {"reassoc", "contract", "nsz"}
_ROWS = 1024  # whose codes stay in the processor's cache while several queries are compared with them
_ONE, _TWO = np.uint64(1), np.uint64(2)


@compiled(parallel=True)
def quantise(rows, codes, scales, errors, slack):
    """Write each row as int8 codes times a scale, and the length of the rounding error plus `slack`.

    Args:
        rows: float32 (rows, dim).
        codes: int8 (rows, dim), written.
        scales: float32 (rows), written; 0 for a row of zeros.
        errors: float32 (rows), written: Euclidean length of row - scale * code.
        slack: added to every error.
    """
    for row in prange(rows.shape[0]):
        largest = np.float32(0.0)
        for column in range(rows.shape[1]):
            largest = max(largest, abs(rows[row, column]))
        scale = largest / np.float32(127.0)
        scales[row] = scale
        missing = np.float64(0.0)
        for column in range(rows.shape[1]):
            code = np.int8(0)
            if scale > 0:
                code = np.int8(min(np.float32(127.0), max(np.float32(-127.0), np.rint(rows[row, column] / scale))))
            codes[row, column] = code
            difference = np.float64(rows[row, column]) - np.float64(scale) * np.float64(code)
            missing += difference * difference
        errors[row] = np.float32(np.sqrt(missing)) + slack


@compiled(parallel=True, fastmath=_ANY_ORDER)
def score_bounds(codes, scales, errors, hidden, queries, size, upper, best):
    """Write an upper bound of the score of each row, and the highest lower bound of each block of rows.

    Args:
        codes: int8 (rows, dim).
        scales: float32 (rows).
        errors: float32 (rows).
        hidden: bool (rows): rows that must not be found.
        queries: float32 (queries, dim), unit rows.
        size: rows of a block.
        upper: float32 (queries, rows), written: the score is at most this; -inf for a hidden row.
        best: float32 (queries, blocks), written.
    """
    dim = codes.shape[1]
    nothing = np.float32(-np.inf)
    for block in prange(best.shape[1]):
        for query in range(queries.shape[0]):
            best[query, block] = nothing
        for row in range(block * size, min((block + 1) * size, codes.shape[0])):
            for query in range(queries.shape[0]):
                if hidden[row]:
                    upper[query, row] = nothing
                else:
                    dot = np.float32(0.0)
                    for column in range(dim):
                        dot += np.float32(codes[row, column]) * queries[query, column]
                    score = dot * scales[row]
                    upper[query, row] = score + errors[row]
                    best[query, block] = max(best[query, block], score - errors[row])


@compiled(parallel=True, fastmath=_ANY_ORDER)
def score_bounds_of(codes, scales, errors, rows, query, upper):
    """Write an upper bound of the score of some rows.

    Args:
        codes: int8 (rows, dim).
        scales: float32 (rows).
        errors: float32 (rows).
        rows: int64 (some): their numbers.
        query: float32 (dim), a unit vector.
        upper: float32 (some), written.
    """
    dim = codes.shape[1]
    for place in prange(len(rows)):
        row = rows[place]
        dot = np.float32(0.0)
        for column in range(dim):
            dot += np.float32(codes[row, column]) * query[column]
        upper[place] = dot * scales[row] + errors[row]


@compiled()
def add_bm25(row_ids, counts, lengths, mean, idf, shown, scores, touched, count):
    """Add the BM25 of one term to the texts that contain it, and return how many texts have a score then.

    Args:
        row_ids: int64 (texts).
        counts: int32 (texts): occurrences of the term.
        lengths: int32, by row id: terms of every text.
        mean: terms of a text on average.
        idf: weight of the term.
        shown: bool, by row id: texts that may be found.
        scores: float64, by row id, added to.
        touched: int64: the texts with a score, written.
        count: how many of them there are; if below 0, only texts that already have a score are added to.
    """
    for place in range(len(row_ids)):
        row_id = row_ids[place]
        score = scores[row_id]
        if score == 0.0:
            if count < 0 or not shown[row_id]:
                continue
            touched[count] = row_id
            count += 1
        scores[row_id] = score + idf * bm25_frequency(counts[place], lengths[row_id], mean)
    return count


@compiled()
def add_bm25_to(touched, row_ids, counts, lengths, mean, idf, scores):
    """Do the same for some texts, which are few beside those that contain the term.

    Args:
        touched: int64: the texts.
        row_ids: int64 (texts): those that contain the term, in ascending order.
        counts: int32 (texts): occurrences of the term.
        lengths: int32, by row id: terms of every text.
        mean: terms of a text on average.
        idf: weight of the term.
        scores: float64, by row id, added to.
    """
    for each in range(len(touched)):
        row_id = touched[each]
        place = np.searchsorted(row_ids, row_id)
        if place < len(row_ids) and row_ids[place] == row_id:
            scores[row_id] += idf * bm25_frequency(counts[place], lengths[row_id], mean)


@compiled()
def drop_below(touched, count, scores, lowest):
    """Take the texts whose score is below `lowest` out of the first `count` touched ones; return how many are left."""
    kept = 0
    for each in range(count):
        row_id = touched[each]
        if scores[row_id] < lowest:
            scores[row_id] = 0.0
        else:
            touched[kept] = row_id
            kept += 1
    return kept


@compiled()
def highest_frequency(row_ids, counts, lengths, mean):
    """Return the highest part of BM25 that depends on how often a term occurs in a text."""
    highest = 0.0
    for place in range(len(row_ids)):
        highest = max(highest, bm25_frequency(counts[place], lengths[row_ids[place]], mean))
    return highest


@compiled(inline="always")
def bm25_frequency(count, length, mean):
    """The part of BM25 that depends on how often a term occurs in a text, with the parameters of FTS5.

    The same operations in the same order as FTS5, so that both give the same digits.
    """
    frequency = np.float64(count)
    return frequency * (K1 + 1.0) / (frequency + K1 * (1.0 - B + B * np.float64(length) / mean))


@compiled(parallel=True)
def estimate_scores(bits, counts, factors, hidden, planes, lowest, steps, totals, scores):
    """Estimate the score of each row from its binary code and queries of three bits a component.

    Args:
        bits: uint64 (words, rows): the signs.
        counts: uint32 (rows): how many bits of a row are set.
        factors: float32 (rows).
        hidden: bool (rows): rows that must not be found.
        planes: uint64 (queries, 3, words): the components of a query bit by bit, in steps above `lowest`.
        lowest: float32 (queries): the value of step 0.
        steps: float32 (queries): the size of a step.
        totals: float32 (queries): the sum of the components of a query.
        scores: float32 (queries, rows), written: -inf for a hidden row.
    """
    words, rows = bits.shape
    for block in prange(-(-rows // _ROWS)):
        first, last = block * _ROWS, min((block + 1) * _ROWS, rows)
        sums = np.empty(last - first, np.uint64)
        for query in range(planes.shape[0]):
            sums[:] = 0
            for word in range(0, words - 3, 4):
                some = bits[word, first:last], bits[word + 1, first:last], bits[word + 2, first:last]
                _count_four(*some, bits[word + 3, first:last], planes[query, :, word : word + 4], sums)
            for word in range(words - words % 4, words):
                _count_one(bits[word, first:last], planes[query, :, word], sums)
            low, step, total = lowest[query], steps[query], totals[query]
            for row in range(first, last):
                positive = low * np.float32(counts[row]) + step * np.float32(np.int32(sums[row - first]))
                score = factors[row] * (np.float32(2) * positive - total)
                scores[query, row] = np.float32(-np.inf) if hidden[row] else score


@compiled()
def _count_one(bits, planes, sums):
    """Add to each row the bits that it has in common with the planes, which count 1, 2 and 4."""
    for row in range(len(sums)):
        word = bits[row]
        two, four = ones(word & planes[1]) << _ONE, ones(word & planes[2]) << _TWO
        sums[row] += ones(word & planes[0]) + two + four


@compiled()
def _count_four(first, second, third, fourth, planes, sums):
    """Do the same for four words at once: counting bits is slow, so 12 words are added to five, bit by bit, before.

    A full adder turns three bits of one weight into their sum and a carry of twice the weight (Harley and Seal). The
    loop is over rows, so that these operations fill the vector registers.
    """
    a0, a1, a2, a3 = planes[0, 0], planes[0, 1], planes[0, 2], planes[0, 3]
    b0, b1, b2, b3 = planes[1, 0], planes[1, 1], planes[1, 2], planes[1, 3]
    c0, c1, c2, c3 = planes[2, 0], planes[2, 1], planes[2, 2], planes[2, 3]
    for row in range(len(sums)):
        w0, w1, w2, w3 = first[row], second[row], third[row], fourth[row]
        some, two = _full_adder(w0 & a0, w1 & a1, w2 & a2)
        last = w3 & a3
        unit, other_two = some ^ last, some & last
        some, four = _full_adder(w0 & b0, w1 & b1, w2 & b2)
        more, other_four = _full_adder(w3 & b3, two, other_two)
        twos, last_four = some ^ more, some & more
        some, eight = _full_adder(w0 & c0, w1 & c1, w2 & c2)
        more, other_eight = _full_adder(w3 & c3, four, other_four)
        fours, last_eight = _full_adder(some, more, last_four)
        eights, sixteens = _full_adder(eight, other_eight, last_eight)
        low = ones(unit) + (ones(twos) << _ONE) + (ones(fours) << _TWO)
        sums[row] += low + (ones(eights) << np.uint64(3)) + (ones(sixteens) << np.uint64(4))


@compiled(inline="always")
def _full_adder(first, second, third):
    """The bits of the sum of three words, and those of the carry."""
    either = first ^ second
    return either ^ third, (first & second) | (either & third)
