"""What there is to know of an index."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Description", "size_of"]


@dataclass(frozen=True)
class Description:
    """What there is to know of a collection.

    Attributes:
        texts: how many it holds.
        dim: length of a vector.
        columns: their names.
        generation: how many writes it has seen.
        kind: "exact" search by vector, or "signs": approximate.
        recall: which share of the 10 nearest the search by vector finds, measured on a sample; 1.0 when exact.
        bytes: of the folder.
        model: class of the model, and the first characters of its fingerprint.
        stems: how many forms of words are searched as another form of theirs.
    """

    texts: int
    dim: int
    columns: tuple[str, ...]
    generation: int
    kind: str
    recall: float
    bytes: int
    model: str
    stems: int


def size_of(folder: Path) -> int:
    """Of the files below a folder, in bytes; what another process has just renamed or removed counts nothing."""
    return sum(map(_size, folder.rglob("*")))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0
