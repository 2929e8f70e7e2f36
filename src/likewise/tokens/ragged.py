"""Ragged token ids: the ids of all texts end to end, and where each text begins. Every room takes this type.

`TokenWriter` and `open_tokens` keep those of a corpus on disk: tokenised once, read in every epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likewise.arrays import Int, Int32, Int64
from likewise.errors import LikewiseError


@dataclass(frozen=True)
class Ragged:
    """The token ids of a batch of texts, without padding.

    Attributes:
        ids: the ids of all texts, end to end.
        offsets: text `i` is `ids[offsets[i]:offsets[i + 1]]`; `offsets[0]` need not be 0 in a slice.
    """

    ids: Int32[np.ndarray, " ids"]
    offsets: Int64[np.ndarray, " texts_and_1"]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Int32[np.ndarray, " tokens"]:
        """Return the ids of one text."""
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> Int64[np.ndarray, " texts"]:
        """The number of ids of each text."""
        return np.diff(self.offsets)

    def slice(self, start: int, stop: int) -> "Ragged":
        """Return the texts from `start` to `stop`, without a copy of the ids."""
        return Ragged(self.ids, self.offsets[start : stop + 1])

    def take(self, indices: Int[np.ndarray, " batch"]) -> "Ragged":
        """Return a copy of the texts at `indices`, in that order."""
        starts = self.offsets[:-1][indices]
        lengths = self.offsets[1:][indices] - starts
        offsets = np.zeros(len(indices) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        positions = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return Ragged(np.asarray(self.ids[positions], np.int32), offsets)

    def without(self, id: int) -> "Ragged":
        """Return the texts with every `id` removed."""
        first, last = self.offsets[0], self.offsets[-1]
        keep = self.ids[first:last] != id
        if keep.all():
            return self
        before = np.zeros(last - first + 1, np.int64)
        np.cumsum(keep, out=before[1:])
        return Ragged(self.ids[first:last][keep], before[self.offsets - first])

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> "Ragged":
        """Build it from one sequence of ids per text."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
        return cls(np.fromiter((id for text in texts for id in text), np.int32, int(offsets[-1])), offsets)

    @classmethod
    def concatenate(cls, parts: "Sequence[Ragged]") -> "Ragged":
        """Concatenate the texts of all parts, in order."""
        ids = [part.ids[part.offsets[0] : part.offsets[-1]] for part in parts]
        lengths = np.concatenate([np.zeros(1, np.int64), *[part.lengths for part in parts]])
        return cls(np.concatenate(ids), np.cumsum(lengths, dtype=np.int64))


class TokenWriter:
    """Write ragged ids to `NAME.ids` and `NAME.offsets` batch by batch, and count the subwords.

    Attributes:
        counts: the occurrences of each subword.
        texts_with: the number of texts with each subword (document frequency).
    """

    def __init__(self, path: Path, vocab: int) -> None:
        self.counts = np.zeros(vocab, np.int64)
        self.texts_with = np.zeros(vocab, np.int64)
        self._last_text = np.full(vocab, -1, np.int64)
        self._texts, self._end = 0, 0
        self._ids = path.with_suffix(".ids").open("wb")
        self._offsets = path.with_suffix(".offsets").open("wb")
        self._offsets.write(np.zeros(1, np.int64).tobytes())

    def __enter__(self) -> "TokenWriter":
        return self

    def __exit__(self, *raised: object) -> None:
        self._ids.close()
        self._offsets.close()

    def append(self, texts: Ragged) -> None:
        """Append texts."""
        from likewise.tokens.kernels import count_subwords

        count_subwords(texts.ids, texts.offsets, self.counts, self.texts_with, self._last_text, self._texts)
        self._ids.write(texts.ids[texts.offsets[0] : texts.offsets[-1]].tobytes())
        self._offsets.write((texts.offsets[1:] - texts.offsets[0] + self._end).tobytes())
        self._end += int(texts.offsets[-1] - texts.offsets[0])
        self._texts += len(texts)


def open_tokens(path: Path) -> Ragged:
    """Memory-map the ids that a `TokenWriter` wrote to `path`.

    Raises:
        LikewiseError: a file is missing or incomplete.
    """
    ids_file, offsets_file = path.with_suffix(".ids"), path.with_suffix(".offsets")
    whole = ids_file.is_file() and offsets_file.is_file()
    offsets = np.fromfile(offsets_file, np.int64) if whole else np.zeros(0, np.int64)
    size = ids_file.stat().st_size if whole else 0
    if len(offsets) == 0 or offsets[-1] * 4 != size:
        raise LikewiseError(f"{path}: the token store is incomplete; train again without --resume")
    return Ragged(np.memmap(ids_file, np.int32, "r") if size else np.zeros(0, np.int32), offsets)
