"""Find exact duplicates in a stream: a set of 64-bit hashes that takes about 16 bytes per text."""

import numpy as np
import pyarrow as pa

from likewise.arrays import Bool, UInt64
from likewise.tokens.kernels import hash_bytes, insert_new
from likewise.tokens.tokenizer import BLOCKS, Texts, as_arrow, buffers


def text_hashes(texts: Texts) -> UInt64[np.ndarray, " texts"]:
    """Hash the bytes of each text to 64 bits."""
    array: pa.Array = as_arrow(texts)
    offsets, data = buffers(array)
    hashes = np.empty(len(array), np.uint64)
    hash_bytes(data, offsets, hashes, BLOCKS)
    return hashes


class SeenTexts:
    """A growing set of hashes. At a million texts, two different ones have equal hashes with probability 3 in 10^8."""

    def __init__(self) -> None:
        self._slots = np.zeros(1 << 12, np.uint64)
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def add(self, hashes: UInt64[np.ndarray, " texts"]) -> Bool[np.ndarray, " texts"]:
        """Add hashes; return which of them were new, also with respect to earlier ones in `hashes`."""
        while 2 * (self._filled + len(hashes)) > len(self._slots):
            old = self._slots[self._slots != 0]
            self._slots = np.zeros(4 * len(self._slots), np.uint64)
            insert_new(self._slots, old, np.empty(len(old), np.bool_))
        new = np.empty(len(hashes), np.bool_)
        self._filled += insert_new(self._slots, hashes, new)
        return new
