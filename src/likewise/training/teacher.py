"""The teacher of a distillation: any embedder, whose vectors are cached on disk as they come."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.atomic import replacing_file
from likewise.model.embedder import Identity, identity_of, unit_vectors
from likewise.model.load import load_embedder, name_of

__all__ = ["Teacher", "load_teacher"]

BATCH_TEXTS = 256  # encoded at once: what a killed run loses at most


@dataclass(frozen=True)
class Teacher:
    """An embedder to learn from.

    Attributes:
        embedder: an object with `encode`.
        identity: by which it is recognised.
    """

    embedder: Any
    identity: Identity

    @property
    def name(self) -> str:
        """What it is called in messages and on the model card."""
        return self.identity.name

    @property
    def dim(self) -> int:
        """Length of its vectors."""
        return int(self.identity.probe.shape[1])

    def encode_to(
        self, path: Path, texts: Sequence[str], progress: Callable[[int], None]
    ) -> Float32[np.ndarray, "texts dim"]:
        """Encode texts into a file; what an earlier run left there is not encoded again.

        Args:
            path: of the file; its texts and teacher are noted in a file next to it.
            texts: to encode.
            progress: called with the number of vectors so far.

        Returns:
            Unit vectors, memory-mapped; a zero vector stays zero.

        Raises:
            InputError: the teacher does not return one vector per text.
            LikewiseError: a vector is not finite.
        """
        note, width = path.with_suffix(".json"), 4 * self.dim
        digest = hashlib.sha256()
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        key = digest.hexdigest()
        if not (path.exists() and self._is_note(note, key)):
            path.write_bytes(b"")
            with replacing_file(note) as temporary:
                temporary.write_text(json.dumps({"key": key, "teacher": self.identity.plain()}), encoding="utf-8")
        done = min(path.stat().st_size // width, len(texts))
        os.truncate(path, done * width)
        progress(done)
        with path.open("ab") as file:
            for begin in range(done, len(texts), BATCH_TEXTS):
                batch = list(texts[begin : begin + BATCH_TEXTS])
                file.write(unit_vectors(self.embedder, batch, self.dim).tobytes())
                file.flush()
                progress(begin + len(batch))
        return np.memmap(path, np.float32, "r", shape=(len(texts), self.dim))

    def _is_note(self, note: Path, key: str) -> bool:
        """Whether a note is of these texts and of this teacher."""
        try:
            stored = json.loads(note.read_text(encoding="utf-8"))
            return stored["key"] == key and self.identity.matches(Identity.of_plain(stored["teacher"]))
        except (OSError, ValueError, KeyError, TypeError):
            return False


def load_teacher(source: Any) -> Teacher:
    """Find a teacher, and encode a few texts with it.

    Args:
        source: as `load_embedder` takes it.

    Raises:
        InputError: it is no embedder.
        LikewiseError: what it needs is not installed.
    """
    embedder = load_embedder(source)
    return Teacher(embedder, identity_of(embedder, name_of(source)))
