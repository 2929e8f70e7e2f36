"""The compiled loops of duplicates: reading texts, MinHash, buckets, nearest and groups."""

import numpy as np
from numba import njit, prange

from likewise.jit import compiled
from likewise.tokens.kernels import character_at
from likewise.views.kernels import mixed

SEPARATOR, LETTER, ALONE, DIGIT, DROPPED, SYMBOL = 0, 1, 2, 3, 4, 5  # what a character is to a word
SHINGLE, GRAM = 4, 3  # characters
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
ONE, LOW = np.uint64(1), np.uint64(0xFFFFFFFF)
MOST = np.uint32(0xFFFFFFFF)
LETTERS = 26  # bits of a spelling, one for each letter
HIGH, HAS_DIGIT, END = np.uint64(0xFFFFFF0000000000), np.uint64(1 << 31), np.uint64(15)
GRAM_BITS = np.uint64((1 << 48) - 1)


@njit(inline="always")
def sorted_set(values, first, last):
    """Sort a part of an array in place and put its distinct values first; how many there are."""
    part = values[first:last]
    if len(part) < 24:
        for index in range(1, len(part)):
            value, place = part[index], index
            while place > 0 and part[place - 1] > value:
                part[place] = part[place - 1]
                place -= 1
            part[place] = value
    else:
        part.sort()
    count = 0
    for index in range(len(part)):
        if count == 0 or part[index] != part[count - 1]:
            part[count] = part[index]
            count += 1
    return count


@njit(inline="always")
def spelling(word, letters, ends, length, has_digit):
    """A word as one number that shows what it may be a typo of.

    Its bits, from the highest on: 24 of its hash, 4 of its first letter and 4 of its last, whether it has a digit, 5 of
    its length, and 26 of which letters occur an odd number of times.
    """
    kind = (np.uint64(has_digit) << np.uint64(31)) | (np.uint64(min(length, 31)) << np.uint64(LETTERS))
    return (mixed(word) & HIGH) | (ends << np.uint64(32)) | kind | letters


@njit(inline="always")
def with_character(whole, spaced, anything, code):
    """The hash of characters and one more, whether white space follows the last, and whether there is any other."""
    if 28 <= code <= 32 or 9 <= code <= 13:  # what else is white space is so in its compatibility form
        return whole, True, anything
    if spaced and anything:
        whole = (whole ^ np.uint64(32)) * PRIME
    return (whole ^ np.uint64(code)) * PRIME, False, True


@njit(inline="always")
def read_text(data, place, end, kinds, words, shingles, grams, first):
    """Read one text, see `read_texts`: a hash of its characters, and where its words, shingles and trigrams end."""
    here, there, there_too = first, first, first
    letters, start, ends = np.uint64(0), np.uint64(0), np.uint64(0)
    whole, word, has_digit, length, spaced, anything = OFFSET, OFFSET, False, 0, False, False
    window, shingled, trigram, run = np.uint64(0), 0, np.uint64(0), 0
    while place <= end:
        kind, code = SEPARATOR, np.int64(32)
        if place < end:
            code, place = character_at(data, place)
            kind = kinds[code] if code < len(kinds) else ALONE
            whole, spaced, anything = with_character(whole, spaced, anything, code)
        else:
            place = end + 1
        if kind == DROPPED:
            continue
        in_word = kind != SEPARATOR and (kind != SYMBOL or length > 0)
        if in_word or run > 0:
            if run == 0:
                trigram, run = np.uint64(32), 1
            trigram = ((trigram << np.uint64(16)) | np.uint64((code if in_word else 32) & 0xFFFF)) & GRAM_BITS
            run += 1
            if run >= GRAM:
                grams[there_too] = np.uint32(mixed(trigram) >> np.uint64(32))
                there_too += 1
            if not in_word:
                run = 0
        if kind == LETTER or kind == DIGIT or (kind == SYMBOL and length > 0):  # noqa: PLR1714, SIM109
            word = (word ^ np.uint64(code)) * PRIME
            has_digit = has_digit or kind == DIGIT
            letters ^= ONE << np.uint64(code % LETTERS)
            start = np.uint64(code) if length == 0 else start
            ends = ((start & END) << np.uint64(4)) | (np.uint64(code) & END)
            length += 1
        else:
            if length > 0:
                words[here] = spelling(word, letters, ends, length, has_digit)
                here += 1
            ended = length > 0  # one space between words: it ends a shingle once
            word, letters, has_digit, length = OFFSET, np.uint64(0), False, 0
            if kind != ALONE:
                if not ended:
                    continue
                code = np.int64(32)
            else:
                words[here] = spelling((OFFSET ^ np.uint64(code)) * PRIME, ONE, ONE, 1, False)
                here += 1
        # Sixteen bits of each of the last four characters: what they are is all that a shingle is.
        window = (window << np.uint64(16)) | (np.uint64(code) & np.uint64(0xFFFF))
        shingled += 1
        if shingled >= SHINGLE:
            shingles[there] = np.uint32(mixed(window) >> np.uint64(32))
            there += 1
    if 0 < shingled < SHINGLE:
        shingles[there] = np.uint32(mixed(window) >> np.uint64(32))
        there += 1
    return (mixed(whole) | ONE) if anything else np.uint64(0), here, there, there_too


@compiled(parallel=True)
def read_texts(data, offsets, kinds, words, counts, exact, shingles, many, grams, how_many):
    """The words of each text, a hash of its characters, its shingles and the trigrams of its words.

    `data` is UTF-8 in lower case, `offsets` are where each text begins, `kinds` what each character below a limit is:
    beyond it, each stands alone. Written are `words` (uint64), the `spelling` of each, rising, of text `t` from
    `offsets[t] - offsets[0] + t` on, and their `counts`; `exact` (uint64), a hash of the characters with runs of white
    space as one, 0 for a blank text; `shingles` (uint32), a hash of each, rising, of text `t` from
    `offsets[t] - offsets[0] + t` on, and how `many`; `grams` (uint32) at the same places, a hash of each trigram of its
    words, rising, with repeats, and `how_many`. A word has a space on either side; characters that stand alone are a
    word with those beside them.
    """
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        first = offsets[text] - offsets[0] + text
        exact[text], here, there, there_too = read_text(
            data, offsets[text], offsets[text + 1], kinds, words, shingles, grams, first
        )
        counts[text] = sorted_set(words, first, here)
        many[text] = sorted_set(shingles, first, there)
        grams[first:there_too].sort()
        how_many[text] = there_too - first


@compiled(parallel=True)
def minhashes_of(shingles, begins, many, multipliers, addends, out):
    """The smallest of each hash function over the shingles of each text; out is uint32 (texts, hashes)."""
    for t in prange(len(many)):
        text = np.int64(t)
        row = out[text]
        row[:] = MOST
        for place in range(begins[text], begins[text] + many[text]):
            for lane in range(len(multipliers)):
                row[lane] = min(row[lane], np.uint32(shingles[place] * multipliers[lane] + addends[lane]))


@compiled(parallel=True)
def band_hashes(minhashes, bands, rows, out):
    """One 64-bit hash for each band of MinHashes; out is (bands, texts)."""
    for t in prange(len(minhashes)):
        text = np.int64(t)
        for band in range(bands):
            hashed = np.uint64(band + 1)
            for row in range(rows):
                hashed = mixed(hashed ^ np.uint64(minhashes[text, band * rows + row])) + ONE
            out[band, text] = hashed


@compiled()
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


@compiled(parallel=True)
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


@compiled()
def stars(texts, ones, others, values, cut, opposed, leader, value, by):
    """Give each text to a kept one that it is a duplicate of.

    Texts are taken in order of preference: one that no kept text has taken is kept, and takes what it is paired with.
    In the end a text is with the kept one that it is paired with best: no duplicate of a duplicate.

    Args:
        texts: how many.
        ones: int64 (pairs): the first of each pair, which has the lower number.
        others: int64 (pairs): the second.
        values: float32 (pairs): how good each is.
        cut: where it is above 0, texts below this number are kept and the others only taken.
        opposed: int64 (2, some), by its first row: no group has both texts of a column; each is there both ways.
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
    after = 0
    for text in range(texts):
        leader[text], value[text], by[text] = text, np.float32(0), -1
        before, after = after, after + np.searchsorted(opposed[0, after:], text, side="right")
        if text < cut:
            continue
        for place in range(begins[text], begins[text + 1]):
            pair = of_text[place]
            one = ones[pair]
            if by[one] == -1 and (cut == 0 or one < cut) and (by[text] == -1 or values[pair] > value[text]):
                others_of = opposed[1, before:after]
                if not np.any(leader[others_of[others_of < text]] == one):
                    leader[text], value[text], by[text] = one, values[pair], pair
