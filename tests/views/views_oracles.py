"""The views as slow loops over Python integers, with the same counter-based random numbers."""

import numpy as np
from hypothesis import strategies as st

from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary

VOCAB = 40
CONTINUES = np.arange(VOCAB) % 3 == 2
WHOLE = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
DELETED = float(np.float32(0.3))  # as the kernels compare it

texts_of_subwords = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=30), max_size=12)
seeds = st.integers(0, 2**32 - 1)


def vocabulary() -> Vocabulary:
    subwords = tuple(f"{'##' if continues else ''}{id}" for id, continues in enumerate(CONTINUES))
    return Vocabulary(subwords, CONTINUES, np.arange(VOCAB, 0, -1, dtype=np.int64) ** 2)


def words_of(text) -> list[list[int]]:
    words: list[list[int]] = []
    for subword in text:
        if words and CONTINUES[subword]:
            words[-1].append(int(subword))
        else:
            words.append([int(subword)])
    return words


def mixed(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & WHOLE
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & WHOLE
    return x ^ (x >> 31)


def stream_of(key: int, text: int) -> int:
    return mixed((key + (text + 1) * GOLDEN) & WHOLE)


def uniform(stream: int, draw: int) -> float:
    return (mixed((stream + (draw + 1) * GOLDEN) & WHOLE) >> 11) * 2.0**-53


def key_of(rng: np.random.Generator) -> int:
    return int(rng.integers(2**64, dtype=np.uint64))


def some_deleted(words, probability, stream) -> list[list[int]]:
    margins = [uniform(stream, w) - probability for w in range(len(words))]
    stay = [word for word, margin in zip(words, margins, strict=True) if margin >= 0]
    return stay or [words[int(np.argmax(margins))]] if words else []


def slow_deletion(texts, rng, probability):
    key, probability = key_of(rng), float(np.float32(probability))
    return [some_deleted(words_of(text), probability, stream_of(key, t)) for t, text in enumerate(texts)]


def slow_crop(texts, rng, shortest=0.2, longest=0.6, least=4, short=8):
    key, out = key_of(rng), []
    for t, text in enumerate(texts):
        words, stream = words_of(text), stream_of(key, t)
        if len(words) < short:
            out.append(some_deleted(words, DELETED, stream))
            continue
        share = shortest + (longest - shortest) * uniform(stream, 0)
        length = min(len(words), max(least, int(np.floor(share * len(words) + 0.5))))
        first = int(uniform(stream, 1) * (len(words) - length + 1))
        out.append(words[first : first + length])
    return out


def slow_halves(texts, rng, short=8):
    key, left, right = key_of(rng), [], []
    for t, text in enumerate(texts):
        words, stream = words_of(text), stream_of(key, t)
        if len(words) < short:
            left.append(some_deleted(words, DELETED, mixed(stream)))
            right.append(some_deleted(words, DELETED, mixed(stream ^ GOLDEN)))
            continue
        wanted = (len(words) + (uniform(stream, len(words)) < 0.5)) // 2
        dealt = ([], [])
        for w, word in enumerate(words):
            chosen = uniform(stream, w) * (len(words) - w) < wanted
            wanted -= chosen
            dealt[0 if chosen else 1].append(word)
        left.append(words if len(words) == 1 else dealt[0])
        right.append(words if len(words) == 1 else dealt[1])
    return left, right


def flat(texts_of_words) -> list[list[int]]:
    return [[subword for word in words for subword in word] for words in texts_of_words]


def listed(texts: Ragged) -> list[list[int]]:
    return [texts[row].tolist() for row in range(len(texts))]


def rows_of(rows: np.ndarray) -> Ragged:
    """One text a row of a matrix."""
    return Ragged(rows.ravel().astype(np.int32), np.arange(len(rows) + 1, dtype=np.int64) * rows.shape[1])
