"""Compiled loops of the encoders: pooling rows, their gradient, row-wise Adagrad, and dropout by a hash."""

import numpy as np
from numba import prange

from likewise.jit import compiled

SMALLEST_NORM = 1e-12
# Sums may be vectorised: still the same on every run, and NaN stays NaN.
FAST = {"reassoc", "contract"}


@compiled()
def add_eight(total, a, b, c, d, e, f, g, h):
    """Adds eight rows to the total, from left to right."""
    for axis in range(total.size):
        sum_ = (((total[axis] + a[axis]) + b[axis]) + c[axis]) + d[axis]
        total[axis] = (((sum_ + e[axis]) + f[axis]) + g[axis]) + h[axis]


@compiled()
def add_rows(weights, ids, total):
    """Adds the rows of some ids to the total, in the order of the ids.

    Rows come from memory in no order; eight at a time, the processor fetches the next ones while it adds.
    """
    at = 0
    while at + 8 <= ids.size:
        add_eight(
            total, weights[ids[at]], weights[ids[at + 1]], weights[ids[at + 2]], weights[ids[at + 3]],
            weights[ids[at + 4]], weights[ids[at + 5]], weights[ids[at + 6]], weights[ids[at + 7]],
        )  # fmt: skip
        at += 8
    while at < ids.size:
        row = weights[ids[at]]
        for axis in range(total.size):
            total[axis] += row[axis]
        at += 1


@compiled(parallel=True, fastmath=FAST)
def pool(weights, ids, offsets, vectors, norms, blocks):
    """The normalised sum of each text's rows; zeros for a text without ids, or whose rows sum to zero.

    The mean of the rows has the same direction as their sum, so nothing is divided by the number of ids.
    """
    texts, dim = vectors.shape
    for block in prange(blocks):
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            vector = vectors[text]
            vector[:] = 0
            add_rows(weights, ids[offsets[text] : offsets[text + 1]], vector)
            square = 0.0  # float64: then the order of the sum does not show in a float32 norm
            for axis in range(dim):
                square += np.float64(vector[axis]) * np.float64(vector[axis])
            norm = np.sqrt(square)
            norms[text] = norm
            if norm > SMALLEST_NORM:
                inverse = norms.dtype.type(1 / norm)
                for axis in range(dim):
                    vector[axis] *= inverse
            else:
                vector[:] = 0


@compiled()
def add_eight_int8(total, a, b, c, d, e, f, g, h, scales, ids):
    """Adds eight rows, each times its scale, to the total, from left to right."""
    one, two, three, four = scales[ids[0]], scales[ids[1]], scales[ids[2]], scales[ids[3]]
    five, six, seven, eight = scales[ids[4]], scales[ids[5]], scales[ids[6]], scales[ids[7]]
    for axis in range(total.size):
        sum_ = ((total[axis] + one * np.float32(a[axis])) + two * np.float32(b[axis])) + three * np.float32(c[axis])
        sum_ = ((sum_ + four * np.float32(d[axis])) + five * np.float32(e[axis])) + six * np.float32(f[axis])
        total[axis] = (sum_ + seven * np.float32(g[axis])) + eight * np.float32(h[axis])


@compiled()
def add_int8_rows(rows, scales, ids, total):
    """Adds the rows of some ids, each times its scale, to the total: what `add_rows` does."""
    at = 0
    while at + 8 <= ids.size:
        add_eight_int8(
            total, rows[ids[at]], rows[ids[at + 1]], rows[ids[at + 2]], rows[ids[at + 3]],
            rows[ids[at + 4]], rows[ids[at + 5]], rows[ids[at + 6]], rows[ids[at + 7]], scales, ids[at : at + 8],
        )  # fmt: skip
        at += 8
    while at < ids.size:
        row, scale = rows[ids[at]], scales[ids[at]]
        for axis in range(total.size):
            total[axis] += scale * np.float32(row[axis])
        at += 1


@compiled(parallel=True, fastmath=FAST)
def pool_int8(rows, scales, ids, offsets, vectors, blocks):
    """`pool` of the rows times their scales."""
    texts, dim = vectors.shape
    for block in prange(blocks):
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            vector = vectors[text]
            vector[:] = 0
            add_int8_rows(rows, scales, ids[offsets[text] : offsets[text + 1]], vector)
            square = 0.0
            for axis in range(dim):
                square += np.float64(vector[axis]) * np.float64(vector[axis])
            norm = np.sqrt(square)
            inverse = np.float32(1 / norm if norm > SMALLEST_NORM else 0.0)
            for axis in range(dim):
                vector[axis] *= inverse


@compiled(fastmath=FAST)
def add_sqrt_counts(weights, scales, ids, vector):
    """Add the row of each distinct id, times its scale and the square root of its count, in the order of the ids."""
    ordered = np.sort(ids)
    first = 0
    while first < ordered.size:
        last = first + 1
        while last < ordered.size and ordered[last] == ordered[first]:
            last += 1
        row = weights[ordered[first]]
        factor = vector.dtype.type(np.sqrt(last - first) * scales[ordered[first]])
        for axis in range(vector.size):
            vector[axis] += factor * vector.dtype.type(row[axis])
        first = last


@compiled(parallel=True)
def sum_sqrt_counts(weights, scales, ids, offsets, sums):
    """The sum of each text's distinct rows, each times the square root of its count."""
    for text in prange(offsets.size - 1):
        sums[text] = 0
        add_sqrt_counts(weights, scales, ids[offsets[text] : offsets[text + 1]], sums[text])


@compiled(parallel=True, fastmath=FAST)
def pool_documents(weights, scales, ids, offsets, vectors, ends, shares, length_priors):
    """The same sums, each component (up to `ends[component]`) scaled to its share, damped by its length prior."""
    for text in prange(offsets.size - 1):
        vector = vectors[text]
        vector[:] = 0
        add_sqrt_counts(weights, scales, ids[offsets[text] : offsets[text + 1]], vector)
        begin = 0
        for component in range(ends.size):
            square = 0.0
            for axis in range(begin, ends[component]):
                square += np.float64(vector[axis]) * np.float64(vector[axis])
            scale = 0.0
            if square > SMALLEST_NORM**2:
                scale = shares[component] / np.sqrt(square + length_priors[component])
            for axis in range(begin, ends[component]):
                vector[axis] *= scale
            begin = ends[component]


@compiled(parallel=True, fastmath=FAST)
def normalise_backward(vectors, norms, gradient, of_sums, blocks):
    """The gradient of the sum of a text's rows, from that of its unit vector z: (g - (g·z) z) / norm."""
    texts, dim = vectors.shape
    for block in prange(blocks):
        for text in range(texts * block // blocks, texts * (block + 1) // blocks):
            if norms[text] <= SMALLEST_NORM:
                of_sums[text] = 0
                continue
            along = gradient[text, 0] * vectors[text, 0]
            for axis in range(1, dim):
                along += gradient[text, axis] * vectors[text, axis]
            inverse = 1 / norms[text]
            for axis in range(dim):
                of_sums[text, axis] = (gradient[text, axis] - along * vectors[text, axis]) * inverse


@compiled()
def occurrences(ids, offsets, count):
    """Where each row occurs in the batch: (rows touched, begin of each row's texts, the texts).

    `count` is a scratch array of zeros, one per row of the vocabulary, and is zeros again afterwards.
    """
    first, last = offsets[0], offsets[-1]
    touched = np.empty(min(last - first, count.size), np.int32)
    rows = 0
    for at in range(first, last):
        row = ids[at]
        if count[row] == 0:
            touched[rows] = row
            rows += 1
        count[row] += 1
    begins = np.empty(rows + 1, np.int64)
    begins[0] = 0
    for index in range(rows):
        row = touched[index]
        begins[index + 1] = begins[index] + count[row]
        count[row] = begins[index]
    texts = np.empty(last - first, np.int32)
    for text in range(offsets.size - 1):
        for at in range(offsets[text], offsets[text + 1]):
            row = ids[at]
            texts[count[row]] = text
            count[row] += 1
    for index in range(rows):
        count[touched[index]] = 0
    return touched[:rows], begins, texts


@compiled(parallel=True, fastmath=FAST)
def row_adagrad(weights, squares, touched, begins, texts, of_sums, learning_rate, tiny, blocks):
    """Row-wise Adagrad on the rows touched: one thread sums a row's gradient in the order of its texts and updates it.

    squares[u] += mean(g²); weights[u] -= learning_rate · g / (sqrt(squares[u]) + tiny).
    """
    rows, dim = touched.size, weights.shape[1]
    for block in prange(blocks):
        # Equal shares of the occurrences, not of the rows: frequent words take most of the work.
        first = np.searchsorted(begins[:rows], begins[rows] * block // blocks)
        last = np.searchsorted(begins[:rows], begins[rows] * (block + 1) // blocks)
        gradient = np.empty(dim, weights.dtype)
        for index in range(first, last):
            gradient[:] = 0
            add_rows(of_sums, texts[begins[index] : begins[index + 1]], gradient)
            square = gradient[0] * gradient[0]
            for axis in range(1, dim):
                square += gradient[axis] * gradient[axis]
            row = touched[index]
            squares[row] += square / dim
            scale = learning_rate / (np.sqrt(squares[row]) + tiny)
            for axis in range(dim):
                weights[row, axis] -= scale * gradient[axis]


@compiled(inline="always")
def hash32(number):
    """A hash of 32 bits (Wellons 2018, lowbias32)."""
    number = np.uint32(number ^ (number >> np.uint32(16)))
    number = np.uint32(number * np.uint32(0x7FEB352D))
    number = np.uint32(number ^ (number >> np.uint32(15)))
    number = np.uint32(number * np.uint32(0x846CA68B))
    return np.uint32(number ^ (number >> np.uint32(16)))


@compiled(parallel=True)
def keyed_dropout(inputs, out, keys, site, threshold, scale):
    """Zero where the hash of key, site and position is below the threshold, times the scale elsewhere."""
    texts, heads, tokens, dim = inputs.shape
    for row in prange(texts * heads):
        text, head = row // heads, row % heads
        for token in range(tokens):
            position = np.uint32(site * np.uint32(0x9E3779B1))
            position = np.uint32(position + np.uint32(np.uint32(head) * np.uint32(0x85EBCA77)))
            position = np.uint32(position + np.uint32(np.uint32(token) * np.uint32(0xC2B2AE3D)))
            begin = hash32(np.uint32(keys[text] ^ hash32(position)))
            for axis in range(dim):
                number = hash32(np.uint32(begin + np.uint32(np.uint32(axis) * np.uint32(0x27D4EB2F))))
                out[text, head, token, axis] = inputs[text, head, token, axis] * scale if number >= threshold else 0.0
