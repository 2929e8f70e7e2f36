"""Texts of like length together: what is padded to one length wastes little, and stays in the processor's cache."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

__all__ = ["Walk", "buckets", "distinct_texts", "encode_padded", "padded", "tokens_read"]


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


def distinct_texts(
    texts: Ragged, max_content_length: int
) -> tuple[Int64[np.ndarray, " distinct"], Int64[np.ndarray, " texts"]]:
    """The place of the first text of each kind, and for every text which of those it equals.

    Args:
        texts: ids.
        max_content_length: how many ids of a text count.
    """
    places: dict[bytes, int] = {}
    keys = (texts[row][:max_content_length].tobytes() for row in range(len(texts)))
    back = np.fromiter((places.setdefault(key, len(places)) for key in keys), np.int64, len(texts))
    first = np.full(len(places), -1, np.int64)
    first[back[::-1]] = np.arange(len(texts))[::-1]
    return first, back


Rectangle: TypeAlias = Callable[[Int64[np.ndarray, "texts tokens"], Bool[np.ndarray, "texts tokens"]], Any]
"""What an engine does: ids and which of them are no padding become one vector a text."""

Walk: TypeAlias = Callable[[Callable[[Any], None], list[Int64[np.ndarray, " bucket"]]], Iterable[None]]
"""How the buckets are gone through: `map`, or that of a pool of threads."""


def encode_padded(
    texts: Ragged,
    special_tokens: SpecialTokens,
    engine: Rectangle,
    *,
    tokens: int,
    out: Float32[np.ndarray, "texts dim"],
    walk: Walk = map,
    threads: int = 1,
) -> Float32[np.ndarray, "texts dim"]:
    """Vectors of `texts`, written to `out`; of texts that are equal, as far as they are read, one is encoded.

    Args:
        texts: without special tokens and uncut.
        special_tokens: what goes around the ids of a text.
        engine: ids and mask to vectors.
        tokens: of a bucket at the most, padding included.
        out: where the vectors go.
        walk: over the buckets.
        threads: how many buckets it goes through at once: few texts are shared out among them too.
    """
    if threads > 1:
        tokens = min(tokens, -(-tokens_read(texts, special_tokens) // threads))
    first, back = distinct_texts(texts, special_tokens.max_content_length)
    some = texts.take(first)
    found = np.empty((len(some), out.shape[1]), np.float32)

    def encode(rows: Int64[np.ndarray, " bucket"]) -> None:
        found[rows] = engine(*padded(some.take(rows), special_tokens, special_tokens.max_content_length))

    for _ in walk(
        encode, buckets(np.minimum(some.lengths, special_tokens.max_content_length) + special_tokens.around, tokens)
    ):
        pass
    out[:] = found[back]
    return out


def tokens_read(texts: Ragged, special_tokens: SpecialTokens) -> int:
    """How many ids are read of all texts, those around them too."""
    return int(np.minimum(texts.lengths, special_tokens.max_content_length).sum()) + special_tokens.around * len(texts)


def padded(
    texts: Ragged, special_tokens: SpecialTokens, max_content_length: int
) -> tuple[Int64[np.ndarray, "texts tokens"], Bool[np.ndarray, "texts tokens"]]:
    """Ids with special tokens around them and padding on the right, and which of them are no padding.

    Args:
        texts: without special tokens.
        special_tokens: what goes around them.
        max_content_length: ids that are read of a text at the most.
    """
    lengths = np.minimum(texts.lengths, max_content_length)
    before, width = len(special_tokens.first), int(lengths.max(initial=0))
    ids = np.full((len(texts), width + special_tokens.around), special_tokens.padding, np.int64)
    ids[:, :before] = special_tokens.first
    inside = np.arange(width) < lengths[:, None]
    ids[:, before : before + width][inside] = texts.ids[(texts.offsets[:-1, None] + np.arange(width))[inside]]
    rows = np.arange(len(texts))
    for place, id in enumerate(special_tokens.last, before):
        ids[rows, lengths + place] = id
    return ids, np.arange(ids.shape[1]) < (lengths + special_tokens.around)[:, None]
