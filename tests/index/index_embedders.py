"""Small real embedders for the tests of the index: deterministic, and near for texts that share letters."""

import hashlib
from pathlib import Path

import numpy as np

WORDS = """battery broke cable camera charger cheap cracked delivery excellent fan fast flight heavy keyboard laptop
    lens light loud monitor motor mouse network noisy old paper phone pixel printer quick quiet refund router screen
    shipping slow sound speaker strap tablet ticket tripod warm weak week wheel wifi window wobbly zoom""".split()


class Hashed:
    """Character trigrams, each hashed to a random direction, added."""

    def __init__(self, dim: int = 32, seed: int = 0) -> None:
        self.dim, self.seed = dim, seed
        self.fingerprint = hashlib.sha256(f"hashed {dim} {seed}".encode()).hexdigest()
        self._directions = np.random.default_rng(seed).standard_normal((4096, dim)).astype(np.float32)

    def encode(self, texts) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            padded = f" {text.lower()} "
            for at in range(len(padded) - 2):
                grams = hashlib.blake2b(padded[at : at + 3].encode(), digest_size=4).digest()
                vectors[row] += self._directions[int.from_bytes(grams, "little") % 4096]
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def save(self, path: Path) -> None:
        path.mkdir()
        (path / "hashed.txt").write_text(f"{self.dim} {self.seed}")

    @classmethod
    def load(cls, path: Path) -> "Hashed":
        dim, seed = (path / "hashed.txt").read_text().split()
        return cls(int(dim), int(seed))


class Bare:
    """The same with `encode` only, as a model of another library."""

    def __init__(self, dim: int = 32, seed: int = 0) -> None:
        self._inner = Hashed(dim, seed)

    def encode(self, texts) -> np.ndarray:
        return 3.0 * self._inner.encode(texts)  # not of unit length


class Given:
    """Vectors that the test chose; a text is the number of its row."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors, self.dim, self.fingerprint = vectors, vectors.shape[1], "given"

    def encode(self, texts) -> np.ndarray:
        rows = [int(text) if text.isdigit() else len(text) % len(self.vectors) for text in texts]
        return self.vectors[rows]

    def save(self, path: Path) -> None:
        path.mkdir()


def sentences(count: int, seed: int = 0, length: int = 6) -> list[str]:
    """Random sentences of a small vocabulary, the first words frequent and the last rare."""
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, len(WORDS) + 1)
    chosen = rng.choice(len(WORDS), (count, length), p=weights / weights.sum())
    return [" ".join(WORDS[word] for word in row) for row in chosen]
