"""Texts of like length together: what is padded to one length wastes little, and stays in the processor's cache."""

import numpy as np
from jaxtyping import Int64

from likewise.tokens.ragged import Ragged

__all__ = ["buckets", "distinct_texts"]


def buckets(lengths: Int64[np.ndarray, " texts"], tokens: int) -> list[Int64[np.ndarray, " bucket"]]:
    """Cut a batch into buckets of texts of like length.

    Every text is in one bucket, so a sum over the buckets is a sum over the batch: what is computed a text at a time
    comes out the same, however the batch is cut.

    Args:
        lengths: tokens of each text.
        tokens: of a bucket at the most, padding included; a text that is longer has a bucket of its own.

    Returns:
        The positions of the texts of each bucket, the longest texts first.
    """
    order = np.argsort(-lengths, kind="stable")
    found, first = [], 0
    while first < len(order):
        longest = max(1, int(lengths[order[first]]))
        size = max(1, tokens // longest)
        found.append(order[first : first + size])
        first += size
    return found


def distinct_texts(texts: Ragged, room: int) -> tuple[Int64[np.ndarray, " distinct"], Int64[np.ndarray, " texts"]]:
    """The place of the first text of each kind, and for every text which of those it equals.

    Args:
        texts: ids.
        room: how many ids of a text count.
    """
    places: dict[bytes, int] = {}
    keys = (texts[row][:room].tobytes() for row in range(len(texts)))
    back = np.fromiter((places.setdefault(key, len(places)) for key in keys), np.int64, len(texts))
    first = np.full(len(places), -1, np.int64)
    first[back[::-1]] = np.arange(len(texts))[::-1]
    return first, back
