"""Small deterministic embedders for the tests of the index: texts that share trigrams are near each other."""

import hashlib
from pathlib import Path

import numpy as np

from likewise.model.embedder import Component

WORDS = """battery broke cable camera charger cheap cracked delivery excellent fan fast flight heavy keyboard laptop
    lens light loud monitor motor mouse network noisy old paper phone pixel printer quick quiet refund router screen
    shipping slow sound speaker strap tablet ticket tripod warm weak week wheel wifi window wobbly zoom""".split()


class Hashed:
    """Sums a random direction for each character trigram; can be stored."""

    def __init__(self, dim: int = 32, seed: int = 0) -> None:
        self.dim, self.seed = dim, seed
        self.fingerprint = hashlib.sha256(f"{type(self).__name__} {dim} {seed}".encode()).hexdigest()
        self._directions = np.random.default_rng(seed).standard_normal((4096, dim)).astype(np.float32)

    def encode(self, texts) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            padded = f" {text.lower()} "
            for at in range(len(padded) - 2):
                trigram = hashlib.blake2b(padded[at : at + 3].encode(), digest_size=4).digest()
                vectors[row] += self._directions[int.from_bytes(trigram, "little") % 4096]
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def save(self, path: Path) -> None:
        path.mkdir()
        (path / "hashed.txt").write_text(f"{self.dim} {self.seed}")

    @classmethod
    def load(cls, path: Path) -> "Hashed":
        dim, seed = (path / "hashed.txt").read_text().split()
        return cls(int(dim), int(seed))


class Bare:
    """Has `encode` only, as a model of another library; its vectors have length 3."""

    def __init__(self, dim: int = 32, seed: int = 0) -> None:
        self._inner = Hashed(dim, seed)

    def encode(self, texts) -> np.ndarray:
        return 3.0 * self._inner.encode(texts)


class WithComponents(Hashed):
    """Has three components of unequal length, one of which hybrid search does not use."""

    components = (Component("one", 32, 0.5), Component("unused", 24, 0.0), Component("two", 16, 0.25))

    def __init__(self) -> None:
        super().__init__(72)
        self._parts = [Hashed(each.dim, seed) for seed, each in enumerate(self.components)]

    def encode(self, texts) -> np.ndarray:
        scaled = [scale * part.encode(texts) for scale, part in zip((0.6, 0.64, 0.48), self._parts, strict=True)]
        return np.concatenate(scaled, axis=1)


class Given:
    """Returns vectors that the test chose; a text is the number of its row."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors, self.dim, self.fingerprint = vectors, vectors.shape[1], "given"

    def encode(self, texts) -> np.ndarray:
        rows = [int(text) if text.isdigit() else len(text) % len(self.vectors) for text in texts]
        return self.vectors[rows]

    def save(self, path: Path) -> None:
        path.mkdir()


def sentences(count: int, seed: int = 0, length: int = 6) -> list[str]:
    """Return random sentences of a small vocabulary, whose first words are frequent and whose last are rare."""
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, len(WORDS) + 1)
    chosen = rng.choice(len(WORDS), (count, length), p=weights / weights.sum())
    return [" ".join(WORDS[word] for word in row) for row in chosen]
