"""Batching by length: texts of similar length are padded together, so that little is wasted on padding."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from likewise.arrays import Bool, Float32, Int64
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged


class Padded(NamedTuple):
    """A batch as a rectangle, padded on the right.

    Attributes:
        ids: token ids with special tokens.
        mask: true for tokens, false for padding.
    """

    ids: Int64[np.ndarray, "texts tokens"]
    mask: Bool[np.ndarray, "texts tokens"]


Bucket: TypeAlias = Int64[np.ndarray, " _"]
"""Positions in a batch of texts that are encoded together."""

EncodePadded: TypeAlias = Callable[[Padded], Any]
"""Turns a padded batch into vectors, (texts, dim)."""

BucketMap: TypeAlias = Callable[[Callable[[Any], None], list[Bucket]], Iterable[None]]
"""Calls a function for each bucket: `map`, or the `map` of a thread pool."""


def buckets(lengths: Int64[np.ndarray, " texts"], tokens: int) -> list[Bucket]:
    """Divide a batch into buckets of texts of similar length.

    Every text is in one bucket, so a sum over the buckets is a sum over the batch.

    Args:
        lengths: tokens of each text.
        tokens: per bucket at most, padding included; a longer text has a bucket to itself.

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
    """Find equal texts.

    Args:
        texts: token ids.
        max_content_length: ids of a text that count.

    Returns:
        The position of the first of each group of equal texts, and for every text the number of its group.
    """
    groups: dict[bytes, int] = {}
    keys = (texts[row][:max_content_length].tobytes() for row in range(len(texts)))
    group = np.fromiter((groups.setdefault(key, len(groups)) for key in keys), np.int64, len(texts))
    first = np.full(len(groups), -1, np.int64)
    first[group[::-1]] = np.arange(len(texts))[::-1]
    return first, group


def encode_padded(
    texts: Ragged,
    special_tokens: SpecialTokens,
    encode: EncodePadded,
    *,
    tokens: int,
    out: Float32[np.ndarray, "texts dim"],
    map_buckets: BucketMap = map,
    threads: int = 1,
) -> Float32[np.ndarray, "texts dim"]:
    """Encode texts in buckets; of equal texts one is encoded.

    Args:
        texts: ids without special tokens, not truncated.
        special_tokens: of the encoder.
        encode: padded batch to vectors.
        tokens: per bucket at most, padding included.
        out: array to write the vectors to.
        map_buckets: calls a function for each bucket.
        threads: number of buckets encoded at once; few texts are divided among them too.
    """
    if threads > 1:
        tokens = min(tokens, -(-tokens_read(texts, special_tokens) // threads))
    first, group = distinct_texts(texts, special_tokens.max_content_length)
    distinct = texts.take(first)
    vectors = np.empty((len(distinct), out.shape[1]), np.float32)

    def encode_bucket(rows: Bucket) -> None:
        vectors[rows] = encode(padded(distinct.take(rows), special_tokens, special_tokens.max_content_length))

    lengths = np.minimum(distinct.lengths, special_tokens.max_content_length) + special_tokens.around
    for _ in map_buckets(encode_bucket, buckets(lengths, tokens)):
        pass
    out[:] = vectors[group]
    return out


def tokens_read(texts: Ragged, special_tokens: SpecialTokens) -> int:
    """Number of tokens that the encoder reads of all texts, special tokens included."""
    return int(np.minimum(texts.lengths, special_tokens.max_content_length).sum()) + special_tokens.around * len(texts)


def padded(texts: Ragged, special_tokens: SpecialTokens, max_content_length: int) -> Padded:
    """Add special tokens and padding.

    Args:
        texts: ids without special tokens.
        special_tokens: of the encoder.
        max_content_length: ids of a text to keep.
    """
    lengths = np.minimum(texts.lengths, max_content_length)
    before, width = len(special_tokens.first), int(lengths.max(initial=0))
    ids = np.full((len(texts), width + special_tokens.around), special_tokens.padding, np.int64)
    ids[:, :before] = special_tokens.first
    inside = np.arange(width) < lengths[:, None]
    ids[:, before : before + width][inside] = texts.ids[(texts.offsets[:-1, None] + np.arange(width))[inside]]
    rows = np.arange(len(texts))
    for position, id in enumerate(special_tokens.last, before):
        ids[rows, lengths + position] = id
    return Padded(ids, np.arange(ids.shape[1]) < (lengths + special_tokens.around)[:, None])
