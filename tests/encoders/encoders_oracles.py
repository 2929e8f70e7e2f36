"""A small static encoder, texts for it, and its definition in slow loops."""

import numpy as np
from hypothesis import strategies as st

from likewise.encoders.static import StaticEncoder

VOCAB, DIM = 13, 6
TEXTS = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=7), min_size=1, max_size=9)
SEEDS = st.integers(0, 2**32 - 1)


def encoder_of(seed: int, dtype: type = np.float64) -> StaticEncoder:
    """An encoder with random weights, all of whose texts go through the compiled loops."""
    weights = np.random.default_rng(seed).standard_normal((VOCAB, DIM)).astype(dtype)
    return StaticEncoder(weights, few_texts=0)


def slow_vectors(weights: np.ndarray, texts: list[list[int]]) -> np.ndarray:
    """The definition, text by text: mean of rows, unit norm; nothing stays nothing."""
    vectors = np.zeros((len(texts), weights.shape[1]))
    for index, text in enumerate(texts):
        if text and np.linalg.norm(mean := weights[text].mean(0)) > 1e-12:
            vectors[index] = mean / np.linalg.norm(mean)
    return vectors


def dense_gradients(encoder: StaticEncoder) -> np.ndarray:
    """The gradient of every row of the vocabulary: the sum over the texts that hold it."""
    dense = np.zeros_like(encoder.weights)
    for texts, of_sums in encoder._pending:
        ids = texts.ids[texts.offsets[0] : texts.offsets[-1]]
        np.add.at(dense, ids, np.repeat(of_sums, texts.lengths, axis=0))
    return dense
