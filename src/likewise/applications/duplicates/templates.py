"""Templates: letters, forms and log lines that share most words and differ in the words that they are about.

What many texts share is no evidence that two of them are duplicates; what differs is. A pair fills a template if other
texts have most of the words that both share, and each of the two has words of its own that the other lacks. A typo is
no such word, as the other text has a word that is spelt nearly the same, nor is a word that only one text leaves out.
"""

import re

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float32, Int64
from scipy import sparse

MOST = 0.75  # of the words that two texts share, for a text to have the same template; and of the texts that share one
LEAST_OTHERS = 3  # texts with the same words make a template
NEAREST = 16  # candidates of each text, the most similar, that may have its template
SHORTEST = 4  # letters of a word that a typo may change
PAIRS = 1 << 12  # at once

# A word is a run of letters and digits; in scripts without spaces between words a character is one, as in `minhash`.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")


def neighbours(
    ones: Int64[np.ndarray, " pairs"],
    others: Int64[np.ndarray, " pairs"],
    lexical: Float32[np.ndarray, " pairs"],
    texts: int,
) -> sparse.csr_array:
    """The most similar candidates of each text, as rows of a matrix (texts, texts) of ones.

    Args:
        ones: the first text of each candidate pair.
        others: the second.
        lexical: their similarity.
        texts: how many there are.
    """
    rows, columns = np.concatenate([ones, others]), np.concatenate([others, ones])
    order = np.lexsort((-np.concatenate([lexical, lexical]), rows))
    rows, columns = rows[order], columns[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, np.arange(texts))[rows]
    near = rank < NEAREST
    return sparse.csr_array((np.ones(near.sum(), np.float32), (rows[near], columns[near])), shape=(texts, texts))


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
    words, spelling = _words_of(texts.take(pa.array(involved)).to_pylist())
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


def _words_of(texts: list[str]) -> tuple[sparse.csr_array, sparse.csr_array]:
    """The words of each text as a matrix (texts, words) of ones, and which words are spelt alike (words, words).

    The second occurrence of a word in a text is a word of its own: of "8 by 9" and "9 by 9" each has one that the other
    lacks.
    """
    numbers: dict[tuple[str, int], int] = {}
    columns: list[int] = []
    ends = [0]
    for text in texts:
        seen: dict[str, int] = {}
        for word in _WORD.findall(text.lower()):
            seen[word] = seen.get(word, 0) + 1
            columns.append(numbers.setdefault((word, seen[word]), len(numbers)))
        ends.append(len(columns))
    ones = np.ones(len(columns), np.float32)
    words = sparse.csr_array((ones, np.array(columns, np.int64), np.array(ends)), shape=(len(texts), len(numbers)))
    words.sort_indices()
    return words, _spelt_alike([word for word, _ in numbers])


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
