"""Templates: letters, forms and log lines that share most words and differ in the words that they are about.

What many texts share is no evidence that two of them are duplicates; what differs is. A pair fills a template if other
texts have most of the words that both share, and each of the two has words of its own that the other lacks. A typo is
no such word, as the other text has a word that is spelt nearly the same, nor is a word that only one text leaves out.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from likewise.arrays import Bool, Float32, Int64

MOST = 0.75  # of the words that two texts share, for a text to have the same template; and of the texts that share one
LEAST_OTHERS = 3  # texts with the same words make a template
NEAREST = 8  # candidates of each text, the most similar, that may have its template
LEAST_SIMILAR = 0.2  # by letters, without which they have little in common
SHORTEST = 4  # letters of a word that a typo may change
PAIRS = 1 << 12  # at once

# A word is a run of letters and digits; in scripts without spaces between words a character is one, as in `minhash`.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff"
_BETWEEN = r"[^\p{L}\p{M}\p{N}]+"


def neighbours(
    ones: Int64[np.ndarray, " pairs"],
    others: Int64[np.ndarray, " pairs"],
    letters: Float32[np.ndarray, " pairs"],
    wanted: Bool[np.ndarray, " texts"],
) -> sparse.csr_array:
    """The most similar candidates of the wanted texts, as rows of a matrix (texts, texts) of ones.

    Args:
        ones: the first text of each candidate pair.
        others: the second.
        letters: how alike they are by letters, 0 to 1.
        wanted: which of all texts.
    """
    similar = letters >= LEAST_SIMILAR
    from_one, from_other = np.flatnonzero(wanted[ones] & similar), np.flatnonzero(wanted[others] & similar)
    rows = np.concatenate([ones[from_one], others[from_other]])
    columns = np.concatenate([others[from_one], ones[from_other]])
    order = np.lexsort((-letters[np.concatenate([from_one, from_other])], rows))
    rows, columns = rows[order], columns[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, np.arange(len(wanted)))[rows]
    near = rank < NEAREST
    shape = (len(wanted), len(wanted))
    return sparse.csr_array((np.ones(near.sum(), np.float32), (rows[near], columns[near])), shape=shape)


def fill_template(
    texts: pa.Array,
    ones: Int64[np.ndarray, " pairs"],
    others: Int64[np.ndarray, " pairs"],
    near: sparse.csr_array,
) -> Bool[np.ndarray, " pairs"]:
    """Whether the texts of each pair fill a template with different words.

    Args:
        texts: all.
        ones: the first text of each pair.
        others: the second.
        near: the `neighbours` of all texts.
    """
    found = np.zeros(len(ones), bool)
    involved = np.unique(np.concatenate([ones, others]))
    involved = np.union1d(involved, near[involved].indices)
    words, spelling = _words_of(texts.take(pa.array(involved)))
    near = near[involved][:, involved]
    ones, others = np.searchsorted(involved, ones), np.searchsorted(involved, others)
    for first in range(0, len(ones), PAIRS):
        some = slice(first, first + PAIRS)
        found[some] = _filled(words, spelling, near, ones[some], others[some])
    return found


def _filled(
    words: sparse.csr_array, spelling: sparse.csr_array, near: sparse.csr_array, ones: np.ndarray, others: np.ndarray
) -> np.ndarray:
    shared = sparse.csr_array(words[ones].multiply(words[others]))
    around = sparse.coo_array(near[ones] + near[others])
    pair, text = around.coords
    third = (text != ones[pair]) & (text != others[pair])
    pair, text = pair[third], text[third]
    has_most = shared[pair].multiply(words[text]).sum(axis=1) >= MOST * shared.sum(axis=1)[pair]
    pair, text = pair[has_most], text[has_most]
    texts_with = np.bincount(pair, minlength=len(ones))
    with_template = sparse.csr_array((np.ones(len(pair), np.float32), (pair, text)), shape=(len(ones), words.shape[0]))
    frequency = with_template @ words  # of each word among the texts with the template of the pair
    filled = texts_with >= LEAST_OTHERS
    own, of_other = _without_zeros(words[ones] - shared), _without_zeros(words[others] - shared)
    for mine, theirs in ((own, of_other), (of_other, own)):
        misspelt = mine.multiply((theirs @ spelling).astype(bool))
        pair, word = _without_zeros(mine - misspelt).nonzero()
        distinctive = np.asarray(frequency[pair, word]).ravel() < MOST * texts_with[pair]
        filled &= np.bincount(pair[distinctive], minlength=len(ones)) > 0
    return np.asarray(filled)


def _words_of(texts: pa.Array) -> tuple[sparse.csr_array, sparse.csr_array]:
    """The words of each text as a matrix (texts, words) of ones, and which words are spelt alike (words, words).

    The second occurrence of a word in a text is a word of its own: of "8 by 9" and "9 by 9" each has one that the other
    lacks.
    """
    spaced = pc.replace_substring_regex(pc.utf8_lower(texts), f"([{UNSPACED}])", r" \1 ")
    lists = pc.split_pattern(pc.utf8_trim(pc.replace_substring_regex(spaced, _BETWEEN, " "), " "), " ")
    coded = lists.flatten().dictionary_encode()
    rows = np.repeat(np.arange(len(texts)), np.diff(lists.offsets))
    codes = np.asarray(coded.indices, np.int64)
    order = np.lexsort((codes, rows))
    rows, codes = rows[order], codes[order]
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]) | (codes[1:] != codes[:-1])
    occurrence = np.arange(len(rows)) - np.flatnonzero(new)[np.cumsum(new) - 1]
    keys, columns = np.unique(occurrence * len(coded.dictionary) + codes, return_inverse=True)
    ones = np.ones(len(rows), np.float32)
    words = sparse.csr_array((ones, (rows, columns)), shape=(len(texts), len(keys)))
    spelling = _spelt_alike(coded.dictionary.to_pylist())
    of_key = keys % max(len(coded.dictionary), 1)
    return words, spelling[of_key][:, of_key]


def _spelt_alike(words: list[str]) -> sparse.csr_array:
    """Which words are equal when at most one letter of each is left out: all that are one typo apart."""
    shorter: dict[str, int] = {}
    rows, columns = [], []
    for row, word in enumerate(words):
        left = {word}
        if len(word) >= SHORTEST and word.isalpha():
            left |= {word[:at] + word[at + 1 :] for at in range(len(word))}
        rows += [row] * len(left)
        columns += [shorter.setdefault(one, len(shorter)) for one in left]
    ones = np.ones(len(rows), np.float32)
    matrix = sparse.csr_array((ones, (rows, columns)), shape=(len(words), len(shorter)))
    return sparse.csr_array(matrix @ matrix.T)


def _without_zeros(matrix: sparse.csr_array) -> sparse.csr_array:
    matrix.eliminate_zeros()
    return matrix
