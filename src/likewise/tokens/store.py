"""Keep the token ids of a corpus on disk, memory-mapped: tokenised once, read in every epoch."""

from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import Int64

from likewise.errors import LikewiseError
from likewise.tokens.kernels import count_subwords
from likewise.tokens.ragged import Ragged

__all__ = ["TokenWriter", "open_tokens"]


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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ids.close()
        self._offsets.close()

    def append(self, texts: Ragged) -> None:
        """Append texts."""
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
    whole = path.with_suffix(".offsets").is_file() and path.with_suffix(".ids").is_file()
    offsets: Int64[np.ndarray, " texts_and_1"] = (
        np.fromfile(path.with_suffix(".offsets"), np.int64) if whole else np.zeros(0, np.int64)
    )
    size = path.with_suffix(".ids").stat().st_size if whole else 0
    if len(offsets) == 0 or offsets[-1] * 4 != size:
        raise LikewiseError(f"{path}: the token store is incomplete; train again without --resume")
    ids = np.memmap(path.with_suffix(".ids"), np.int32, "r") if size else np.zeros(0, np.int32)
    return Ragged(ids, offsets)
