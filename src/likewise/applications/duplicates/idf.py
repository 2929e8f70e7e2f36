"""IDF of the words and of the trigrams of a corpus, kept by the highest bits of their hashes."""

import numpy as np

from likewise.applications.duplicates.minhash import TextHashes
from likewise.arrays import Float32

GRAM_BITS = 20  # of the hash of a trigram, by which its IDF is kept
WORD_BITS = 18  # of the hash of a word, by which its weight is kept
SMALLEST = 1e-12


def gram_weights(hashes: TextHashes) -> Float32[np.ndarray, " hashes"]:
    """IDF of the trigrams of texts, by the highest bits of their hashes: 1 + log((1 + N) / (1 + n))."""
    texts = np.repeat(np.arange(len(hashes)), np.diff(hashes.gram_offsets))
    first = np.ones(len(texts), bool)
    first[1:] = (hashes.grams[1:] != hashes.grams[:-1]) | (texts[1:] != texts[:-1])
    with_it = np.bincount(hashes.grams[first] >> np.uint32(32 - GRAM_BITS), minlength=1 << GRAM_BITS)
    found: np.ndarray = 1.0 + np.log((1.0 + len(hashes)) / (1.0 + np.minimum(with_it, len(hashes))))
    return found.astype(np.float32)


def word_weights(hashes: TextHashes) -> Float32[np.ndarray, " hashes"]:
    """IDF of the words of texts, by the highest bits of their hashes, as a share of that of a word that occurs once."""
    with_it = np.bincount((hashes.words >> np.uint64(64 - WORD_BITS)).astype(np.int64), minlength=1 << WORD_BITS)
    idf = np.log(1.0 + len(hashes) / np.maximum(np.minimum(with_it, len(hashes)), 1.0))
    found: np.ndarray = (idf / max(float(np.log(1.0 + len(hashes))), SMALLEST)).astype(np.float32)
    return found
