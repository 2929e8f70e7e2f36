"""Small embedders: one that can be stored like a model of this package, and one of another library."""

import hashlib
from pathlib import Path

import numpy as np


class Letters:
    """How often each of some letters occurs, from a seed on; `encode` only, and not of length 1."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def encode(self, texts):
        alphabet = "etaoinshrdlu"[self.seed :] + "etaoinshrdlu"[: self.seed]
        counts = [[text.count(letter) for letter in alphabet] for text in texts]
        return np.array(counts, float).reshape(len(texts), len(alphabet))


class Storable(Letters):
    """The same with a fingerprint, a folder, and other vectors for queries and documents."""

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"letters {self.seed}".encode()).hexdigest()

    def encode_query(self, texts):
        return -2 * self.encode(texts)

    def encode_document(self, texts):
        vectors = self.encode(texts)
        lengths = np.array([4.0 if len(text) > 9 else 1 / len(text) for text in texts])
        return lengths[:, None] * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def save(self, path: Path) -> None:
        path.mkdir()
