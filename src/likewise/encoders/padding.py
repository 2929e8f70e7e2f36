"""Encoding a batch on an engine that wants rectangles: in buckets of texts of like length, each text once."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.encoders.buckets import buckets, distinct_texts
from likewise.tokens.pretrained import Frame
from likewise.tokens.ragged import Ragged

__all__ = ["Walk", "encode_padded", "padded", "tokens_read"]

Rectangle: TypeAlias = Callable[[Int64[np.ndarray, "texts tokens"], Bool[np.ndarray, "texts tokens"]], Any]
"""What an engine does: ids and which of them are no padding become one vector a text."""

Walk: TypeAlias = Callable[[Callable[[Any], None], list[Int64[np.ndarray, " bucket"]]], Iterable[None]]
"""How the buckets are gone through: `map`, or that of a pool of threads."""


def encode_padded(
    texts: Ragged,
    frame: Frame,
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
        frame: what goes around the ids of a text.
        engine: ids and mask to vectors.
        tokens: of a bucket at the most, padding included.
        out: where the vectors go.
        walk: over the buckets.
        threads: how many buckets it goes through at once: few texts are shared out among them too.
    """
    if threads > 1:
        tokens = min(tokens, -(-tokens_read(texts, frame) // threads))
    first, back = distinct_texts(texts, frame.room)
    some = texts.take(first)
    found = np.empty((len(some), out.shape[1]), np.float32)

    def encode(rows: Int64[np.ndarray, " bucket"]) -> None:
        found[rows] = engine(*padded(some.take(rows), frame, frame.room))

    for _ in walk(encode, buckets(np.minimum(some.lengths, frame.room) + frame.around, tokens)):
        pass
    out[:] = found[back]
    return out


def tokens_read(texts: Ragged, frame: Frame) -> int:
    """How many ids are read of all texts, those around them too."""
    return int(np.minimum(texts.lengths, frame.room).sum()) + frame.around * len(texts)


def padded(
    texts: Ragged, frame: Frame, room: int
) -> tuple[Int64[np.ndarray, "texts tokens"], Bool[np.ndarray, "texts tokens"]]:
    """Ids with special tokens around them and padding on the right, and which of them are no padding.

    Args:
        texts: without special tokens.
        frame: what goes around them.
        room: ids that are read of a text at the most.
    """
    lengths = np.minimum(texts.lengths, room)
    before, width = len(frame.first), int(lengths.max(initial=0))
    ids = np.full((len(texts), width + frame.around), frame.padding, np.int64)
    ids[:, :before] = frame.first
    inside = np.arange(width) < lengths[:, None]
    ids[:, before : before + width][inside] = texts.ids[(texts.offsets[:-1, None] + np.arange(width))[inside]]
    rows = np.arange(len(texts))
    for place, id in enumerate(frame.last, before):
        ids[rows, lengths + place] = id
    return ids, np.arange(ids.shape[1]) < (lengths + frame.around)[:, None]
