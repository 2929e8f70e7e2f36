"""The compiled loops of vector search: int8 codes, and how near a text can be at most and at least."""

import numpy as np
from numba import njit, prange

__all__ = ["bounds", "quantise"]

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
