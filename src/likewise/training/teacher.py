"""The teacher of a distillation: found, checked, and its vectors kept in a file that a killed run continues."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.atomic import replacing_file
from likewise.errors import InputError, LikewiseError
from likewise.model.model import Model

__all__ = ["Teacher", "find_teacher"]

TOGETHER = 256  # texts encoded at once: a killed run loses at most so many
PROBES = ("How long does the battery last?", "A short sentence about trains, apples and the weather.", "zero")
TOLERANCE = 1e-2  # by which vectors of the same teacher may differ, on another machine or in another batch


class Teacher:
    """An encoder whose vectors are checked and scaled to unit length.

    Attributes:
        name: of the teacher, for messages.
        dim: length of its vectors.
        probe: its vectors of a few fixed texts, by which a later run recognises it.
    """

    def __init__(self, embedder: Any, name: str) -> None:
        self._embedder, self.name = embedder, name
        self.dim = 0
        self.probe = self.encode(list(PROBES))
        self.dim = self.probe.shape[1]

    def encode(self, texts: list[str]) -> Float32[np.ndarray, "texts dim"]:
        """One vector per text, of unit length; a row of zeros stays one.

        Raises:
            InputError: the teacher returns something else than one vector per text.
            LikewiseError: a vector is not finite.
        """
        vectors = np.atleast_1d(np.asarray(self._embedder.encode(texts), np.float32))
        if (
            vectors.ndim != 2
            or len(vectors) != len(texts)
            or not vectors.shape[1]
            or self.dim not in (0, vectors.shape[1])
        ):
            raise InputError(
                f"the teacher {self.name} gave an array of shape {vectors.shape} for {len(texts)} texts, expected "
                f"({len(texts)}, {self.dim or 'dim'}): a teacher gives one vector per text"
            )
        if not np.isfinite(vectors).all():
            row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise LikewiseError(f"the teacher {self.name} gave no finite vector for {texts[row][:60]!r}")
        unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit

    def encode_to(
        self, path: Path, texts: Sequence[str], watch: Callable[[int], None]
    ) -> Float32[np.ndarray, "texts dim"]:
        """Encode texts into a file, batch by batch; what an earlier run left there is not encoded again.

        Args:
            path: the file; a note of what it holds is next to it.
            texts: the texts.
            watch: called with how many vectors there are.

        Returns:
            The vectors, memory-mapped.
        """
        note, width = path.with_suffix(".json"), 4 * self.dim
        digest = hashlib.sha256()
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        key = digest.hexdigest()
        if not (path.exists() and self._matches(note, key)):
            path.write_bytes(b"")
            with replacing_file(note) as temporary:
                temporary.write_text(json.dumps({"key": key, "probe": self.probe.tolist()}), encoding="utf-8")
        done = min(path.stat().st_size // width, len(texts))
        os.truncate(path, done * width)
        watch(done)
        with path.open("ab") as file:
            for begin in range(done, len(texts), TOGETHER):
                file.write(self.encode(list(texts[begin : begin + TOGETHER])).tobytes())
                file.flush()
                watch(min(begin + TOGETHER, len(texts)))
        return np.memmap(path, np.float32, "r", shape=(len(texts), self.dim))

    def _matches(self, note: Path, key: str) -> bool:
        """Whether a note is of these texts and of this teacher."""
        try:
            kept = json.loads(note.read_text(encoding="utf-8"))
            probe = np.array(kept["probe"], np.float32)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        same = probe.shape == self.probe.shape and bool(np.abs(probe - self.probe).max() < TOLERANCE)
        return same and bool(kept["key"] == key)


def find_teacher(given: Any) -> Teacher:
    """The teacher that an object or a name stands for.

    Args:
        given: an object with `encode`, such as a model of this package or of sentence-transformers; a folder of either;
            or the name of a package or of an earlier download, as `likewise train --encoder` takes it.

    Raises:
        InputError: it is none of these, or does not return vectors.
        LikewiseError: transformers is needed and not installed.
    """
    if isinstance(given, str | os.PathLike):
        path = Path(os.fsdecode(given))
        return Teacher(Model.load(path) if path.exists() else _by_name(os.fsdecode(given)), path.name or str(path))
    if not callable(getattr(given, "encode", None)):
        raise InputError(
            f"a {type(given).__name__} is no teacher: pass a model, any object with encode(texts), or the path of one"
        )
    return Teacher(given, type(given).__name__)


def _by_name(name: str) -> Model:
    from likewise.encoders.transformer.loading import find_encoder

    try:
        if name.startswith((".", "~", os.sep)):
            raise InputError("a path")
        folder = find_encoder(name)
    except InputError as error:
        raise InputError(
            f"there is no teacher {name}: give a model folder of likewise or sentence-transformers, or the name of an "
            "installed package or of an earlier download that carries one"
        ) from error
    return Model.load(folder)
