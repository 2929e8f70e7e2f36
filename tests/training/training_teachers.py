"""Teachers whose geometry is known: a random vector a word, by the first letters of it, and their sum a text."""

import re
import zlib

import numpy as np

LETTERS = 3  # words that begin alike mean the same to this teacher: what no word tells by itself


class WordTeacher:
    """The sum of a vector a word, where words that begin with the same letters have the same one.

    Attributes:
        asked: how many texts it was asked about.
    """

    def __init__(self, seed: int = 0, dim: int = 32) -> None:
        self.seed, self.dim, self.asked = seed, dim, 0

    def encode(self, texts: list[str]) -> np.ndarray:
        self.asked += len(texts)
        return np.array([self._vector(text) for text in texts], np.float32)

    def _vector(self, text: str) -> np.ndarray:
        heads = {word[:LETTERS] for word in re.findall(r"\w+", text.lower())}
        rows = [
            np.random.default_rng([self.seed, zlib.crc32(head.encode())]).standard_normal(self.dim) for head in heads
        ]
        return np.sum(rows, axis=0) if rows else np.zeros(self.dim)
