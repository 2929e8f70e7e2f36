"""Vectors of a slow encoder, cached in a folder by text."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

__all__ = ["CachedEmbedder"]

CHUNK = 512  # texts encoded before they are written


class CachedEmbedder:
    """Vectors of an encoder in half precision, each text encoded once.

    Args:
        encode: texts to vectors.
        folder: where they are kept; None keeps them in memory alone.
    """

    def __init__(self, encode: Callable[[list[str]], np.ndarray], folder: Path | None = None) -> None:
        self._encode, self._folder = encode, folder
        self._known: dict[bytes, np.ndarray] = {}
        self._read: set[Path] = set()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text."""
        keys = [_key(text) for text in texts]
        if self._folder is not None and not self._known.keys() >= {*keys}:
            self._read_new(self._folder)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        items = list(missing.items())
        for first in range(0, len(items), CHUNK):
            self._add(items[first : first + CHUNK])
        return np.stack([self._known[key] for key in keys]).astype(np.float32)

    def _read_new(self, folder: Path) -> None:
        """Read what was added since, perhaps by another process."""
        for path in sorted({*folder.glob("*.npz")} - self._read):
            with np.load(path) as part:
                keys, vectors = part["keys"], part["vectors"]
            self._known.update((key.tobytes(), vector) for key, vector in zip(keys, vectors, strict=True))
            self._read.add(path)

    def _add(self, items: list[tuple[bytes, str]]) -> None:
        vectors = np.asarray(self._encode([text for _, text in items])).astype(np.float16)
        self._known.update((key, vector) for (key, _), vector in zip(items, vectors, strict=True))
        if self._folder is not None:
            keys = np.frombuffer(b"".join(key for key, _ in items), np.uint8).reshape(len(items), -1)
            part_file = self._folder / f".{uuid.uuid4().hex}.part"
            with part_file.open("wb") as file:
                np.savez(file, keys=keys, vectors=vectors)
            part_file.rename(self._folder / f"{uuid.uuid4().hex}.npz")


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:16]
