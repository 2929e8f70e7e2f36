"""The compiled loops of duplicates: reading texts, MinHash, aligning their tokens, buckets, nearest and groups."""

import numpy as np
from numba import njit, prange

from likewise.jit import compiled
from likewise.tokens.kernels import character_at
from likewise.views.kernels import mixed

SEPARATOR, LETTER, ALONE, DIGIT, DROPPED, SYMBOL = 0, 1, 2, 3, 4, 5  # what a character is to a word
SHINGLE = 4  # characters
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
ONE, LOW = np.uint64(1), np.uint64(0xFFFFFFFF)
MOST = np.uint32(0xFFFFFFFF)
WORDS = 1 << 30  # numbers for words with a digit, above those of subwords
_ANY_ORDER = {"reassoc", "contract", "nsz"}


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


@compiled(parallel=True)
def read_texts(data, offsets, kinds, numbers, counts, exact, shingles, many):
    """The numbers of each text, a hash of its characters, and its shingles.

    `data` is UTF-8 in lower case, `offsets` are where each text begins, `kinds` what each character below a limit is:
    beyond it, each stands alone. Written are `numbers` (uint32), a hash of each word with a digit, rising, of text `t`
    from `offsets[t] - offsets[0]` on, and their `counts`; `exact` (uint64), a hash of the characters with runs of white
    space as one, 0 for a blank text; `shingles` (uint32), a hash of each, rising, of text `t` from
    `offsets[t] - offsets[0] + t` on, and how `many`.
    """
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        place, end = offsets[text], offsets[text + 1]
        begin = place - offsets[0]
        here, first = begin, begin + text
        there = first
        whole, word, has_digit, length, spaced, anything = OFFSET, OFFSET, False, 0, False, False
        window, shingled = np.uint64(0), 0
        while place <= end:
            kind, code = SEPARATOR, np.int64(32)
            if place < end:
                code, place = character_at(data, place)
                kind = kinds[code] if code < len(kinds) else ALONE
                if 28 <= code <= 32 or 9 <= code <= 13:  # what else is white space is so in its compatibility form
                    spaced = True
                else:
                    if spaced and anything:
                        whole = (whole ^ np.uint64(32)) * PRIME
                    whole = (whole ^ np.uint64(code)) * PRIME
                    spaced, anything = False, True
            else:
                place = end + 1
            if kind == DROPPED:
                continue
            if kind == LETTER or kind == DIGIT or (kind == SYMBOL and length > 0):  # noqa: PLR1714, SIM109
                word = (word ^ np.uint64(code)) * PRIME
                has_digit = has_digit or kind == DIGIT
                length += 1
            else:
                if has_digit:
                    numbers[here] = np.uint32(mixed(word) & LOW)
                    here += 1
                # One space between words: it ends a shingle once.
                ended = length > 0
                word, has_digit, length = OFFSET, False, 0
                if kind != ALONE:
                    if not ended:
                        continue
                    code = np.int64(32)
            # Sixteen bits of each of the last four characters: what they are is all that a shingle is.
            window = (window << np.uint64(16)) | (np.uint64(code) & np.uint64(0xFFFF))
            shingled += 1
            if shingled >= SHINGLE:
                shingles[there] = np.uint32(mixed(window) >> np.uint64(32))
                there += 1
        if 0 < shingled < SHINGLE:
            shingles[there] = np.uint32(mixed(window) >> np.uint64(32))
            there += 1
        exact[text] = (mixed(whole) | ONE) if anything else np.uint64(0)
        counts[text] = sorted_set(numbers, begin, here)
        many[text] = sorted_set(shingles, first, there)


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


@compiled(parallel=True)
def jaccard_of(sketches, offsets, others, other_offsets, most, ones, twos, out):
    """The share of the shingles of each pair that both have.

    Args:
        sketches: uint32: the lowest hashes of each text's shingles, rising.
        offsets: where those of each text begin.
        others: of the second texts.
        other_offsets: where those of each begin.
        most: in a sketch; one of so many may lack some, and what is beyond its highest is not known.
        ones: the first of each pair.
        twos: the second.
        out: float32, written.
    """
    for p in prange(len(ones)):
        pair = np.int64(p)
        i, i_end = offsets[ones[pair]], offsets[ones[pair] + 1]
        j, j_end = other_offsets[twos[pair]], other_offsets[twos[pair] + 1]
        cut, other_cut = i_end - i >= most, j_end - j >= most
        both, either = 0, 0
        while (i < i_end or j < j_end) and not (i == i_end and cut) and not (j == j_end and other_cut):
            if j == j_end or (i < i_end and sketches[i] < others[j]):
                i += 1
            elif i == i_end or others[j] < sketches[i]:
                j += 1
            else:
                both, i, j = both + 1, i + 1, j + 1
            either += 1
        out[pair] = np.float32(both) / np.float32(max(either, 1))


@compiled(parallel=True)
def contradictions_of(numbers, offsets, others, other_offsets, ones, twos, out):
    """The share of the numbers of each pair that the other text has another one for; additional ones are none.

    Of numbers that one or both texts have, those count that the first alone has, as far as the second alone has some
    too, and the other way round.
    """
    for p in prange(len(ones)):
        pair = np.int64(p)
        i, i_end = offsets[ones[pair]], offsets[ones[pair] + 1]
        j, j_end = other_offsets[twos[pair]], other_offsets[twos[pair] + 1]
        both, first_only, second_only = 0, 0, 0
        while i < i_end and j < j_end:
            if numbers[i] == others[j]:
                both, i, j = both + 1, i + 1, j + 1
            elif numbers[i] < others[j]:
                first_only, i = first_only + 1, i + 1
            else:
                second_only, j = second_only + 1, j + 1
        first_only, second_only = first_only + i_end - i, second_only + j_end - j
        either = both + first_only + second_only
        out[pair] = np.float32(2 * min(first_only, second_only)) / np.float32(max(either, 1))


@compiled(parallel=True)
def alignment_tokens(ids, offsets, continues, digits, lengths, rarities, most, longest, levels, out, counts):
    """The tokens of each text that are aligned, rising: its subwords, but a word with a digit as one token.

    A word with a digit gets an id above those of all subwords. The lowest bits of it are the square root of its weight,
    its rarity times the root of its length, in one of `levels`.

    Args:
        ids: subwords of the texts.
        offsets: where those of each begin; the first is 0.
        continues: whether a subword continues a word.
        digits: whether it has a digit.
        lengths: its characters.
        rarities: of each subword, float32; a word is as rare as its subwords together.
        most: the highest rarity, that of a word that occurs once.
        longest: the length beyond which a word counts no more.
        levels: a power of two.
        out: int32, written: the tokens of text `t` from `offsets[t]` on.
        counts: int64, written: tokens of each text.
    """
    subwords, scale = len(continues), np.float32(levels - 1) / (most * np.sqrt(np.float32(longest)))
    hashes = np.uint64(WORDS // levels)
    for t in prange(len(offsets) - 1):
        text = np.int64(t)
        at, last, place = offsets[text], offsets[text + 1], offsets[text]
        while at < last:
            end = at + 1
            while end < last and continues[ids[end]]:
                end += 1
            word, length, rarity, has_digit = OFFSET, 0, np.float32(0), False
            for i in range(at, end):
                word = mixed(word ^ np.uint64(ids[i]))
                length += lengths[ids[i]]
                rarity += rarities[ids[i]]
                has_digit = has_digit or digits[ids[i]]
            if has_digit:
                counted = min(rarity, most) * np.sqrt(np.float32(min(max(length - 1, 1), longest)))
                level = min(np.int64(counted * scale + np.float32(0.5)), levels - 1)
                out[place] = subwords + np.int64(word % hashes) * levels + level
                place += 1
            else:
                for i in range(at, end):
                    out[place] = ids[i]
                    place += 1
            at = end
        out[offsets[text] : place].sort()
        counts[text] = place - offsets[text]


@njit(inline="always")
def weight_of(weights, subwords, id):
    """What a subword counts, or a word with a digit, by its lowest bits."""
    return weights[id] if id < subwords else weights[subwords + ((id - subwords) & (len(weights) - subwords - 1))]


@njit(inline="always")
def aligned(rows, weights, ids, first, last, others, begin, end, nearest):
    """How much of either text the subwords of the other account for, and the geometric mean of both.

    A subword is accounted for by the power 1.5 of its cosine with the nearest subword of the other text, a word with a
    digit by the same word alone. `nearest` is filled with the best cosines of the other's subwords.
    """
    total, sum_, (subwords, dim) = np.float32(0), np.float32(0), rows.shape
    nearest[: end - begin] = np.float32(0)
    for i in range(first, last):
        best = np.float32(0)
        for j in range(begin, end):
            dot = np.float32(ids[i] == others[j])
            if ids[i] != others[j] and ids[i] < subwords and others[j] < subwords:
                own, other = rows[ids[i]], rows[others[j]]
                for column in range(dim):
                    dot += own[column] * other[column]
            best = max(best, dot)
            nearest[j - begin] = max(nearest[j - begin], dot)
        weight = weight_of(weights, subwords, ids[i])
        total += weight
        sum_ += weight * best * np.sqrt(best)
    back, other_total = np.float32(0), np.float32(0)
    for j in range(begin, end):
        near, weight = nearest[j - begin], weight_of(weights, subwords, others[j])
        back += weight * near * np.sqrt(near)
        other_total += weight
    if total <= 0 or other_total <= 0:
        return np.float32(0)
    return np.sqrt((sum_ / total) * (back / other_total))


@compiled(parallel=True, fastmath=_ANY_ORDER)
def alignments_of(rows, weights, ids, offsets, others, other_offsets, ones, twos, most, out):
    """The similarity of the aligned tokens of each pair of texts.

    Args:
        rows: float32 (vocab, dim), unit rows.
        weights: float32 (vocab + levels), of each subword, and of words with a digit by their level.
        ids: what `alignment_tokens` makes of the first texts.
        offsets: where those of each text begin.
        others: subwords of the second texts.
        other_offsets: where those of each begin.
        ones: the first of each pair.
        twos: the second.
        most: subwords of a text that are compared, those with the highest ids, which are the rarer ones.
        out: float32, written.
    """
    for p in prange(len(ones)):
        pair = np.int64(p)
        first, last = offsets[ones[pair]], offsets[ones[pair] + 1]
        begin, end = other_offsets[twos[pair]], other_offsets[twos[pair] + 1]
        first, begin = max(first, last - most), max(begin, end - most)
        nearest = np.empty(most, np.float32)
        out[pair] = aligned(rows, weights, ids, first, last, others, begin, end, nearest)


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
