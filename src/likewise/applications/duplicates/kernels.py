"""Compiled loops of the duplicates: which pairs are candidates, and which text is in which group."""

import numpy as np
from numba import njit, prange


@njit(cache=True, nogil=True)
def bucket_pairs(order, hashes, window, cut, ones, others):
    """Pairs of texts in one bucket: each with the first, and with the few before it.

    Args:
        order: int64 (texts): sorted by hash, equal hashes by rising number.
        hashes: uint64 (texts): sorted.
        window: how many before it.
        cut: where it is above 0, texts from this number on are paired with those below it only.
        ones: int64, written where it is long enough: the first of each pair.
        others: int64, written in the same way: the second.

    Returns:
        How many pairs.
    """
    found, begin, end = 0, 0, 0
    for place in range(len(order)):
        if place == 0 or hashes[place] != hashes[begin]:
            begin, end = place, place
        if cut == 0 or order[place] < cut:
            end = place + 1  # those before it are partners of the next
        if order[place] < cut:
            continue
        last = min(end, place)
        nearest = max(begin, last - window)
        for partner in range(nearest, last):
            if found < len(ones):
                ones[found], others[found] = order[partner], order[place]
            found += 1
        if nearest > begin:
            if found < len(ones):
                ones[found], others[found] = order[begin], order[place]
            found += 1
    return found


@njit(cache=True, parallel=True, nogil=True)
def nearest_in_tile(scores, queries, rows, others, floor, best, places):
    """Put the candidates of a tile into the few best of each query.

    Args:
        scores: float32 (queries, rows).
        queries: int64: whose scores these are.
        rows: int64: of whom.
        others: whether row and query of one number are different things.
        floor: scores have to be above it.
        best: float32 (texts, k), kept: the best scores so far, the best first.
        places: int64 (texts, k), kept: of whom they are, -1 for nobody.
    """
    last = best.shape[1] - 1
    for q in prange(len(queries)):
        query = queries[np.int64(q)]
        bar = max(best[query, last], floor)
        for r in range(len(rows)):
            score = scores[q, r]
            if score > bar and (others or rows[r] != query):
                slot = last
                while slot > 0 and best[query, slot - 1] < score:
                    best[query, slot], places[query, slot] = best[query, slot - 1], places[query, slot - 1]
                    slot -= 1
                best[query, slot], places[query, slot] = score, rows[r]
                bar = max(best[query, last], floor)


@njit(cache=True, nogil=True)
def stars(texts, ones, others, values, cut, leader, value, by):
    """Give each text to a kept one that it is a duplicate of.

    Texts are taken in their order, which is that of preference: one that no kept text has taken is kept, and takes what
    it is paired with. In the end a text is with the kept one that it is paired with best. So what is in a group is a
    duplicate of its kept text itself, not of a duplicate of a duplicate.

    Args:
        texts: how many.
        ones: int64 (pairs): the first of each pair, which has the lower number.
        others: int64 (pairs): the second.
        values: float32 (pairs): how good each is.
        cut: where it is above 0, texts below this number are kept and the others only taken.
        leader: int64 (texts), written: of each text the kept one, itself if it is kept.
        value: float32 (texts), written: of the pair that it was taken by.
        by: int64 (texts), written: the number of that pair, -1 for a kept text.
    """
    begins = np.zeros(texts + 1, np.int64)
    for pair in range(len(ones)):
        begins[others[pair] + 1] += 1
    for text in range(texts):
        begins[text + 1] += begins[text]
    places = begins[:-1].copy()
    of_text = np.empty(len(ones), np.int64)
    for pair in range(len(ones)):
        of_text[places[others[pair]]] = pair
        places[others[pair]] += 1
    for text in range(texts):
        leader[text], value[text], by[text] = text, np.float32(0), -1
        if text < cut:
            continue
        for place in range(begins[text], begins[text + 1]):
            pair = of_text[place]
            one = ones[pair]
            if by[one] == -1 and (cut == 0 or one < cut) and (by[text] == -1 or values[pair] > value[text]):
                leader[text], value[text], by[text] = one, values[pair], pair
