"""Compiled loops of search: int8 codes, bounds on scores, BM25, and estimates from binary codes."""

import numpy as np
from numba import prange

from likewise.jit import compiled
from likewise.views.kernels import ones

# Sums may be taken in any order, which lets them fill the vector registers; infinities keep their meaning.
# Each row is summed within one iteration, so the result does not depend on the number of threads.
_ANY_ORDER = {"reassoc", "contract", "nsz"}


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


@compiled()
def add_bm25(row_ids, counts, lengths, mean, idf, k1, b, scores, touched, count):
    """Add the BM25 of one term to the texts that contain it, and return how many texts have a score then.

    Args:
        row_ids: int64 (texts).
        counts: int32 (texts): occurrences of the term.
        lengths: int32, by row id: terms of every text.
        mean: terms of a text on average.
        idf: weight of the term.
        k1: of BM25.
        b: of BM25.
        scores: float64, by row id, added to.
        touched: int64: the texts with a score, written.
        count: how many of them there are; if below 0, only texts that already have a score are added to.
    """
    for place in range(len(row_ids)):
        row_id = row_ids[place]
        score = scores[row_id]
        if score == 0.0:
            if count < 0:
                continue
            touched[count] = row_id
            count += 1
        frequency = np.float64(counts[place])
        # The same operations in the same order as FTS5, so that both give the same digits.
        scores[row_id] = score + idf * (
            frequency * (k1 + 1.0) / (frequency + k1 * (1.0 - b + b * np.float64(lengths[row_id]) / mean))
        )
    return count


@compiled(parallel=True)
def estimate_scores(bits, counts, factors, hidden, planes, lowest, step, total, scores):
    """Estimate the score of each row from its binary code and a query of three bits a component.

    Args:
        bits: uint64 (rows, words): the signs.
        counts: uint32 (rows): how many bits of a row are set.
        factors: float32 (rows).
        hidden: bool (rows): rows that must not be found.
        planes: uint64 (3, words): the components of the query bit by bit, in steps above `lowest`.
        lowest: float32: the value of step 0.
        step: float32: the size of a step.
        total: float32: the sum of the components of the query.
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
