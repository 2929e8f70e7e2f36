"""The compiled loops of search: int8 codes, how near a text can be at most and at least, and what words are worth."""

import numpy as np
from numba import njit, prange

from likewise.views.kernels import ones

__all__ = ["add_occurrences", "bounds", "quantise", "sign_scores"]

# Sums may be taken in any order, which is what lets them fill the vector registers; infinities keep their meaning.
# Each row is summed within one iteration, so the result does not depend on the number of threads.
_ANY_ORDER = {"reassoc", "contract", "nsz"}


@njit(cache=True, parallel=True, nogil=True)
def quantise(rows, codes, scales, errors, slack):
    """Write each row as int8 times a scale, and how long the difference is, plus `slack`.

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


@njit(cache=True, parallel=True, nogil=True, fastmath=_ANY_ORDER)
def bounds(codes, scales, errors, hidden, queries, starts, stops, places, upper, best):
    """Between which bounds the scores of some blocks of rows lie, for each query.

    Args:
        codes: int8 (rows, dim).
        scales: float32 (rows).
        errors: float32 (rows).
        hidden: bool (rows): rows that are not to be found.
        queries: float32 (queries, dim), unit rows.
        starts: int64 (blocks): first row of each block.
        stops: int64 (blocks): the row after its last.
        places: int64 (blocks): where a block's rows begin in `upper`.
        upper: float32 (queries, places), written: the score is at most this; -inf for a hidden row.
        best: float32 (queries, blocks), written: the highest lower bound of each block.
    """
    dim = codes.shape[1]
    nothing = np.float32(-np.inf)
    for block in prange(starts.size):
        for query in range(queries.shape[0]):
            best[query, block] = nothing
        for row in range(starts[block], stops[block]):
            place = places[block] + row - starts[block]
            for query in range(queries.shape[0]):
                if hidden[row]:
                    upper[query, place] = nothing
                else:
                    dot = np.float32(0.0)
                    for column in range(dim):
                        dot += np.float32(codes[row, column]) * queries[query, column]
                    score = dot * scales[row]
                    upper[query, place] = score + errors[row]
                    best[query, block] = max(best[query, block], score - errors[row])


@njit(cache=True, nogil=True)
def add_occurrences(numbers, counts, lengths, mean, weight, k1, b, scores, touched, count):
    """Add what a word is worth to the texts that hold it; how many texts have been touched then.

    Args:
        numbers: int64: of the texts.
        counts: int32: how often each holds it.
        lengths: int32: words of every text, by number.
        mean: words of a text.
        weight: of the word.
        k1: of BM25.
        b: of BM25.
        scores: float64, by number, added to.
        touched: int64: the texts with a score, written.
        count: how many of them there are; below 0, only texts that have a score are added to, and it stays.
    """
    for place in range(len(numbers)):
        number = numbers[place]
        score = scores[number]
        if score == 0.0:
            if count < 0:
                continue
            touched[count] = number
            count += 1
        often = np.float64(counts[place])
        # Operation by operation as FTS5 has it.
        scores[number] = score + weight * (
            often * (k1 + 1.0) / (often + k1 * (1.0 - b + b * np.float64(lengths[number]) / mean))
        )
    return count


@njit(cache=True, parallel=True, nogil=True)
def sign_scores(bits, counts, factors, hidden, planes, lowest, step, total, scores):
    """About what the score of each row is, of its signs and of a query in three bits a component.

    Args:
        bits: uint64 (rows, words): the signs.
        counts: uint32 (rows): how many of them are set.
        factors: float32 (rows).
        hidden: bool (rows): rows that are not to be found.
        planes: uint64 (3, words): bit by bit the query's components, as `lowest` plus so many times `step`.
        lowest: float32.
        step: float32.
        total: float32: the sum of the query's components.
        scores: float32 (rows), written: -inf for a hidden row.
    """
    for row in prange(bits.shape[0]):
        if hidden[row]:
            scores[row] = np.float32(-np.inf)
            continue
        first, second, third = np.uint64(0), np.uint64(0), np.uint64(0)
        for place in range(bits.shape[1]):
            word = bits[row, place]
            first += ones(word & planes[0, place])
            second += ones(word & planes[1, place])
            third += ones(word & planes[2, place])
        positive = lowest * np.float32(counts[row]) + step * np.float32(
            first + np.uint64(2) * second + np.uint64(4) * third
        )
        scores[row] = factors[row] * (np.float32(2) * positive - total)
