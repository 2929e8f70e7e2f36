"""Corpora that can teach nothing."""

from itertools import product

import numpy as np

SENTENCE = "the quick brown fox jumps over a lazy dog while seven wise wizards watch it from behind an old stone wall"


def orders(count: int) -> list[str]:
    """Templates in which only numbers differ, each drawn by itself."""
    rng = np.random.default_rng(0)
    drawn = rng.integers((100, 100, 1, 1), (10**6, 10**6, 13, 29), (count, 4)).tolist()
    return [f"Order {a} was shipped to customer {b} on 2024-{c:02d}-{d:02d}" for a, b, c, d in drawn]


def numbered(count: int) -> list[str]:
    """One sentence, and a number that most crops and halves do not hold."""
    return [f"{SENTENCE} {number}" for number in range(count)]


def shuffled(count: int) -> list[str]:
    """The same words in every order: for an encoder that takes their mean, one text."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.permutation(SENTENCE.split())) for _ in range(count)]


def of_three_topics(count: int) -> list[str]:
    """Eight of the twelve words of a topic."""
    rng = np.random.default_rng(0)
    words = [
        [a + b for a, b in product(start, "aeiu")] for start in (("b", "d", "f"), ("k", "l", "m"), ("p", "r", "s"))
    ]
    return [" ".join(f"{word}lo" for word in rng.permutation(words[row % 3])[:8]) for row in range(count)]
